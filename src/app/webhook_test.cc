// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>

#include "app/testing/test_console.h"
#include "app/webhook_listen.h"
#include "app/webhook_verify.h"
#include "services/webhook_signature.h"

namespace signpost::app {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

constexpr const char* kSecret = "a secret of the application";
constexpr const char* kBody =
    R"({"id":"flow-1","domain":"shop.example","subdomain":"www","type":"domain.added","propagation_status":"success","updated_objects":["propagation_status"],"event_id":"evt_0000000000001"})";

/// A webhook as it would be received now, in files.
class WebhookVerify : public ::testing::Test {
 protected:
  WebhookVerify() { write(kBody, SystemClock().now()); }
  void write(const std::string& body, Time sent_at) {
    std::ofstream headers(path("headers"));
    headers << "POST /webhooks HTTP/1.1\r\nHost: api.saas.example\r\n";
    for (const auto& [name, value] :
         services::sign({}, {kSecret, {kSecret}}, "flow-1", "evt_0000000000001", kBody, sent_at)) {
      headers << name << ": " << value << "\r\n";
    }
    std::ofstream(path("body")) << body;
  }
  std::string path(const char* name) const { return (directory_.path() / name).string(); }
  int verify(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"webhook", "verify", "--headers", path("headers"), "--body", path("body")};
    words.insert(words.end(), more.begin(), more.end());
    return console_.run(words);
  }
  testing::TemporaryDirectory directory_;
  testing::TestConsole console_;
};

TEST_F(WebhookVerify, AGenuineWebhookEndsWithZero) {
  EXPECT_EQ(verify({"--secret", kSecret}), 0) << console_.out() << console_.err();
  EXPECT_TRUE(has(console_.out(), "genuine: the standard signature is right")) << console_.out();
}

TEST_F(WebhookVerify, TheSecretComesFromTheEnvironmentToo) {
  console_.variables["SIGNPOST_SECRET"] = kSecret;
  EXPECT_EQ(verify(), 0) << console_.out();
  console_.variables.clear();
  EXPECT_EQ(verify(), 2);
  EXPECT_TRUE(has(console_.err(), "SIGNPOST_SECRET"));
}

TEST_F(WebhookVerify, AWrongSecretIsSaidAndNeverShown) {
  EXPECT_EQ(verify({"--secret", "another"}), 1);
  EXPECT_TRUE(has(console_.out(), "✗ signature") || has(console_.out(), "✗ secret")) << console_.out();
  EXPECT_FALSE(has(console_.out() + console_.err(), "another"));
}

TEST_F(WebhookVerify, AnEmptySecretProvesNothing) {
  for (const std::string secret : {"", "whsec_"}) {
    std::ofstream headers(path("headers"));
    for (const auto& [name, value] :
         services::sign({}, {secret, {secret}}, "flow-1", "evt_0000000000001", kBody, SystemClock().now())) {
      headers << name << ": " << value << "\r\n";
    }
    headers.close();
    for (const auto* form : {"standard", "v2", "v1"}) {
      EXPECT_EQ(verify({"--secret", secret, "--accept", form}), 1) << console_.out() << console_.err();
      EXPECT_TRUE(has(console_.out(), "✗ secret")) << console_.out();
    }
  }
}

TEST_F(WebhookVerify, AChangedBodyIsFound) {
  write(std::string(kBody) + " ", SystemClock().now());
  EXPECT_EQ(verify({"--secret", kSecret}), 1);
  EXPECT_TRUE(has(console_.out(), "✗")) << console_.out();
}

TEST_F(WebhookVerify, AnOldWebhookIsRefusedUnlessItsAgeIsAllowed) {
  write(kBody, SystemClock().now() - std::chrono::hours(1));
  EXPECT_EQ(verify({"--secret", kSecret}), 1);
  EXPECT_TRUE(has(console_.out(), "✗ timestamp")) << console_.out();
  EXPECT_EQ(verify({"--secret", kSecret, "--max-age", "2h"}), 0) << console_.out();
}

TEST_F(WebhookVerify, TheBodyMayComeFromStandardInput) {
  console_.in.str(kBody);
  EXPECT_EQ(console_.run({"webhook", "verify", "--headers", path("headers"), "--secret", kSecret, "--json"}), 0)
      << console_.out();
  EXPECT_TRUE(has(console_.out(), "{\"ok\":true")) << console_.out();
}

TEST(HeaderLines, AreReadAsProxiesAndCurlWriteThem) {
  const auto headers = parse_header_lines("HTTP/1.1 200 OK\r\nA: 1\r\nB:2 : 3 \r\n\r\nnot a header\r\n");
  ASSERT_TRUE(headers);
  ASSERT_EQ(headers->size(), 2U);
  EXPECT_EQ((*headers)[1], (net::Header{"B", "2 : 3"}));
  const auto wrong = parse_header_lines("A: 1\nwhat\n");
  ASSERT_FALSE(wrong);
  EXPECT_TRUE(has(wrong.error().message, "line 2"));
}

TEST(WebhookSummary, NamesTypeHostAndWhatChanged) {
  EXPECT_EQ(webhook_summary(kBody),
            "domain.added  www.shop.example  propagation_status=success  updated=propagation_status");
  EXPECT_TRUE(is_success_webhook(kBody));
  EXPECT_FALSE(is_success_webhook(R"({"propagation_status":"pending"})"));
  EXPECT_EQ(webhook_summary("x"), "(no JSON event)  ");
  EXPECT_FALSE(has(webhook_summary("{\"type\":\"\\u001b[2J\",\"domain\":\"\\n\"}"), "\x1b"));
}

}  // namespace
}  // namespace signpost::app
