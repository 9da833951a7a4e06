// SPDX-License-Identifier: Apache-2.0
#include "services/courier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "services/testing/webhook_office.h"
#include "services/testing/webhook_receiver.h"
#include "services/testing/webhook_world.h"

namespace signpost::services {
namespace {

using namespace std::chrono_literals;
using model::AttemptResult;
using model::DeliveryState;
using testing::always;
using ::testing::HasSubstr;
using testing::must;
using testing::quick;
using testing::raw_response;
using testing::ReceivedWebhook;
using testing::WebhookReceiver;
using testing::WebhookWorld;
using Office = testing::WebhookOffice;

TEST(Courier, DeliversTheEventsBytesWithSignaturesThatVerify) {
  WebhookWorld world;
  WebhookReceiver receiver(always(204));
  world.add_endpoint(receiver.url("/hooks?of=shop"));
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  EXPECT_EQ(office.run_once(), 1u);
  ASSERT_EQ(receiver.received().size(), 1u);
  const auto webhook = receiver.received()[0];
  const auto event = world.events_of(connection).at(0);
  EXPECT_EQ(webhook.path, "/hooks?of=shop");
  EXPECT_EQ(webhook.body, event.body);
  EXPECT_EQ(webhook.header("Content-Type"), "application/json");
  EXPECT_EQ(webhook.header("User-Agent"), "Signpost/test");
  EXPECT_EQ(webhook.header("webhook-id"), event.id.text());
  for (const auto& accepted :
       {AcceptedForms{}, AcceptedForms{.standard = false}, AcceptedForms{.v2 = false, .standard = false, .v1 = true}}) {
    EXPECT_TRUE(
        verify(webhook.headers, webhook.body, {std::string(WebhookWorld::kSecret)}, world.clock.now(), accepted).ok);
  }
  const auto delivery = world.deliveries().at(0);
  EXPECT_EQ(delivery.state, DeliveryState::kDelivered);
  EXPECT_EQ(delivery.attempts, 1);
  const auto attempt = world.attempts_of(delivery).at(0);
  EXPECT_EQ(attempt.result, AttemptResult::kDelivered);
  EXPECT_EQ(attempt.status, 204);
  EXPECT_EQ(attempt.detail, "answered 204 No Content");
  EXPECT_THAT(attempt.remote_address, HasSubstr("127.0.0.1:"));
  EXPECT_EQ(attempt.ended_at, world.clock.now());
  EXPECT_GE(attempt.timing.total, 0);
  EXPECT_EQ(attempt.timing.tls, -1);
  EXPECT_EQ(office.counters.delivered, 1u);
  EXPECT_EQ(office.counters.in_flight, 0);
  EXPECT_EQ(office.run_once(), 0u);
}

TEST(Courier, SignsAsTheEndpointAsksFor) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  auto endpoint = world.add_endpoint(receiver.url());
  endpoint.sends_v1 = false;
  endpoint.v2_is_hmac = true;
  world.save(endpoint);
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  office.run_once();
  const auto webhook = receiver.received().at(0);
  EXPECT_FALSE(net::has_header(webhook.headers, "Entri-Signature"));
  EXPECT_EQ(verify(webhook.headers, webhook.body, {std::string(WebhookWorld::kSecret)}, world.clock.now(),
                   {.v2 = false, .v2_hmac = true, .standard = false})
                .accepted_form,
            "v2_hmac");
}

TEST(Courier, RetriesAsSoonThoughTheClockStepsADayBack) {
  WebhookWorld world;
  WebhookReceiver receiver(
      [](const ReceivedWebhook&, std::size_t number) { return raw_response(number == 0 ? 500 : 200); });
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  world.publish(connection);
  Office office(world);
  EXPECT_EQ(office.run_once(), 1u);
  world.clock.advance(-24h);
  EXPECT_EQ(office.run_once(), 1u) << "the second of the connection is due, the first waits for its retry";
  world.clock.advance(6s);
  EXPECT_EQ(office.run_once(), 1u);
  for (const auto& delivery : world.deliveries()) EXPECT_EQ(delivery.state, DeliveryState::kDelivered);
}

TEST(Courier, AnEndpointWithARateGetsItsTurnThoughTheClockStepsADayBack) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  auto endpoint = world.add_endpoint(receiver.url());
  endpoint.rate_per_second = 1;
  world.save(endpoint);
  for (int i = 0; i < 2; ++i) {
    auto connection = world.connection();
    world.publish(connection);
  }
  Office office(world);
  EXPECT_EQ(office.run_once(), 1u);
  world.clock.advance(-24h);
  EXPECT_EQ(office.run_once(), 0u) << "not two in one second";
  world.clock.advance(1s);
  EXPECT_EQ(office.run_once(), 1u);
}

