// SPDX-License-Identifier: Apache-2.0
//
// `signpost webhook list|show|replay`: what was delivered, what came back, and sending it again, through a running
// server. Functions of the main thread. What receivers answered is cleaned of control characters before it is shown.
#pragma once

#include <cstdint>
#include <string>

#include "app/api_client.h"
#include "app/console.h"

namespace signpost::app {

struct WebhookListOptions {
  ApiOptions api;
  std::string application;  // an admin key must name it
  std::string job, host, type, state, endpoint, after, before;
  std::string cursor;  // of the page before
  std::int64_t limit = 50;
  OutputForm form = OutputForm::kText;
};
Result<Exit> webhook_list(Console& console, const WebhookListOptions& options);

struct WebhookShowOptions {
  ApiOptions api;
  std::string application;
  std::string delivery;
  OutputForm form = OutputForm::kText;
};
/// The delivery, its attempts, and the body that was sent.
Result<Exit> webhook_show(Console& console, const WebhookShowOptions& options);

struct WebhookReplayOptions {
  enum class Run { kReally, kDry };
  ApiOptions api;
  std::string application;
  std::string delivery;  // or all of an endpoint:
  std::string endpoint, since, until;
  std::int64_t rate_per_second = 10;
  std::string state = "failed";
  Run run = Run::kReally;
  OutputForm form = OutputForm::kText;
};
/// kUsage unless it names a delivery, or an endpoint and a time.
Result<Exit> webhook_replay(Console& console, const WebhookReplayOptions& options);

/// A line for a delivery of /v1, and one for an attempt. kProtocol if it is none.
Result<std::string> delivery_line(std::string_view json);
/// The lines of a page, and how to get the next one.
Result<std::string> delivery_page(std::string_view json);

}  // namespace signpost::app
