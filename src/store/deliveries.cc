// SPDX-License-Identifier: Apache-2.0
#include "store/deliveries.h"

#include "store/endpoints.h"
#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::deliveries {
namespace {

#define DELIVERY_COLUMNS                                                                                     \
  "id, event, endpoint, application, connection, partition, state, attempts, next_attempt_at, lease_until, " \
  "created_at, replays, attempts_before"

Result<model::Delivery> read(const Row& row) {
  model::Delivery delivery;
  delivery.id = row.id<DeliveryId>(0);
  delivery.event = row.id<EventId>(1);
  delivery.endpoint = row.id<EndpointId>(2);
  delivery.application = row.id<ApplicationId>(3);
  delivery.connection = row.id<ConnectionId>(4);
  delivery.partition = static_cast<std::int16_t>(row.integer(5));
  delivery.state = TRY(known(model::parse_delivery_state(row.text(6)), "delivery state", row.text(6)));
  delivery.attempts = static_cast<std::int32_t>(row.integer(7));
  delivery.next_attempt_at = row.time(8);
  delivery.lease_until = row.optional_time(9);
  delivery.created_at = row.time(10);
  delivery.replays = static_cast<std::int32_t>(row.integer(11));
  delivery.attempts_before = static_cast<std::int32_t>(row.integer(12));
  return delivery;
}

bool is_pending(model::DeliveryState state) { return state == model::DeliveryState::kPending; }

/// The first one of the endpoint and connection whose first attempt has not ended, if it waited for the one before.
/// It is due now, also if its time has become a later one because the clock stepped back.
Result<void> end_wait_of_next(Tx& tx, EndpointId endpoint, ConnectionId connection, std::optional<Time> now) {
  TRY(
      tx.execute("UPDATE delivery SET is_waiting = 0, is_ready = 1, "
                 "next_attempt_at = CASE WHEN next_attempt_at > $1 THEN $1 ELSE next_attempt_at END WHERE id = "
                 "(SELECT MIN(id) FROM delivery WHERE endpoint = $2 AND connection = $3 AND is_first_open = 1) "
                 "AND is_waiting = 1",
                 now, endpoint, connection));
  return {};
}

}  // namespace

Result<void> insert(Tx& tx, const model::Delivery& d) {
  const Rows before =
      TRY(tx.query("SELECT 1 FROM delivery WHERE endpoint = $1 AND connection = $2 AND is_first_open = 1 LIMIT 1",
                   d.endpoint, d.connection));
  const bool is_waiting = !before.empty();
  TRY(tx.execute(
      "INSERT INTO delivery (id, event, endpoint, application, connection, partition, state, attempts, "
      "next_attempt_at, created_at, is_first_open, is_waiting, is_ready) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, 1, $10, $11)",
      d.id, d.event, d.endpoint, d.application, d.connection, d.partition,
      model::name_of(model::DeliveryState::kPending), d.next_attempt_at, d.created_at, is_waiting, !is_waiting));
  return {};
}

Result<std::optional<model::Delivery>> find(Tx& tx, ApplicationId application, DeliveryId id) {
  const Rows rows =
      TRY(tx.query("SELECT " DELIVERY_COLUMNS " FROM delivery WHERE application = $1 AND id = $2", application, id));
  return first_of<model::Delivery>(rows, read);
}

// ── claiming ────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

/// An endpoint for which something is due.
struct Head {
  EndpointId endpoint;
  std::int32_t in_flight = 0;
};

// Jumps from endpoint to endpoint in the index of ready deliveries: a million behind one endpoint cost as much as one.
#define READY_ENDPOINTS                                                                                            \
  "WITH RECURSIVE head (endpoint) AS (SELECT MIN(endpoint) FROM delivery WHERE is_ready = 1 UNION ALL "            \
  "SELECT (SELECT MIN(d.endpoint) FROM delivery d WHERE d.is_ready = 1 AND d.endpoint > head.endpoint) FROM head " \
  "WHERE head.endpoint IS NOT NULL) "

#define PARTITION_OF_HEAD \
  "(SELECT d.partition FROM delivery d WHERE d.is_ready = 1 AND d.endpoint = head.endpoint LIMIT 1)"

