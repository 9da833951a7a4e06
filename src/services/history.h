// SPDX-License-Identifier: Apache-2.0
//
// What has been said and to whom: events, deliveries, attempts, and how much still waits.
// Owned by app/wiring or whoever asks; any loop; storage outlives it. Reads only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/delivery.h"
#include "model/event.h"
#include "services/storage.h"
#include "store/claim.h"
#include "store/deliveries.h"
#include "store/page.h"

namespace signpost::services {

struct DeliveryWithAttempts {
  model::Delivery delivery;
  std::vector<model::Attempt> attempts;  // oldest first
};

struct Queues {
  store::QueueDepth deliveries;
  store::QueueDepth jobs;
};

class History {
 public:
  using EventPage = store::Page<model::Event>;
  using DeliveryPage = store::Page<model::Delivery>;
  using DeliveryFilter = store::deliveries::Filter;

  explicit History(Storage& storage) : storage_(storage) {}

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
  /// Over all applications, for metrics.
  Task<Result<Queues>> queues() const;

 private:
  Storage& storage_;
};

}  // namespace signpost::services
