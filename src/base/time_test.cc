// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <gtest/gtest.h>

#include <limits>

namespace signpost {
namespace {

TEST(Time, IsWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(to_rfc3339(from_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(from_ms(1'795'600'359'123)), "2026-11-25T09:52:39.123Z");
  EXPECT_EQ(to_rfc3339(from_ms(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Time, IsReadBackExactly) {
  for (std::int64_t ms = -10'000'000'000; ms < 4'000'000'000'000; ms += 86'399'123'457) {
    EXPECT_EQ(parse_rfc3339(to_rfc3339(from_ms(ms))), from_ms(ms));
  }
}

TEST(Time, IsReadWithAnyFraction) {
  EXPECT_EQ(parse_rfc3339("2026-11-25T09:52:39Z"), from_ms(1'795'600'359'000));
  EXPECT_EQ(parse_rfc3339("2026-11-25T09:52:39.1Z"), from_ms(1'795'600'359'100));
  EXPECT_EQ(parse_rfc3339("2026-11-25T09:52:39.123999Z"), from_ms(1'795'600'359'123));
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z"), from_ms(1'709'164'800'000));
}

TEST(Time, RefusesWhatIsNotATimeInUtc) {
  for (const auto* text :
       {"", "Z", "2026-11-25", "2026-11-25T09:52:39", "2026-11-25T09:52:39+01:00", "2026-11-25 09:52:39Z",
        "2026-13-25T09:52:39Z", "2026-02-29T09:52:39Z", "2026-11-25T24:00:00Z", "2026-11-25T09:60:00Z",
        "2026-11-25T09:52:60Z", "2026-11-25T09:52:39.Z", "2026-11-25T09:52:39.1234567890Z", "2026-11-25T09:52:39,1Z",
        "2026-1a-25T09:52:39Z", "-026-11-25T09:52:39Z", "2026-11-25T09:52:39.1-Z"}) {
    const auto result = parse_rfc3339(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().kind, Kind::kUnprocessable);
  }
}

TEST(Duration, IsANumberAndAUnit) {
  EXPECT_EQ(parse_duration("250ms"), Milliseconds(250));
  EXPECT_EQ(parse_duration("90s"), std::chrono::seconds(90));
  EXPECT_EQ(parse_duration("15m"), std::chrono::minutes(15));
  EXPECT_EQ(parse_duration("24h"), std::chrono::hours(24));
  EXPECT_EQ(parse_duration("3d"), std::chrono::days(3));
  EXPECT_EQ(parse_duration("0s"), Milliseconds(0));
}

TEST(Duration, RefusesOtherSpellingsAndOverflow) {
  for (const auto* text : {"", "s", "90", "90 s", " 90s", "-90s", "+90s", "1.5h", "1h30m", "90S", "90sec",
                           "9223372036854775807s", "99999999999999999999ms"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, IsWrittenInTheGreatestUnitThatDividesIt) {
  EXPECT_EQ(to_text(Milliseconds(0)), "0s");
  EXPECT_EQ(to_text(Milliseconds(250)), "250ms");
  EXPECT_EQ(to_text(Milliseconds(90'000)), "90s");
  EXPECT_EQ(to_text(std::chrono::hours(1)), "1h");
  EXPECT_EQ(to_text(std::chrono::hours(24)), "24h");
  EXPECT_EQ(to_text(std::chrono::hours(72)), "3d");
}

TEST(Duration, IsReadBackFromItsText) {
  for (const std::int64_t ms :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{999}, std::int64_t{60'000}, std::int64_t{61'000},
        std::int64_t{86'400'000}, std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(parse_duration(to_text(Milliseconds(ms))), Milliseconds(ms));
  }
}

}  // namespace
}  // namespace signpost
