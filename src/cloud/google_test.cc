// SPDX-License-Identifier: Apache-2.0
#include "cloud/google.h"

#include <gmock/gmock.h>

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
using ::testing::Not;
using testing::SearchServer;

struct World {
  explicit World(std::string_view credential = testing::refresh_credential())
      : google(http, clock, GoogleCredential::parse(crypto::Secret(std::string(credential))).value(),
               {.api_url = server.url(), .token_url = server.url(testing::kTokenPath)}) {}
  template <typename T>
  T run(Task<T> task) {
    return net::testing::run_task(loop, std::move(task));
  }
  /// What one call is answered with; tokens are handed out as ever.
  void answer(std::string_view target, Answer with) {
    server.answer([target = std::string(target), with](const Call& call) {
      return call.target.starts_with(target) ? with : SearchServer::take(call);
    });
  }
  GoogleTrouble trouble(Answer with) {
    answer(testing::kSitesPath, std::move(with));
    const auto done = run(google.add_site("shop.example"));
    EXPECT_FALSE(done.has_value());
    return done ? GoogleTrouble::kNonsense : done.error().trouble;
  }

  SearchServer server;
  signpost::testing::FakeClock clock;
  net::Loop loop{1};
  net::HttpClient http;
  Google google;
};

TEST(Google, HandsOutTheVerificationToken) {
  World world;
  const auto token = world.run(world.google.verification_token("shop.example"));
  ASSERT_TRUE(token.has_value()) << token.error().error.message;
  EXPECT_EQ(*token, testing::kVerificationToken);
  const auto calls = world.server.calls();
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].body,
            "grant_type=refresh_token&client_id=client-7.apps.example&client_secret=s3cr%2Ft&refresh_token=1%2F%"
            "2Frefresh");
  EXPECT_EQ(calls[1].body,
            R"({"site":{"type":"INET_DOMAIN","identifier":"shop.example"},"verificationMethod":"DNS_TXT"})");
  EXPECT_THAT(calls[1].head, HasSubstr("Authorization: Bearer ya29.one"));
}

TEST(Google, SignsForAServiceAccount) {
  World world(testing::service_account_credential("https://oauth2.example/token"));
  ASSERT_TRUE(world.run(world.google.verify("shop.example")).has_value());
  const auto grant = world.server.calls_of(testing::kTokenPath).front().body;
  EXPECT_THAT(grant, HasSubstr("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="));
  const auto parts = split(std::string_view(grant).substr(grant.rfind('=') + 1), '.');
  ASSERT_EQ(parts.size(), 3U);
  const auto claims = from_base64url(parts[1]).value();
  EXPECT_THAT(claims, HasSubstr(R"("iss":"robot@project.example")"));
  EXPECT_THAT(claims, HasSubstr(format(R"("aud":"{}")", world.server.url(testing::kTokenPath))));
  EXPECT_THAT(claims, HasSubstr("auth/siteverification https://www.googleapis.com/auth/webmasters"));
  const auto now = to_seconds(world.clock.now());
  EXPECT_THAT(claims, HasSubstr(format(R"("iat":{},"exp":{})", now, now + 3600)));
}

TEST(Google, AddsTheSiteAndItsSitemapUnderTheDomain) {
  World world;
  ASSERT_TRUE(world.run(world.google.add_site("shop.example")).has_value());
  ASSERT_TRUE(
      world.run(world.google.submit_sitemap("shop.example", "https://www.shop.example/sitemap.xml")).has_value());
  const auto calls = world.server.calls_of(testing::kSitesPath);
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].method, "PUT");
  EXPECT_EQ(calls[0].target, "/webmasters/v3/sites/sc-domain%3Ashop.example");
  EXPECT_EQ(calls[1].method, "PUT");
  EXPECT_EQ(calls[1].target,
            "/webmasters/v3/sites/sc-domain%3Ashop.example/sitemaps/https%3A%2F%2Fwww.shop.example%2Fsitemap.xml");
}

TEST(Google, KeepsItsAccessTokenUntilShortlyBeforeItsEnd) {
  World world;
  ASSERT_TRUE(world.run(world.google.add_site("shop.example")).has_value());
  ASSERT_TRUE(world.run(world.google.add_site("shop.example")).has_value());
  EXPECT_EQ(world.server.calls_of(testing::kTokenPath).size(), 1U);
  world.clock.advance(3599s - Google::kTokenMargin);
  ASSERT_TRUE(world.run(world.google.add_site("shop.example")).has_value());
  EXPECT_EQ(world.server.calls_of(testing::kTokenPath).size(), 2U);
}