constexpr Sql kDueEndpoints = READY_ENDPOINTS
    "SELECT endpoint, in_flight FROM (SELECT head.endpoint AS endpoint, " PARTITION_OF_HEAD
    " AS part, "
    "(SELECT MIN(d.next_attempt_at) FROM delivery d WHERE d.is_ready = 1 AND d.endpoint = head.endpoint) AS due_at, "
    "(SELECT COUNT(*) FROM delivery d WHERE d.lease_until IS NOT NULL AND d.endpoint = head.endpoint) AS in_flight "
    "FROM head WHERE head.endpoint IS NOT NULL) AS waiting "
    "WHERE due_at <= $1 AND part % $2 = $3 AND in_flight < $4 ORDER BY due_at, endpoint LIMIT $5";

// All of one endpoint have one partition: it stands in the order only so that the index gives it without sorting.
constexpr Sql kDueOfEndpoint =
    "SELECT d.id, d.event, d.endpoint, d.application, d.connection, d.partition, d.state, d.attempts, "
    "d.next_attempt_at, "
    "d.lease_until, d.created_at, d.replays, d.attempts_before, e.job_id, e.type, e.sequence, e.body, e.created_at "
    "FROM delivery d JOIN event e ON e.id = d.event WHERE d.is_ready = 1 AND d.endpoint = $1 AND d.next_attempt_at <= "
    "$2 "
    "ORDER BY d.next_attempt_at, d.partition, d.id LIMIT $3";

Result<model::Event> read_event(const Row& row, const model::Delivery& delivery) {
  model::Event event;
  event.id = delivery.event;
  event.application = delivery.application;
  event.connection = delivery.connection;
  event.job_id = row.text(13);
  event.type = TRY(known(model::parse_event_type(row.text(14)), "event type", row.text(14)));
  event.sequence = row.integer(15);
  event.body = row.text(16);
  event.created_at = row.time(17);
  return event;
}

struct Receiver {
  model::Endpoint endpoint;
  model::Role owner_role = model::Role::kViewer;
};

Result<Receiver> read_receiver(Tx& tx, EndpointId id) {
  const Rows rows = TRY(tx.query(
      "SELECT " ENDPOINT_COLUMNS_OF_E ", m.role FROM endpoint e JOIN member m ON m.id = e.owner WHERE e.id = $1", id));
  if (rows.empty()) return fail(Kind::kInternal, format("deliveries wait for {}, which is gone", id.text()));
  const auto role = rows.front().text(endpoints::kEndpointColumns);
  return Receiver{TRY(endpoints::read(rows.front())), TRY(known(model::parse_role(role), "role", role))};
}

Result<model::Attempt> open_attempt(Tx& tx, model::Delivery& delivery, const ClaimRequest& request, IdMaker& ids) {
  delivery.attempts += 1;
  delivery.lease_until = request.lease_until;
  model::Attempt attempt;
  attempt.id = ids.make<AttemptId>();
  attempt.delivery = delivery.id;
  attempt.number = delivery.attempts;
  attempt.started_at = request.now;
  TRY(tx.execute("UPDATE delivery SET attempts = $1, lease_until = $2, is_ready = 0 WHERE id = $3", delivery.attempts,
                 request.lease_until, delivery.id));
  TRY(tx.execute(
      "INSERT INTO attempt (id, delivery, number, started_at, result, detail, remote_address, response_body, "
      "dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms) "
      "VALUES ($1, $2, $3, $4, $5, '', '', '', -1, -1, -1, -1, -1)",
      attempt.id, attempt.delivery, attempt.number, attempt.started_at, model::name_of(attempt.result)));
  return attempt;
}

Result<std::int32_t> claim_of_endpoint(Tx& tx, const Head& head, std::int32_t count, const ClaimRequest& request,
                                       IdMaker& ids, std::vector<ClaimedDelivery>& claimed) {
  const Rows rows = TRY(tx.query(kDueOfEndpoint, head.endpoint, request.now, count));
  if (rows.empty()) return 0;
  const Receiver receiver = TRY(read_receiver(tx, head.endpoint));
  for (const Row row : rows) {
    model::Delivery delivery = TRY(read(row));
    model::Event event = TRY(read_event(row, delivery));
    model::Attempt attempt = TRY(open_attempt(tx, delivery, request, ids));
    claimed.push_back(
        {std::move(delivery), std::move(attempt), std::move(event), receiver.endpoint, receiver.owner_role});
  }
  return static_cast<std::int32_t>(rows.size());
}

