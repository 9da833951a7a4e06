// SPDX-License-Identifier: Apache-2.0
#include "store/replay.h"

#include "base/id_time.h"
#include "store/saved_text.h"

namespace signpost::store::replay {
namespace {

Result<Candidate> read(const Row& row) {
  Candidate candidate;
  candidate.event = row.id<EventId>(0);
  candidate.connection = row.id<ConnectionId>(1);
  candidate.type = TRY(known(model::parse_event_type(row.text(2)), "event type", row.text(2)));
  if (row.is_null(3)) return candidate;
  candidate.delivery = row.id<DeliveryId>(3);
  candidate.state = TRY(known(model::parse_delivery_state(row.text(4)), "delivery state", row.text(4)));
  return candidate;
}

}  // namespace

Result<std::vector<Candidate>> list(Tx& tx, ApplicationId application, EndpointId endpoint, const Window& window) {
  const auto after = std::max(window.after.value(), first_id_at(window.since - kIdTimeSlack) - 1);
  const Rows rows =
      TRY(tx.query("SELECT e.id, e.connection, e.type, d.id, d.state FROM event e "
                   "LEFT JOIN delivery d ON d.event = e.id AND d.endpoint = $1 "
                   "WHERE e.application = $2 AND e.id > $3 AND e.id < $4 AND e.created_at >= $5 AND e.created_at < $6 "
                   "ORDER BY e.id LIMIT $7",
                   endpoint, application, after, first_id_at(window.until + kIdTimeSlack), window.since, window.until,
                   window.limit));
  std::vector<Candidate> candidates;
  candidates.reserve(rows.size());
  for (const Row row : rows) candidates.push_back(TRY(read(row)));
  return candidates;
}

Result<bool> send_again(Tx& tx, ApplicationId application, DeliveryId id, Time at) {
  return TRY(tx.execute("UPDATE delivery SET state = 'pending', is_ready = 1, next_attempt_at = $1, "
                        "replays = replays + 1, attempts_before = attempts "
                        "WHERE application = $2 AND id = $3 AND state IN ('delivered', 'failed')",
                        at, application, id)) == 1;
}

Result<bool> send_late(Tx& tx, ApplicationId application, const Candidate& missed, EndpointId endpoint, DeliveryId id,
                       Time now, Time at) {
  return TRY(tx.execute(
             "INSERT INTO delivery (id, event, endpoint, application, connection, partition, state, attempts, "
             "replays, attempts_before, next_attempt_at, created_at, is_first_open, is_waiting, is_ready) "
             "SELECT CAST($1 AS BIGINT), e.id, CAST($2 AS BIGINT), e.application, e.connection, "
             "CAST($3 AS SMALLINT), 'pending', 0, 1, 0, CAST($4 AS BIGINT), CAST($5 AS BIGINT), 0, 0, 1 "
             "FROM event e WHERE e.application = $6 AND e.id = $7 "
             "AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event = e.id AND d.endpoint = $2)",
             id, endpoint, partition_of(endpoint.value()), at, now, application, missed.event)) == 1;
}

Result<std::optional<Time>> last_scheduled(Tx& tx, EndpointId endpoint) {
  const Rows rows =
      TRY(tx.query("SELECT MAX(next_attempt_at) FROM delivery WHERE is_ready = 1 AND endpoint = $1 "
                   "AND replays > 0 AND attempts = attempts_before",
                   endpoint));
  return rows.front().optional_time(0);
}

}  // namespace signpost::store::replay
