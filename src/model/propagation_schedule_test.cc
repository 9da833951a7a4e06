// SPDX-License-Identifier: Apache-2.0
#include "model/propagation_schedule.h"

#include <gmock/gmock.h>

#include <random>

namespace signpost::model {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time kStart = from_ms(1'800'000'000'000);

std::vector<Milliseconds> all_looks() {
  std::vector<Milliseconds> offsets;
  for (auto due = next_look(kStart, kStart); due; due = next_look(kStart, *due)) offsets.push_back(*due - kStart);
  return offsets;
}

TEST(PropagationSchedule, IsTenSecondsForTwoMinutesThenDoublesThenEndsExactlyAt72Hours) {
  std::vector<Milliseconds> expected;
  for (int i = 1; i <= 12; ++i) expected.emplace_back(seconds(10 * i));
  // 2 min + 1, 2, 4, 8 … minutes
  for (const int m : {3, 5, 9, 17, 33, 65, 129, 257, 513, 1025, 2049, 4097}) expected.emplace_back(minutes(m));
  expected.emplace_back(hours(72));
  EXPECT_EQ(all_looks(), expected);
}

TEST(PropagationSchedule, HasNothingAfterTheLastLook) {
  EXPECT_FALSE(next_look(kStart, kStart + hours(72)));
  EXPECT_FALSE(next_look(kStart, kStart + hours(1000)));
  EXPECT_TRUE(is_over(kStart, kStart + hours(72)));
  EXPECT_FALSE(is_over(kStart, kStart + hours(72) - Milliseconds(1)));
}

TEST(PropagationSchedule, DoesNotMakeUpForADayAsleep) {
  const auto due = next_look(kStart, kStart + hours(24));
  EXPECT_EQ(due, kStart + minutes(2049));
}

TEST(PropagationSchedule, TakesAClockThatSteppedBackAsJustStarted) {
  EXPECT_EQ(next_look(kStart, kStart - hours(24)), kStart - hours(24) + seconds(10));
}

// Property: from any moment the next look is later than now, never later than 72 h, and one of the schedule's.
TEST(PropagationSchedule, AlwaysMovesForwardAndStaysOnItsGrid) {
  const auto looks = all_looks();
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::int64_t> anywhere(0, Milliseconds(kPropagationLimit).count() - 1);
  for (int i = 0; i < 100'000; ++i) {
    const Milliseconds elapsed(anywhere(random));
    const auto due = next_look(kStart, kStart + elapsed);
    ASSERT_TRUE(due);
    ASSERT_GT(*due, kStart + elapsed);
    ASSERT_TRUE(std::ranges::binary_search(looks, *due - kStart));
    const auto earlier = std::ranges::upper_bound(looks, elapsed);
    ASSERT_EQ(*earlier, *due - kStart);
  }
}

}  // namespace
}  // namespace signpost::model