Result<std::vector<Head>> due_endpoints(Tx& tx, const ClaimRequest& request) {
  const Rows rows = TRY(tx.query(kDueEndpoints, request.now, request.loop.count, request.loop.index,
                                 request.in_flight_max, request.limit));
  std::vector<Head> heads;
  for (const Row row : rows) heads.push_back({row.id<EndpointId>(0), static_cast<std::int32_t>(row.integer(1))});
  return heads;
}

}  // namespace

Result<std::vector<ClaimedDelivery>> claim_due(Tx& tx, const ClaimRequest& request, IdMaker& ids) {
  std::vector<ClaimedDelivery> claimed;
  std::vector<Head> heads = TRY(due_endpoints(tx, request));
  std::int32_t left = request.limit;
  // Equal shares first; what an endpoint does not need goes around again.
  while (left > 0 && !heads.empty()) {
    const std::int32_t share = std::max(1, left / static_cast<std::int32_t>(heads.size()));
    std::vector<Head> hungry;
    for (Head& head : heads) {
      const std::int32_t count = std::min({share, request.in_flight_max - head.in_flight, left});
      if (count == 0) break;
      const std::int32_t got = TRY(claim_of_endpoint(tx, head, count, request, ids, claimed));
      left -= got;
      head.in_flight += got;
      if (got == count && head.in_flight < request.in_flight_max) hungry.push_back(head);
    }
    heads = std::move(hungry);
  }
  return claimed;
}

// ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

Result<void> save_attempt(Tx& tx, const model::Attempt& a) {
  const std::string detail = storable(a.detail);
  const std::string body = storable(std::string_view(a.response_body).substr(0, model::kResponseKeptBytesMax));
  TRY(
      tx.execute("UPDATE attempt SET ended_at = $1, result = $2, status = $3, detail = $4, remote_address = $5, "
                 "response_body = $6, dns_ms = $7, connect_ms = $8, tls_ms = $9, first_byte_ms = $10, total_ms = $11 "
                 "WHERE id = $12",
                 a.ended_at, model::name_of(a.result), a.status, detail, a.remote_address, body, a.timing.dns,
                 a.timing.connect, a.timing.tls, a.timing.first_byte, a.timing.total, a.id));
  return {};
}

}  // namespace

Result<bool> finish_attempt(Tx& tx, const model::Attempt& attempt, model::DeliveryState state,
                            std::optional<Time> next_attempt_at) {
  TRY_VOID(save_attempt(tx, attempt));
  const Rows rows =
      TRY(tx.query("UPDATE delivery SET state = $1, next_attempt_at = COALESCE(CAST($2 AS BIGINT), next_attempt_at), "
                   "lease_until = NULL, is_first_open = 0, is_ready = $3 "
                   "WHERE id = $4 AND attempts = $5 AND lease_until IS NOT NULL RETURNING endpoint, connection",
                   model::name_of(state), next_attempt_at, is_pending(state), attempt.delivery, attempt.number));
  if (rows.empty()) return false;
  if (attempt.number == 1) {
    TRY_VOID(end_wait_of_next(tx, rows.front().id<EndpointId>(0), rows.front().id<ConnectionId>(1), attempt.ended_at));
  }
  return true;
}

namespace {

// An interrupted attempt does not count, and a first one has not ended: whoever waits behind it goes on waiting.
#define FREE_DELIVERY "UPDATE delivery SET attempts = attempts - 1, lease_until = NULL, is_ready = 1 "

}  // namespace

Result<bool> interrupt_attempt(Tx& tx, const model::Attempt& attempt, Time now) {
  TRY(tx.execute("UPDATE attempt SET result = $1, ended_at = $2 WHERE id = $3",
                 model::name_of(model::AttemptResult::kInterrupted), now, attempt.id));
  return TRY(tx.execute(FREE_DELIVERY "WHERE id = $1 AND attempts = $2 AND lease_until IS NOT NULL", attempt.delivery,
                        attempt.number)) == 1;
}