TEST(Courier, FollowsTheClockOnceThoughTheDatabaseGoesAwayMeanwhile) {
  WebhookWorld world;
  WebhookReceiver receiver(
      [](const ReceivedWebhook&, std::size_t number) { return raw_response(number == 0 ? 500 : 200); });
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  EXPECT_EQ(office.run_once(), 1u);
  const auto due = world.deliveries().at(0).next_attempt_at;
  world.clock.advance(-24h);
  world.database.refuse(1, Kind::kUnavailable, 1);
  EXPECT_THROW(office.run_once(), std::runtime_error);
  EXPECT_EQ(office.run_once(), 0u);
  EXPECT_EQ(world.deliveries().at(0).next_attempt_at, due - 24h);
}

TEST(Courier, FollowsAClockThatWasSetBackWhileNobodyRan) {
  WebhookWorld world;
  WebhookReceiver receiver(
      [](const ReceivedWebhook&, std::size_t number) { return raw_response(number == 0 ? 503 : 200); });
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  {
    Office office(world);
    EXPECT_EQ(office.run_once(), 1u);
  }
  const auto before = world.deliveries().at(0);
  world.clock.advance(-24h);
  net::Loop loop(1);
  IdMaker ids(world.clock);
  for (int start = 0; start < 2; ++start) {
    must(net::testing::run_task(loop, Courier::release_left_behind(world.storage, world.clock, ids)));
    EXPECT_EQ(world.deliveries().at(0).next_attempt_at, before.next_attempt_at - 24h) << "once, however many starts";
  }
  EXPECT_GT(ids.make<DeliveryId>(), before.id) << "the order of ids is the order of events";
  Office restarted(world);
  EXPECT_EQ(restarted.run_once(), 0u) << "its pause is not over";
  world.clock.advance(6s);
  EXPECT_EQ(restarted.run_once(), 1u);
  EXPECT_EQ(world.deliveries().at(0).state, DeliveryState::kDelivered);
}

TEST(Courier, SendsOnceThoughTheClockStepsADayForward) {
  WebhookWorld world;
  WebhookReceiver receiver(always(500));
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  EXPECT_EQ(office.run_once(), 1u);
  world.clock.advance(24h);
  EXPECT_EQ(office.run_once(), 1u);
  EXPECT_EQ(office.run_once(), 0u) << "the next retry has its pause";
}

