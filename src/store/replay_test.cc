// SPDX-License-Identifier: Apache-2.0
#include "store/replay.h"

#include <gmock/gmock.h>

#include "base/id_time.h"
#include "store/deliveries.h"
#include "store/endpoints.h"
#include "store/event_feed.h"
#include "store/events.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;
using ::testing::ElementsAre;

constexpr ApplicationId kApplication(1);
constexpr EndpointId kEndpoint(1);
constexpr auto kMinute = std::chrono::minutes(1);

class Replays : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    must([](Tx& tx) -> Result<void> {
      TRY_VOID(insert_tenant(tx, 1));
      return insert_tenant(tx, 9);
    });
  }
  static Time at(int number) { return kNow + number * kMinute; }
  static EventId event_id(int number) { return EventId(first_id_at(at(number))); }
  void publish(int number, ApplicationId application = kApplication) {
    must([=](Tx& tx) {
      auto one = event(event_id(number).value(), connection(1, application));
      one.created_at = at(number);
      return events::insert(tx, one);
    });
  }
  void deliver(int number, std::string_view state) {
    must([=](Tx& tx) -> Result<void> {
      const auto told = TRY(events::find(tx, kApplication, event_id(number)));
      TRY_VOID(deliveries::insert(tx, delivery(number, *told, kEndpoint, kNow)));
      TRY(
          tx.execute("UPDATE delivery SET state = $1, attempts = 4, is_first_open = 0, is_waiting = 0, is_ready = $2 "
                     "WHERE id = $3",
                     state, state == "pending", number));
      return {};
    });
  }
  std::vector<EventId> listed(const replay::Window& window) {
    std::vector<EventId> ids;
    for (const auto& one : must([&](Tx& tx) { return replay::list(tx, kApplication, kEndpoint, window); })) {
      ids.push_back(one.event);
    }
    return ids;
  }
  model::Delivery find(std::int64_t id) {
    return *must([=](Tx& tx) { return deliveries::find(tx, kApplication, DeliveryId(id)); });
  }
  signpost::testing::FakeClock clock_;
  IdMaker ids_{clock_};
};
ON_BOTH_DATABASES(Replays);

TEST_P(Replays, CandidatesComeInTheOrderOfEventsWithWhatBecameOfThem) {
  for (int number = 1; number <= 4; ++number) publish(number);
  publish(5, ApplicationId(9));
  deliver(1, "failed");
  deliver(2, "delivered");
  deliver(3, "pending");
  const auto all = must(
      [](Tx& tx) { return replay::list(tx, kApplication, kEndpoint, {.after = {}, .since = at(1), .until = at(9)}); });
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].state, model::DeliveryState::kFailed);
  EXPECT_EQ(all[0].delivery, DeliveryId(1));
  EXPECT_EQ(all[1].state, model::DeliveryState::kDelivered);
  EXPECT_EQ(all[2].state, model::DeliveryState::kPending);
  EXPECT_FALSE(all[3].state);
  EXPECT_FALSE(all[3].delivery);
}

TEST_P(Replays, CandidatesLieInTheirWindow) {
  for (int number = 1; number <= 5; ++number) publish(number);
  EXPECT_THAT(listed({.after = {}, .since = at(2), .until = at(5)}),
              ElementsAre(event_id(2), event_id(3), event_id(4)));
  EXPECT_THAT(listed({.after = event_id(2), .since = at(2), .until = at(9), .limit = 2}),
              ElementsAre(event_id(3), event_id(4)));
}

