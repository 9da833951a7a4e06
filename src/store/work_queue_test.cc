// SPDX-License-Identifier: Apache-2.0
#include "store/work_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace signpost::store {
namespace {

Result<void> nothing(Tx&) { return {}; }

TEST(WorkQueue, HandsOutInOrderAndAtMostWhatIsAsked) {
  WorkQueue queue(10);
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) queue.push(&nothing, [&order, i](Result<void>) { order.push_back(i); });
  for (auto& item : queue.take(2)) item.done({});
  EXPECT_EQ(queue.size(), 1u);
  for (auto& item : queue.take(2)) item.done({});
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

TEST(WorkQueue, IsDrainedAfterStop) {
  WorkQueue queue(10);
  queue.push(&nothing, [](Result<void>) {});
  queue.stop();
  EXPECT_EQ(queue.take(5).size(), 1u);
  EXPECT_TRUE(queue.take(5).empty());
}

TEST(WorkQueue, WakesAThreadThatWaits) {
  WorkQueue queue(10);
  std::size_t taken = 0;
  std::thread taker([&] { taken = queue.take(1).size(); });
  queue.push(&nothing, [](Result<void>) {});
  taker.join();
  EXPECT_EQ(taken, 1u);
}

TEST(WorkQueue, RefusesWhatIsOverTheLimit) {
  WorkQueue queue(1);
  queue.push(&nothing, [](Result<void>) {});
  Result<void> outcome;
  queue.push(&nothing, [&](Result<void> result) { outcome = std::move(result); });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, Kind::kUnavailable);
}

}  // namespace
}  // namespace signpost::store
