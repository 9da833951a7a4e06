// SPDX-License-Identifier: Apache-2.0
//
// An application's events in the order in which they were written, for receivers that fetch them. Free functions on a
// Tx; reads only. Always holds: whoever goes on behind the last event that was given misses none.
#pragma once

#include <cstdint>
#include <vector>

#include "model/event.h"
#include "store/tx.h"

namespace signpost::store::event_feed {

// With PostgreSQL, transactions that began earlier may commit later: what is younger than the longest of them is not
// given yet. With SQLite there is one writer, and ids are made in the order of commits.
constexpr Milliseconds kSettled = std::chrono::seconds(15);

/// The next `limit` events behind `after`, oldest first; fewer: there are no more yet.
Result<std::vector<model::Event>> list(Tx& tx, ApplicationId application, EventId after, Time now, std::int32_t limit);

}  // namespace signpost::store::event_feed