TEST(Google, TakesANewTokenOnceWhenItsOwnIsRefused) {
  World world;
  world.answer(testing::kSitesPath, {401, R"({"error":{"code":401,"message":"Invalid Credentials"}})"});
  const auto done = world.run(world.google.add_site("shop.example"));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().trouble, GoogleTrouble::kCredentialRefused);
  EXPECT_EQ(world.server.calls_of(testing::kTokenPath).size(), 2U);
  EXPECT_EQ(world.server.calls_of(testing::kSitesPath).size(), 2U);
}

TEST(Google, SaysThatTheTokenIsNotAtTheDomainYet) {
  World world;
  world.answer(testing::kVerifyPath,
               {400, R"({"error":{"code":400,"message":"The necessary verification token could not be found."}})"});
  const auto done = world.run(world.google.verify("shop.example"));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().trouble, GoogleTrouble::kNotSeen);
  EXPECT_THAT(done.error().error.message, HasSubstr("TXT record"));
}

TEST(Google, TellsTroublesApart) {
  World world;
  EXPECT_EQ(world.trouble({403, R"({"error":{"message":"no","errors":[{"reason":"forbidden"}]}})"}),
            GoogleTrouble::kForbidden);
  EXPECT_EQ(world.trouble({403, R"({"error":{"message":"no","errors":[{"reason":"rateLimitExceeded"}]}})"}),
            GoogleTrouble::kQuota);
  EXPECT_EQ(world.trouble({429, ""}), GoogleTrouble::kQuota);
  EXPECT_EQ(world.trouble({503, "<html>"}), GoogleTrouble::kTryLater);
  EXPECT_EQ(world.trouble({0, ""}), GoogleTrouble::kTryLater);
  EXPECT_EQ(world.trouble({404, "[[[["}), GoogleTrouble::kRefused);
  EXPECT_EQ(world.trouble({302, ""}), GoogleTrouble::kNonsense);
  EXPECT_EQ(world.trouble({200, std::string(Google::kAnswerBytesMax + 1, 'x')}), GoogleTrouble::kNonsense);
}

TEST(Google, SaysHowACredentialThatIsRefusedIsMended) {
  World world;
  world.answer(testing::kTokenPath,
               {400, R"({"error":"invalid_grant","error_description":"Token has been revoked."})"});
  const auto done = world.run(world.google.add_site("shop.example"));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().trouble, GoogleTrouble::kCredentialRefused);
  EXPECT_THAT(done.error().error.message, HasSubstr("invalid_grant"));
  EXPECT_THAT(done.error().error.message, HasSubstr("search.google_credentials_file"));
  EXPECT_THAT(done.error().error.message, Not(HasSubstr("refresh_token=")));
  EXPECT_THAT(done.error().error.message, Not(HasSubstr("s3cr")));
}

TEST(Google, TakesNoTokenThatATxtRecordCouldNotHold) {
  World world;
  for (const auto& token : {std::string("with blank"), std::string(Google::kVerificationTokenBytesMax + 1, 'x')}) {
    world.answer(testing::kVerificationTokenPath, {200, format(R"({{"token":"{}"}})", token)});
    const auto got = world.run(world.google.verification_token("shop.example"));
    ASSERT_FALSE(got.has_value()) << token;
    EXPECT_EQ(got.error().trouble, GoogleTrouble::kNonsense);
  }
}

TEST(GoogleCredential, SaysWhatIsMissingAndNoSecret) {
  const auto refused = [](std::string text) {
    const auto parsed = GoogleCredential::parse(crypto::Secret(std::move(text)));
    EXPECT_FALSE(parsed.has_value());
    return parsed ? std::string() : parsed.error().message;
  };
  EXPECT_THAT(refused("nonsense"), HasSubstr("no JSON object"));
  EXPECT_THAT(refused(R"({"type":"authorized_user","client_id":"a","client_secret":"hidden"})"),
              HasSubstr("\"refresh_token\""));
  EXPECT_THAT(refused(R"({"type":"external_account"})"), HasSubstr("service_account or authorized_user"));
  const auto broken = refused(
      R"({"type":"service_account","client_email":"a@b","private_key_id":"k","token_uri":"https://t.example/","private_key":"hidden"})");
  EXPECT_THAT(broken, HasSubstr("\"private_key\""));
  EXPECT_THAT(broken, Not(HasSubstr("hidden")));
  EXPECT_THAT(refused(std::string(GoogleCredential::bytes_max + 1, ' ')), HasSubstr("bytes"));
}

}  // namespace
}  // namespace signpost::cloud
