// SPDX-License-Identifier: Apache-2.0
#include "store/deliveries.h"

#include <array>

#include "store/delivery_columns.h"
#include "store/endpoints.h"
#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::deliveries {
namespace {

#define DELIVERY_COLUMNS                                                                           \
  "id, event, endpoint, application, connection, partition, state, attempts, " NEXT_ATTEMPT_AT_OF( \
      "delivery") ", lease_until, created_at, replays, attempts_before"

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
/// It is due now, also if its time has become a later one because the clock stepped back. True if there was one.
Result<bool> end_wait_of_next(Tx& tx, const model::Delivery& ended, std::optional<Time> now) {
  return TRY(tx.execute("UPDATE delivery SET is_waiting = 0, is_ready = 1, "
                        "next_attempt_at = CASE WHEN next_attempt_at > $1 THEN $1 ELSE next_attempt_at END WHERE id = "
                        "(SELECT MIN(id) FROM delivery WHERE endpoint = $2 AND connection = $3 AND is_first_open = 1) "
                        "AND is_waiting = 1",
                        now, ended.endpoint, ended.connection)) == 1;
}

Result<bool> has_open_first(Tx& tx, const model::Delivery& d) {
  const Rows rows =
      TRY(tx.query("SELECT 1 FROM delivery WHERE endpoint = $1 AND connection = $2 AND is_first_open = 1 LIMIT 1",
                   d.endpoint, d.connection));
  return !rows.empty();
}

}  // namespace

Result<void> insert(Tx& tx, const model::Delivery& d) {
  const bool is_waiting = TRY(has_open_first(tx, d));
  TRY(tx.execute(
      "INSERT INTO delivery (id, event, endpoint, application, connection, partition, state, attempts, "
      "next_attempt_at, created_at, is_first_open, is_waiting, is_ready) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, 1, $10, $11)",
      d.id, d.event, d.endpoint, d.application, d.connection, d.partition,
      model::name_of(model::DeliveryState::kPending), d.next_attempt_at, d.created_at, is_waiting, !is_waiting));
  return {};
}

Result<bool> insert_begun(Tx& tx, const model::Delivery& d, const model::Attempt& attempt) {
  if (TRY(has_open_first(tx, d))) return false;
  TRY(tx.execute(
      "INSERT INTO delivery (id, event, endpoint, application, connection, partition, state, attempts, "
      "next_attempt_at, lease_until, attempt, attempt_started_at, created_at, is_first_open, is_waiting, is_ready) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, 0, 0)",
      d.id, d.event, d.endpoint, d.application, d.connection, d.partition,
      model::name_of(model::DeliveryState::kPending), d.attempts, d.next_attempt_at, d.lease_until, attempt.id,
      attempt.started_at, d.created_at));
  return true;
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
  std::int32_t in_flight_max = 0;
};

// Jumps from endpoint to endpoint in the index of ready deliveries: a million behind one endpoint cost as much as one.
#define READY_ENDPOINTS                                                                                            \
  "WITH RECURSIVE head (endpoint) AS (SELECT MIN(endpoint) FROM delivery WHERE is_ready = 1 UNION ALL "            \
  "SELECT (SELECT MIN(d.endpoint) FROM delivery d WHERE d.is_ready = 1 AND d.endpoint > head.endpoint) FROM head " \
  "WHERE head.endpoint IS NOT NULL) "

#define PARTITION_OF_HEAD \
  "(SELECT d.partition FROM delivery d WHERE d.is_ready = 1 AND d.endpoint = head.endpoint LIMIT 1)"

// The least of what the house, the endpoint and its pace allow.
#define IN_FLIGHT_MAX_OF_ENDPOINT                                                         \
  "(CASE WHEN e.in_flight_max < COALESCE(p.in_flight_max, $1) THEN e.in_flight_max ELSE " \
  "COALESCE(p.in_flight_max, $1) END)"

