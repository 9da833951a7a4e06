// SPDX-License-Identifier: Apache-2.0
#include "app/webhook_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/testing/test_console.h"

namespace signpost::app {
namespace {

using ::testing::HasSubstr;

TEST(DeliveryLine, SaysWhenWhatAndHowItStands) {
  const auto line = delivery_line(
      R"({"id":"dlv_0000000000001","created_at":"2026-11-30T06:00:00.000Z","state":"pending","type":"domain.added","attempts_made":1,"next_attempt_at":"2026-11-30T06:00:05.000Z"})");
  ASSERT_TRUE(line);
  EXPECT_EQ(*line,
            "2026-11-30T06:00:00.000Z  dlv_0000000000001  pending    domain.added                1 attempt, next at "
            "2026-11-30T06:00:05.000Z\n");
}

TEST(DeliveryLine, LetsNoControlCharacterThroughAndRefusesWhatIsNone) {
  const auto line = delivery_line("{\"state\":\"\\u001b[2J\"}");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->find('\x1b'), std::string::npos);
  EXPECT_EQ(delivery_line("[]").error().kind, Kind::kProtocol);
}

TEST(DeliveryPage, SaysHowToGoOnWithoutLosingDeliveriesOfTheSameMoment) {
  EXPECT_EQ(*delivery_page(R"({"data":[],"next_cursor":null})"), "no delivery is like that\n");
  const auto more = delivery_page(R"({"data":[{"id":"dlv_0000000000001"}],"next_cursor":"dlv_0000000000001"})");
  ASSERT_TRUE(more);
  EXPECT_THAT(*more, HasSubstr("--cursor dlv_0000000000001\n"));
  const auto last = delivery_page(R"({"data":[{"id":"dlv_0000000000001"}],"next_cursor":null})");
  EXPECT_EQ(last->find("--cursor"), std::string::npos);
}

TEST(WebhookReplay, NeedsADeliveryOrAnEndpointAndATime) {
  testing::TestConsole console;
  console.variables["SIGNPOST_KEY"] = "sp_x";
  EXPECT_EQ(console.run({"webhook", "replay"}), 2);
  EXPECT_THAT(console.err(), HasSubstr("--endpoint and --since"));
  EXPECT_EQ(console.run({"webhook", "replay", "--endpoint", "end_0000000000001"}), 2);
  EXPECT_EQ(console.run({"webhook", "replay", "dlv_0000000000001", "--endpoint", "end_0000000000001", "--since",
                         "2026-11-29T00:00:00Z"}),
            2);
  EXPECT_EQ(console.run({"webhook", "replay", "--endpoint", "end_0000000000001", "--since", "yesterday"}), 2);
}

TEST(WebhookList, RefusesWhatIsNoValue) {
  testing::TestConsole console;
  console.variables["SIGNPOST_KEY"] = "sp_x";
  for (const auto& [option, value] : std::vector<std::pair<std::string, std::string>>{
           {"--host", "localhost"}, {"--state", "lost"}, {"--after", "soon"}, {"--endpoint", "x"}, {"--limit", "0"}}) {
    EXPECT_EQ(console.run({"webhook", "list", option, value}), 2) << option;
  }
}

}  // namespace
}  // namespace signpost::app
