// SPDX-License-Identifier: Apache-2.0
#include "model/endpoint_pace.h"

#include <gtest/gtest.h>

namespace signpost::model {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow = from_ms(1'780'000'000'000);
constexpr std::int32_t kAllowed = 8;

Attempt attempt(AttemptResult result, Time started_at, Milliseconds took = 10ms, std::optional<int> status = {}) {
  Attempt made;
  made.result = result;
  made.started_at = started_at;
  made.ended_at = started_at + took;
  made.status = status;
  return made;
}

Attempt timed_out(Time started_at) { return attempt(AttemptResult::kTimeout, started_at, 0ms); }
Attempt delivered(Time started_at) { return attempt(AttemptResult::kDelivered, started_at, 0ms, 200); }

TEST(EndpointPace, AnEndpointThatKeepsUpHasNone) {
  EXPECT_FALSE(pace_after(std::nullopt, delivered(kNow), std::nullopt, kAllowed));
  EXPECT_FALSE(pace_after(std::nullopt, attempt(AttemptResult::kHttpStatus, kNow, 1ms, 500), std::nullopt, kAllowed))
      << "it answers: that the message fails is the message's affair";
  EXPECT_FALSE(pace_after(std::nullopt, attempt(AttemptResult::kTls, kNow), std::nullopt, kAllowed));
}

TEST(EndpointPace, SlowsDownForEachStatusThatAsksForIt) {
  for (const int status : {429, 502, 503, 504}) {
    const auto pace =
        pace_after(std::nullopt, attempt(AttemptResult::kHttpStatus, kNow, 0ms, status), std::nullopt, kAllowed);
    ASSERT_TRUE(pace) << status;
    EXPECT_EQ(pace->in_flight_max, 1);
    EXPECT_EQ(pace->resumes_at, kNow + 1s);
  }
}

TEST(EndpointPace, PausesTwiceAsLongAfterEachFailureInARowUpToAMinute) {
  std::optional<EndpointPace> pace;
  Time now = kNow;
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    pace = pace_after(pace, timed_out(now), std::nullopt, kAllowed);
    EXPECT_EQ(pace->resumes_at, now + pause);
    now = pace->resumes_at;
  }
}

TEST(EndpointPace, ACrowdThatFailsTogetherIsOneFailure) {
  auto first = attempt(AttemptResult::kTimeout, kNow, 15s);
  auto pace = pace_after(std::nullopt, first, std::nullopt, kAllowed);
  for (int i = 1; i < 8; ++i) {
    pace = pace_after(pace, attempt(AttemptResult::kTimeout, kNow + Milliseconds(i), 15s), std::nullopt, kAllowed);
  }
  EXPECT_EQ(pace->failures, 1);
  EXPECT_EQ(pace->resumes_at, kNow + 16s);
}

TEST(EndpointPace, HonoursRetryAfterUpToADayAlsoFromOneOfTheCrowd) {
  const auto busy = attempt(AttemptResult::kHttpStatus, kNow, 0ms, 429);
  EXPECT_EQ(pace_after(std::nullopt, busy, 120s, kAllowed)->resumes_at, kNow + 120s);
  EXPECT_EQ(pace_after(std::nullopt, busy, 10'000h, kAllowed)->resumes_at, kNow + 24h);
  const auto pace = pace_after(std::nullopt, busy, std::nullopt, kAllowed);
  const auto late = attempt(AttemptResult::kHttpStatus, kNow - 1ms, 1ms, 429);
  EXPECT_EQ(pace_after(pace, late, 300s, kAllowed)->resumes_at, kNow + 300s);
}

TEST(EndpointPace, IsProbedByOneAndRampsUpDoubling) {
  auto pace = pace_after(std::nullopt, timed_out(kNow), std::nullopt, kAllowed);
  EXPECT_EQ(pace->in_flight_max, 1);
  Time now = pace->resumes_at;
  for (const auto [in_flight, pause] : {std::pair{2, 1000ms}, {4, 500ms}}) {
    pace = pace_after(pace, delivered(now), std::nullopt, kAllowed);
    ASSERT_TRUE(pace);
    EXPECT_EQ(pace->in_flight_max, in_flight);
    EXPECT_EQ(pace->resumes_at, now + pause);
    EXPECT_EQ(pace->failures, 0);
    now = pace->resumes_at;
  }
  EXPECT_FALSE(pace_after(pace, delivered(now), std::nullopt, kAllowed)) << "as good as any again";
}

TEST(EndpointPace, ASuccessThatBeganBeforeTheCutSaysNothing) {
  const auto pace = pace_after(std::nullopt, timed_out(kNow), std::nullopt, kAllowed);
  EXPECT_EQ(pace_after(pace, attempt(AttemptResult::kDelivered, kNow - 1s, 2s, 200), std::nullopt, kAllowed), pace);
}

}  // namespace
}  // namespace signpost::model
