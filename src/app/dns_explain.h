// SPDX-License-Identifier: Apache-2.0
//
// `signpost dns explain`: the page that one would send to the customer whose domain is stuck.
// Functions of the main thread; the page itself is pure.
#pragma once

#include <string>
#include <vector>

#include "app/api_client.h"
#include "app/observation_view.h"
#include "app/own_look.h"
#include "app/watch.h"
#include "base/time.h"

namespace signpost::app {

struct DnsExplainOptions {
  std::string host;
  std::vector<RecordWish> records;  // empty: those of the host's connection, from the API
  LookOptions look;
  ApiOptions api;
};

/// kOk if all records have propagated.
Result<Exit> dns_explain(Console& console, const DnsExplainOptions& options);

/// Markdown that reads well as plain text too: what is right, what is not, what to type where, and who says so.
std::string explanation_page(std::string_view host, const std::vector<RecordView>& records, Time seen_at);

}  // namespace signpost::app
