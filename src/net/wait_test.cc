// SPDX-License-Identifier: Apache-2.0
#include "net/wait.h"

#include <gtest/gtest.h>

#include <thread>

#include "net/loops.h"
#include "net/task_group.h"
#include "net/testing/run_task.h"

namespace signpost::net {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

TEST(Sleep, EndsAtItsDeadline) {
  Loop loop(1);
  const auto deadline = steady_clock::now() + 5ms;
  EXPECT_TRUE(testing::run_task(loop, sleep_until(deadline)).has_value());
  EXPECT_GE(steady_clock::now(), deadline);
}

TEST(Signal, RemembersANotificationThatCameBeforeTheWait) {
  Loop loop(1);
  Signal signal(loop.get_executor());
  signal.notify();
  signal.notify();
  const auto start = steady_clock::now();
  testing::run_task(loop, signal.wait_until(start + 1h));
  EXPECT_LT(steady_clock::now() - start, 1min);
  // Two notifications were one: the next wait ends by its deadline only.
  const auto deadline = steady_clock::now() + 5ms;
  testing::run_task(loop, signal.wait_until(deadline));
  EXPECT_GE(steady_clock::now(), deadline);
}

TEST(Signal, WakesAWaiterFromAnotherThread) {
  Loops loops(1);
  Signal signal(loops.at(0).get_executor());
  loops.start();
  std::thread other([&] { signal.notify_from_any_thread(); });
  const auto start = steady_clock::now();
  testing::wait_for_task(loops.at(0), signal.wait_until(start + 1h));
  EXPECT_LT(steady_clock::now() - start, 1min);
  other.join();
  loops.stop_and_join();
}

TEST(Signal, MayDieBeforeANotificationFromAnotherThreadArrives) {
  Loop loop(1);
  {
    Signal signal(loop.get_executor());
    signal.notify_from_any_thread();
  }
  EXPECT_EQ(loop.run(), 1u);
}

Task<int> answer_from_a_thread(std::thread& thread, std::thread::id& resumed_on) {
  const int answer = co_await hop<int>(
      [&](Resume<int> resume) { thread = std::thread([resume = std::move(resume)]() mutable { resume(42); }); });
  resumed_on = std::this_thread::get_id();
  co_return answer;
}

TEST(Hop, ResumesOnItsOwnLoopWithTheAnswerOfAnotherThread) {
  Loop loop(1);
  std::thread thread;
  std::thread::id resumed_on;
  EXPECT_EQ(testing::run_task(loop, answer_from_a_thread(thread, resumed_on)), 42);
  EXPECT_EQ(resumed_on, std::this_thread::get_id());
  thread.join();
}

Task<void> hop_without_a_value(std::thread& thread) {
  co_await hop<void>(
      [&](Resume<void> resume) { thread = std::thread([resume = std::move(resume)]() mutable { resume(); }); });
}

TEST(Hop, CarriesNoValueForVoid) {
  Loop loop(1);
  std::thread thread;
  testing::run_task(loop, hop_without_a_value(thread));
  thread.join();
}

TEST(Hop, TakesWhatCanOnlyBeMoved) {
  Loop loop(1);
  const auto got = testing::run_task(
      loop, hop<std::unique_ptr<int>>([](Resume<std::unique_ptr<int>> resume) { resume(std::make_unique<int>(7)); }));
  EXPECT_EQ(*got, 7);
}

TEST(Hop, KeepsItsLoopAtWork) {
  Loop loop(1);
  std::optional<Resume<int>> held;
  int got = 0;
  boost::asio::co_spawn(loop, hop<int>([&](Resume<int> resume) { held.emplace(std::move(resume)); }),
                        [&](std::exception_ptr, int value) { got = value; });
  loop.poll();
  EXPECT_FALSE(loop.stopped());
  (*held)(3);
  loop.run();
  EXPECT_EQ(got, 3);
}

TEST(HopDeathTest, AbortsWhenTheAnswerIsForgotten) {
  EXPECT_DEATH(
      {
        Loop loop(1);
        testing::run_task(loop, hop<int>([](Resume<int>) {}));
      },
      "");
}

}  // namespace
}  // namespace signpost::net
