// SPDX-License-Identifier: Apache-2.0
#include "services/history.h"

#include <algorithm>

#include "base/text.h"
#include "store/attempts.h"
#include "store/deliveries.h"
#include "store/endpoints.h"
#include "store/event_feed.h"
#include "store/events.h"
#include "store/jobs.h"

namespace signpost::services {
namespace {

constexpr std::int32_t kFeedRead = 200;  // rows of one look
constexpr int kFeedReadsMax = 20;        // of one call

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
    both.found = TRY(found(store::delivery_search::find(tx, application, id),
                           "there is no delivery " + id.text() + " of this application"));
    both.attempts = TRY(store::attempts::list(tx, application, id));
    return both;
  });
}

Task<Result<History::DeliveryPage>> History::deliveries(ApplicationId application, DeliveryFilter filter,
                                                        store::PageRequest<DeliveryId> page) const {
  return storage_.read<DeliveryPage>([application, filter, page](store::Tx& tx) {
    return store::delivery_search::list(tx, application, filter, page);
  });
}

Task<Result<Feed>> History::feed(ApplicationId application, EndpointId endpoint, EventId after,
                                 std::int32_t limit) const {
  const auto now = clock_.now();
  return storage_.read<Feed>([=](store::Tx& tx) -> Result<Feed> {
    const auto receiver = TRY(found(store::endpoints::find(tx, application, endpoint),
                                    "there is no endpoint " + endpoint.text() + " of this application"));
    const auto wanted = static_cast<std::size_t>(std::clamp(limit, 1, kFeedMax));
    Feed feed{.events = {}, .upto = after, .has_more = true};
    // A filter that takes little must not read everything in one go: the caller goes on where this ended.
    for (int reads = 0; reads < kFeedReadsMax && feed.has_more; ++reads) {
      auto events = TRY(store::event_feed::list(tx, application, feed.upto, now, kFeedRead));
      feed.has_more = static_cast<std::int32_t>(events.size()) == kFeedRead;
      for (auto& event : events) {
        if (feed.events.size() == wanted) {
          feed.has_more = true;
          return feed;
        }
        feed.upto = event.id;
        if (model::is_wanted(event.type, receiver.event_types)) feed.events.push_back(std::move(event));
      }
    }
    return feed;
  });
}

Task<Result<Queues>> History::queues(std::int32_t in_flight_per_endpoint_max) const {
  return storage_.read<Queues>([in_flight_per_endpoint_max](store::Tx& tx) -> Result<Queues> {
    return Queues{TRY(store::deliveries::depth_across_applications(tx, in_flight_per_endpoint_max)),
                  TRY(store::jobs::depth_across_applications(tx)),
                  TRY(store::endpoints::count_enabled_across_applications(tx))};
  });
}

}  // namespace signpost::services
