// SPDX-License-Identifier: Apache-2.0
#include "net/worker_pool.h"

#include <gtest/gtest.h>

#include <future>
#include <latch>

namespace signpost::net {
namespace {

TEST(WorkerPool, RunsAsManyAtOnceAsItMayWhenEachBlocks) {
  std::latch all_run(3);
  WorkerPool pool(3, 8);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pool.run([&] { all_run.arrive_and_wait(); }), WorkerPool::Admission::kTaken);
  }
  all_run.wait();
}

TEST(WorkerPool, TakesNoMoreThanMayWait) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::promise<void> begun;
  int ran = 0;
  {
    WorkerPool pool(1, 2);
    pool.run([&] { begun.set_value(), released.wait(); });
    begun.get_future().wait();
    for (int i = 0; i < 2; ++i) EXPECT_EQ(pool.run([&] { ++ran; }), WorkerPool::Admission::kTaken);
    EXPECT_EQ(pool.run([&] { ++ran; }), WorkerPool::Admission::kFull);
    release.set_value();
  }
  EXPECT_EQ(ran, 2) << "what waits is run before the end";
}

}  // namespace
}  // namespace signpost::net
