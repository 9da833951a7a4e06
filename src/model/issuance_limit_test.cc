// SPDX-License-Identifier: Apache-2.0
#include "model/issuance_limit.h"

#include <gtest/gtest.h>

namespace signpost::model {
namespace {

using std::chrono::minutes;

constexpr Time kStart = from_ms(1'800'000'000'000);
constexpr IssuanceLimit kFive{LimitKind::kFailures, 5, minutes(12)};

TEST(IssuanceLimit, LetsAsManyAtOnceAsTheBucketHolds) {
  std::optional<Time> full_at;
  for (int i = 0; i < kFive.capacity; ++i) {
    EXPECT_EQ(available_at(kFive, full_at, kStart), kStart);
    full_at = taken(kFive, full_at, kStart);
  }
  EXPECT_EQ(available_at(kFive, full_at, kStart), kStart + minutes(12));
}

TEST(IssuanceLimit, GivesOneBackPerRefill) {
  std::optional<Time> full_at;
  for (int i = 0; i < kFive.capacity; ++i) full_at = taken(kFive, full_at, kStart);
  const Time later = kStart + minutes(12);
  EXPECT_EQ(available_at(kFive, full_at, later), later);
  full_at = taken(kFive, full_at, later);
  EXPECT_EQ(available_at(kFive, full_at, later), later + minutes(12));
}

TEST(IssuanceLimit, LeavesAsManyAsItIsTold) {
  std::optional<Time> full_at;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(available_at(kFive, full_at, kStart, 2), kStart);
    full_at = taken(kFive, full_at, kStart);
  }
  EXPECT_EQ(available_at(kFive, full_at, kStart, 2), kStart + minutes(12));
  EXPECT_EQ(available_at(kFive, full_at, kStart), kStart);
}

TEST(IssuanceLimit, ThatHasTooFewToLeaveSomeIsUsedWhileItIsFull) {
  const IssuanceLimit one{LimitKind::kNames, 1, minutes(12)};
  EXPECT_EQ(available_at(one, std::nullopt, kStart, 2), kStart);
  EXPECT_EQ(available_at(one, taken(one, std::nullopt, kStart), kStart, 2), kStart + minutes(12));
}

TEST(IssuanceLimit, IsFullAgainAfterALongPauseAndNoFuller) {
  std::optional<Time> full_at = taken(kFive, std::nullopt, kStart);
  const Time later = kStart + std::chrono::hours(100);
  for (int i = 0; i < kFive.capacity; ++i) full_at = taken(kFive, full_at, later);
  EXPECT_GT(available_at(kFive, full_at, later), later);
}

TEST(IssuanceLimit, KnowsThoseOfLetsEncrypt) {
  // 300 orders in 3 hours, 50 a domain and 5 a set of names in 7 days, 5 failures an hour.
  for (const auto& limit : kLetsEncryptLimits) {
    const auto window = limit.refill * limit.capacity;
    switch (limit.kind) {
      case LimitKind::kOrders:
        EXPECT_EQ(window, std::chrono::hours(3));
        break;
      case LimitKind::kDomain:
      case LimitKind::kNames:
        EXPECT_GE(window, std::chrono::days(7));
        EXPECT_LE(window, std::chrono::days(7) + std::chrono::hours(3));
        break;
      case LimitKind::kFailures:
        EXPECT_EQ(window, std::chrono::hours(1));
        break;
    }
  }
}

}  // namespace
}  // namespace signpost::model
