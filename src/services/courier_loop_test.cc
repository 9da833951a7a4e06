// SPDX-License-Identifier: Apache-2.0
//
// Couriers that run on loops of their own: waking, isolation, stopping. Under `tsan` as well.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <set>
#include <thread>

#include "base/text.h"
#include "services/courier.h"
#include "services/testing/webhook_office.h"
#include "services/testing/webhook_receiver.h"
#include "services/testing/webhook_world.h"

namespace signpost::services {
namespace {

using namespace std::chrono_literals;
using model::AttemptResult;
using model::DeliveryState;
using testing::always;
using testing::quick;
using testing::raw_response;
using testing::ReceivedWebhook;
using testing::WebhookReceiver;
using testing::WebhookWorld;
using Office = testing::WebhookOffice;

/// Waits, within the test's patience, for what another thread brings about.
template <typename Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(RunningCourier, WakesAtOnceWhenTheBellRings) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  Office office(world);
  office.start();
  for (std::size_t i = 1; i <= 3; ++i) {
    world.publish(connection);
    office.bell.ring_deliveries();
    receiver.wait_for(i);
  }
  EXPECT_TRUE(eventually([&] { return office.counters.delivered == 3; }));
}

TEST(RunningCourier, SendsWhatBeganWithItsEventAndSavesHowItEnded) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  world.add_endpoint(receiver.url());
  Office office(world);
  office.start();
  std::size_t sent = 0;
  const auto has_begun = [&] {
    auto connection = world.connection();
    ++sent;
    return world.publish_at(office.bell, connection);
  };
  EXPECT_TRUE(eventually(has_begun));
  receiver.wait_for(sent);
  EXPECT_TRUE(eventually([&] { return world.deliveries().back().state == DeliveryState::kDelivered; }));
  EXPECT_EQ(receiver.received().size(), sent);
  const auto delivery = world.deliveries().back();
  EXPECT_EQ(delivery.lease_until, std::nullopt);
  const auto attempts = world.attempts_of(delivery);
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_EQ(attempts[0].result, AttemptResult::kDelivered);
  EXPECT_EQ(attempts[0].number, 1);
}

TEST(RunningCourier, KeepsTheOrderOfAConnectionWhenEventsAreHandedOver) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  Office office(world);
  office.start();
  for (int i = 0; i < 30; ++i) world.publish_at(office.bell, connection);
  receiver.wait_for(30);
  const auto events = world.events_of(connection);
  const auto received = receiver.received();
  ASSERT_EQ(received.size(), 30u);
  for (std::size_t i = 0; i < 30; ++i) EXPECT_EQ(received[i].body, events[i].body);
}

TEST(RunningCourier, ProbesAnEndpointThatIsDownWithOneAttemptAndComesBackByItself) {
  WebhookWorld world;
  WebhookReceiver receiver(
      [](const ReceivedWebhook&, std::size_t number) { return raw_response(number < 3 ? 503 : 200); });
  world.add_endpoint(receiver.url());
  for (int i = 0; i < 12; ++i) {
    auto connection = world.connection();
    world.publish(connection);
  }
  auto settings = quick();
  settings.in_flight_per_endpoint_max = 2;
  settings.poll_max = 20ms;
  Office office(world, settings);
  office.start();
  receiver.wait_for(2);
  EXPECT_TRUE(eventually([&] { return office.counters.paced == 1; }));
  EXPECT_TRUE(eventually([&] { return world.deliveries().back().next_attempt_at >= world.clock.now() + 1s; }))
      << "all wait for the endpoint";
  world.clock.advance(1s);
  receiver.wait_for(3);
  EXPECT_TRUE(eventually([&] { return office.ended(AttemptResult::kHttpStatus) == 3; }));
  EXPECT_EQ(receiver.received().size(), 3u) << "one probe, which failed as well";
  for (int i = 0; i < 20; ++i) {
    world.clock.advance(60s);
    EXPECT_TRUE(eventually([&] { return office.counters.in_flight == 0; }));
  }
  EXPECT_TRUE(eventually([&] {
    world.clock.advance(60s);
    return office.counters.delivered == 12;
  }));
  EXPECT_EQ(office.counters.paced, 0);
}

TEST(RunningCourier, ForgetsThePaceOfAnEndpointThatIsRemoved) {
  WebhookWorld world;
  WebhookReceiver receiver(always(503));
  const auto endpoint = world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  auto settings = quick();
  settings.poll_max = 20ms;
  Office office(world, settings);
  office.start();
  EXPECT_TRUE(eventually([&] { return office.counters.paced == 1; }));
  world.remove(endpoint);
  EXPECT_TRUE(eventually([&] { return office.counters.paced == 0; }));
}

TEST(RunningCourier, AnEventThatComesWhileAClaimIsUnderWayFindsItsPlacesTaken) {
  WebhookWorld world;
  WebhookReceiver receiver([](const ReceivedWebhook&, std::size_t) { return std::string(); });
  const auto endpoint = world.add_endpoint(receiver.url());
  auto settings = quick();
  settings.in_flight_per_endpoint_max = 1;
  Office office(world, settings);
  office.start();
  const auto& handover = office.bell.handover();
  std::int64_t other = 0;  // who was refused once would have a backlog
  EXPECT_TRUE(eventually([&] { return handover.reserve({.id = EndpointId(++other)}) != nullptr; }));
  auto connection = world.connection();
  world.publish(connection);
  std::atomic<int> places{-1};
  world.database.after_next_write([&] { places = handover.reserve(endpoint) ? 1 : 0; });
  office.bell.ring_deliveries();
  receiver.wait_for(1);
  EXPECT_EQ(places, 0);
}

