// SPDX-License-Identifier: Apache-2.0
#include "model/job.h"

#include <array>

namespace signpost::model {

std::string_view name_of(JobKind kind) {
  switch (kind) {
    case JobKind::kPropagation:
      return "propagation";
    case JobKind::kClaimEnd:
      return "claim_end";
    case JobKind::kCertificate:
      return "certificate";
    case JobKind::kDistribution:
      return "distribution";
    case JobKind::kCertificateUpgrade:
      return "certificate_upgrade";
    case JobKind::kSearchSubmission:
      return "search_submission";
    case JobKind::kOriginalDns:
      return "original_dns";
  }
  return "";
}

std::optional<JobKind> parse_job_kind(std::string_view text) {
  for (const auto kind :
       std::array{JobKind::kPropagation, JobKind::kClaimEnd, JobKind::kCertificate, JobKind::kDistribution,
                  JobKind::kCertificateUpgrade, JobKind::kSearchSubmission, JobKind::kOriginalDns}) {
    if (name_of(kind) == text) return kind;
  }
  return std::nullopt;
}

std::string_view name_of(JobState state) {
  switch (state) {
    case JobState::kWaiting:
      return "waiting";
    case JobState::kDone:
      return "done";
    case JobState::kNotConfigured:
      return "not_configured";
  }
  return "";
}

std::optional<JobState> parse_job_state(std::string_view text) {
  for (const auto state : std::array{JobState::kWaiting, JobState::kDone, JobState::kNotConfigured}) {
    if (name_of(state) == text) return state;
  }
  return std::nullopt;
}

}  // namespace signpost::model
