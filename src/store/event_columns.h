// SPDX-License-Identifier: Apache-2.0
//
// What every reader of events must read alike. For store/events, which defines it, store/event_feed and
// store/delivery_search alone.
#pragma once

#include "model/event.h"
#include "store/rows.h"

#define EVENT_COLUMNS "id, application, connection, job_id, type, sequence, body, created_at"

/// A flow has one connection, which may have been removed.
#define CONNECTION_OF_JOB(application, job_id)                                          \
  "(SELECT id FROM connection WHERE application = " application " AND job_id = " job_id \
  " UNION ALL SELECT id FROM removed_connection WHERE application = " application " AND job_id = " job_id ")"

namespace signpost::store::events {

/// A row of EVENT_COLUMNS.
Result<model::Event> read(const Row& row);

}  // namespace signpost::store::events
