// SPDX-License-Identifier: Apache-2.0
#include "store/jobs.h"

#include <algorithm>
#include <limits>

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::jobs {
namespace {

#define JOB_COLUMNS \
  "id, kind, subject, fairness_key, state, not_before, attempts, generation, lease_until, outcome, created_at"

constexpr int kPassesMax = 8;              // of one claim over the due jobs
constexpr std::int32_t kNarrowWindow = 4;  // due jobs for every job that may be claimed

Result<model::Job> read(const Row& row) {
  model::Job job;
  job.id = row.id<JobRowId>(0);
  job.kind = TRY(known(model::parse_job_kind(row.text(1)), "job kind", row.text(1)));
  job.subject = row.id<ConnectionId>(2);
  job.fairness_key = row.integer(3);
  job.state = TRY(known(model::parse_job_state(row.text(4)), "job state", row.text(4)));
  job.not_before = row.time(5);
  job.attempts = static_cast<std::int32_t>(row.integer(6));
  job.generation = row.integer(7);
  job.lease_until = row.optional_time(8);
  job.outcome = row.text(9);
  job.created_at = row.time(10);
  return job;
}

// ── wishes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

// While the job is in flight a wish waits in wished_at; not_before stays what the claim saw.
#define REQUEST_JOB                                                                                                   \
  "INSERT INTO job (id, kind, subject, partition, fairness_key, state, not_before, attempts, generation, outcome, "   \
  "is_ready, created_at) VALUES ($1, $2, $3, $4, $5, 'waiting', $6, 0, 1, '', 1, $7) ON CONFLICT (subject, kind) DO " \
  "UPDATE "                                                                                                           \
  "SET generation = job.generation + 1, state = 'waiting', outcome = '', "                                            \
  "fairness_key = excluded.fairness_key, attempts = 0, "                                                              \
  "is_ready = CASE WHEN job.lease_until IS NULL THEN 1 ELSE 0 END, "

constexpr Sql kReplace = REQUEST_JOB
    "not_before = CASE WHEN job.lease_until IS NULL THEN excluded.not_before ELSE job.not_before END, "
    "wished_at = CASE WHEN job.lease_until IS NULL THEN NULL ELSE excluded.not_before END";
constexpr Sql kEarlier = REQUEST_JOB
    "not_before = CASE WHEN job.lease_until IS NOT NULL THEN job.not_before "
    "WHEN job.state = 'waiting' AND job.not_before < excluded.not_before THEN job.not_before ELSE excluded.not_before "
    "END, "
    "wished_at = CASE WHEN job.lease_until IS NULL THEN NULL "
    "WHEN job.wished_at < excluded.not_before THEN job.wished_at ELSE excluded.not_before END";

}  // namespace

Result<void> request(Tx& tx, ConnectionId subject, std::int64_t fairness_key, const model::JobRequest& wish,
                     JobRowId new_id, Time now) {
  const auto kind = model::name_of(wish.kind);
  switch (wish.when) {
    case model::JobRequest::When::kNever:
      TRY(
          tx.execute("UPDATE job SET generation = generation + 1, state = $1, wished_at = NULL, is_ready = 0 "
                     "WHERE subject = $2 AND kind = $3 AND state = $4",
                     model::name_of(model::JobState::kDone), subject, kind, model::name_of(model::JobState::kWaiting)));
      return {};
    case model::JobRequest::When::kEarlier:
    case model::JobRequest::When::kReplace:
      break;
  }
  const Sql statement = wish.when == model::JobRequest::When::kEarlier ? kEarlier : kReplace;
  TRY(tx.execute(statement, new_id, kind, subject, partition_of(subject.value()), fairness_key, wish.not_before, now));
  return {};
}

// ── claiming ────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

// Keys that hold all they may are left out before the window is cut, so that their backlog cannot fill it. Then in
// turn: everybody's first, everybody's second … Of one's own fresh jobs the youngest goes first: whoever sits before a
// screen must not wait for ten thousand names that were wished for before and may never answer.
#define CLAIM_OF(lane, first)                                                                                    \
  "UPDATE job SET attempts = attempts + 1, lease_until = $1, is_ready = 0 WHERE id IN (SELECT id FROM ("         \
  "SELECT id, not_before, ROW_NUMBER() OVER (PARTITION BY fairness_key ORDER BY " first                          \
  ", id) + "                                                                                                     \
  "(SELECT COUNT(*) FROM job l WHERE l.lease_until IS NOT NULL AND l.fairness_key = due.fairness_key) AS place " \
  "FROM (SELECT id, not_before, fairness_key FROM job WHERE is_ready = 1 AND " lane                              \
  " AND not_before <= $2 AND partition % $3 = $4 AND fairness_key NOT IN (SELECT fairness_key FROM job "         \
  "WHERE lease_until IS NOT NULL GROUP BY fairness_key HAVING COUNT(*) >= $5) ORDER BY not_before LIMIT $6) "    \
  "AS due) AS ranked WHERE place <= $5 ORDER BY place, not_before, id LIMIT $7) RETURNING " JOB_COLUMNS

// The words of the indexes job_fresh and job_seasoned; 13 is kFreshClaims.
static_assert(kFreshClaims == 13);
#define DUE_OF(lane) \
  "SELECT id FROM job WHERE is_ready = 1 AND " lane " AND not_before <= $1 AND partition % $2 = $3 LIMIT 1"
struct Lane {
  Sql any_due;  // most claims find a job or two: to see that there are no more costs less than to rank none
  Sql claim;
};
#define OF_ONE "fairness_key >= 0"
constexpr Lane kFresh{DUE_OF("attempts < 13 AND " OF_ONE), CLAIM_OF("attempts < 13 AND " OF_ONE, "not_before DESC")};
constexpr Lane kSeasoned{DUE_OF("attempts >= 13 AND " OF_ONE), CLAIM_OF("attempts >= 13 AND " OF_ONE, "not_before")};

Result<bool> is_any_due(Tx& tx, const Lane& lane, const ClaimRequest& request) {
  return !TRY(tx.query(lane.any_due, request.now, request.loop.count, request.loop.index)).empty();
}

/// One pass over the first `seen_max` due jobs of keys that hold less than `in_flight_max`: how many it took.
Result<std::int32_t> take(Tx& tx, const Lane& lane, const ClaimRequest& request, std::int32_t in_flight_max,
                          std::int32_t seen_max, std::int32_t limit, std::vector<model::Job>& claimed) {
  const Rows rows = TRY(tx.query(lane.claim, request.lease_until, request.now, request.loop.count, request.loop.index,
                                 in_flight_max, seen_max, limit));
  for (const Row row : rows) claimed.push_back(TRY(read(row)));
  return static_cast<std::int32_t>(rows.size());
}

/// Up to `limit` of one lane.
Result<void> take_lane(Tx& tx, const Lane& lane, const ClaimRequest& request, std::int32_t limit,
                       std::vector<model::Job>& claimed) {
  // Everybody's first come first, and most keys have one job due: a narrow window finds them, and to rank it is cheap.
  std::int32_t left = limit;
  if (left > 0 && request.in_flight_max > 0 && TRY(is_any_due(tx, lane, request)))
    left -= TRY(take(tx, lane, request, 1, kNarrowWindow * left, left, claimed));
  // A pass sees kDueSeenMax jobs; keys it filled are out of the way of the next.
  for (int pass = 0; pass < kPassesMax && left > 0 && TRY(is_any_due(tx, lane, request)); ++pass) {
    const auto taken = TRY(take(tx, lane, request, request.in_flight_max, kDueSeenMax, left, claimed));
    if (taken == 0) break;
    left -= taken;
  }
  return {};
}

constexpr Sql kAnyShared("SELECT id FROM job WHERE is_ready = 1 AND fairness_key < 0 LIMIT 1");

#define CLAIM_SHARED(first)                                                                              \
  "UPDATE job SET attempts = attempts + 1, lease_until = $1, is_ready = 0 WHERE id IN (SELECT id FROM "  \
  "job WHERE is_ready = 1 AND fairness_key < 0 AND fairness_key = $2 AND not_before <= $3 AND partition" \
  " % $4 = $5 ORDER BY " first " LIMIT $6) RETURNING " JOB_COLUMNS

/// Of one shared turn, up to `limit`. While it is full, a claim costs no more than to see that, however many are due.
Result<void> take_shared(Tx& tx, std::int64_t turn, const ClaimRequest& request, std::int32_t shared_turn_max,
                         std::int32_t limit, std::vector<model::Job>& claimed) {
  const Rows leased =
      TRY(tx.query("SELECT COUNT(*) FROM job WHERE lease_until IS NOT NULL AND fairness_key = $1 AND partition % $2 = "
                   "$3",
                   turn, request.loop.count, request.loop.index));
  const auto room = std::min<std::int64_t>(limit, shared_turn_max - leased.front().integer(0));
  if (room <= 0) return {};
  // The dead come back for ever, so each must have its turn; the others leave theirs with one look.
  const Sql sql = turn == model::kDeadTurn ? Sql(CLAIM_SHARED("not_before")) : Sql(CLAIM_SHARED("not_before DESC"));
  const Rows rows =
      TRY(tx.query(sql, request.lease_until, turn, request.now, request.loop.count, request.loop.index, room));
  for (const Row row : rows) claimed.push_back(TRY(read(row)));
  return {};
}

Result<void> take_all_shared(Tx& tx, const ClaimRequest& request, std::int32_t shared_turn_max, std::int32_t limit,
                             std::vector<model::Job>& claimed) {
  if (limit <= 0 || TRY(tx.query(kAnyShared)).empty()) return {};
  for (const auto turn : model::kSharedTurns) {
    const auto left = limit - static_cast<std::int32_t>(claimed.size());
    TRY_VOID(take_shared(tx, turn, request, shared_turn_max, left, claimed));
  }
  return {};
}

}  // namespace

