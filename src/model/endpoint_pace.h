// SPDX-License-Identifier: Apache-2.0
//
// How fast an endpoint is sent to once it has shown that it does not keep up: a pause, one probe, then twice as many
// after each success. Plain values and pure rules; any thread. An endpoint that keeps up has no pace at all.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "model/delivery.h"

namespace signpost::model {

struct EndpointPace {
  std::int32_t in_flight_max = 1;  // below what the settings allow; 1 is a probe
  std::int32_t failures = 0;       // in a row
  Time cut_at{};                   // attempts that began until then say nothing new
  Time resumes_at{};               // nothing is begun before
  bool operator==(const EndpointPace&) const = default;
};

// After so many failures in a row. The last stands for all that follow: a receiver that is down for hours is asked once
// a minute, and is found within a minute when it is back.
inline constexpr std::array<std::chrono::seconds, 7> kEndpointPauses{
    std::chrono::seconds(1),  std::chrono::seconds(2),  std::chrono::seconds(4), std::chrono::seconds(8),
    std::chrono::seconds(16), std::chrono::seconds(32), std::chrono::seconds(60)};
// When it takes things again it gets one in this time, two in the next, four …: who was away for days is not run over.
constexpr Milliseconds kRampStep = std::chrono::seconds(1);

/// What an attempt says about its endpoint, as distinct from its message.
enum class PaceSign {
  kKeepsUp,   // it answered, whatever the answer is
  kOverrun,   // 429, 502, 503, 504, a timeout, or nobody there: slow down
  kUnrelated  // it never came to that
};
PaceSign pace_sign_of(const Attempt& attempt);

/// The pace after an attempt has ended; nothing when the endpoint is as good as any. `allowed` is what the settings let
/// an endpoint have in flight; `retry_after` (at most a day) lengthens the pause.
std::optional<EndpointPace> pace_after(const std::optional<EndpointPace>& pace, const Attempt& attempt,
                                       std::optional<std::chrono::seconds> retry_after, std::int32_t allowed);

}  // namespace signpost::model
