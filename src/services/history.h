// SPDX-License-Identifier: Apache-2.0
//
// What has been said and to whom: events, deliveries, attempts, and how much still waits.
// Owned by app/wiring or whoever asks; any loop; storage outlives it. Reads only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/delivery.h"
#include "model/event.h"
#include "services/storage.h"
#include "store/claim.h"
#include "store/delivery_search.h"
#include "store/page.h"

namespace signpost::services {

/// A delivery, with the type and the job id of its event.
using FoundDelivery = store::delivery_search::Found;

struct DeliveryWithAttempts {
  FoundDelivery found;
  std::vector<model::Attempt> attempts;  // oldest first
};

/// What an endpoint would get, for a receiver that fetches it.
struct Feed {
  std::vector<model::Event> events;  // oldest first; only types that the endpoint wants
  EventId upto;                      // ask behind this one for what follows
  bool has_more = false;
};
constexpr std::int32_t kFeedMax = 100;

struct Queues {
  store::QueueDepth deliveries;
  store::QueueDepth jobs;
  std::int64_t endpoints_enabled = 0;
};

class History {
 public:
  using EventPage = store::Page<model::Event>;
  using DeliveryPage = store::Page<FoundDelivery>;
  using DeliveryFilter = store::delivery_search::Filter;

  History(Storage& storage, const Clock& clock) : storage_(storage), clock_(clock) {}

  /// kNotFound with a sentence, here and below, for what is not this application's.
  Task<Result<model::Event>> event(ApplicationId application, EventId id) const;
  /// Newest first.
  Task<Result<EventPage>> events_of(ApplicationId application, ConnectionId connection,
                                    store::PageRequest<EventId> page) const;
  /// The newest webhook of a connect flow: an event of the Entri contract. `flow` is its job id in any case, or the id
  /// of a shared flow as it was given, whose newest webhook may be that of a flow derived from it.
  Task<Result<model::Event>> last_event_of(ApplicationId application, std::string flow) const;
  Task<Result<DeliveryWithAttempts>> delivery(ApplicationId application, DeliveryId id) const;
  /// Newest first.
  Task<Result<DeliveryPage>> deliveries(ApplicationId application, DeliveryFilter filter,
                                        store::PageRequest<DeliveryId> page) const;
  /// The events behind `after` that the endpoint would get by its filter, also while it is disabled; at most `limit`,
  /// which is cut to 1…kFeedMax. No event is left out: one that cannot be ordered yet comes later.
  Task<Result<Feed>> feed(ApplicationId application, EndpointId endpoint, EventId after, std::int32_t limit) const;
  /// Over all applications, for metrics; `in_flight_per_endpoint_max` as the courier has it.
  Task<Result<Queues>> queues(std::int32_t in_flight_per_endpoint_max) const;

 private:
  Storage& storage_;
  const Clock& clock_;
};

}  // namespace signpost::services