Result<std::vector<model::Job>> claim_due(Tx& tx, const ClaimRequest& request, const Places& places) {
  std::vector<model::Job> claimed;
  const auto left = [&] { return request.limit - static_cast<std::int32_t>(claimed.size()); };
  const auto seasoned = std::min(request.limit, places.seasoned_max);
  // A few are the shared turns', which hold no more than their places, and of the rest a quarter is the seasoned ones',
  // so that no flood stops another lane.
  const auto shared = std::min(request.limit, std::max(request.limit / 16, 1));
  TRY_VOID(take_all_shared(tx, request, places.shared_turn_max, shared, claimed));
  TRY_VOID(take_lane(tx, kFresh, request, left() - std::min(left(), seasoned) / 4, claimed));
  TRY_VOID(take_lane(tx, kSeasoned, request, std::min(left(), seasoned), claimed));
  TRY_VOID(take_lane(tx, kFresh, request, left(), claimed));
  // RETURNING promises no order.
  std::ranges::sort(claimed, {}, [](const model::Job& job) { return std::pair(job.not_before, job.id); });
  return claimed;
}

// ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

#define FREE_JOB                                                                                        \
  "UPDATE job SET lease_until = NULL, not_before = COALESCE(wished_at, not_before), wished_at = NULL, " \
  "is_ready = CASE WHEN state = 'waiting' THEN 1 ELSE 0 END "