constexpr Sql kDueEndpoints = READY_ENDPOINTS
    "SELECT waiting.endpoint, waiting.in_flight, " IN_FLIGHT_MAX_OF_ENDPOINT
    " FROM (SELECT head.endpoint AS endpoint, " PARTITION_OF_HEAD
    " AS part, "
    "(SELECT MIN(d.next_attempt_at) FROM delivery d WHERE d.is_ready = 1 AND d.endpoint = head.endpoint) AS due_at, "
    "(SELECT COUNT(*) FROM delivery d WHERE d.lease_until IS NOT NULL AND d.endpoint = head.endpoint) AS in_flight "
    "FROM head WHERE head.endpoint IS NOT NULL) AS waiting JOIN endpoint e ON e.id = waiting.endpoint "
    "LEFT JOIN endpoint_pace p ON p.endpoint = waiting.endpoint "
    "LEFT JOIN endpoint_turn t ON t.endpoint = waiting.endpoint "
    "WHERE due_at <= $2 AND COALESCE(p.resumes_at, 0) <= $2 AND COALESCE(t.next_at, 0) <= $2 AND part % $3 = $4 "
    "AND waiting.in_flight < " IN_FLIGHT_MAX_OF_ENDPOINT " ORDER BY due_at, waiting.endpoint LIMIT $5";

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
  TRY(
      tx.execute("UPDATE delivery SET attempts = $1, lease_until = $2, attempt = $3, attempt_started_at = $4, "
                 "is_ready = 0 WHERE id = $5",
                 delivery.attempts, delivery.lease_until, attempt.id, attempt.started_at, delivery.id));
  return attempt;
}

// What an endpoint with a rate may get at once: its share of this time, so that it is neither woken for every single
// one nor gets a second's worth in one blow.
constexpr Milliseconds kTurn{100};

/// How many may begin now.
std::int32_t allowed_by_rate(const model::Endpoint& endpoint, std::int32_t count) {
  if (!endpoint.rate_per_second) return count;
  const auto share = *endpoint.rate_per_second * kTurn.count() / 1'000;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(share, 1, count));
}

/// The next turn comes when these have had their time.
Result<void> take_turn(Tx& tx, const model::Endpoint& endpoint, std::int64_t count, Time now) {
  if (!endpoint.rate_per_second || count == 0) return {};
  const auto pause = Milliseconds((count * 1'000 + *endpoint.rate_per_second - 1) / *endpoint.rate_per_second);
  TRY(
      tx.execute("INSERT INTO endpoint_turn (endpoint, next_at) VALUES ($1, $2) ON CONFLICT (endpoint) DO UPDATE SET "
                 "next_at = excluded.next_at",
                 endpoint.id, now + pause));
  return {};
}

Result<std::int32_t> claim_of_endpoint(Tx& tx, Head& head, std::int32_t count, const ClaimRequest& request,
                                       IdMaker& ids, std::vector<ClaimedDelivery>& claimed) {
  const Receiver receiver = TRY(read_receiver(tx, head.endpoint));
  const auto& endpoint = receiver.endpoint;
  const Rows rows = TRY(tx.query(kDueOfEndpoint, head.endpoint, request.now, allowed_by_rate(endpoint, count)));
  for (const Row row : rows) {
    model::Delivery delivery = TRY(read(row));
    model::Event event = TRY(read_event(row, delivery));
    model::Attempt attempt = TRY(open_attempt(tx, delivery, request, ids));
    claimed.push_back({std::move(delivery), std::move(attempt), std::move(event), endpoint, receiver.owner_role});
  }
  const auto got = static_cast<std::int32_t>(rows.size());
  TRY_VOID(take_turn(tx, endpoint, got, request.now));
  head.in_flight += got;
  if (endpoint.rate_per_second) head.in_flight_max = head.in_flight;  // no second turn in this claim
  return got;
}

Result<std::vector<Head>> due_endpoints(Tx& tx, const ClaimRequest& request) {
  const Rows rows = TRY(tx.query(kDueEndpoints, request.in_flight_max, request.now, request.loop.count,
                                 request.loop.index, request.limit));
  std::vector<Head> heads;
  for (const Row row : rows) {
    heads.push_back(
        {row.id<EndpointId>(0), static_cast<std::int32_t>(row.integer(1)), static_cast<std::int32_t>(row.integer(2))});
  }
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
      const std::int32_t count = std::min({share, head.in_flight_max - head.in_flight, left});
      if (count == 0) break;
      const std::int32_t got = TRY(claim_of_endpoint(tx, head, count, request, ids, claimed));
      left -= got;
      if (got == count && head.in_flight < head.in_flight_max) hungry.push_back(head);
    }
    heads = std::move(hungry);
  }
  return claimed;
}

// ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

Result<void> insert_attempt(Tx& tx, const model::Attempt& a, std::string_view detail, std::string_view body) {
  TRY(tx.execute(
      "INSERT INTO attempt (id, delivery, number, started_at, ended_at, result, cause, status, detail, "
      "remote_address, response_body, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
      a.id, a.delivery, a.number, a.started_at, a.ended_at, model::name_of(a.result), a.cause, a.status, detail,
      a.remote_address, body, a.timing.dns, a.timing.connect, a.timing.tls, a.timing.first_byte, a.timing.total));
  return {};
}

/// One that was released meanwhile, and noted as interrupted.
Result<void> correct_attempt(Tx& tx, const model::Attempt& a, std::string_view detail, std::string_view body) {
  TRY(tx.execute(
      "UPDATE attempt SET ended_at = $1, result = $2, cause = $3, status = $4, detail = $5, remote_address = "
      "$6, response_body = $7, dns_ms = $8, connect_ms = $9, tls_ms = $10, first_byte_ms = $11, total_ms = "
      "$12 WHERE id = $13",
      a.ended_at, model::name_of(a.result), a.cause, a.status, detail, a.remote_address, body, a.timing.dns,
      a.timing.connect, a.timing.tls, a.timing.first_byte, a.timing.total, a.id));
  return {};
}

// An interrupted attempt does not count, and a first one has not ended: whoever waits behind it goes on waiting.
// It is due now, also if its time has become a later one because the clock stepped back.
#define FREE_DELIVERY                                                                                      \
  "UPDATE delivery SET attempts = attempts - 1, lease_until = NULL, attempt = NULL, attempt_started_at = " \
  "NULL, is_ready = 1, next_attempt_at = CASE WHEN next_attempt_at > $1 THEN $1 ELSE next_attempt_at END "

#define NOTE_INTERRUPTED                                                                                     \
  "INSERT INTO attempt (id, delivery, number, started_at, ended_at, result, detail, remote_address, "        \
  "response_body, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms) SELECT d.attempt, d.id, d.attempts, " \
  "d.attempt_started_at, CAST($1 AS BIGINT), 'interrupted', '', '', '', -1, -1, -1, -1, -1 FROM delivery d "

}  // namespace

Result<Finished> finish_attempt(Tx& tx, const model::Delivery& delivery, const model::Attempt& attempt,
                                model::DeliveryState state, std::optional<Time> next_attempt_at) {
  const std::string detail = storable(attempt.detail);
  const std::string body = storable(std::string_view(attempt.response_body).substr(0, model::kResponseKeptBytesMax));
  const bool is_ours =
      TRY(tx.execute("UPDATE delivery SET state = $1, next_attempt_at = COALESCE(CAST($2 AS BIGINT), next_attempt_at), "
                     "lease_until = NULL, attempt = NULL, attempt_started_at = NULL, is_first_open = 0, is_ready = $3 "
                     "WHERE id = $4 AND attempt = $5",
                     model::name_of(state), next_attempt_at, is_pending(state), delivery.id, attempt.id)) == 1;
  if (!is_ours) {
    TRY_VOID(correct_attempt(tx, attempt, detail, body));
    return Finished{};
  }
  TRY_VOID(insert_attempt(tx, attempt, detail, body));
  if (attempt.number > 1) return Finished{.is_counted = true};
  return Finished{.is_counted = true, .is_next_free = TRY(end_wait_of_next(tx, delivery, attempt.ended_at))};
}

Result<bool> interrupt_attempt(Tx& tx, const model::Attempt& attempt, Time now) {
  TRY(tx.execute(NOTE_INTERRUPTED "WHERE d.id = $2 AND d.attempt = $3", now, attempt.delivery, attempt.id));
  return TRY(tx.execute(FREE_DELIVERY "WHERE id = $2 AND attempt = $3", now, attempt.delivery, attempt.id)) == 1;
}

Result<std::int64_t> release_all_leases_across_applications(Tx& tx, Time now) {
  TRY(tx.execute(NOTE_INTERRUPTED "WHERE d.lease_until IS NOT NULL", now));
  return tx.execute(FREE_DELIVERY "WHERE lease_until IS NOT NULL", now);
}

