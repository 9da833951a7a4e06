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

Result<std::optional<std::string>> cname_target_of(store::Tx& tx, ApplicationId id) {
  const auto application = TRY(store::applications::find(tx, id));
  if (!application) return fail(Kind::kNotFound, "the application " + id.text() + " does not exist any more");
  if (!application->cname_target) return std::nullopt;
  return application->cname_target->text();
}

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

}  // namespace

Result<bool> write_events(store::Tx& tx, const model::Connection& after, const std::vector<model::EventDraft>& drafts,
                          IdMaker& ids, Time now) {
  if (drafts.empty()) return false;
  const Circumstances circumstances{after, TRY(cname_target_of(tx, after.application)),
                                    TRY(store::endpoints::list_receiving(tx, after.application)), now};
  bool is_any_delivered = false;
  for (const auto& draft : drafts) {
    const auto event = event_of(circumstances, draft, ids.make<EventId>());
    TRY_VOID(store::events::insert(tx, event));
    for (const auto& endpoint : circumstances.receiving) {
      if (!model::is_wanted(draft.type, endpoint.event_types)) continue;
      TRY_VOID(store::deliveries::insert(tx, delivery_of(event, endpoint, ids.make<DeliveryId>())));
      is_any_delivered = true;
    }
  }
  return is_any_delivered;
}

}  // namespace signpost::services