/// The claim is over; what was wished meanwhile stands.
Result<void> give_way(Tx& tx, JobRowId id, std::int64_t generation) {
  TRY(tx.execute(FREE_JOB "WHERE id = $1 AND generation > $2 AND lease_until IS NOT NULL", id, generation));
  return {};
}

}  // namespace

// What is done is done, also when its lease ran out a moment before: only a newer wish or an end keeps it open.
Result<bool> finish(Tx& tx, JobRowId id, std::int64_t generation, model::JobState state, std::string_view outcome) {
  const std::string text = storable(outcome);
  if (TRY(tx.execute("UPDATE job SET state = $1, outcome = $2, lease_until = NULL, is_ready = 0 "
                     "WHERE id = $3 AND generation = $4 AND state = $5",
                     model::name_of(state), text, id, generation, model::name_of(model::JobState::kWaiting))) == 1) {
    return true;
  }
  TRY_VOID(give_way(tx, id, generation));
  return false;
}

Result<bool> reschedule(Tx& tx, JobRowId id, std::int64_t generation, Time not_before) {
  if (TRY(tx.execute("UPDATE job SET not_before = $1, lease_until = NULL, is_ready = 1 "
                     "WHERE id = $2 AND generation = $3 AND lease_until IS NOT NULL",
                     not_before, id, generation)) == 1) {
    return true;
  }
  TRY_VOID(give_way(tx, id, generation));
  return false;
}

Result<bool> reschedule_with_key(Tx& tx, JobRowId id, std::int64_t generation, Time not_before,
                                 std::int64_t fairness_key) {
  if (TRY(tx.execute("UPDATE job SET not_before = $1, lease_until = NULL, is_ready = 1, fairness_key = $2 "
                     "WHERE id = $3 AND generation = $4 AND lease_until IS NOT NULL",
                     not_before, fairness_key, id, generation)) == 1) {
    return true;
  }
  TRY_VOID(give_way(tx, id, generation));
  return false;
}

