// SPDX-License-Identifier: Apache-2.0
//
// `signpost dns observe`: one look at DNS without a server, as the server would look.
// Functions of the main thread; one loop for the time of the look.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/console.h"
#include "app/own_look.h"
#include "base/host_name.h"
#include "base/record_type.h"
#include "dns/observation.h"

namespace signpost::app {

struct DnsObserveOptions {
  std::string name;
  std::string type;
  std::optional<std::string> value;  // "10 mail.example" for MX
  LookOptions look;
  OutputForm form = OutputForm::kText;
};

/// kOk only if the value is propagated; without a value, if all authoritative servers say the same.
Result<Exit> dns_observe(Console& console, const DnsObserveOptions& options);

/// What is waited for. kUnprocessable for a name, type or value that cannot be.
Result<dns::Expectation> expectation_of(std::string_view name, std::string_view type,
                                        const std::optional<std::string>& value);

/// Every server with authority that has the record has the same values, and at least one has it.
bool servers_agree(const dns::RecordObservation& record);

}  // namespace signpost::app