Result<std::int64_t> release_expired_leases_across_applications(Tx& tx, Time now) {
  TRY(tx.execute(NOTE_INTERRUPTED "WHERE d.lease_until IS NOT NULL AND d.lease_until <= $1", now));
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

Result<LastMade> last_made_across_applications(Tx& tx) {
  constexpr std::array kNewest{Sql("SELECT id, created_at FROM event ORDER BY id DESC LIMIT 1"),
                               Sql("SELECT id, created_at FROM delivery ORDER BY id DESC LIMIT 1"),
                               Sql("SELECT id, started_at FROM attempt ORDER BY id DESC LIMIT 1"),
                               Sql("SELECT attempt, attempt_started_at FROM delivery WHERE lease_until IS NOT NULL "
                                   "ORDER BY attempt DESC LIMIT 1"),
                               Sql("SELECT id, at FROM audit_log ORDER BY id DESC LIMIT 1")};
  LastMade last;
  for (const Sql sql : kNewest) {
    const Rows rows = TRY(tx.query(sql));
    if (!rows.empty() && rows.front().integer(0) > last.id) last = {rows.front().integer(0), rows.front().time(1)};
  }
  return last;
}

// ── looking ahead ───────────────────────────────────────────────────────────────────────────────────────────────────

Result<std::optional<Time>> next_due_at(Tx& tx, Loop loop, Time now) {
  const Rows rows =
      TRY(tx.query(READY_ENDPOINTS
                   "SELECT MIN(due_at) FROM (SELECT " PARTITION_OF_HEAD " AS part, "
                   "COALESCE((SELECT p.resumes_at FROM endpoint_pace p WHERE p.endpoint = head.endpoint AND "
                   "p.resumes_at > $1), (SELECT t.next_at FROM endpoint_turn t WHERE t.endpoint = head.endpoint AND "
                   "t.next_at > $1), (SELECT MIN(d.next_attempt_at) FROM delivery d WHERE d.is_ready = 1 AND "
                   "d.endpoint = head.endpoint AND d.next_attempt_at > $1)) AS due_at FROM head WHERE head.endpoint IS "
                   "NOT NULL) AS waiting WHERE part % $2 = $3",
                   now, loop.count, loop.index));
  return rows.front().optional_time(0);
}

Result<QueueDepth> depth_across_applications(Tx& tx, std::int32_t in_flight_max) {
  const Rows ready = TRY(tx.query("SELECT COUNT(*) FROM delivery WHERE is_ready = 1"));
  // What an endpoint keeps waiting is not late, the endpoint is: while it pauses or ramps up, while it holds as many as
  // it may, and until its rate gives it a turn.
  const Rows oldest = TRY(
      tx.query(READY_ENDPOINTS
               "SELECT MIN(CASE WHEN COALESCE(t.next_at, 0) > waiting.due_at THEN t.next_at ELSE waiting.due_at END) "
               "FROM (SELECT head.endpoint AS endpoint, (SELECT MIN(d.next_attempt_at) FROM delivery d WHERE "
               "d.is_ready = 1 AND d.endpoint = head.endpoint) AS due_at, (SELECT COUNT(*) FROM delivery d WHERE "
               "d.lease_until IS NOT NULL AND d.endpoint = head.endpoint) AS in_flight FROM head WHERE head.endpoint "
               "IS NOT NULL) AS waiting JOIN endpoint e ON e.id = waiting.endpoint LEFT JOIN endpoint_turn t ON "
               "t.endpoint = waiting.endpoint WHERE waiting.endpoint NOT IN (SELECT endpoint FROM endpoint_pace) AND "
               "waiting.in_flight < (CASE WHEN e.in_flight_max < $1 THEN e.in_flight_max ELSE $1 END)",
               in_flight_max));
  const Rows behind = TRY(tx.query("SELECT COUNT(*) FROM delivery WHERE is_first_open = 1 AND is_waiting = 1"));
  const Rows leased = TRY(tx.query("SELECT COUNT(*) FROM delivery WHERE lease_until IS NOT NULL"));
  return QueueDepth{ready.front().integer(0) + behind.front().integer(0), leased.front().integer(0),
                    oldest.front().optional_time(0)};
}

}  // namespace signpost::store::deliveries