Result<bool> renew_lease(Tx& tx, JobRowId id, Time lease_until) {
  return TRY(tx.execute("UPDATE job SET lease_until = $1 WHERE id = $2 AND lease_until IS NOT NULL", lease_until,
                        id)) == 1;
}

Result<std::int64_t> release_all_leases_across_applications(Tx& tx) {
  return tx.execute(FREE_JOB "WHERE lease_until IS NOT NULL");
}

Result<std::int64_t> release_expired_leases_across_applications(Tx& tx, Time now) {
  return tx.execute(FREE_JOB "WHERE lease_until IS NOT NULL AND lease_until <= $1", now);
}

// ── the clock ───────────────────────────────────────────────────────────────────────────────────────────────────────

Result<std::optional<PulledUpTo>> pull_back(Tx& tx, const PullBack& request, const std::optional<PulledUpTo>& after) {
  const auto from = after.value_or(PulledUpTo{request.now, JobRowId(std::numeric_limits<std::int64_t>::max())});
  // In the order of their times: what is pulled back lands before `from` and is not met again.
  const Rows rows = TRY(
      tx.query("UPDATE job SET not_before = not_before - $1 WHERE id IN (SELECT id FROM job WHERE is_ready = 1 "
               "AND (not_before, id) > ($2, $3) AND partition % $4 = $5 ORDER BY not_before, id LIMIT $6) "
               "RETURNING not_before + $1, id",
               request.by.count(), from.not_before, from.id, request.loop.count, request.loop.index, request.limit));
  if (static_cast<std::int32_t>(rows.size()) < request.limit) {
    TRY(
        tx.execute("UPDATE job SET wished_at = wished_at - $1 WHERE lease_until IS NOT NULL AND wished_at > $2 "
                   "AND partition % $3 = $4",
                   request.by.count(), request.now, request.loop.count, request.loop.index));
    return std::nullopt;
  }
  PulledUpTo last = from;
  for (const Row row : rows) {
    const PulledUpTo one{row.time(0), row.id<JobRowId>(1)};
    if (std::pair(last.not_before, last.id) < std::pair(one.not_before, one.id)) last = one;
  }
  return last;
}

// ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────────

Result<std::optional<Time>> next_due_at(Tx& tx, Loop loop, Time now) {
  const Rows rows =
      TRY(tx.query("SELECT not_before FROM job WHERE is_ready = 1 AND not_before > $1 AND partition % $2 = $3 "
                   "ORDER BY not_before LIMIT 1",
                   now, loop.count, loop.index));
  if (rows.empty()) return std::nullopt;
  return rows.front().time(0);
}

Result<Progress> progress_of(Tx& tx, ConnectionId subject, model::JobKind kind) {
  const Rows rows =
      TRY(tx.query("SELECT state, attempts - CASE WHEN lease_until IS NULL THEN 0 ELSE 1 END FROM job "
                   "WHERE subject = $1 AND kind = $2",
                   subject, model::name_of(kind)));
  if (rows.empty()) return Progress{};
  return Progress{rows.front().text(0) == model::name_of(model::JobState::kWaiting), rows.front().integer(1)};
}

Result<void> leave_shared_turns(Tx& tx, ConnectionId subject, std::int64_t fairness_key) {
  TRY(tx.execute("UPDATE job SET fairness_key = $1 WHERE subject = $2 AND fairness_key < 0", fairness_key, subject));
  return {};
}

Result<std::vector<model::Job>> list_of_connection(Tx& tx, ApplicationId application, ConnectionId connection) {
  // At most one of each kind.
  const Rows rows =
      TRY(tx.query("SELECT " JOB_COLUMNS " FROM job WHERE subject IN "
                   "(SELECT c.id FROM connection c WHERE c.application = $1 AND c.id = $2) ORDER BY kind LIMIT 100",
                   application, connection));
  return all_of<model::Job>(rows, 100, "jobs", read);
}

Result<QueueDepth> depth_across_applications(Tx& tx) {
  const Rows ready = TRY(tx.query("SELECT COUNT(*), MIN(not_before) FROM job WHERE is_ready = 1"));
  const Rows leased = TRY(tx.query("SELECT COUNT(*) FROM job WHERE lease_until IS NOT NULL"));
  return QueueDepth{ready.front().integer(0), leased.front().integer(0), ready.front().optional_time(1)};
}

}  // namespace signpost::store::jobs