TEST(Courier, KeepsADeliveryAsFailedAfterTheThirdRetryOfTheSchedule) {
  WebhookWorld world;
  WebhookReceiver receiver(always(500));
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  std::vector<Time> sent_at;
  for (int attempt = 1; attempt <= 4; ++attempt) {
    if (attempt > 1) {
      const auto due = world.deliveries().at(0).next_attempt_at;
      world.clock.set(due - 1ms);
      EXPECT_EQ(office.run_once(), 0u) << "before its time";
      world.clock.set(due);
    }
    EXPECT_EQ(office.run_once(), 1u);
    sent_at.push_back(world.clock.now());
  }
  const auto delivery = world.deliveries().at(0);
  EXPECT_EQ(delivery.state, DeliveryState::kFailed);
  world.clock.advance(72h);
  EXPECT_EQ(office.run_once(), 0u);
  const std::array<Milliseconds, 3> pauses{5s, 60s, 600s};
  for (std::size_t i = 0; i < pauses.size(); ++i) {
    EXPECT_GE(sent_at[i + 1] - sent_at[i], pauses[i] * 4 / 5);
    EXPECT_LE(sent_at[i + 1] - sent_at[i], pauses[i] * 6 / 5);
  }
  const auto attempts = world.attempts_of(delivery);
  ASSERT_EQ(attempts.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(attempts[i].number, static_cast<int>(i) + 1);
    EXPECT_EQ(attempts[i].result, AttemptResult::kHttpStatus);
    EXPECT_EQ(attempts[i].status, 500);
  }
  const auto received = receiver.received();
  ASSERT_EQ(received.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(received[i].body, received[0].body);
    EXPECT_EQ(received[i].header("webhook-id"), received[0].header("webhook-id"));
    EXPECT_EQ(received[i].header("Entri-Timestamp"), std::to_string(to_seconds(sent_at[i])));
    EXPECT_TRUE(verify(received[i].headers, received[i].body, {std::string(WebhookWorld::kSecret)}, sent_at[i]).ok);
  }
  EXPECT_EQ(office.counters.failed, 1u);
  EXPECT_EQ(office.ended(AttemptResult::kHttpStatus), 4u);
}

TEST(Courier, FollowsNoRedirect) {
  WebhookWorld world;
  WebhookReceiver elsewhere(always(200));
  WebhookReceiver receiver(
      [&](const ReceivedWebhook&, std::size_t) { return raw_response(301, "Location: " + elsewhere.url() + "\r\n"); });
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  office.run_once();
  EXPECT_TRUE(elsewhere.received().empty());
  const auto attempt = world.attempts_of(world.deliveries().at(0)).at(0);
  EXPECT_EQ(attempt.result, AttemptResult::kHttpStatus);
  EXPECT_EQ(attempt.status, 301);
  EXPECT_THAT(attempt.detail, HasSubstr("redirects are not followed (Location: " + elsewhere.url()));
  EXPECT_EQ(world.deliveries().at(0).state, DeliveryState::kPending);
}

TEST(Courier, WaitsAsLongAsRetryAfterSays) {
  WebhookWorld world;
  WebhookReceiver receiver(
      [](const ReceivedWebhook&, std::size_t) { return raw_response(429, "Retry-After: 120\r\n"); });
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  office.run_once();
  EXPECT_EQ(world.deliveries().at(0).next_attempt_at, world.clock.now() + 120s);
}

TEST(Courier, RetryAfterSlowsTheEndpointNotOnlyTheMessage) {
  WebhookWorld world;
  WebhookReceiver receiver([](const ReceivedWebhook&, std::size_t number) {
    return number == 0 ? raw_response(429, "Retry-After: 120\r\n") : raw_response(200);
  });
  world.add_endpoint(receiver.url());
  auto first = world.connection();
  world.publish(first);
  Office office(world);
  office.run_once();
  for (int i = 0; i < 3; ++i) {
    auto another = world.connection();
    world.publish(another);
  }
  EXPECT_EQ(office.run_once(), 0u);
  world.clock.advance(119s);
  EXPECT_EQ(office.run_once(), 0u);
  world.clock.advance(1s);
  EXPECT_EQ(office.run_once(), 1u) << "one probe";
  Office restarted(world);
  world.clock.advance(1s);
  EXPECT_EQ(restarted.run_once(), 2u) << "the pace outlives the process";
}

TEST(Courier, SendsAtOnceToAnEndpointThatWasRepaired) {
  WebhookWorld world;
  WebhookReceiver broken(
      [](const ReceivedWebhook&, std::size_t) { return raw_response(429, "Retry-After: 3600\r\n"); });
  WebhookReceiver receiver(always(200));
  auto endpoint = world.add_endpoint(broken.url());
  auto first = world.connection();
  world.publish(first);
  Office office(world);
  office.run_once();
  EXPECT_EQ(office.counters.paced, 1);
  auto second = world.connection();
  world.publish(second);
  EXPECT_EQ(office.run_once(), 0u);
  world.set_url(endpoint, receiver.url());
  EXPECT_FALSE(world.endpoint(endpoint.id).failing_since);
  EXPECT_EQ(office.run_once(), 1u);
  EXPECT_EQ(receiver.received().size(), 1u);
  EXPECT_EQ(office.counters.paced, 0) << "the courier knows as well";
}

