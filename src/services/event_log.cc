// SPDX-License-Identifier: Apache-2.0
#include "services/event_log.h"

#include "base/text.h"
#include "model/delivery.h"
#include "services/event_json.h"
#include "store/applications.h"
#include "store/deliveries.h"
#include "store/endpoints.h"
#include "store/events.h"

namespace signpost::services {
namespace {

/// What is the same for every draft of one decision.
struct Circumstances {
  const model::Connection& connection;
  std::optional<std::string> cname_target;
  std::vector<model::Endpoint> receiving;
  Time now;
};

model::Event event_of(const Circumstances& now, const model::EventDraft& draft, EventId id) {
  const auto payload = model::payload_of(now.connection, draft, id, now.now, now.cname_target);
  model::Event event;
  event.id = id;
  event.application = now.connection.application;
  event.connection = now.connection.id;
  event.job_id = payload.job_id;
  event.type = draft.type;
  event.sequence = draft.sequence;
  event.body = to_json(payload);
  event.created_at = now.now;
  return event;
}

model::Delivery delivery_of(const model::Event& event, const model::Endpoint& endpoint, DeliveryId id) {
  model::Delivery delivery;
  delivery.id = id;
  delivery.event = event.id;
  delivery.endpoint = endpoint.id;
  delivery.application = event.application;
  delivery.connection = event.connection;
  delivery.partition = partition_of(endpoint.id.value());
  delivery.next_attempt_at = event.created_at;
  delivery.created_at = event.created_at;
  return delivery;
}

/// With its first attempt open, if there is a place for it and no other first attempt has to end before.
Result<std::optional<Begun>> begin(store::Tx& tx, const model::Event& event, const model::Endpoint& endpoint,
                                   const model::Delivery& delivery, IdMaker& ids, const Handover* handover) {
  auto place = handover != nullptr ? handover->reserve(endpoint) : nullptr;
  if (!place) return std::nullopt;
  Begun begun{{delivery, {}, event, endpoint, model::Role::kAdmin}, place};  // or Developer: it may receive
  auto& claimed = begun.claimed;
  claimed.delivery.attempts = 1;
  claimed.delivery.lease_until = event.created_at + place->desk().lease();
  claimed.attempt.id = ids.make<AttemptId>();
  claimed.attempt.delivery = delivery.id;
  claimed.attempt.started_at = event.created_at;
  if (!TRY(store::deliveries::insert_begun(tx, claimed.delivery, claimed.attempt))) return std::nullopt;
  return begun;
}

}  // namespace

Result<WrittenEvents> write_events(store::Tx& tx, const model::Connection& after,
                                   const std::vector<model::EventDraft>& drafts, IdMaker& ids, Time now,
                                   const Handover* handover) {
  WrittenEvents written;
  if (drafts.empty()) return written;
  const Circumstances circumstances{after, TRY(store::applications::cname_target(tx, after.application)),
                                    TRY(store::endpoints::list_receiving(tx, after.application)), now};
  for (const auto& draft : drafts) {
    const auto event = event_of(circumstances, draft, ids.make<EventId>());
    TRY_VOID(store::events::insert(tx, event));
    for (const auto& endpoint : circumstances.receiving) {
      if (!model::is_wanted(draft.type, endpoint.event_types)) continue;
      const auto delivery = delivery_of(event, endpoint, ids.make<DeliveryId>());
      if (auto begun = TRY(begin(tx, event, endpoint, delivery, ids, handover))) {
        written.begun.push_back(*std::move(begun));
        continue;
      }
      TRY_VOID(store::deliveries::insert(tx, delivery));
      ++written.due;
    }
  }
  return written;
}

}  // namespace signpost::services
