// SPDX-License-Identifier: Apache-2.0
//
// What integrations written for Entri call.
#include <gtest/gtest.h>

#include "api/testing/api_world.h"
#include "base/text.h"

namespace signpost::api {
namespace {

using testing::ApiWorld;
using testing::text_in;

const std::vector<net::Header> kJson{{"Content-Type", "application/json"}};

std::string wish(const std::string& application, const std::string& secret, const std::string& more = "") {
  return format(R"({{"applicationId":"{}","secret":"{}"{}}})", application, secret, more);
}

std::string auth_token(ApiWorld& world) {
  return text_in(world.send("POST", "/token", wish(world.application, world.secret), kJson), "auth_token");
}

TEST(Token, IsMintedForAnyLiveSecret) {
  ApiWorld world;
  const auto rotated =
      text_in(world.call("POST", "/v1/applications/" + world.application + "/rotate-secret"), "secret");
  for (const auto& secret : {world.secret, rotated}) {
    const auto response = world.send("POST", "/token", wish(world.application, secret), kJson);
    EXPECT_EQ(response.status, 200);
    const auto body = testing::object_in(response);
    EXPECT_EQ(body.size(), 1U);
    EXPECT_EQ(world.tokens.verify(std::string(body.at("auth_token").as_string()))->text(), world.application);
  }
  world.clock.advance(std::chrono::hours(24));
  EXPECT_EQ(world.send("POST", "/token", wish(world.application, world.secret), kJson).status, 401);
}

TEST(Token, ToleratesAndCountsWhatIntegrationsSendBesides) {
  ApiWorld world;
  const auto body = wish(world.application, world.secret,
                         R"(,"domain":"shop.example","userId":"u","dnsRecords":[{"type":"A"}],"freeDomain":false)");
  EXPECT_EQ(world.send("POST", "/token", body, kJson).status, 200);
  EXPECT_EQ(world.api.metrics().unknown_members_entri.value(), 4U);
}

TEST(Token, DoesNotTellWhatWasWrong) {
  ApiWorld world;
  std::string other;
  world.add_application_key(&other);
  const auto wrong_secret = world.send("POST", "/token", wish(world.application, "whsec_wrong"), kJson);
  EXPECT_EQ(wrong_secret.status, 401);
  for (const auto& body :
       {wish("app_0000000000001", world.secret), wish("nonsense", world.secret), wish(other, world.secret)}) {
    EXPECT_EQ(world.send("POST", "/token", body, kJson).body, wrong_secret.body);
  }
}

TEST(Token, NamesTheMemberThatIsMissing) {
  ApiWorld world;
  const auto response = world.send("POST", "/token", R"({"applicationId":"x"})", kJson);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(text_in(response, "member"), "secret");
}

TEST(LastWebhook, IsTheBytesOfTheNewestEvent) {
  ApiWorld world;
  const auto id = world.connect();
  const auto job_id = text_in(world.call("GET", "/v1/connections/" + id), "job_id");
  ASSERT_EQ(world.call("POST", "/v1/connections/" + id + "/flow", R"({"setup_type":"manual"})").status, 200);
  const auto token = auth_token(world);
  const auto target = "/webhooks/last/" + job_id;
  const auto bare = world.send("GET", target, "", {{"Authorization", token}, {"applicationId", world.application}});
  ASSERT_EQ(bare.status, 200) << bare.body;
  EXPECT_EQ(world.send("GET", target, "", {{"Authorization", "Bearer " + token}}).body, bare.body);
  const auto events = testing::object_in(world.call("GET", "/v1/connections/" + id + "/events"));
  const auto& newest = events.at("data").as_array().front().as_object();
  EXPECT_EQ(boost::json::parse(bare.body), newest.at("body"));
  EXPECT_EQ(text_in(bare, "job_id"), job_id);
}

TEST(LastWebhook, IsOnlyForItsApplicationsToken) {
  ApiWorld world;
  const auto id = world.connect();
  const auto target = "/webhooks/last/" + text_in(world.call("GET", "/v1/connections/" + id), "job_id");
  const auto token = auth_token(world);
  std::string other;
  world.add_application_key(&other);
  const auto others_token = world.tokens.mint(ApplicationId::parse(other).value());
  EXPECT_EQ(world.send("GET", target).status, 401);
  EXPECT_EQ(world.send("GET", target, "", {{"Authorization", "garbage"}}).status, 401);
  EXPECT_EQ(world.send("GET", target, "", {{"Authorization", token}, {"applicationId", other}}).status, 403);
  EXPECT_EQ(world.send("GET", target, "", {{"Authorization", others_token}}).status, 404);
  EXPECT_EQ(world.send("GET", "/webhooks/last/none", "", {{"Authorization", token}}).status, 404);
  world.clock.advance(std::chrono::minutes(61));
  EXPECT_EQ(world.send("GET", target, "", {{"Authorization", token}}).status, 401);
}

}  // namespace
}  // namespace signpost::api