TEST_P(Replays, ADeliveryComesDueAgainAndCountsItsAttemptsOn) {
  publish(1);
  deliver(1, "failed");
  EXPECT_TRUE(must([](Tx& tx) { return replay::send_again(tx, kApplication, DeliveryId(1), at(7)); }));
  EXPECT_FALSE(must([](Tx& tx) { return replay::send_again(tx, kApplication, DeliveryId(1), at(8)); })) << "pending";
  const auto again = find(1);
  EXPECT_EQ(again.state, model::DeliveryState::kPending);
  EXPECT_EQ(again.next_attempt_at, at(7));
  EXPECT_EQ(again.replays, 1);
  EXPECT_EQ(again.attempts_before, 4);
  const ClaimRequest now{.loop = {}, .now = at(7), .lease_until = at(8)};
  const auto claimed = must([&](Tx& tx) { return deliveries::claim_due(tx, now, ids_); });
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed.front().attempt.number, 5);
  EXPECT_EQ(claimed.front().delivery.replays, 1);
  EXPECT_EQ(claimed.front().delivery.attempts_before, 4);
  EXPECT_FALSE(must([](Tx& tx) { return replay::send_again(tx, ApplicationId(9), DeliveryId(1), at(8)); }));
}

TEST_P(Replays, AMissedEventGetsItsDeliveryOnce) {
  publish(1);
  const auto send = [&](std::int64_t id) {
    return must([=](Tx& tx) {
      return replay::send_late(tx, kApplication,
                               {.event = event_id(1), .connection = ConnectionId(1), .delivery = {}, .state = {}},
                               kEndpoint, DeliveryId(id), at(3), at(7));
    });
  };
  EXPECT_TRUE(send(70));
  EXPECT_FALSE(send(71));
  const auto late = find(70);
  EXPECT_EQ(late.event, event_id(1));
  EXPECT_EQ(late.connection, ConnectionId(1));
  EXPECT_EQ(late.partition, partition_of(kEndpoint.value()));
  EXPECT_EQ(late.created_at, at(3));
  EXPECT_EQ(late.next_attempt_at, at(7));
  EXPECT_EQ(late.replays, 1);
  EXPECT_EQ(must([](Tx& tx) { return deliveries::next_due_at(tx, {}, kNow); }), at(7));
}

TEST_P(Replays, TheLastThatWaitsIsKnownUntilItHasBeenTried) {
  publish(1);
  publish(2);
  deliver(1, "failed");
  deliver(2, "pending");
  const auto last = [&] { return must([](Tx& tx) { return replay::last_scheduled(tx, kEndpoint); }); };
  EXPECT_FALSE(last()) << "what is pending by itself is no replay";
  must([](Tx& tx) { return replay::send_again(tx, kApplication, DeliveryId(1), at(7)); });
  EXPECT_EQ(last(), at(7));
  must([](Tx& tx) { return tx.execute("UPDATE delivery SET attempts = 5 WHERE id = 1"); });
  EXPECT_FALSE(last());
}

TEST_P(Replays, TheFeedGoesOnBehindTheLastEvent) {
  for (int number = 1; number <= 3; ++number) publish(number);
  publish(4, ApplicationId(9));
  const auto feed = [&](EventId after, std::int32_t limit) {
    std::vector<EventId> ids;
    for (const auto& one : must([&](Tx& tx) { return event_feed::list(tx, kApplication, after, at(9), limit); })) {
      ids.push_back(one.id);
    }
    return ids;
  };
  EXPECT_THAT(feed({}, 2), ElementsAre(event_id(1), event_id(2)));
  EXPECT_THAT(feed(event_id(2), 2), ElementsAre(event_id(3)));
  EXPECT_THAT(feed(event_id(3), 2), ElementsAre());
}

TEST_P(Replays, TheFeedWaitsForTransactionsThatMayCommitLater) {
  publish(1);
  const auto early =
      must([](Tx& tx) { return event_feed::list(tx, kApplication, {}, at(1) + std::chrono::seconds(14), 9); });
  EXPECT_EQ(early.size(), GetParam() == Dialect::kSqlite ? 1u : 0u);
  const auto later =
      must([](Tx& tx) { return event_feed::list(tx, kApplication, {}, at(1) + std::chrono::seconds(16), 9); });
  EXPECT_EQ(later.size(), 1u);
}

}  // namespace
}  // namespace signpost::store
