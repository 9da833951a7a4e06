// SPDX-License-Identifier: Apache-2.0
//
// The table of deliveries: which event goes to which endpoint, in what order, and when it is due. Free functions on a
// Tx. Always holds: per endpoint and connection, a first attempt begins only after the first attempt of the delivery
// before has ended.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/id.h"
#include "model/application.h"
#include "model/delivery.h"
#include "model/event.h"
#include "store/claim.h"
#include "store/tx.h"

namespace signpost::store::deliveries {

/// A new delivery, state pending, attempts 0. Ids grow with age: order is the order of ids.
Result<void> insert(Tx& tx, const model::Delivery& delivery);
/// The same with its first attempt open: `delivery` has the lease, `attempt` is number 1. False, and nothing is
/// written, if another first attempt of the endpoint and connection has to end before.
Result<bool> insert_begun(Tx& tx, const model::Delivery& delivery, const model::Attempt& attempt);
Result<std::optional<model::Delivery>> find(Tx& tx, ApplicationId application, DeliveryId id);

/// All that one attempt needs.
struct ClaimedDelivery {
  model::Delivery delivery;  // attempts and lease as they are now
  model::Attempt attempt;    // open, number = delivery.attempts
  model::Event event;
  model::Endpoint endpoint;
  model::Role owner_role = model::Role::kViewer;  // now, not when the event was written
};
/// Takes due deliveries of the loop's partitions, endpoints that wait longest first and in turn: counts the attempt,
/// sets the lease, notes the open attempt in the delivery's row. Never more than `in_flight_max`, or what its pace
/// allows, leased per endpoint, and nothing of one that pauses (store/endpoint_paces.h). Costs a little per endpoint
/// that waits, nothing per delivery behind.
Result<std::vector<ClaimedDelivery>> claim_due(Tx& tx, const ClaimRequest& request, IdMaker& ids);

struct Finished {
  bool is_counted = false;    // false: the delivery was no longer in this attempt's hands (released, or removed)
  bool is_next_free = false;  // a first attempt that waited for this one is due now
};
/// Saves the attempt as it ended, counted or not, and what becomes of the delivery; `next_attempt_at` counts while it
/// stays pending. Ends the wait of the next first attempt.
Result<Finished> finish_attempt(Tx& tx, const model::Delivery& delivery, const model::Attempt& attempt,
                                model::DeliveryState state, std::optional<Time> next_attempt_at);
/// Gives an attempt back that did not come to its end (shutting down): it ends as interrupted, the delivery is due at
/// once and the attempt does not count. False: it was no longer in this attempt's hands.
Result<bool> interrupt_attempt(Tx& tx, const model::Attempt& attempt, Time now);
/// The same for every lease (a node that starts alone) or those that ended before `now`. Returns how many deliveries
/// came free.
Result<std::int64_t> release_all_leases_across_applications(Tx& tx, Time now);
Result<std::int64_t> release_expired_leases_across_applications(Tx& tx, Time now);

/// How far a pull_back has come.
struct PulledUpTo {
  EndpointId endpoint;
  Time next_attempt_at{};
  DeliveryId id;
};
/// What the loop's deliveries wait for behind `now` comes earlier by as much as the clock stepped back. At most
/// `limit`; goes on behind `after`. Empty once all are done.
Result<std::optional<PulledUpTo>> pull_back(Tx& tx, const PullBack& request, const std::optional<PulledUpTo>& after);

/// The greatest id of events, deliveries, attempts and the audit log, and the time when it was made as the clock said
/// then. 0 if there is none.
struct LastMade {
  std::int64_t id = 0;
  Time at{};
};
Result<LastMade> last_made_across_applications(Tx& tx);

/// When the loop's next delivery becomes due after `now`. What is due already is claimed, or waits for one in flight to
/// end.
Result<std::optional<Time>> next_due_at(Tx& tx, Loop loop, Time now);
/// `in_flight_max` is the house's for one endpoint. The oldest due is the one that waits for us: an endpoint that has a
/// pace, or as many in flight as it may, keeps its own waiting.
Result<QueueDepth> depth_across_applications(Tx& tx, std::int32_t in_flight_max);

}  // namespace signpost::store::deliveries
