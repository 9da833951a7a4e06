// SPDX-License-Identifier: Apache-2.0
#include "net/watchdog.h"

#include <gtest/gtest.h>

#include <optional>

namespace signpost::net {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

TEST(Watchdog, ActsOnceAfterItsDeadline) {
  Loop loop(1);
  int fired = 0;
  Watchdog watchdog(loop.get_executor(), [&] { ++fired; });
  const auto deadline = steady_clock::now() + 5ms;
  watchdog.arm(deadline);
  loop.run();
  EXPECT_EQ(fired, 1);
  EXPECT_TRUE(watchdog.has_fired());
  EXPECT_GE(steady_clock::now(), deadline);
}

TEST(Watchdog, MovesWithTheLatestDeadline) {
  Loop loop(1);
  int fired = 0;
  Watchdog watchdog(loop.get_executor(), [&] { ++fired; });
  watchdog.arm(steady_clock::now() + 5ms);
  const auto later = steady_clock::now() + 25ms;
  watchdog.arm(later);
  loop.run();
  EXPECT_EQ(fired, 1);
  EXPECT_GE(steady_clock::now(), later);
  loop.restart();
  watchdog.arm(steady_clock::now() + 1h);
  watchdog.arm(steady_clock::now() + 5ms);
  loop.run();
  EXPECT_EQ(fired, 2);
}

TEST(Watchdog, DoesNothingWhenDisarmedOrDead) {
  Loop loop(1);
  int fired = 0;
  std::optional<Watchdog> dead;
  dead.emplace(loop.get_executor(), [&] { ++fired; });
  dead->arm(steady_clock::now());
  Watchdog disarmed(loop.get_executor(), [&] { ++fired; });
  disarmed.arm(steady_clock::now() + 5ms);
  disarmed.disarm();
  dead.reset();
  loop.run();
  EXPECT_EQ(fired, 0);
}

}  // namespace
}  // namespace signpost::net
