// SPDX-License-Identifier: Apache-2.0
#include "services/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/testing/fake_random.h"
#include "net/testing/run_task.h"
#include "services/history.h"
#include "services/testing/life.h"
#include "services/testing/webhook_office.h"
#include "services/testing/webhook_receiver.h"
#include "services/testing/webhook_world.h"
#include "store/audit_log.h"
#include "store/deliveries.h"
#include "store/events.h"

namespace signpost::services {
namespace {

using testing::boxed;
using testing::must;

class ReplayTest : public ::testing::Test {
 protected:
  ~ReplayTest() override { world_.database.stop(); }

  template <typename T>
  T run(Task<T> task) {
    return *net::testing::run_task(loops_.at(0), boxed(std::move(task)));
  }
  Administration by() { return {master_key_, random_, world_.ids, world_.clock.now(), "test"}; }
  Result<model::Delivery> one(DeliveryId id) { return run(replay_.one(by(), world_.application.id, id)); }
  Result<ReplayCount> try_all(EndpointId endpoint, ReplayWish wish) {
    return run(replay_.all(by(), world_.application.id, endpoint, wish));
  }
  ReplayCount all(EndpointId endpoint, ReplayWish wish) { return must(try_all(endpoint, wish)); }
  /// Attempts until every delivery that is due has ended as told.
  void end_due(model::DeliveryState state) {
    const auto now = world_.clock.now();
    must(world_.storage.write_now<void>([&](store::Tx& tx) -> Result<void> {
      const store::ClaimRequest request{
          .loop = {}, .now = now, .lease_until = now + Milliseconds(1), .limit = 1000, .in_flight_max = 1000};
      for (const auto& claimed : TRY(store::deliveries::claim_due(tx, request, world_.ids))) {
        auto attempt = claimed.attempt;
        attempt.ended_at = now;
        TRY(store::deliveries::finish_attempt(tx, claimed.delivery, attempt, state, std::nullopt));
      }
      return {};
    }));
  }
  void publish(int count) {
    for (int i = 0; i < count; ++i) {
      auto connection = world_.connection();  // each of its own: none waits for another
      world_.publish(connection);
      world_.clock.advance(Milliseconds(1));
    }
  }
  void set_enabled(model::Endpoint& endpoint, bool is_enabled) {
    endpoint.is_enabled = is_enabled;
    world_.save(endpoint);
  }
  ReplayWish since_long_ago() const { return {.since = world_.clock.now() - std::chrono::hours(24), .until = {}}; }
  std::vector<std::string> audited() {
    const auto page = must(world_.storage.read_now<store::Page<store::audit_log::Entry>>(
        [&](store::Tx& tx) { return store::audit_log::list(tx, world_.application.id, {}); }));
    std::vector<std::string> lines;
    for (const auto& entry : page.items) lines.push_back(entry.action + ": " + entry.detail);
    return lines;
  }

