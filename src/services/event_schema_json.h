// SPDX-License-Identifier: Apache-2.0
//
// The contract of webhook payloads for readers: JSON Schema, documentation page, catalogue with samples. A door to
// Boost.JSON.
// Pure functions; any thread. All of it is printed from the tables of model/event_contract and the samples of
// model/event_sample, so that none can say anything else than what is sent.
#pragma once

#include <string>

#include "model/event.h"

namespace signpost::services {

/// JSON Schema, draft 2020-12, of every payload: docs/webhooks/payload.schema.json.
std::string payload_schema();

/// Markdown: docs/webhooks/events.md.
std::string events_page();

/// {"data":[{"type":"domain.added","description":"…","sample":{…}},…],"next_cursor":null}
std::string event_catalogue();

/// The body of the type's sample, compact as a delivery has it.
std::string sample_body(model::EventType type, EventId id, Time at);

}  // namespace signpost::services