Result<std::int64_t> release_all_leases_across_applications(Tx& tx, Time now) {
  TRY(
      tx.execute("UPDATE attempt SET result = $1, ended_at = $2 WHERE result = $3 AND delivery IN "
                 "(SELECT id FROM delivery WHERE lease_until IS NOT NULL)",
                 model::name_of(model::AttemptResult::kInterrupted), now, model::name_of(model::AttemptResult::kOpen)));
  return tx.execute(FREE_DELIVERY "WHERE lease_until IS NOT NULL");
}

Result<std::int64_t> release_expired_leases_across_applications(Tx& tx, Time now) {
  TRY(
      tx.execute("UPDATE attempt SET result = $1, ended_at = $2 WHERE result = $3 AND delivery IN "
                 "(SELECT id FROM delivery WHERE lease_until IS NOT NULL AND lease_until <= $2)",
                 model::name_of(model::AttemptResult::kInterrupted), now, model::name_of(model::AttemptResult::kOpen)));
  return tx.execute(FREE_DELIVERY "WHERE lease_until IS NOT NULL AND lease_until <= $1", now);
}

// ── the clock ───────────────────────────────────────────────────────────────────────────────────────────────────────

Result<std::optional<PulledUpTo>> pull_back(Tx& tx, const PullBack& request, const std::optional<PulledUpTo>& after) {
  const auto from = after.value_or(PulledUpTo{});
  // In the order of the index: what is pulled back lands before `from` and is not met again.
  const Rows rows =
      TRY(tx.query("UPDATE delivery SET next_attempt_at = next_attempt_at - $1 WHERE id IN (SELECT id FROM delivery "
                   "WHERE is_ready = 1 AND (endpoint, next_attempt_at, id) > ($2, $3, $4) AND next_attempt_at > $5 "
                   "AND partition % $6 = $7 ORDER BY endpoint, next_attempt_at, id LIMIT $8) "
                   "RETURNING endpoint, next_attempt_at + $1, id",
                   request.by.count(), from.endpoint, from.next_attempt_at, from.id, request.now, request.loop.count,
                   request.loop.index, request.limit));
  if (static_cast<std::int32_t>(rows.size()) < request.limit) return std::nullopt;
  const auto place = [](const PulledUpTo& one) { return std::tuple(one.endpoint, one.next_attempt_at, one.id); };
  PulledUpTo last = from;
  for (const Row row : rows) {
    const PulledUpTo one{row.id<EndpointId>(0), row.time(1), row.id<DeliveryId>(2)};
    if (place(last) < place(one)) last = one;
  }
  return last;
}

// ── looking ahead ───────────────────────────────────────────────────────────────────────────────────────────────────

Result<std::optional<Time>> next_due_at(Tx& tx, Loop loop, Time now) {
  const Rows rows =
      TRY(tx.query(READY_ENDPOINTS
                   "SELECT MIN(due_at) FROM (SELECT " PARTITION_OF_HEAD " AS part, "
                   "(SELECT MIN(d.next_attempt_at) FROM delivery d WHERE d.is_ready = 1 AND d.endpoint = head.endpoint "
                   "AND d.next_attempt_at > $1) AS due_at FROM head WHERE head.endpoint IS NOT NULL) AS waiting "
                   "WHERE part % $2 = $3",
                   now, loop.count, loop.index));
  return rows.front().optional_time(0);
}

Result<QueueDepth> depth_across_applications(Tx& tx) {
  const Rows ready = TRY(tx.query("SELECT COUNT(*), MIN(next_attempt_at) FROM delivery WHERE is_ready = 1"));
  const Rows behind = TRY(tx.query("SELECT COUNT(*) FROM delivery WHERE is_first_open = 1 AND is_waiting = 1"));
  const Rows leased = TRY(tx.query("SELECT COUNT(*) FROM delivery WHERE lease_until IS NOT NULL"));
  return QueueDepth{ready.front().integer(0) + behind.front().integer(0), leased.front().integer(0),
                    ready.front().optional_time(1)};
}

}  // namespace signpost::store::deliveries
