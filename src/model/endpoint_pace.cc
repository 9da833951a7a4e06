// SPDX-License-Identifier: Apache-2.0
#include "model/endpoint_pace.h"

#include <algorithm>

namespace signpost::model {
namespace {

bool asks_to_slow_down(int status) { return status == 429 || (status >= 502 && status <= 504); }

EndpointPace cut(const EndpointPace& before, Time now, std::optional<std::chrono::seconds> retry_after) {
  EndpointPace pace = before;
  pace.failures = before.failures + 1;
  const auto row = std::min(static_cast<std::size_t>(pace.failures), kEndpointPauses.size()) - 1;
  const Milliseconds pause = std::max<Milliseconds>(
      kEndpointPauses[row],
      std::clamp<Milliseconds>(retry_after.value_or(std::chrono::seconds(0)), Milliseconds(0), kRetryAfterMax));
  pace.in_flight_max = 1;
  pace.cut_at = now;
  pace.resumes_at = std::max(before.resumes_at, now + pause);
  return pace;
}

}  // namespace

PaceSign pace_sign_of(const Attempt& attempt) {
  switch (attempt.result) {
    case AttemptResult::kDelivered:
      return PaceSign::kKeepsUp;
    case AttemptResult::kHttpStatus:
      return attempt.status && asks_to_slow_down(*attempt.status) ? PaceSign::kOverrun : PaceSign::kKeepsUp;
    case AttemptResult::kDns:
    case AttemptResult::kConnect:
    case AttemptResult::kTimeout:
    case AttemptResult::kReset:
      return PaceSign::kOverrun;
    case AttemptResult::kOpen:
    case AttemptResult::kTls:
    case AttemptResult::kProtocol:
    case AttemptResult::kRefusedAddress:
    case AttemptResult::kInterrupted:
    case AttemptResult::kInternal:
      return PaceSign::kUnrelated;
  }
  return PaceSign::kUnrelated;
}

std::optional<EndpointPace> pace_after(const std::optional<EndpointPace>& pace, const Attempt& attempt,
                                       std::optional<std::chrono::seconds> retry_after, std::int32_t allowed) {
  const Time now = attempt.ended_at.value_or(attempt.started_at);
  switch (pace_sign_of(attempt)) {
    case PaceSign::kUnrelated:
      return pace;
    case PaceSign::kOverrun: {
      const bool is_of_the_crowd = pace && attempt.started_at <= pace->cut_at;
      if (!is_of_the_crowd) return cut(pace.value_or(EndpointPace{}), now, retry_after);
      // It was under way already when the first of them failed: only what it asks for counts.
      auto same = *pace;
      if (retry_after) same.resumes_at = std::max(same.resumes_at, now + std::min(*retry_after, kRetryAfterMax));
      return same;
    }
    case PaceSign::kKeepsUp: {
      if (!pace || attempt.started_at <= pace->cut_at) return pace;
      auto next = *pace;
      next.failures = 0;
      next.resumes_at = now + kRampStep / next.in_flight_max;
      next.in_flight_max *= 2;
      if (next.in_flight_max >= allowed) return std::nullopt;
      return next;
    }
  }
  return pace;
}

}  // namespace signpost::model
