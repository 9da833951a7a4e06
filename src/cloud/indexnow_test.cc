// SPDX-License-Identifier: Apache-2.0
#include "cloud/indexnow.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "base/testing/fake_clock.h"
#include "base/text.h"
#include "cloud/testing/search_server.h"
#include "net/testing/run_task.h"

namespace signpost::cloud {
namespace {

using namespace std::chrono_literals;
using testing::Answer;
using testing::Call;
using ::testing::HasSubstr;
using testing::SearchServer;

constexpr std::string_view kKey = "search-company";

struct World {
  SearchServer server;
  signpost::testing::FakeClock clock;
  net::Loop loop{1};
  net::HttpClient http;
  IndexNow engine{http, clock, {.endpoint = server.url("/indexnow"), .key = std::string(kKey)}};

  static UrlSubmission submission(std::size_t urls = 2) {
    UrlSubmission made{"www.shop.example", "https://www.shop.example/search-company.txt", {}};
    for (std::size_t i = 0; i < urls; ++i) made.urls.push_back(format("https://www.shop.example/{}", i));
    return made;
  }
  UrlReply submit(UrlSubmission what = submission()) {
    return net::testing::run_task(loop, engine.submit(std::move(what)));
  }
  UrlReply after(Answer answer) {
    server.answer([answer](const Call&) { return answer; });
    return submit();
  }
};

TEST(IndexNow, PostsHostKeyAndUrls) {
  World world;
  const auto reply = world.submit();
  EXPECT_EQ(reply.verdict, UrlVerdict::kAccepted);
  EXPECT_EQ(reply.http_status, 200);
  ASSERT_EQ(world.server.calls().size(), 1U);
  const auto call = world.server.calls().front();
  EXPECT_EQ(call.method, "POST");
  EXPECT_THAT(call.head, HasSubstr("Content-Type: application/json; charset=utf-8"));
  EXPECT_EQ(boost::json::parse(call.body),
            boost::json::parse(R"({"host":"www.shop.example","key":"search-company",)"
                               R"("keyLocation":"https://www.shop.example/search-company.txt",)"
                               R"("urlList":["https://www.shop.example/0","https://www.shop.example/1"]})"));
}

TEST(IndexNow, GivesEachCodeItsVerdict) {
  World world;
  const std::vector<std::pair<int, UrlVerdict>> codes{
      {200, UrlVerdict::kAccepted},    {202, UrlVerdict::kKeyPending}, {400, UrlVerdict::kBadFormat},
      {403, UrlVerdict::kKeyNotValid}, {422, UrlVerdict::kNotOnHost},  {429, UrlVerdict::kTooMany},
      {500, UrlVerdict::kTryLater},    {302, UrlVerdict::kTryLater},   {404, UrlVerdict::kTryLater}};
  for (const auto& [status, verdict] : codes) {
    const auto reply = world.after({status, "<html>"});
    EXPECT_EQ(reply.verdict, verdict) << status;
    EXPECT_EQ(reply.http_status, status);
    EXPECT_EQ(reply.explanation.empty(), is_taken(verdict)) << status;
  }
}

TEST(IndexNow, TellsWhenToComeAgain) {
  World world;
  EXPECT_EQ(world.after({429, "", "Retry-After: 120\r\n"}).retry_after, 120s);
  EXPECT_EQ(world.after({429, "", "Retry-After: 9999999\r\n"}).retry_after, IndexNow::kRetryAfterMax);
  EXPECT_EQ(world.after({429, ""}).retry_after, std::nullopt);
}

TEST(IndexNow, TriesLaterWhenNobodyAnswers) {
  World world;
  const auto reply = world.after({0, ""});
  EXPECT_EQ(reply.verdict, UrlVerdict::kTryLater);
  EXPECT_EQ(reply.http_status, 0);
}

TEST(IndexNow, ReadsNoEndlessAnswer) {
  World world;
  EXPECT_EQ(world.after({200, std::string(IndexNow::kAnswerBytesMax + 1, 'x')}).verdict, UrlVerdict::kTryLater);
}

TEST(IndexNow, SendsNoMoreUrlsThanTheProtocolAllows) {
  World world;
  EXPECT_EQ(world.submit(World::submission(kIndexNowUrlsMax)).verdict, UrlVerdict::kAccepted);
  EXPECT_EQ(world.submit(World::submission(kIndexNowUrlsMax + 1)).verdict, UrlVerdict::kBadFormat);
  EXPECT_EQ(world.submit(World::submission(0)).verdict, UrlVerdict::kBadFormat);
  EXPECT_EQ(world.server.calls().size(), 1U);
}

TEST(IndexNow, KnowsAKeyFromOtherTexts) {
  EXPECT_TRUE(is_indexnow_key("search-company"));
  EXPECT_TRUE(is_indexnow_key(std::string(kIndexNowKeyBytesMin, 'a')));
  EXPECT_TRUE(is_indexnow_key(std::string(kIndexNowKeyBytesMax, 'Z')));
  EXPECT_FALSE(is_indexnow_key(std::string(kIndexNowKeyBytesMin - 1, 'a')));
  EXPECT_FALSE(is_indexnow_key(std::string(kIndexNowKeyBytesMax + 1, 'a')));
  EXPECT_FALSE(is_indexnow_key("search_company"));
}

}  // namespace
}  // namespace signpost::cloud
