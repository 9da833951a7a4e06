// SPDX-License-Identifier: Apache-2.0
//
// The table of events: written once with the change they tell of, never changed. Free functions on a Tx.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/event.h"
#include "store/page.h"
#include "store/tx.h"

namespace signpost::store::events {

Result<void> insert(Tx& tx, const model::Event& event);
Result<std::optional<model::Event>> find(Tx& tx, ApplicationId application, EventId id);
/// Newest first.
Result<Page<model::Event>> list_of_connection(Tx& tx, ApplicationId application, ConnectionId connection,
                                              const PageRequest<EventId>& page);
/// The newest event of a connect flow whose type is of the Entri contract, not one of ours (signpost.*).
Result<std::optional<model::Event>> last_of_job(Tx& tx, ApplicationId application, std::string_view job_id);
/// The same of the flows that were derived from a shared one, the newest kDerivedFlowsMax of them.
Result<std::optional<model::Event>> last_of_derived(Tx& tx, ApplicationId application, std::string_view origin);
constexpr std::int32_t kDerivedFlowsMax = 100;
/// Retention: removes at most `limit` of the oldest events created before `time`, with deliveries and attempts, but
/// none with a delivery that is still pending. Returns how many; fewer than `limit` means there is nothing more to do
/// now.
Result<std::int64_t> remove_before_across_applications(Tx& tx, Time time, std::int32_t limit);

}  // namespace signpost::store::events
