// SPDX-License-Identifier: Apache-2.0
#include "model/notice.h"

#include <gtest/gtest.h>

namespace signpost::model {
namespace {

constexpr Time kNow = from_ms(1'800'000'000'000);

TEST(Notice, WarnsAtMostOnceADay) {
  EXPECT_TRUE(may_warn(std::nullopt, kNow));
  EXPECT_FALSE(may_warn(kNow, kNow));
  EXPECT_FALSE(may_warn(kNow, kNow + std::chrono::hours(24) - Milliseconds(1)));
  EXPECT_TRUE(may_warn(kNow, kNow + std::chrono::hours(24)));
}

TEST(Notice, IsNotSilencedByAClockThatWasAYearAhead) {
  EXPECT_FALSE(may_warn(kNow + Milliseconds(100), kNow)) << "a small step back is no second mail";
  EXPECT_TRUE(may_warn(kNow + std::chrono::hours(24 * 365), kNow));
}

TEST(Notice, KindsHaveNames) {
  for (const auto kind : {NoticeKind::kDeliveryFailed, NoticeKind::kEndpointDisabled})
    EXPECT_EQ(parse_notice_kind(name_of(kind)), kind);
  EXPECT_FALSE(parse_notice_kind(""));
}

}  // namespace
}  // namespace signpost::model
