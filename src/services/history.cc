// SPDX-License-Identifier: Apache-2.0
#include "services/history.h"

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

Task<Result<model::Event>> History::last_event_of(ApplicationId application, std::string job_id) const {
  return storage_.read<model::Event>([application, job_id = std::move(job_id)](store::Tx& tx) {
    return found(store::events::last_of_job(tx, application, job_id), "no webhook of this application has that job_id");
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
