// SPDX-License-Identifier: Apache-2.0
#include "model/delivery.h"

#include <gtest/gtest.h>

#include <random>

namespace signpost::model {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kContract = RetrySchedule::kContract;
constexpr Time kEnded = from_ms(1'800'000'000'000);

TEST(Delivery, IsRetriedAfter5Seconds1MinuteAnd10Minutes) {
  EXPECT_EQ(next_attempt(kContract, 1, kEnded, 0, std::nullopt), kEnded + seconds(5));
  EXPECT_EQ(next_attempt(kContract, 2, kEnded, 0, std::nullopt), kEnded + minutes(1));
  EXPECT_EQ(next_attempt(kContract, 3, kEnded, 0, std::nullopt), kEnded + minutes(10));
}

TEST(Delivery, IsExhaustedAfterTheLastRetryFails) {
  EXPECT_FALSE(next_attempt(kContract, 4, kEnded, 0, std::nullopt));
  EXPECT_FALSE(next_attempt(kContract, 400, kEnded, 0, seconds(3)));
}

TEST(Delivery, IsNeverRetriedBeforeRetryAfterAndNeverLaterThanADayForIt) {
  EXPECT_EQ(next_attempt(kContract, 1, kEnded, 0, seconds(90)), kEnded + seconds(90));
  EXPECT_EQ(next_attempt(kContract, 2, kEnded, 0, seconds(3)), kEnded + minutes(1));
  EXPECT_EQ(next_attempt(kContract, 1, kEnded, 0, hours(24 * 3650)), kEnded + hours(24));
  EXPECT_EQ(next_attempt(kContract, 1, kEnded, 0, seconds(-5)), kEnded + seconds(5));
}

TEST(Delivery, JitterMovesAPauseByAtMostAFifth) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> any(-3, 3);
  for (int i = 0; i < 10'000; ++i) {
    const auto due = next_attempt(kContract, 2, kEnded, any(random), std::nullopt);
    ASSERT_GE(*due - kEnded, seconds(48));
    ASSERT_LE(*due - kEnded, seconds(72));
  }
}

TEST(Delivery, TakesOnly2xxAsSuccess) {
  EXPECT_TRUE(is_success(200));
  EXPECT_TRUE(is_success(204));
  EXPECT_TRUE(is_success(299));
  for (const int status : {0, 101, 199, 300, 301, 304, 404, 410, 500}) EXPECT_FALSE(is_success(status)) << status;
}

TEST(RetryAfter, IsReadAsSecondsOrDate) {
  EXPECT_EQ(parse_retry_after("120", kEnded), seconds(120));
  EXPECT_EQ(parse_retry_after(" 7 ", kEnded), seconds(7));
  // 1,800,000,000 s is Fri, 15 Jan 2027 08:00:00 GMT.
  EXPECT_EQ(parse_retry_after("Fri, 15 Jan 2027 08:01:30 GMT", kEnded), seconds(90));
  EXPECT_EQ(parse_retry_after("Friday, 15-Jan-27 08:01:30 GMT", kEnded), seconds(90)) << "RFC 850";
  EXPECT_EQ(parse_retry_after("Fri Jan 15 08:01:30 2027", kEnded), seconds(90)) << "asctime";
}

TEST(RetryAfter, IsIgnoredWhenPastOrGarbageAndCutAtADay) {
  EXPECT_FALSE(parse_retry_after("Fri, 15 Jan 2027 07:59:59 GMT", kEnded));
  EXPECT_FALSE(parse_retry_after("soon", kEnded));
  EXPECT_FALSE(parse_retry_after("-3", kEnded));
  EXPECT_FALSE(parse_retry_after(std::string_view("Fri, 15 Jan 2027 08:01:30 GMT\0soon", 34), kEnded));
  EXPECT_FALSE(parse_retry_after("", kEnded));
  EXPECT_FALSE(parse_retry_after("99999999999999999999", kEnded));
  EXPECT_EQ(parse_retry_after("315360000", kEnded), seconds(86400));
}

TEST(Delivery, WordsCanBeReadBack) {
  for (const auto state : {DeliveryState::kPending, DeliveryState::kDelivered, DeliveryState::kFailed})
    EXPECT_EQ(parse_delivery_state(name_of(state)), state);
  for (int i = 0; i <= static_cast<int>(AttemptResult::kInternal); ++i) {
    const auto result = static_cast<AttemptResult>(i);
    EXPECT_EQ(parse_attempt_result(name_of(result)), result);
  }
}

TEST(Delivery, OfTheExtendedScheduleIsTriedForAtLeast75Hours) {
  for (const double jitter : {-1.0, 0.0, 1.0}) {
    Time due = kEnded;
    int attempts = 1;
    while (const auto next = next_attempt(RetrySchedule::kExtended, attempts, due, jitter, std::nullopt)) {
      EXPECT_GT(*next, due);
      due = *next;
      ++attempts;
    }
    EXPECT_EQ(attempts, 10);
    EXPECT_GE(due - kEnded, hours(75)) << jitter;
    EXPECT_LE(due - kEnded, hours(92)) << jitter;
  }
}

TEST(Delivery, SchedulesHaveNames) {
  for (const auto schedule : {RetrySchedule::kContract, RetrySchedule::kExtended})
    EXPECT_EQ(parse_retry_schedule(name_of(schedule)), schedule);
  EXPECT_FALSE(parse_retry_schedule("Contract"));
}

}  // namespace
}  // namespace signpost::model