TEST(Courier, KnowsThePaceThatItSavedByItself) {
  WebhookWorld world;
  WebhookReceiver receiver([&](const ReceivedWebhook&, std::size_t number) {
    if (number == 0) world.database.refuse(1, Kind::kConflict);
    return raw_response(number == 0 ? 503 : 200);
  });
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  EXPECT_THROW(office.run_once(), std::runtime_error);
  EXPECT_EQ(office.counters.paced, 1);
}

TEST(Courier, SendsNothingToAnAddressThatThePolicyForbids) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  Office office(world, quick(), 1, testing::Loopback::kClosed);
  EXPECT_EQ(office.run_once(), 1u);
  EXPECT_TRUE(receiver.received().empty());
  const auto attempt = world.attempts_of(world.deliveries().at(0)).at(0);
  EXPECT_EQ(attempt.result, AttemptResult::kRefusedAddress);
  EXPECT_EQ(attempt.status, std::nullopt);
  EXPECT_TRUE(attempt.response_body.empty());
}

TEST(Courier, NamesASilentReceiverATimeout) {
  WebhookWorld world;
  WebhookReceiver receiver([](const ReceivedWebhook&, std::size_t) { return std::string(); });
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  auto settings = quick();
  settings.attempt_budget = 50ms;
  Office office(world, settings);
  EXPECT_EQ(office.run_once(), 1u);
  EXPECT_EQ(world.attempts_of(world.deliveries().at(0)).at(0).result, AttemptResult::kTimeout);
  EXPECT_EQ(world.deliveries().at(0).state, DeliveryState::kPending);
}

TEST(Courier, KeepsWhateverAReceiverAnswersWithoutHarmToTheDatabase) {
  WebhookWorld world;
  const std::string strange("ok\0\xFF\xC3\xA9 \xE2\x82", 9);
  WebhookReceiver receiver([&](const ReceivedWebhook&, std::size_t number) {
    return number == 0 ? raw_response(200, "", strange) : raw_response(200, "", std::string(20'000, 'x'));
  });
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  world.publish(connection);
  Office office(world);
  office.run_once();
  office.run_once();
  const auto deliveries = world.deliveries();
  EXPECT_EQ(deliveries.at(0).state, DeliveryState::kDelivered);
  EXPECT_EQ(world.attempts_of(deliveries[0]).at(0).response_body, "ok??\xC3\xA9 ??");
  EXPECT_EQ(world.attempts_of(deliveries.at(1)).at(0).response_body.size(), model::kResponseKeptBytesMax);
}

TEST(Courier, SendsTheFirstAttemptsOfAConnectionInTheOrderOfItsEvents) {
  WebhookWorld world;
  WebhookReceiver receiver(
      [](const ReceivedWebhook&, std::size_t number) { return raw_response(number == 0 ? 500 : 200); });
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  for (int i = 0; i < 3; ++i) world.publish(connection);
  Office office(world);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(office.run_once(), 1u) << "one after the other, and a failure does not hold the next";
  EXPECT_EQ(office.run_once(), 0u);
  const auto events = world.events_of(connection);
  const auto received = receiver.received();
  ASSERT_EQ(received.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(received[i].body, events[i].body);
}

TEST(Courier, ConnectionsOfOneEndpointDoNotWaitForEachOtherUpToItsCap) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  world.add_endpoint(receiver.url());
  for (int i = 0; i < 5; ++i) {
    auto connection = world.connection();
    world.publish(connection);
  }
  auto settings = quick();
  settings.in_flight_per_endpoint_max = 3;
  Office office(world, settings);
  EXPECT_EQ(office.run_once(), 3u);
  EXPECT_EQ(office.run_once(), 2u);
}

TEST(Courier, RepeatsAnAttemptThatACrashLeftOpenWithTheSameBytes) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  const store::ClaimRequest claim{{0, 1}, world.clock.now(), world.clock.now() + 60s, 10, 8};
  const auto lost = must(world.storage.write_now<std::vector<store::deliveries::ClaimedDelivery>>(
      [&](store::Tx& tx) { return store::deliveries::claim_due(tx, claim, world.ids); }));
  ASSERT_EQ(lost.size(), 1u);  // and the process died here
  Office office(world);
  EXPECT_EQ(office.run_once(), 0u);
  net::Loop loop(1);
  EXPECT_EQ(must(net::testing::run_task(loop, Courier::release_left_behind(world.storage, world.clock, world.ids))), 1);
  EXPECT_EQ(office.run_once(), 1u);
  EXPECT_EQ(receiver.received().at(0).body, lost[0].event.body);
  const auto attempts = world.attempts_of(world.deliveries().at(0));
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].result, AttemptResult::kInterrupted);
  EXPECT_EQ(attempts[1].result, AttemptResult::kDelivered);
  EXPECT_EQ(attempts[1].number, 1) << "the interrupted one does not count against the retries";
}

