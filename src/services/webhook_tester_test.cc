// SPDX-License-Identifier: Apache-2.0
#include "services/webhook_tester.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "model/event_sample.h"
#include "net/testing/fake_address_resolver.h"
#include "net/testing/run_task.h"
#include "services/endpoints.h"
#include "services/event_json.h"
#include "services/testing/webhook_receiver.h"
#include "services/testing/webhook_world.h"
#include "services/webhook_signature.h"

namespace signpost::services {
namespace {

using testing::always;
using ::testing::HasSubstr;
using testing::must;
using testing::WebhookReceiver;
using testing::WebhookWorld;

class WebhookTesterTest : public ::testing::Test {
 protected:
  // The database's threads still hold the loop when an answer has arrived.
  ~WebhookTesterTest() override { world_.database.stop(); }

  Result<WebhookTest> test(EndpointId endpoint, model::EventType type = model::EventType::kDomainAdded) {
    net::PostSender sender(loops_.at(0), policy_, resolver_, {.idle_per_key_max = 0});
    WebhookTester tester(world_.storage, world_.clock, world_.ids, world_.secrets, loops_, {&sender},
                         {.user_agent = "Signpost/test",
                          .rate = {.per_second = 0.001, .burst = burst_},
                          .application_rate = {.per_second = 0.001, .burst = application_burst_}});
    std::optional<Result<WebhookTest>> answer;
    net::testing::run_task(loops_.at(0), run(tester, sender, endpoint, type, answer));
    return *std::move(answer);
  }
  /// As often as the test says, the last answer counts.
  Task<bool> run(WebhookTester& tester, net::PostSender& sender, EndpointId endpoint, model::EventType type,
                 std::optional<Result<WebhookTest>>& answer) {
    for (int i = 0; i < times_; ++i) answer = co_await tester.test(world_.application.id, endpoint, type);
    co_await sender.stop();
    co_return true;
  }

  WebhookWorld world_;
  net::AddressPolicy policy_{{must(net::Network::parse("127.0.0.0/8"))}};
  net::testing::FakeAddressResolver resolver_;
  net::Loops loops_{1};
  double burst_ = 5;
  double application_burst_ = 20;
  int times_ = 1;
};

TEST_F(WebhookTesterTest, SendsTheEndpointsOwnHeadersAndShowsThemMasked) {
  const WebhookReceiver receiver(always(200));
  world_.secrets.set_headers(std::vector<net::Header>{{"Authorization", "Bearer hush"}});
  const auto done = must(test(world_.add_endpoint(receiver.url()).id));
  EXPECT_EQ(receiver.received().at(0).header("Authorization"), "Bearer hush");
  EXPECT_EQ(net::header_of(done.headers, "Authorization"), "***");
}

TEST_F(WebhookTesterTest, SendsTheSampleSignedLikeADeliveryAndSaysThatItIsATest) {
  const WebhookReceiver receiver(always(200));
  const auto done = must(test(world_.add_endpoint(receiver.url()).id, model::EventType::kRecordMissing));
  EXPECT_TRUE(done.is_success);
  EXPECT_EQ(done.sentence, "answered 200 OK");
  const auto received = receiver.received();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].body, done.body);
  EXPECT_THAT(done.body, HasSubstr(R"("type":"domain.record_missing")"));
  EXPECT_EQ(received[0].header(kTestHeader), "true");
  EXPECT_THAT(done.body, HasSubstr(format(R"("event_id":"{}")", received[0].header("webhook-id"))));
  EXPECT_THAT(done.body, HasSubstr(format(R"("id":"{}")", model::kSampleJobId)));
  EXPECT_TRUE(
      verify(received[0].headers, received[0].body, {std::string(WebhookWorld::kSecret)}, world_.clock.now()).ok);
}

TEST_F(WebhookTesterTest, StoresNothingAndTriesNothingAgain) {
  const WebhookReceiver receiver(always(500));
  const auto done = must(test(world_.add_endpoint(receiver.url()).id));
  EXPECT_FALSE(done.is_success);
  EXPECT_EQ(done.outcome.status, 500);
  EXPECT_EQ(receiver.received().size(), 1u);
  EXPECT_TRUE(world_.deliveries().empty());
}

