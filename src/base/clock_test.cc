// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"

namespace signpost {
namespace {

TEST(Clock, OfTheSystemIsTheWallTimeInWholeMilliseconds) {
  const auto before = std::chrono::system_clock::now();
  const auto now = SystemClock().now();
  const auto after = std::chrono::system_clock::now();
  EXPECT_GE(now, std::chrono::floor<Milliseconds>(before));
  EXPECT_LE(now, after);
}

TEST(FakeClock, MovesOnlyWhenTold) {
  testing::FakeClock clock(from_ms(1'000));
  EXPECT_EQ(to_ms(clock.now()), 1'000);
  EXPECT_EQ(to_ms(clock.now()), 1'000);
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(to_ms(clock.now()), 3'000);
  clock.set(from_ms(5));
  EXPECT_EQ(to_ms(clock.now()), 5);
}

TEST(FakeClock, StepsBackOnTheWallAloneAndGoesForwardAsTimeDoes) {
  testing::FakeClock clock(from_ms(1'000));
  const auto start = clock.steady_now();
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(clock.steady_now() - start, std::chrono::seconds(2));
  clock.set(from_ms(5));
  EXPECT_EQ(clock.steady_now() - start, std::chrono::seconds(2));
}

}  // namespace
}  // namespace signpost
