// SPDX-License-Identifier: Apache-2.0
#include "services/event_log.h"

#include <gtest/gtest.h>

#include "services/event_json.h"
#include "services/testing/webhook_world.h"

namespace signpost::services {
namespace {

using model::EventType;
using testing::must;
using testing::WebhookWorld;

TEST(EventLog, WritesTheEventAndOneDeliveryForEachEndpointThatWantsIt) {
  WebhookWorld world;
  const auto plain = world.add_endpoint("https://a.example/hook");
  auto deployed_only = world.add_endpoint("https://b.example/hook");
  deployed_only.event_types = {"signpost.connection.deployed"};
  world.save(deployed_only);
  auto connection = world.connection();
  EXPECT_TRUE(world.publish(connection, EventType::kDomainAdded));
  EXPECT_TRUE(world.publish(connection, EventType::kDeployed));
  const auto events = world.events_of(connection);
  const auto deliveries = world.deliveries();
  ASSERT_EQ(events.size(), 2u);
  ASSERT_EQ(deliveries.size(), 2u);
  EXPECT_EQ(deliveries[0].event, events[0].id);
  EXPECT_EQ(deliveries[0].endpoint, plain.id);
  EXPECT_EQ(deliveries[0].partition, partition_of(plain.id.value()));
  EXPECT_EQ(deliveries[0].state, model::DeliveryState::kPending);
  EXPECT_EQ(deliveries[0].next_attempt_at, world.clock.now());
  EXPECT_EQ(deliveries[1].event, events[1].id);
  EXPECT_EQ(deliveries[1].endpoint, deployed_only.id);
}

TEST(EventLog, TheBodyIsTheWireFormOfThePayload) {
  WebhookWorld world;
  world.set_cname_target("app.saas.example");
  auto connection = world.connection();
  connection.records.push_back({.id = RecordId(1),
                                .host = "www",
                                .name = must(DnsName::parse("www.shop.example")),
                                .value = "app.saas.example"});
  world.publish(connection);
  const auto event = world.events_of(connection).at(0);
  EXPECT_EQ(event.job_id, connection.job_id);
  EXPECT_EQ(event.sequence, 1);
  const auto payload =
      model::payload_of(connection, {EventType::kDomainAdded, 1, {}}, event.id, world.clock.now(), "app.saas.example");
  EXPECT_EQ(event.body, to_json(payload));
  EXPECT_NE(event.body.find(R"("cname_target":"app.saas.example")"), std::string::npos);
}

TEST(EventLog, TheBodysIdIsTheEventsFlowWhichSignaturesCover) {
  WebhookWorld world;
  auto connection = world.connection();
  world.publish(connection);
  const auto event = world.events_of(connection).at(0);
  EXPECT_TRUE(event.body.starts_with(R"({"id":")" + event.job_id + R"(",)")) << event.body;
  EXPECT_NE(event.body.find(R"("event_id":")" + event.id.text() + R"(")"), std::string::npos) << event.body;
}

TEST(EventLog, WithoutAnEndpointTheEventIsKeptAndNobodyNeedsToBeWoken) {
  WebhookWorld world;
  auto connection = world.connection();
  EXPECT_FALSE(world.publish(connection));
  EXPECT_EQ(world.events_of(connection).size(), 1u);
}

TEST(EventLog, DisabledEndpointsAndOwnersWithoutTheRoleGetNothing) {
  WebhookWorld world;
  auto disabled = world.add_endpoint("https://a.example/hook");
  disabled.is_enabled = false;
  world.save(disabled);
  world.add_endpoint("https://b.example/hook", model::Role::kViewer);
  world.add_endpoint("https://c.example/hook", model::Role::kSupport);
  const auto developers = world.add_endpoint("https://d.example/hook", model::Role::kDeveloper);
  auto connection = world.connection();
  EXPECT_TRUE(world.publish(connection));
  ASSERT_EQ(world.deliveries().size(), 1u);
  EXPECT_EQ(world.deliveries()[0].endpoint, developers.id);
}

TEST(EventLog, NoDraftWritesNothing) {
  WebhookWorld world;
  world.add_endpoint("https://a.example/hook");
  const auto connection = world.connection();
  EXPECT_EQ(must(world.storage.write_now<WrittenEvents>([&](store::Tx& tx) {
              return write_events(tx, connection, {}, world.ids, world.clock.now());
            })).due,
            0u);
  EXPECT_TRUE(world.events_of(connection).empty());
}

TEST(EventLog, AnApplicationThatIsGoneIsNotFound) {
  WebhookWorld world;
  const auto connection = world.connection();
  world.remove_application();
  const auto written = world.storage.write_now<WrittenEvents>([&](store::Tx& tx) {
    return write_events(tx, connection, {{EventType::kDomainAdded, 1, {}}}, world.ids, world.clock.now());
  });
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, Kind::kNotFound);
}

}  // namespace
}  // namespace signpost::services
