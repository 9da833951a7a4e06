// SPDX-License-Identifier: Apache-2.0
#include "app/webhook_listen.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <regex>

#include "app/testing/spawned.h"
#include "net/http_client.h"
#include "services/webhook_signature.h"

namespace signpost::app {
namespace {

constexpr const char* kSecret = "a secret of the application";

class WebhookListen : public ::testing::Test {
 protected:
  void listen(std::vector<std::string> more) {
    std::vector<std::string> words{"webhook", "listen", "--listen", "127.0.0.1:0", "--timeout", "25s"};
    words.insert(words.end(), more.begin(), more.end());
    listener_ = std::make_unique<testing::Spawned>(words, std::vector{std::string("SIGNPOST_SECRET=") + kSecret});
    ASSERT_TRUE(listener_->says("/\n")) << listener_->text();
    std::smatch match;
    ASSERT_TRUE(std::regex_search(listener_->text(), match, std::regex("http://\\S+")));
    url_ = match[0];
    http_.emplace();
  }
  /// The status it answers.
  int post(const std::string& body, const std::string& secret = kSecret,
           std::chrono::seconds age = std::chrono::seconds(0)) {
    net::HttpCall call{.method = "POST", .url = url_, .body = body};
    call.headers =
        services::sign({}, {secret, {secret}}, "flow-1", "evt_0000000000001", body, SystemClock().now() - age);
    const auto reply = http_->call_blocking(call);
    return reply ? reply->status : 0;
  }
  static std::string event(std::string_view status) {
    return R"({"id":"flow-1","domain":"shop.example","subdomain":"www","type":"domain.added","propagation_status":")" +
           std::string(status) + "\"}";
  }
  std::unique_ptr<testing::Spawned> listener_;
  std::optional<net::HttpClient> http_;  // after the fork, which its threads would not survive
  std::string url_;
};

TEST_F(WebhookListen, EndsWithZeroWhenAGenuineWebhookSaysSuccess) {
  listen({"--until", "success"});
  EXPECT_EQ(post(event("pending")), 200);
  EXPECT_EQ(post(event("success")), 200);
  EXPECT_EQ(listener_->end(), 0) << listener_->text();
  EXPECT_TRUE(std::regex_search(
      listener_->text(), std::regex("\nverified \\S+ #2  domain.added  www.shop.example  propagation_status=success")))
      << listener_->text();
  EXPECT_NE(listener_->text().find("2 received, 2 verified"), std::string::npos);
}

TEST_F(WebhookListen, AForgedSuccessIsRefusedAndEndsNothing) {
  listen({"--until", "success", "--count", "1"});
  EXPECT_EQ(post(event("success"), "another secret"), 401);
  EXPECT_EQ(post(event("success"), kSecret, std::chrono::hours(1)), 401);
  EXPECT_EQ(post(event("pending")), 200);
  EXPECT_EQ(listener_->end(), 0) << listener_->text();
  EXPECT_NE(listener_->text().find("NOT GENUINE"), std::string::npos);
  EXPECT_NE(listener_->text().find("3 received, 1 verified"), std::string::npos) << listener_->text();
}

TEST_F(WebhookListen, AReplayIsNamedAndNotCounted) {
  listen({"--count", "2"});
  const auto body = event("pending");
  net::HttpCall call{.method = "POST", .url = url_, .body = body};
  call.headers = services::sign({}, {kSecret, {kSecret}}, "flow-1", "evt_0000000000001", body, SystemClock().now());
  EXPECT_EQ(http_->call_blocking(call)->status, 200);
  EXPECT_EQ(http_->call_blocking(call)->status, 409);
  EXPECT_EQ(post(event("success")), 200);
  EXPECT_EQ(listener_->end(), 0);
  EXPECT_NE(listener_->text().find("REPLAYED"), std::string::npos) << listener_->text();
}

TEST_F(WebhookListen, StoppedBeforeWhatItWaitsForItEndsWithOne) {
  listen({"--until", "success", "--status", "503"});
  EXPECT_EQ(post(event("pending")), 503);
  listener_->signal(SIGTERM);
  EXPECT_EQ(listener_->end(), 1) << listener_->text();
}

}  // namespace
}  // namespace signpost::app
