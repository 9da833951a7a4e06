// SPDX-License-Identifier: Apache-2.0
//
// Writes the events of a decision and their deliveries, in the transaction of the change.
// A free function inside a work; the database's thread. An event and its deliveries are written together or not at all,
// and its body never changes: every attempt sends these bytes.
#pragma once

#include <cstddef>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "model/connection.h"
#include "services/handover.h"
#include "store/tx.h"

namespace signpost::services {

struct WrittenEvents {
  std::size_t due = 0;       // deliveries; if there are any, the caller rings Bell::ring_deliveries after the commit
  std::vector<Begun> begun;  // the caller hands them over after the commit
};
/// One event a draft, with one pending delivery, due at `now`, for each endpoint of the application that may receive it
/// and wants it; one that has a place at the handover, if one is given, has begun. `after` is the connection as it was
/// saved. kNotFound if the application is gone.
Result<WrittenEvents> write_events(store::Tx& tx, const model::Connection& after,
                                   const std::vector<model::EventDraft>& drafts, IdMaker& ids, Time now,
                                   const Handover* handover = nullptr);

}  // namespace signpost::services
