// SPDX-License-Identifier: Apache-2.0
//
// Work that must survive a crash: a row until it is done.
// Plain values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"

namespace signpost::model {

enum class JobKind {
  kPropagation,
  kClaimEnd,
  kCertificate,   // obtains the certificate and renews it
  kDistribution,  // brings what was obtained to the edge
  kCertificateUpgrade,
  kSearchSubmission,
  kOriginalDns,  // keeps what the host answered before it was ours
};
std::string_view name_of(JobKind kind);  // "propagation"
std::optional<JobKind> parse_job_kind(std::string_view text);

enum class JobState { kWaiting, kDone, kNotConfigured };
std::string_view name_of(JobState state);  // "waiting", "done", "not_configured"
std::optional<JobState> parse_job_state(std::string_view text);

// Turns that jobs of all organizations share, because each of them is likely to take seconds. They stand in rows. No
// organization's key is negative.
constexpr std::int64_t kDeadTurn = -1;     // looks at domains for which nobody speaks
constexpr std::int64_t kDoubtedTurn = -2;  // the same, but seen so once: that may have been our resolvers' fault
constexpr std::int64_t kUntriedTurn = -3;  // first looks at hosts
constexpr std::array kSharedTurns{kUntriedTurn, kDoubtedTurn, kDeadTurn};
constexpr bool is_shared_turn(std::int64_t fairness_key) { return fairness_key < 0; }

/// A wish of a decision: one job of this kind for the connection, due then. One that waits already takes the earlier
/// time (kEarlier) or the new time (kReplace); a finished one is opened again.
struct JobRequest {
  enum class When { kEarlier, kReplace, kNever };  // kNever: a waiting job of this kind is done
  JobKind kind = JobKind::kPropagation;
  Time not_before{};
  When when = When::kReplace;
};

struct Job {
  JobRowId id;
  JobKind kind = JobKind::kPropagation;
  ConnectionId subject;
  std::int64_t fairness_key = 0;  // hash of application and organization: one cannot starve another; or a shared turn
  JobState state = JobState::kWaiting;
  Time not_before{};
  std::int32_t attempts = 0;    // claims so far
  std::int64_t generation = 0;  // grows with every request; a finish of an older one leaves the newer standing
  std::optional<Time> lease_until;
  std::string outcome;  // a sentence once it has ended
  Time created_at{};
};

}  // namespace signpost::model