TEST(RunningCourier, GoesOnByItselfWhileMoreIsDue) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  for (int i = 0; i < 5; ++i) world.publish(connection);
  for (int i = 0; i < 20; ++i) {
    auto another = world.connection();
    world.publish(another);
  }
  auto settings = quick();
  settings.in_flight_max = 3;
  settings.in_flight_per_endpoint_max = 2;
  settings.batch_max = 2;
  Office office(world, settings);
  office.start();
  receiver.wait_for(25);
}

TEST(RunningCourier, HangingEndpointsDoNotHoldUpTheOthers) {
  WebhookWorld world;
  WebhookReceiver hanging([](const ReceivedWebhook&, std::size_t) { return std::string(); });
  WebhookReceiver healthy(always(200));
  for (int endpoint = 0; endpoint < 3; ++endpoint) world.add_endpoint(hanging.url());
  for (int i = 0; i < 4; ++i) {
    auto connection = world.connection();
    world.publish(connection);
  }
  auto settings = quick();
  settings.in_flight_per_endpoint_max = 2;
  settings.in_flight_max = 2;  // the hanging ones could fill it alone
  settings.slow_after = 20ms;
  Office office(world, settings);
  office.start();
  hanging.wait_for(6);
  world.add_endpoint(healthy.url());
  for (int i = 0; i < 10; ++i) {
    auto connection = world.connection();
    world.publish(connection);
  }
  office.bell.ring_deliveries();
  healthy.wait_for(10);
  EXPECT_EQ(office.ended(AttemptResult::kTimeout), 0u) << "none of the hanging ones had to end first";
  EXPECT_EQ(hanging.received().size(), 6u) << "two of each endpoint, for as long as they hang";
}

TEST(RunningCourier, StopLetsAttemptsInFlightEndAndSavesThem) {
  WebhookWorld world;
  std::latch stopping(1);
  WebhookReceiver receiver([&](const ReceivedWebhook&, std::size_t) {
    stopping.wait();
    return raw_response(200);
  });
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  world.publish(connection);
  Office office(world);
  office.start();
  receiver.wait_for(1);
  std::thread answering([&] { stopping.count_down(); });
  office.stop(10s);
  answering.join();
  const auto deliveries = world.deliveries();
  EXPECT_EQ(deliveries.at(0).state, DeliveryState::kDelivered);
  for (const auto& delivery : deliveries) EXPECT_EQ(delivery.lease_until, std::nullopt);
}

TEST(RunningCourier, StopHandsBackWhatDoesNotEndInItsBudget) {
  WebhookWorld world;
  WebhookReceiver receiver(
      [](const ReceivedWebhook&, std::size_t number) { return number == 0 ? std::string() : raw_response(200); });
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  {
    Office office(world);
    office.start();
    receiver.wait_for(1);
    office.stop(0s);
    EXPECT_EQ(office.ended(AttemptResult::kInterrupted), 1u);
    EXPECT_EQ(office.counters.in_flight, 0);
  }
  const auto delivery = world.deliveries().at(0);
  EXPECT_EQ(delivery.state, DeliveryState::kPending);
  EXPECT_EQ(delivery.lease_until, std::nullopt);
  EXPECT_EQ(world.attempts_of(delivery).at(0).result, AttemptResult::kInterrupted);
  Office next(world);
  EXPECT_EQ(next.run_once(), 1u);
  EXPECT_EQ(world.deliveries().at(0).state, DeliveryState::kDelivered);
}

TEST(RunningCourier, SendsOnceThoughTheDatabaseIsAwayWhenTheAttemptEnds) {
  WebhookWorld world;
  WebhookReceiver receiver([&](const ReceivedWebhook&, std::size_t) {
    world.database.refuse(3);
    return raw_response(200);
  });
  world.add_endpoint(receiver.url());
  auto connection = world.connection();
  world.publish(connection);
  Office office(world);
  office.start();
  receiver.wait_for(1);
  EXPECT_TRUE(eventually([&] { return world.deliveries().at(0).state == DeliveryState::kDelivered; }));
  EXPECT_EQ(world.database.refusals_left(), 0);
  EXPECT_EQ(receiver.received().size(), 1u);
}

TEST(RunningCourier, LoopsShareTheEndpointsAndSendEverythingOnce) {
  WebhookWorld world;
  WebhookReceiver receiver(always(200));
  for (int i = 0; i < 8; ++i) world.add_endpoint(receiver.url(format("/{}", i)));
  Office office(world, quick(), 2);
  office.start();
  for (int i = 0; i < 8; ++i) {
    auto connection = world.connection();
    world.publish(connection);
    office.bell.ring_deliveries();
  }
  receiver.wait_for(64);
  EXPECT_TRUE(eventually([&] { return office.counters.delivered == 64; }));
  std::set<std::pair<std::string, std::string>> distinct;
  for (const auto& webhook : receiver.received()) distinct.emplace(webhook.path, webhook.header("webhook-id"));
  EXPECT_EQ(distinct.size(), 64u);
  EXPECT_EQ(receiver.received().size(), 64u);
}

TEST(RunningCourier, ItsDepthIsSeenByMetrics) {
  WebhookWorld world;
  world.add_endpoint("http://192.0.2.1/hook");
  auto connection = world.connection();
  world.publish(connection);
  world.clock.advance(90s);
  auto settings = quick();
  settings.in_flight_max = 0;  // nothing is claimed
  Office office(world, settings);
  office.start();
  EXPECT_TRUE(eventually([&] { return office.counters.oldest_due_age_ms == 90'000; }));
  EXPECT_EQ(office.counters.waiting, 1);
}

}  // namespace
}  // namespace signpost::services
