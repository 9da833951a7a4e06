// SPDX-License-Identifier: Apache-2.0
//
// The wire form of an event, in the order and spelling of seed 001. A door to Boost.JSON.
// Pure functions; any thread. The same payload always makes the same bytes: signatures and retries depend on it.
#pragma once

#include <string>

#include "model/event.h"

namespace signpost::services {

/// Compact JSON. Members the payload does not have are left out; `id` to `type` are always there, `subdomain` empty at
/// the apex.
std::string to_json(const model::EventPayload& payload);

}  // namespace signpost::services