TEST(Courier, SendsNothingToADisabledEndpoint) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  auto endpoint = world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  endpoint.is_enabled = false;
  world.save(endpoint);
  Office office(world);
  office.run_once();
  EXPECT_TRUE(receiver.received().empty());
  EXPECT_EQ(office.run_once(), 0u) << "and it is not tried over and over";
}

TEST(Courier, SendsNothingOnceTheOwnerHasLostTheRole) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  const auto endpoint = world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  world.set_role(endpoint, model::Role::kViewer);
  Office office(world);
  office.run_once();
  EXPECT_TRUE(receiver.received().empty());
  EXPECT_EQ(office.run_once(), 0u);
}

TEST(Courier, WithoutASecretNothingIsSentUntilThereIsOne) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  world.secrets.set(std::nullopt);
  Office office(world);
  EXPECT_EQ(office.run_once(), 1u);
  EXPECT_TRUE(receiver.received().empty());
  const auto attempt = world.attempts_of(world.deliveries().at(0)).at(0);
  EXPECT_EQ(attempt.result, AttemptResult::kInternal);
  EXPECT_THAT(attempt.detail, HasSubstr("no live client secret"));
  world.secrets.set(SigningSecrets{std::string(WebhookWorld::kSecret), {std::string(WebhookWorld::kSecret)}});
  world.clock.set(world.deliveries().at(0).next_attempt_at);
  office.run_once();
  EXPECT_EQ(world.deliveries().at(0).state, DeliveryState::kDelivered);
}

TEST(Courier, GivesAnAttemptNoMoreThanTheEndpointsTimeout) {
  WebhookWorld world;
  WebhookReceiver receiver([](const ReceivedWebhook&, std::size_t) { return std::string(); });
  auto endpoint = world.add_endpoint(receiver.url());
  endpoint.timeout = 0s;  // at once: a whole second would make the test wait
  world.save(endpoint);
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  office.run_once();
  EXPECT_EQ(world.attempts_of(world.deliveries().at(0)).at(0).result, AttemptResult::kTimeout);
}

TEST(Courier, RetriesAnEndpointWithTheExtendedScheduleForThreeDays) {
  WebhookWorld world;
  WebhookReceiver receiver(always(500));
  auto endpoint = world.add_endpoint(receiver.url());
  endpoint.schedule = model::RetrySchedule::kExtended;
  world.save(endpoint);
  auto connection = world.connection();
  world.publish(connection);
  const auto begun = world.clock.now();
  Office office(world);
  for (int attempt = 1; attempt <= 10; ++attempt) {
    world.clock.set(std::max(world.clock.now(), world.deliveries().at(0).next_attempt_at));
    EXPECT_EQ(office.run_once(), 1u) << attempt;
  }
  EXPECT_EQ(world.deliveries().at(0).state, DeliveryState::kFailed);
  EXPECT_GE(world.clock.now() - begun, 75h);
}

