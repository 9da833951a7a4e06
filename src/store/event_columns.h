// SPDX-License-Identifier: Apache-2.0
//
// What every reader of events must read alike. For store/events, which defines it, and store/event_feed alone.
#pragma once

#include "model/event.h"
#include "store/rows.h"

#define EVENT_COLUMNS "id, application, connection, job_id, type, sequence, body, created_at"

namespace signpost::store::events {

/// A row of EVENT_COLUMNS.
Result<model::Event> read(const Row& row);

}  // namespace signpost::store::events
