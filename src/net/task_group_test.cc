// SPDX-License-Identifier: Apache-2.0
#include "net/task_group.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "net/testing/run_task.h"
#include "net/wait.h"

namespace signpost::net {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

Task<void> sleep_long(int& cancelled) {
  const auto slept = co_await sleep_until(steady_clock::now() + 1h);
  if (!slept) ++cancelled;
}

Task<void> sleep_for_ever(int& rounds) {
  while (true) {
    ++rounds;
    (void)co_await sleep_until(steady_clock::now() + 1h);
  }
}

Task<void> count(int& done) {
  ++done;
  co_return;
}

Task<void> fail_badly() {
  throw std::logic_error("a bug");
  co_return;
}

TEST(TaskGroup, RunsItsTasks) {
  Loop loop(1);
  TaskGroup group(loop.get_executor());
  int done = 0;
  for (int i = 0; i < 3; ++i) group.spawn(count(done), "count");
  testing::run_task(loop, group.wait_until_empty(steady_clock::now() + 1min));
  EXPECT_EQ(done, 3);
  EXPECT_EQ(group.size(), 0u);
}

TEST(TaskGroup, StopCancelsWhatWaitsAndWaitsForItsEnd) {
  Loop loop(1);
  TaskGroup group(loop.get_executor());
  int cancelled = 0;
  for (int i = 0; i < 5; ++i) group.spawn(sleep_long(cancelled), "sleeper");
  loop.poll();
  EXPECT_EQ(group.size(), 5u);
  testing::run_task(loop, group.stop());
  EXPECT_EQ(cancelled, 5);
  EXPECT_EQ(group.size(), 0u);
  EXPECT_TRUE(group.is_stopping());
}

TEST(TaskGroup, StopEndsATaskThatIgnoresItsCancelledWait) {
  Loop loop(1);
  TaskGroup group(loop.get_executor());
  int rounds = 0;
  group.spawn(sleep_for_ever(rounds), "stubborn");
  loop.poll();
  testing::run_task(loop, group.stop());
  EXPECT_LE(rounds, 2);
}

TEST(TaskGroup, StartsNothingOnceItStops) {
  Loop loop(1);
  TaskGroup group(loop.get_executor());
  testing::run_task(loop, group.stop());
  int done = 0;
  group.spawn(count(done), "late");
  loop.restart();
  loop.poll();
  EXPECT_EQ(done, 0);
  EXPECT_EQ(group.size(), 0u);
}

TEST(TaskGroup, SurvivesAnExceptionThatEscapesFromATask) {
  Loop loop(1);
  TaskGroup group(loop.get_executor());
  group.spawn(fail_badly(), "buggy");
  int done = 0;
  group.spawn(count(done), "healthy");
  testing::run_task(loop, group.wait_until_empty(steady_clock::now() + 1min));
  EXPECT_EQ(done, 1);
}

Task<void> hold(std::optional<Resume<int>>& held, int& got) {
  got = co_await hop<int>([&](Resume<int> resume) { held.emplace(std::move(resume)); });
}

TEST(TaskGroup, StopWaitsForAHopToBeAnswered) {
  Loop loop(1);
  TaskGroup group(loop.get_executor());
  std::optional<Resume<int>> held;
  int got = 0;
  group.spawn(hold(held, got), "hopper");
  loop.poll();
  bool has_stopped = false;
  boost::asio::co_spawn(loop, group.stop(), [&](std::exception_ptr) { has_stopped = true; });
  loop.poll();
  EXPECT_FALSE(has_stopped);
  (*held)(9);
  loop.restart();
  loop.run();
  EXPECT_TRUE(has_stopped);
  EXPECT_EQ(got, 9);
}

TEST(TaskGroup, WaitingUntilEmptyEndsAtTheDeadline) {
  Loop loop(1);
  TaskGroup group(loop.get_executor());
  int cancelled = 0;
  group.spawn(sleep_long(cancelled), "sleeper");
  testing::run_task(loop, group.wait_until_empty(steady_clock::now() + 5ms));
  EXPECT_EQ(group.size(), 1u);
  testing::run_task(loop, group.stop());
}

TEST(TaskGroupDeathTest, AbortsWhenItDiesBeforeItsTasks) {
  EXPECT_DEATH(
      {
        Loop loop(1);
        int cancelled = 0;
        TaskGroup group(loop.get_executor());
        group.spawn(sleep_long(cancelled), "orphan");
        loop.poll();
      },
      "");
}

}  // namespace
}  // namespace signpost::net
