// SPDX-License-Identifier: Apache-2.0
//
// The table of jobs: at most one of a kind for a connection. Free functions on a Tx.
// Always holds: a job in flight is not claimed again, and a wish that came while it ran is kept and outlives its
// finish.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "model/job.h"
#include "store/claim.h"
#include "store/tx.h"

namespace signpost::store::jobs {

constexpr std::int32_t kDueSeenMax = 10'000;  // due jobs that one claim looks at
// A job that was claimed less often is fresh: the looks of the first two minutes (model/propagation_schedule.h), when
// somebody sits before a screen. The others have waited for minutes and will wait for longer.
constexpr std::int32_t kFreshClaims = 13;
/// Those of a shared turn (model/job.h) are neither.
constexpr bool is_seasoned(const model::Job& claimed) {
  return claimed.attempts > kFreshClaims && !model::is_shared_turn(claimed.fairness_key);
}

/// Places that a claim leaves to jobs that are not fresh.
struct Places {
  std::int32_t seasoned_max = std::numeric_limits<std::int32_t>::max();
  std::int32_t shared_turn_max = 6;  // leased rows of the loop per shared turn, this claim included
};

/// Writes the wish of a decision. `new_id` is used if there is no such job yet. A finished job is opened again; what is
/// wished for anew is fresh: attempts 0.
Result<void> request(Tx& tx, ConnectionId subject, std::int64_t fairness_key, const model::JobRequest& wish,
                     JobRowId new_id, Time now);

/// Takes due jobs of the loop's partitions, fresh ones first and then at most `seasoned_max` of those that are not,
/// each lane in turn over the fairness keys (of one key the youngest fresh job, the oldest of the others), never more
/// than `in_flight_max` leased per key; and a few of the shared turns: of the dead the longest due, of the others the
/// youngest, for which somebody may wait. Counts the attempt and sets the lease. In the order in which they became due.
/// If it returns `limit` jobs, or `seasoned_max` that are seasoned, there may be more.
Result<std::vector<model::Job>> claim_due(Tx& tx, const ClaimRequest& request, const Places& places = {});

/// Ends the claimed job. `generation` is that of the claim: if a newer wish came meanwhile, the job waits for that one
/// instead (false). False also when the job is gone.
Result<bool> finish(Tx& tx, JobRowId id, std::int64_t generation, model::JobState state, std::string_view outcome);
/// The claimed job waits again until `not_before`; a newer wish goes first (false).
Result<bool> reschedule(Tx& tx, JobRowId id, std::int64_t generation, Time not_before);

/// The same; from now on it takes its turns with this fairness key.
Result<bool> reschedule_with_key(Tx& tx, JobRowId id, std::int64_t generation, Time not_before,
                                 std::int64_t fairness_key);

/// The job in flight stays so until `lease_until`; false if it is no longer in flight.
Result<bool> renew_lease(Tx& tx, JobRowId id, Time lease_until);

/// Jobs in flight are due again: all of them (a node that starts alone), or those whose lease ended before `now`.
/// Returns how many.
Result<std::int64_t> release_all_leases_across_applications(Tx& tx);
Result<std::int64_t> release_expired_leases_across_applications(Tx& tx, Time now);

/// How far a pull_back has come.
struct PulledUpTo {
  Time not_before{};
  JobRowId id;
};
/// What the loop's jobs wait for behind `now` comes earlier by as much as the clock stepped back. At most `limit`; goes
/// on behind `after`. Empty once all are done.
Result<std::optional<PulledUpTo>> pull_back(Tx& tx, const PullBack& request, const std::optional<PulledUpTo>& after);

/// When the loop's next job becomes due after `now`. What is due already is claimed, or waits for one in flight to end.
Result<std::optional<Time>> next_due_at(Tx& tx, Loop loop, Time now);
/// How the connection's job of this kind has gone so far; as one that has never been if there is none.
struct Progress {
  bool is_waiting = false;  // for its first run, or for another after one that failed
  std::int64_t runs = 0;    // that have ended
};
Result<Progress> progress_of(Tx& tx, ConnectionId subject, model::JobKind kind);
/// The connection's jobs that have a shared turn, in flight or not, take this one from now on.
Result<void> leave_shared_turns(Tx& tx, ConnectionId subject, std::int64_t fairness_key);
/// By kind.
Result<std::vector<model::Job>> list_of_connection(Tx& tx, ApplicationId application, ConnectionId connection);
Result<QueueDepth> depth_across_applications(Tx& tx);

}  // namespace signpost::store::jobs
