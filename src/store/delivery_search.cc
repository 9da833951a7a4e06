// SPDX-License-Identifier: Apache-2.0
#include "store/delivery_search.h"

#include <algorithm>

#include "base/id_time.h"
#include "store/delivery_columns.h"
#include "store/endpoints.h"
#include "store/event_columns.h"
#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::delivery_search {
namespace {

Result<Found> read(const Row& row) {
  Found found;
  auto& delivery = found.delivery;
  delivery.id = row.id<DeliveryId>(0);
  delivery.event = row.id<EventId>(1);
  delivery.endpoint = row.id<EndpointId>(2);
  delivery.application = row.id<ApplicationId>(3);
  delivery.connection = row.id<ConnectionId>(4);
  delivery.partition = static_cast<std::int16_t>(row.integer(5));
  delivery.state = TRY(known(model::parse_delivery_state(row.text(6)), "delivery state", row.text(6)));
  delivery.attempts = static_cast<std::int32_t>(row.integer(7));
  delivery.replays = static_cast<std::int32_t>(row.integer(8));
  delivery.attempts_before = static_cast<std::int32_t>(row.integer(9));
  delivery.next_attempt_at = row.time(10);
  delivery.lease_until = row.optional_time(11);
  delivery.created_at = row.time(12);
  found.type = TRY(known(model::parse_event_type(row.text(13)), "event type", row.text(13)));
  found.job_id = row.text(14);
  return found;
}

#define FOUND \
  "SELECT d.id, d.event, d.endpoint, d.application, d.connection, d.partition, d.state, d.attempts, d.replays, " \
  "d.attempts_before, " NEXT_ATTEMPT_AT_OF("d") ", d.lease_until, d.created_at, e.type, e.job_id "                         \
  "FROM delivery d JOIN event e ON e.id = d.event "

#define MATCHES                                                                                                \
  "AND (CAST($4 AS TEXT) IS NULL OR d.state = $4) AND (CAST($5 AS TEXT) IS NULL OR e.type = $5) "              \
  "AND (CAST($6 AS BIGINT) IS NULL OR d.endpoint = $6) AND (CAST($7 AS BIGINT) IS NULL OR d.connection = $7) " \
  "AND (CAST($8 AS BIGINT) IS NULL OR d.event = $8) AND (CAST($9 AS TEXT) IS NULL OR e.job_id = $9) "          \
  "AND (CAST($10 AS TEXT) IS NULL OR EXISTS "                                                                  \
  "(SELECT 1 FROM connection c WHERE c.id = d.connection AND c.host = $10)) "                                  \
  "AND (CAST($11 AS BIGINT) IS NULL OR d.created_at >= $11) AND (CAST($12 AS BIGINT) IS NULL OR d.created_at < $12) "

#define NEWEST_FIRST "ORDER BY d.id DESC LIMIT $13"

// One statement for each index that can narrow the list; the sign takes the other indexes out of the choice.
#define IN_ORDER FOUND "WHERE d.application = $1 AND d.id < $2 AND d.id >= $3 " MATCHES
#define BY_EVENT FOUND "WHERE +d.application = $1 AND +d.id < $2 AND +d.id >= $3 " MATCHES
#define OF_ENDPOINT FOUND "WHERE +d.application = $1 AND d.id < $2 AND d.id >= $3 " MATCHES

constexpr Sql kFailed = IN_ORDER "AND d.state = 'failed' " NEWEST_FIRST;
constexpr Sql kOfEndpoint = OF_ENDPOINT "AND d.endpoint = $6 " NEWEST_FIRST;
constexpr Sql kFailedOfEndpoint = OF_ENDPOINT "AND d.endpoint = $6 AND d.state = 'failed' " NEWEST_FIRST;
constexpr Sql kOfEvent = BY_EVENT "AND d.event = $8 " NEWEST_FIRST;
constexpr Sql kOfConnection =
    BY_EVENT "AND d.event IN (SELECT x.id FROM event x WHERE x.connection = $7) " NEWEST_FIRST;
constexpr Sql kOfJob = BY_EVENT
    "AND d.event IN (SELECT x.id FROM event x WHERE x.connection IN " CONNECTION_OF_JOB("$1", "$9") ") " NEWEST_FIRST;
constexpr Sql kOfHost = BY_EVENT
    "AND d.event IN (SELECT x.id FROM event x WHERE x.connection IN "
    "(SELECT h.id FROM connection h WHERE h.host = $10 AND +h.application = $1)) " NEWEST_FIRST;

/// None if nothing narrows it but the application.
std::optional<Sql> statement_of(const Filter& filter) {
  const bool is_failed = filter.state == model::DeliveryState::kFailed;
  if (filter.event) return kOfEvent;
  if (filter.job_id) return kOfJob;
  if (filter.connection) return kOfConnection;
  if (filter.host) return kOfHost;
  if (filter.endpoint) return is_failed ? kFailedOfEndpoint : kOfEndpoint;
  return is_failed ? std::optional(kFailed) : std::nullopt;
}

template <typename Enum>
std::optional<std::string_view> word_of(const std::optional<Enum>& value) {
  if (!value) return std::nullopt;
  return model::name_of(*value);
}

Result<Rows> run(Tx& tx, Sql statement, ApplicationId application, const Filter& filter,
                 const PageRequest<DeliveryId>& page) {
  const std::int64_t first = filter.after ? first_id_at(*filter.after - kIdTimeSlack) : 0;
  const std::int64_t below =
      filter.before ? std::min(page.below(), first_id_at(*filter.before + kIdTimeSlack)) : page.below();
  return tx.query(statement, application, below, first, word_of(filter.state), word_of(filter.type), filter.endpoint,
                  filter.connection, filter.event, filter.job_id, filter.host, filter.after, filter.before,
                  page.row_limit());
}

/// An index that held an application's deliveries in order would have to be written with each of them. Every endpoint
/// has one, and the newest of all are among the newest of each.
Result<Page<Found>> merge_endpoints(Tx& tx, ApplicationId application, Filter filter,
                                    const PageRequest<DeliveryId>& page) {
  Page<Found> all;
  for (const auto& endpoint : TRY(endpoints::list_of_application(tx, application))) {
    filter.endpoint = endpoint.id;
    const Rows rows = TRY(run(tx, kOfEndpoint, application, filter, page));
    for (const Row row : rows) all.items.push_back(TRY(read(row)));
  }
  std::ranges::sort(all.items, std::ranges::greater{}, [](const Found& found) { return found.delivery.id; });
  const auto wanted = static_cast<std::size_t>(page.wanted());
  all.has_more = all.items.size() > wanted;
  if (all.has_more) all.items.resize(wanted);
  return all;
}

}  // namespace

Result<Page<Found>> list(Tx& tx, ApplicationId application, const Filter& filter, const PageRequest<DeliveryId>& page) {
  const auto statement = statement_of(filter);
  if (!statement) return merge_endpoints(tx, application, filter, page);
  return page_of<Found>(TRY(run(tx, *statement, application, filter, page)), page, read);
}

Result<std::optional<Found>> find(Tx& tx, ApplicationId application, DeliveryId id) {
  const Rows rows = TRY(tx.query(FOUND "WHERE d.application = $1 AND d.id = $2", application, id));
  return first_of<Found>(rows, read);
}

}  // namespace signpost::store::delivery_search