TEST_F(WebhookTesterTest, TestsEndpointsThatAreDisabledOrWhoseOwnerMayNotReceive) {
  const WebhookReceiver receiver(always(204));
  auto endpoint = world_.add_endpoint(receiver.url(), model::Role::kViewer);
  endpoint.is_enabled = false;
  endpoint.disabled_reason = model::DisabledReason::kByHand;
  endpoint.disabled_at = world_.clock.now();
  world_.save(endpoint);
  EXPECT_TRUE(must(test(endpoint.id)).is_success);
}

TEST_F(WebhookTesterTest, SendsTheEndpointsOwnHeadersAndDoesNotRepeatTheirValues) {
  const WebhookReceiver receiver(always(200));
  world_.secrets.set_headers(std::vector<net::Header>{{"Authorization", "Bearer s3cret"}});
  const auto done = must(test(world_.add_endpoint(receiver.url()).id));
  EXPECT_EQ(receiver.received().at(0).header("Authorization"), "Bearer s3cret");
  EXPECT_EQ(net::header_of(done.headers, "Authorization"), kMaskedValue);
}

TEST_F(WebhookTesterTest, WaitsAsLongAsTheEndpointsTimeout) {
  const WebhookReceiver receiver([](const auto&, std::size_t) { return std::string(); });
  auto endpoint = world_.add_endpoint(receiver.url());
  endpoint.timeout = std::chrono::seconds(1);
  world_.save(endpoint);
  const auto done = must(test(endpoint.id));
  EXPECT_EQ(done.outcome.failure, net::PostOutcome::Failure::kTimeout);
  EXPECT_GE(done.outcome.timing.total, Milliseconds(900));
}

TEST_F(WebhookTesterTest, RefusesAnAddressAsADeliveryDoes) {
  const auto done = must(test(world_.add_endpoint("http://10.1.2.3/hook").id));
  EXPECT_FALSE(done.is_success);
  EXPECT_EQ(done.outcome.failure, net::PostOutcome::Failure::kRefusedAddress);
  EXPECT_THAT(done.sentence, HasSubstr("is not allowed"));
}

TEST_F(WebhookTesterTest, TellsOfARedirectWithoutFollowingIt) {
  const WebhookReceiver receiver(
      [](const auto&, std::size_t) { return testing::raw_response(302, "Location: http://127.0.0.1:1/\r\n"); });
  const auto done = must(test(world_.add_endpoint(receiver.url()).id));
  EXPECT_FALSE(done.is_success);
  EXPECT_EQ(done.sentence, "answered 302 Found; redirects are not followed");
}

TEST_F(WebhookTesterTest, ShowsOnlyTextThatJsonCanHold) {
  const WebhookReceiver receiver(
      [](const auto&, std::size_t) { return testing::raw_response(200, "", std::string("a\xFF\0b", 4)); });
  EXPECT_EQ(must(test(world_.add_endpoint(receiver.url()).id)).outcome.response_body, "a\uFFFD\uFFFDb");
}

TEST_F(WebhookTesterTest, IsLimitedForEachEndpoint) {
  const WebhookReceiver receiver(always(200));
  burst_ = 2;
  times_ = 3;
  const auto refused = test(world_.add_endpoint(receiver.url()).id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kRateLimited);
  EXPECT_EQ(receiver.received().size(), 2u);
}

TEST_F(WebhookTesterTest, IsLimitedForAllEndpointsOfAnApplicationTogether) {
  const WebhookReceiver receiver(always(200));
  application_burst_ = 2;
  times_ = 3;
  const auto refused = test(world_.add_endpoint(receiver.url()).id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kRateLimited);
  EXPECT_EQ(receiver.received().size(), 2u);
}

TEST_F(WebhookTesterTest, KnowsNoEndpointOfAnotherAndSignsWithASecret) {
  EXPECT_EQ(test(EndpointId(99)).error().kind, Kind::kNotFound);
  const auto endpoint = world_.add_endpoint("http://10.1.2.3/hook");
  world_.secrets.set(std::nullopt);
  EXPECT_EQ(test(endpoint.id).error().kind, Kind::kConflict);
}

}  // namespace
}  // namespace signpost::services
