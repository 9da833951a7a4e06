// SPDX-License-Identifier: Apache-2.0
#include "services/history.h"

#include "base/text.h"
#include "store/attempts.h"
#include "store/events.h"
#include "store/jobs.h"

namespace signpost::services {
namespace {

template <typename T>
Result<T> found(Result<std::optional<T>> read, const std::string& sentence) {
  if (!read) return std::unexpected(std::move(read).error());
  if (!*read) return fail(Kind::kNotFound, sentence);
  return **std::move(read);
}

}  // namespace

Task<Result<model::Event>> History::event(ApplicationId application, EventId id) const {
  return storage_.read<model::Event>([application, id](store::Tx& tx) {
    return found(store::events::find(tx, application, id), "there is no event " + id.text() + " of this application");
  });
}

Task<Result<History::EventPage>> History::events_of(ApplicationId application, ConnectionId connection,
                                                    store::PageRequest<EventId> page) const {
  return storage_.read<EventPage>([application, connection, page](store::Tx& tx) {
    return store::events::list_of_connection(tx, application, connection, page);
  });
}

Task<Result<model::Event>> History::last_event_of(ApplicationId application, std::string flow) const {
  return storage_.read<model::Event>([application, flow = std::move(flow)](store::Tx& tx) -> Result<model::Event> {
    const auto job_id = to_lower(flow);
    auto own = TRY(store::events::last_of_job(tx, application, job_id));
    auto derived = TRY(store::events::last_of_derived(tx, application, flow));
    if (!derived && job_id != flow) derived = TRY(store::events::last_of_derived(tx, application, job_id));
    if (derived && (!own || own->id < derived->id)) return *std::move(derived);
    return found(Result<std::optional<model::Event>>(std::move(own)), "no webhook of this application has that job_id");
  });
}

Task<Result<DeliveryWithAttempts>> History::delivery(ApplicationId application, DeliveryId id) const {
  return storage_.read<DeliveryWithAttempts>([application, id](store::Tx& tx) -> Result<DeliveryWithAttempts> {
    DeliveryWithAttempts both;
    both.delivery = TRY(found(store::deliveries::find(tx, application, id),
                              "there is no delivery " + id.text() + " of this application"));
    both.attempts = TRY(store::attempts::list(tx, application, id));
    return both;
  });
}

Task<Result<History::DeliveryPage>> History::deliveries(ApplicationId application, DeliveryFilter filter,
                                                        store::PageRequest<DeliveryId> page) const {
  return storage_.read<DeliveryPage>(
      [application, filter, page](store::Tx& tx) { return store::deliveries::list(tx, application, filter, page); });
}

Task<Result<Queues>> History::queues() const {
  return storage_.read<Queues>([](store::Tx& tx) -> Result<Queues> {
    return Queues{TRY(store::deliveries::depth_across_applications(tx)),
                  TRY(store::jobs::depth_across_applications(tx))};
  });
}

}  // namespace signpost::services
