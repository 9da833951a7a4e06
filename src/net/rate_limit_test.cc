// SPDX-License-Identifier: Apache-2.0
#include "net/rate_limit.h"

#include <gtest/gtest.h>

#include <thread>

namespace signpost::net {
namespace {

using namespace std::chrono_literals;

constexpr RateLimit::Instant kStart{1h};

TEST(RateLimit, GivesTheBurstAndThenTheRate) {
  RateLimit limit({.per_second = 2, .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.take("key", kStart).has_value());
  const auto refused = limit.take("key", kStart);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Kind::kRateLimited);
  EXPECT_EQ(refused.error().retry_after, 1s);
  EXPECT_TRUE(limit.take("key", kStart + 500ms).has_value());
  EXPECT_FALSE(limit.take("key", kStart + 500ms).has_value());
}

TEST(RateLimit, NeverSavesUpMoreThanTheBurst) {
  RateLimit limit({.per_second = 100, .burst = 2});
  EXPECT_TRUE(limit.take("key", kStart).has_value());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(limit.take("key", kStart + 1h).has_value());
  EXPECT_FALSE(limit.take("key", kStart + 1h).has_value());
}

TEST(RateLimit, SaysHowLongToWait) {
  RateLimit limit({.per_second = 0.1, .burst = 1});
  EXPECT_TRUE(limit.take("key", kStart).has_value());
  EXPECT_EQ(limit.take("key", kStart).error().retry_after, 10s);
  EXPECT_EQ(limit.take("key", kStart + 7500ms).error().retry_after, 3s);
}

TEST(RateLimit, KeepsKeysApart) {
  RateLimit limit({.per_second = 1, .burst = 1});
  EXPECT_TRUE(limit.take("a", kStart).has_value());
  EXPECT_TRUE(limit.take("b", kStart).has_value());
  EXPECT_TRUE(limit.take(std::uint64_t{7}, kStart).has_value());
  EXPECT_TRUE(limit.take(std::uint64_t{8}, kStart).has_value());
  EXPECT_FALSE(limit.take(std::uint64_t{7}, kStart).has_value());
}

TEST(RateLimit, ForgetsTheKeyIdleLongestWhenFull) {
  RateLimit limit({.per_second = 0.001, .burst = 1, .entries_max = 16});
  for (int i = 0; i < 10'000; ++i) (void)limit.take(std::to_string(i), kStart);
  EXPECT_LE(limit.size(), 16u);
  EXPECT_TRUE(limit.take("0", kStart).has_value());
}

TEST(RateLimit, IsExactUnderManyThreads) {
  RateLimit limit({.per_second = 0.001, .burst = 1000});
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) taken += limit.take("shared", kStart).has_value() ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken, 1000);
}

}  // namespace
}  // namespace signpost::net
