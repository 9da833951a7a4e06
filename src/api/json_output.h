// SPDX-License-Identifier: Apache-2.0
//
// How the entities look on /v1, as openapi.yaml describes them.
// Pure; any thread. Members are always there; what is not known is null. Times are RFC 3339 in UTC. Metadata is shown
// as its writer spelled it, but for blanks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/connection_json.h"
#include "model/application.h"
#include "model/delivery.h"
#include "model/event.h"
#include "model/page.h"
#include "services/administration.h"
#include "services/endpoints.h"
#include "services/history.h"
#include "services/search_engines.h"
#include "services/webhook_tester.h"

namespace signpost::api {

/// `secret` is given only where it is shown for its one time.
std::string to_json(const model::Application& application, const std::optional<std::string>& secret = {},
                    const std::optional<services::EndpointView>& endpoint = {});
/// Values of its own headers are masked.
std::string to_json(const services::EndpointView& view);
std::string to_json(const model::Member& member);
std::string to_json(const services::AuditEntry& entry);
std::string to_json(const model::ApiKey& key, const std::optional<std::string>& text = {});

/// With `body` as the value it is; whoever needs its exact bytes takes them from /webhooks/last or from a delivery.
std::string to_json(const model::Event& event);
std::string to_json(const services::FoundDelivery& found,
                    const std::optional<std::vector<model::Attempt>>& attempts = {});

std::string to_json(const services::WebhookTest& test);
/// `updated_at` is null for a core page that everybody has.
std::string to_json(const model::Page& page);

/// {"data":[…],"next_cursor":null}
template <typename Items>
std::string page_json(const Items& items, const std::optional<std::string>& next_cursor = {}) {
  std::string text = "{\"data\":[";
  bool is_first = true;
  for (const auto& item : items) {
    if (!is_first) text += ',';
    is_first = false;
    text += to_json(item);
  }
  return text + "],\"next_cursor\":" + (next_cursor ? "\"" + *next_cursor + "\"" : std::string("null")) + "}";
}

}  // namespace signpost::api
