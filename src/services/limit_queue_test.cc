// SPDX-License-Identifier: Apache-2.0
#include "services/limit_queue.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/text.h"

namespace signpost::services {
namespace {

using std::chrono::seconds;

constexpr Time kNow = from_ms(1'800'000'000'000);

LimitReached orders_until(Time until) {
  return {.kind = model::LimitKind::kOrders, .until = until, .subject = "", .refill = seconds(36)};
}

TEST(LimitQueue, GivesEachATurnOfItsOwn) {
  LimitQueue queue;
  EXPECT_EQ(queue.join("first", orders_until(kNow + seconds(40)), kNow), kNow + seconds(40));
  EXPECT_EQ(queue.turn_of_next("first", orders_until(kNow + seconds(40))), kNow + seconds(76));
  EXPECT_EQ(queue.join("first", orders_until(kNow + seconds(40)), kNow), kNow + seconds(76));
  EXPECT_EQ(queue.join("second", orders_until(kNow + seconds(40)), kNow), kNow + seconds(40));
}

TEST(LimitQueue, IsNotBeforeTheLimitsEndOnceAllHaveHadTheirTurn) {
  LimitQueue queue;
  queue.join("first", orders_until(kNow), kNow);
  EXPECT_EQ(queue.join("first", orders_until(kNow + seconds(600)), kNow + seconds(500)), kNow + seconds(600));
}

TEST(LimitQueue, HasAnEndAndMakesRoomForWhoeverComesLater) {
  LimitQueue queue;
  auto limit = orders_until(kNow + seconds(40));
  for (std::size_t i = 0; i <= LimitQueue::kQueuesMax; ++i) {
    limit.subject = format("w{}.example", i);
    EXPECT_EQ(queue.join("first", limit, kNow), kNow + seconds(40));
  }
  EXPECT_EQ(queue.turn_of_next("first", limit), kNow + seconds(40)) << "one too many is not remembered";
  queue.join("first", limit, kNow + seconds(40));
  EXPECT_EQ(queue.turn_of_next("first", limit), kNow + seconds(76));
}

}  // namespace
}  // namespace signpost::services
