// SPDX-License-Identifier: Apache-2.0
//
// Sending again: what an endpoint did not get, and how it comes due once more. Free functions on a Tx.
// A delivery that is sent again is the same row with a schedule of retries of its own; an event that was never meant
// for the endpoint, because it was disabled then, gets its row now. Neither waits for the order of new deliveries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/delivery.h"
#include "model/event.h"
#include "store/tx.h"

namespace signpost::store::replay {

/// An event of the application, with what became of it at one endpoint.
struct Candidate {
  EventId event;
  ConnectionId connection;
  model::EventType type = model::EventType::kDomainAdded;
  std::optional<DeliveryId> delivery;  // empty: it never got a row there
  std::optional<model::DeliveryState> state;
};

struct Window {
  EventId after;  // the last one seen
  Time since{};   // created then or later
  Time until{};   // created earlier
  std::int32_t limit = 1'000;
};
/// The next `limit` events in their order, whatever became of them; fewer: there are no more.
Result<std::vector<Candidate>> list(Tx& tx, ApplicationId application, EndpointId endpoint, const Window& window);

/// The delivery is due at `at`, as if it had just been written, and its attempts go on counting. False: it is pending
/// already, or gone.
Result<bool> send_again(Tx& tx, ApplicationId application, DeliveryId id, Time at);
/// A row for an event that has none at this endpoint. False: it has one by now, or is gone.
Result<bool> send_late(Tx& tx, ApplicationId application, const Candidate& missed, EndpointId endpoint, DeliveryId id,
                       Time now, Time at);

/// When the last of the endpoint's replays that still wait for their first attempt is due.
Result<std::optional<Time>> last_scheduled(Tx& tx, EndpointId endpoint);

}  // namespace signpost::store::replay
