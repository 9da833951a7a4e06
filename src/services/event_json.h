// SPDX-License-Identifier: Apache-2.0
//
// The wire form of an event, in the order and spelling of seed 001. A door to Boost.JSON.
// Pure functions; any thread. The same payload always makes the same bytes: signatures and retries depend on it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/event.h"

namespace signpost::services {

/// Compact JSON. Members the payload does not have are left out; `id` to `type` are always there, `subdomain` empty at
/// the apex.
std::string to_json(const model::EventPayload& payload);

/// The value that the Entri signatures cover: the member `id`, or `Id` as older payloads spell it (seed 001, signature
/// verification). kInvalid if the body is not a JSON object, kNotFound if it has neither as a non-empty string.
Result<std::string> flow_id_of(std::string_view body);

/// The member `event_id`; nothing if there is none.
std::optional<std::string> event_id_of(std::string_view body);

constexpr std::size_t kVerifiedNestingMax = 32;  // deeper bodies are "not JSON" to flow_id_of

}  // namespace signpost::services
