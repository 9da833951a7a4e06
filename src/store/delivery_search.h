// SPDX-License-Identifier: Apache-2.0
//
// Finding deliveries: by what they are about, where they went, how they stand and when. Free functions on a Tx; reads
// only. Always holds: whatever is asked for, a page costs what lies between its ends in the one index that narrows
// most, or, when nothing narrows it, a page of each endpoint.
#pragma once

#include <optional>
#include <string>

#include "base/host_name.h"
#include "model/delivery.h"
#include "model/event.h"
#include "store/page.h"
#include "store/tx.h"

namespace signpost::store::delivery_search {

struct Filter {
  std::optional<ConnectionId> connection;
  std::optional<EndpointId> endpoint;
  std::optional<EventId> event;
  std::optional<model::DeliveryState> state;
  std::optional<model::EventType> type;
  std::optional<std::string> job_id;
  std::optional<HostName> host;  // of a connection that is still there
  std::optional<Time> after;     // created then or later
  std::optional<Time> before;    // created earlier
};

/// With what it is about.
struct Found {
  model::Delivery delivery;
  model::EventType type = model::EventType::kDomainAdded;
  std::string job_id;
};

/// Newest first.
Result<Page<Found>> list(Tx& tx, ApplicationId application, const Filter& filter, const PageRequest<DeliveryId>& page);
Result<std::optional<Found>> find(Tx& tx, ApplicationId application, DeliveryId id);

}  // namespace signpost::store::delivery_search
