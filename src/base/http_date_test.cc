// SPDX-License-Identifier: Apache-2.0
#include "base/http_date.h"

#include <gtest/gtest.h>

namespace signpost {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// 2027-01-15 08:00:00
const Time kNow = from_ms(1'800'000'000'000);

TEST(HttpDate, IsReadInAllThreeForms) {
  for (const auto* text :
       {"Fri, 15 Jan 2027 08:01:30 GMT", "Friday, 15-Jan-27 08:01:30 GMT", "Fri Jan 15 08:01:30 2027"}) {
    EXPECT_EQ(parse_http_date(text), kNow + seconds(90)) << text;
  }
  for (const auto* text :
       {"", "Fri, 15 Jan 2027 08:01:30 CET", "2027-01-15T08:01:30Z", "Fri, 15 Jan 2027 08:01:30 GMT."}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

TEST(RetryAfter, IsSecondsOrADateThatIsStillToCome) {
  EXPECT_EQ(parse_retry_after(" 7 ", kNow, hours(1)), seconds(7));
  EXPECT_EQ(parse_retry_after("Fri, 15 Jan 2027 08:01:30 GMT", kNow, hours(1)), seconds(90));
  EXPECT_FALSE(parse_retry_after("Fri, 15 Jan 2027 07:59:59 GMT", kNow, hours(1)));
  EXPECT_FALSE(parse_retry_after("-3", kNow, hours(1)));
  EXPECT_FALSE(parse_retry_after("soon", kNow, hours(1)));
}

TEST(RetryAfter, IsNeverLongerThanTheLimit) {
  EXPECT_EQ(parse_retry_after("3601", kNow, hours(1)), hours(1));
  EXPECT_EQ(parse_retry_after("Fri, 15 Jan 2027 18:00:00 GMT", kNow, hours(1)), hours(1));
}

}  // namespace
}  // namespace signpost
