// SPDX-License-Identifier: Apache-2.0
#include "base/clock_step.h"

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"

namespace signpost {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(ClockStep, IsNothingWhileTimePasses) {
  testing::FakeClock clock;
  ClockStep step(clock);
  EXPECT_EQ(step.back(), seconds(0));
  clock.advance(hours(24));
  EXPECT_EQ(step.back(), seconds(0));
}

TEST(ClockStep, BackIsToldUntilItIsMadeUpFor) {
  testing::FakeClock clock;
  ClockStep step(clock);
  const Time start = clock.now();
  clock.advance(seconds(5));
  clock.set(start - hours(24));
  EXPECT_EQ(step.back(), hours(24) + seconds(5));
  clock.advance(seconds(5));
  EXPECT_EQ(step.back(), hours(24) + seconds(5));
  clock.set(clock.now() - hours(1));
  EXPECT_EQ(step.back(), hours(25) + seconds(5)) << "a second one, before the first was made up for";
  step.made_up();
  EXPECT_EQ(step.back(), seconds(0));
}

TEST(ClockStep, ForgivesASmallCorrection) {
  testing::FakeClock clock;
  ClockStep step(clock);
  clock.set(clock.now() - ClockStep::kTolerance);
  EXPECT_EQ(step.back(), seconds(0));
}

TEST(ClockStep, OfTheRealClockIsNothing) {
  const SystemClock clock;
  ClockStep step(clock);
  EXPECT_EQ(step.back(), seconds(0));
}

}  // namespace
}  // namespace signpost