TEST(Courier, AddsTheEndpointsOwnHeaders) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  world.add_endpoint(receiver.url());
  world.secrets.set_headers(std::vector<net::Header>{{"Authorization", "Bearer hush"}, {"X-Tenant", "7"}});
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  office.run_once();
  const auto webhook = receiver.received().at(0);
  EXPECT_EQ(webhook.header("Authorization"), "Bearer hush");
  EXPECT_EQ(webhook.header("X-Tenant"), "7");
}

TEST(Courier, SendsNothingWithoutAHeaderThatDoesNotOpen) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  world.add_endpoint(receiver.url());
  world.secrets.set_headers(fail(Kind::kUnprocessable, "the endpoint's header X-Tenant does not open"));
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  office.run_once();
  EXPECT_TRUE(receiver.received().empty());
  EXPECT_EQ(world.deliveries().at(0).state, DeliveryState::kPending);
  EXPECT_FALSE(world.endpoint(world.deliveries().at(0).endpoint).failing_since) << "it was not the endpoint's doing";
}

TEST(Courier, DisablesAnEndpointThatIsGoneAtOnce) {
  WebhookWorld world;
  WebhookReceiver receiver(always(410));
  const auto endpoint = world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  world.publish(connection);
  Office office(world);
  EXPECT_EQ(office.run_once(), 1u);
  const auto now = world.endpoint(endpoint.id);
  EXPECT_FALSE(now.is_enabled);
  EXPECT_EQ(now.disabled_reason, model::DisabledReason::kGone);
  EXPECT_EQ(now.disabled_at, world.clock.now());
  EXPECT_EQ(world.deliveries().at(0).state, DeliveryState::kFailed) << "a retry would ask who has said no";
  EXPECT_EQ(world.audit_log().at(0).action, "endpoint.disable");
  EXPECT_EQ(world.audit_log().at(0).actor, "courier");
  office.run_once();
  EXPECT_EQ(receiver.received().size(), 1u) << "the second is not sent";
  const auto notices = world.notices();
  ASSERT_EQ(notices.size(), 2u);
  EXPECT_EQ(notices[0].kind, model::NoticeKind::kDeliveryFailed);
  EXPECT_EQ(notices[1].kind, model::NoticeKind::kEndpointDisabled);
}

TEST(Courier, DisablesAnEndpointThatAsksForItInAHeaderAndKeepsWhatItTookAsDelivered) {
  WebhookWorld world;
  WebhookReceiver receiver(
      [](const ReceivedWebhook&, std::size_t) { return raw_response(200, "Webhook-Delivery: disable\r\n"); });
  const auto endpoint = world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  office.run_once();
  EXPECT_EQ(world.deliveries().at(0).state, DeliveryState::kDelivered);
  const auto now = world.endpoint(endpoint.id);
  EXPECT_EQ(now.disabled_reason, model::DisabledReason::kGone);
  EXPECT_EQ(world.notices().size(), 1u);
}

TEST(Courier, GivesAMessageUpThatItsReceiverAbortsWithoutDisablingIt) {
  WebhookWorld world;
  WebhookReceiver receiver(
      [](const ReceivedWebhook&, std::size_t) { return raw_response(500, "webhook-delivery: Abort-Message\r\n"); });
  const auto endpoint = world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  office.run_once();
  EXPECT_EQ(world.deliveries().at(0).state, DeliveryState::kFailed);
  EXPECT_TRUE(world.endpoint(endpoint.id).is_enabled);
  world.clock.advance(72h);
  EXPECT_EQ(office.run_once(), 0u);
}