  testing::WebhookWorld world_;
  crypto::testing::FakeRandom random_;
  crypto::MasterKey master_key_ = must(crypto::MasterKey::from_text(std::string(64, 'a')));
  Bell bell_;
  net::Loops loops_{1};
  Replay replay_{world_.storage, bell_};
  History history_{world_.storage, world_.clock};
};

TEST_F(ReplayTest, AFailedDeliveryComesDueAtOnceWithAScheduleOfItsOwn) {
  world_.add_endpoint("https://hooks.saas.example/");
  publish(1);
  end_due(model::DeliveryState::kFailed);
  const auto before = world_.deliveries().front();
  const auto after = must(one(before.id));
  EXPECT_EQ(after.event, before.event);
  EXPECT_EQ(after.state, model::DeliveryState::kPending);
  EXPECT_EQ(after.next_attempt_at, world_.clock.now());
  EXPECT_EQ(after.replays, 1);
  EXPECT_EQ(after.attempts_before, 1);
  EXPECT_THAT(audited(), ::testing::ElementsAre("delivery.replay: to be sent again"));
}

TEST_F(ReplayTest, WhatIsPendingOrNotThereIsRefused) {
  world_.add_endpoint("https://hooks.saas.example/");
  publish(1);
  EXPECT_EQ(one(world_.deliveries().front().id).error().kind, Kind::kConflict);
  EXPECT_EQ(one(DeliveryId(7)).error().kind, Kind::kNotFound);
  EXPECT_EQ(try_all(EndpointId(7), since_long_ago()).error().kind, Kind::kNotFound);
  EXPECT_THAT(audited(), ::testing::IsEmpty());
}

TEST_F(ReplayTest, AnEndpointThatGetsNothingNowIsRefusedWithTheWayOut) {
  auto endpoint = world_.add_endpoint("https://hooks.saas.example/");
  publish(1);
  end_due(model::DeliveryState::kFailed);
  set_enabled(endpoint, false);
  const auto disabled = one(world_.deliveries().front().id);
  ASSERT_FALSE(disabled);
  EXPECT_EQ(disabled.error().kind, Kind::kConflict);
  EXPECT_THAT(disabled.error().message, ::testing::HasSubstr("enable it"));
  set_enabled(endpoint, true);
  world_.set_role(endpoint, model::Role::kViewer);
  EXPECT_THAT(try_all(endpoint.id, since_long_ago()).error().message, ::testing::HasSubstr("Admin"));
}

TEST_F(ReplayTest, AllThatFailedAndWasMissedComesDueInOrderAtTheRate) {
  auto endpoint = world_.add_endpoint("https://hooks.saas.example/");
  publish(2);
  end_due(model::DeliveryState::kFailed);
  publish(1);
  end_due(model::DeliveryState::kDelivered);
  set_enabled(endpoint, false);
  publish(2);
  set_enabled(endpoint, true);
  auto wish = since_long_ago();
  wish.rate_per_second = 4;
  const auto now = world_.clock.now();
  const auto count = all(endpoint.id, wish);
  EXPECT_EQ(count.failed, 2);
  EXPECT_EQ(count.missed, 2);
  EXPECT_EQ(count.delivered, 0);
  EXPECT_FALSE(count.has_more);
  EXPECT_EQ(count.first_at, now);
  EXPECT_EQ(count.last_at, now + Milliseconds(750));
  std::map<EventId, Time> due;
  for (const auto& delivery : world_.deliveries()) {
    if (delivery.state == model::DeliveryState::kPending) due[delivery.event] = delivery.next_attempt_at;
  }
  ASSERT_EQ(due.size(), 4u);
  Time expected = now;
  for (const auto& [event, at] : due) {  // in the order of the events
    EXPECT_EQ(at, expected);
    expected += Milliseconds(250);
  }
  EXPECT_THAT(audited().front(), ::testing::HasSubstr("2 failed, 2 missed and 0 delivered"));
}

TEST_F(ReplayTest, AskedAgainItAddsNothingTwiceAndStandsBehindWhatIsScheduled) {
  const auto endpoint = world_.add_endpoint("https://hooks.saas.example/");
  publish(2);
  end_due(model::DeliveryState::kFailed);
  auto wish = since_long_ago();
  wish.rate_per_second = 1;
  const auto first = all(endpoint.id, wish);
  EXPECT_EQ(all(endpoint.id, wish).total(), 0);
  publish(1);
  end_due(model::DeliveryState::kFailed);
  wish.until = world_.clock.now();
  const auto second = all(endpoint.id, wish);
  EXPECT_EQ(second.total(), 2) << "the first one was due already, and failed again";
  EXPECT_EQ(second.first_at, *first.last_at + std::chrono::seconds(1));
}

TEST_F(ReplayTest, ADryRunCountsTheSameAndChangesNothing) {
  auto endpoint = world_.add_endpoint("https://hooks.saas.example/");
  publish(1);
  end_due(model::DeliveryState::kFailed);
  set_enabled(endpoint, false);
  publish(1);
  set_enabled(endpoint, true);
  auto wish = since_long_ago();
  wish.run = ReplayWish::Run::kDry;
  const auto dry = all(endpoint.id, wish);
  EXPECT_EQ(world_.deliveries().size(), 1u);
  EXPECT_THAT(audited(), ::testing::IsEmpty());
  wish.run = ReplayWish::Run::kReally;
  const auto real = all(endpoint.id, wish);
  EXPECT_EQ(dry.failed, real.failed);
  EXPECT_EQ(dry.missed, real.missed);
  EXPECT_EQ(dry.last_at, real.last_at);
}

TEST_F(ReplayTest, SinceAndUntilAndTheFilterOfTheEndpointHold) {
  auto endpoint = world_.add_endpoint("https://hooks.saas.example/");
  set_enabled(endpoint, false);
  publish(1);
  world_.clock.advance(std::chrono::hours(1));
  const auto since = world_.clock.now();
  publish(2);
  const auto until = world_.clock.now();
  publish(1);
  set_enabled(endpoint, true);
  ReplayWish wish{.since = since, .until = until, .run = ReplayWish::Run::kDry};
  EXPECT_EQ(all(endpoint.id, wish).missed, 2);
  endpoint.event_types = {"domain.flow.completed"};
  world_.save(endpoint);
  EXPECT_EQ(all(endpoint.id, wish).missed, 0);
}

TEST_F(ReplayTest, WhatWasDeliveredComesAgainOnlyWhenAllIsAskedFor) {
  const auto endpoint = world_.add_endpoint("https://hooks.saas.example/");
  publish(3);
  end_due(model::DeliveryState::kDelivered);
  auto wish = since_long_ago();
  EXPECT_EQ(all(endpoint.id, wish).total(), 0);
  wish.what = ReplayWish::What::kAll;
  EXPECT_EQ(all(endpoint.id, wish).delivered, 3);
}

TEST_F(ReplayTest, TheRateHasLimits) {
  const auto endpoint = world_.add_endpoint("https://hooks.saas.example/");
  auto wish = since_long_ago();
  for (const auto bad : {0, -1, kReplayRateMax + 1}) {
    wish.rate_per_second = bad;
    EXPECT_EQ(try_all(endpoint.id, wish).error().member, "rate_per_second");
  }
}

TEST_F(ReplayTest, ManyAreWrittenInSeveralTransactions) {
  const auto endpoint = world_.add_endpoint("https://hooks.saas.example/");
  publish(450);
  for (int i = 0; i < 8; ++i) end_due(model::DeliveryState::kFailed);
  auto wish = since_long_ago();
  wish.rate_per_second = kReplayRateMax;
  const auto count = all(endpoint.id, wish);
  EXPECT_EQ(count.failed, 450);
  EXPECT_EQ(*count.last_at - *count.first_at, Milliseconds(449));
}

TEST_F(ReplayTest, IsTriedAsOftenAsAtFirstAndSaysWhatItIs) {
  testing::WebhookReceiver receiver(testing::always(500));
  world_.add_endpoint(receiver.url());
  auto connection = world_.connection();
  world_.publish(connection);
  testing::WebhookOffice office(world_);
  const auto try_until_failed = [&] {
    while (world_.deliveries().front().state == model::DeliveryState::kPending) {
      world_.clock.set(std::max(world_.clock.now(), world_.deliveries().front().next_attempt_at));
      office.run_once();
    }
  };
  try_until_failed();
  ASSERT_EQ(receiver.received().size(), 4u);
  must(one(world_.deliveries().front().id));
  try_until_failed();
  const auto received = receiver.received();
  ASSERT_EQ(received.size(), 8u);
  EXPECT_EQ(received[3].header("webhook-attempt"), "4");
  EXPECT_EQ(received[3].header("Signpost-Replay"), "");
  EXPECT_EQ(received[4].header("webhook-attempt"), "5");
  EXPECT_EQ(received[4].header("Signpost-Replay"), "true");
  EXPECT_EQ(received[4].header("webhook-id"), received[0].header("webhook-id"));
  EXPECT_EQ(received[7].body, received[0].body);
}

TEST_F(ReplayTest, TheFeedGivesWhatTheEndpointWouldGetAlsoWhileItIsDisabled) {
  auto endpoint = world_.add_endpoint("https://hooks.saas.example/");
  set_enabled(endpoint, false);
  auto connection = world_.connection();
  world_.publish(connection, model::EventType::kFlowCompleted);
  world_.publish(connection, model::EventType::kDeployed);
  world_.publish(connection, model::EventType::kDomainAdded);
  const auto feed = [&](EventId after, std::int32_t limit) {
    return must(run(history_.feed(world_.application.id, endpoint.id, after, limit)));
  };
  const auto events = world_.events_of(connection);
  const auto both = feed({}, 10);
  ASSERT_EQ(both.events.size(), 2u);
  EXPECT_EQ(both.events[0].body, events[0].body);
  EXPECT_EQ(both.events[1].body, events[2].body);
  EXPECT_FALSE(both.has_more);
  const auto first = feed({}, 1);
  ASSERT_EQ(first.events.size(), 1u);
  EXPECT_TRUE(first.has_more);
  EXPECT_EQ(feed(first.upto, 10).events.front().id, events[2].id);
  const auto nothing = feed(both.upto, 10);
  EXPECT_TRUE(nothing.events.empty());
  EXPECT_EQ(nothing.upto, both.upto) << "the cursor stays where it was";
}

TEST_F(ReplayTest, AFilterThatTakesLittleStillLetsTheFeedGoOn) {
  auto endpoint = world_.add_endpoint("https://hooks.saas.example/");
  endpoint.event_types = {"domain.flow.completed"};
  set_enabled(endpoint, false);
  auto connection = world_.connection();
  must(world_.storage.write_now<void>([&](store::Tx& tx) -> Result<void> {
    model::Event event;
    event.application = world_.application.id;
    event.connection = connection.id;
    event.job_id = connection.job_id;
    event.body = "{}";
    event.created_at = world_.clock.now();
    for (int i = 0; i < 4'100; ++i) {
      event.id = world_.ids.make<EventId>();
      TRY_VOID(store::events::insert(tx, event));
    }
    return {};
  }));
  world_.publish(connection, model::EventType::kFlowCompleted);
  Feed feed{.events = {}, .upto = {}, .has_more = true};
  int calls = 0;
  while (feed.has_more && feed.events.empty()) {
    feed = must(run(history_.feed(world_.application.id, endpoint.id, feed.upto, 10)));
    ++calls;
  }
  EXPECT_EQ(feed.events.size(), 1u);
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace signpost::services
