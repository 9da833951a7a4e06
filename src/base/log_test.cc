// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/log_line.h"

namespace signpost::log {
namespace {

using namespace std::literals;

const Time kTime = from_ms(1'795'600'359'123);

TEST(LogLine, OfTextIsTimeLevelMessageAndFields) {
  EXPECT_EQ(text_line(kTime, Level::kInfo, "listening", {{"port", 8080}, {"tls", false}}),
            "09:52:39.123 info  listening port=8080 tls=false");
  EXPECT_EQ(text_line(kTime, Level::kError, "gone", {}), "09:52:39.123 error gone");
}

TEST(LogLine, OfTextQuotesWhatWouldMislead) {
  EXPECT_EQ(
      text_line(kTime, Level::kWarn, "m", {{"a", "b c"}, {"d", ""}, {"e", "f=g"}, {"h", "\"\\"}, {"i", "münchen"}}),
      R"(09:52:39.123 warn  m a="b c" d="" e="f=g" h="\"\\" i=münchen)");
}

TEST(LogLine, IsOneLineWhateverAFieldHolds) {
  const auto text = text_line(kTime, Level::kInfo, "a\nb", {{"k\n", "x\ny\x1b[2J\xc2\x85"}});
  EXPECT_EQ(text.find_first_of("\n\x1b"), text.npos);
  EXPECT_EQ(text.find("\xc2\x85"), text.npos);
  const auto json = json_line(kTime, Level::kInfo, "a\nb", {{"k\n", "x\ny\x1b[2J"}});
  EXPECT_EQ(json.find_first_of("\n\x1b"), json.npos);
}

TEST(LogLine, OfJsonHasTimeLevelMessageAndTypedFields) {
  EXPECT_EQ(
      json_line(kTime, Level::kInfo, "request", {{"path", "/token"}, {"status", 200}, {"slow", true}}),
      R"({"time":"2026-11-25T09:52:39.123Z","level":"info","message":"request","path":"/token","status":200,"slow":true})");
}

TEST(LogLine, OfJsonEscapesStringsAndRepairsUtf8) {
  EXPECT_EQ(
      json_line(kTime, Level::kDebug, "\"\\\n\x01", {{"k", "\xff é"}}),
      "{\"time\":\"2026-11-25T09:52:39.123Z\",\"level\":\"debug\",\"message\":\"\\\"\\\\\\n\\u0001\",\"k\":\"? é\"}");
}

TEST(LogLine, OfJsonQuotesWhatIsNoJsonNumber) {
  EXPECT_TRUE(
      json_line(kTime, Level::kInfo, "m", {{"k", std::numeric_limits<double>::infinity()}}).ends_with(R"("k":"inf"})"));
  EXPECT_TRUE(json_line(kTime, Level::kInfo, "m", {{"k", -1.5}}).ends_with(R"("k":-1.500000})"));
}

TEST(LogLine, BoundsALongField) {
  EXPECT_LT(json_line(kTime, Level::kInfo, "m", {{"k", std::string(1'000'000, 'x')}}).size(), 5'000U);
  EXPECT_LT(text_line(kTime, Level::kInfo, std::string(1'000'000, 'x'), {}).size(), 5'000U);
}

TEST(Log, WritesJsonLinesToStderrFromItsLevelOn) {
  start(Level::kWarn, Format::kJson);
  ::testing::internal::CaptureStderr();
  info("quiet");
  warn("loud", {{"n", 1}});
  const auto written = ::testing::internal::GetCapturedStderr();
  start(Level::kInfo, Format::kAuto);
  EXPECT_EQ(written.find("quiet"), written.npos);
  EXPECT_TRUE(written.starts_with("{\"time\":\"20"sv)) << written;
  EXPECT_TRUE(written.ends_with("\"level\":\"warn\",\"message\":\"loud\",\"n\":1}\n")) << written;
}

TEST(Log, WritesTextWhenToldTo) {
  start(Level::kDebug, Format::kText);
  ::testing::internal::CaptureStderr();
  debug("{} %v braces are not a format", {{"n", 1}});
  const auto written = ::testing::internal::GetCapturedStderr();
  start(Level::kInfo, Format::kAuto);
  EXPECT_TRUE(written.ends_with(" debug {} %v braces are not a format n=1\n")) << written;
}

}  // namespace
}  // namespace signpost::log