TEST(Courier, DisablesAnEndpointAfterFiveDaysOfNothingButFailures) {
  WebhookWorld world;
  WebhookReceiver receiver(always(500));
  const auto endpoint = world.add_endpoint(receiver.url());
  Office office(world);
  const auto begun = world.clock.now();
  auto connection = world.connection();
  for (const auto after : {0h, 60h, 119h}) {
    world.clock.set(begun + after);
    world.publish(connection);
    office.run_once();
    EXPECT_TRUE(world.endpoint(endpoint.id).is_enabled) << after.count();
    EXPECT_EQ(world.endpoint(endpoint.id).failing_since, begun);
  }
  world.clock.set(begun + 120h);
  world.publish(connection);
  office.run_once();
  EXPECT_EQ(world.endpoint(endpoint.id).disabled_reason, model::DisabledReason::kFailing);
  EXPECT_THAT(world.audit_log().at(0).detail, HasSubstr(to_rfc3339(begun)));
}

TEST(Courier, DoesNotDisableAQuietEndpointBeforeARetryHasFailedToo) {
  WebhookWorld world;
  WebhookReceiver receiver(always(500));
  const auto endpoint = world.add_endpoint(receiver.url());
  auto connection = world.connection();
  Office office(world);
  const auto attempt = [&] {
    world.clock.set(std::max(world.clock.now(), world.deliveries().back().next_attempt_at));
    return office.run_once();
  };
  world.publish(connection);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(attempt(), 1u);
  world.clock.advance(240h);
  world.publish(connection);
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(world.endpoint(endpoint.id).is_enabled) << i;
    EXPECT_EQ(attempt(), 1u);
  }
  EXPECT_EQ(world.endpoint(endpoint.id).disabled_reason, model::DisabledReason::kFailing);
}

TEST(Courier, ASuccessThatWasUnderWayBesideTheFirstFailureEndsTheRun) {
  WebhookWorld world;
  const CourierCounters* counters = nullptr;
  WebhookReceiver receiver([&](const ReceivedWebhook&, std::size_t number) {
    if (number == 0) return raw_response(500);
    const auto& failures = counters->attempts[static_cast<std::size_t>(AttemptResult::kHttpStatus)];
    while (failures == 0) std::this_thread::yield();
    return raw_response(200);
  });
  const auto endpoint = world.add_endpoint(receiver.url());
  auto settings = quick();
  settings.in_flight_per_endpoint_max = 2;
  Office office(world, settings);
  counters = &office.counters;
  std::array<model::Connection, 2> connections{world.connection(), world.connection()};
  for (auto& connection : connections) world.publish(connection);
  EXPECT_EQ(office.run_once(), 2u);
  EXPECT_FALSE(world.endpoint(endpoint.id).failing_since);
}

TEST(Courier, OneSuccessEndsTheRunOfFailures) {
  WebhookWorld world;
  WebhookReceiver receiver(
      [](const ReceivedWebhook&, std::size_t number) { return raw_response(number == 1 ? 200 : 500); });
  const auto endpoint = world.add_endpoint(receiver.url());
  Office office(world);
  auto connection = world.connection();
  world.publish(connection);
  office.run_once();
  EXPECT_TRUE(world.endpoint(endpoint.id).failing_since);
  world.clock.advance(10s);
  office.run_once();
  EXPECT_FALSE(world.endpoint(endpoint.id).failing_since);
  world.clock.advance(121h);
  world.publish(connection);
  office.run_once();
  EXPECT_TRUE(world.endpoint(endpoint.id).is_enabled);
}

TEST(Courier, LeavesANoticeOnlyAfterTheLastRetry) {
  WebhookWorld world;
  WebhookReceiver receiver(always(503));
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  for (int attempt = 1; attempt <= 4; ++attempt) {
    EXPECT_TRUE(world.notices().empty());
    world.clock.set(std::max(world.clock.now(), world.deliveries().at(0).next_attempt_at));
    office.run_once();
  }
  const auto notices = world.notices();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].delivery, world.deliveries().at(0).id);
  EXPECT_THAT(notices[0].detail, HasSubstr("503"));
}

}  // namespace
}  // namespace signpost::services
