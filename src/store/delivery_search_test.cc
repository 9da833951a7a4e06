// SPDX-License-Identifier: Apache-2.0
#include "store/delivery_search.h"

#include <gmock/gmock.h>

#include "base/id_time.h"
#include "store/connections.h"
#include "store/deliveries.h"
#include "store/endpoints.h"
#include "store/events.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;
using delivery_search::Filter;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ApplicationId kApplication(1);
constexpr auto kHour = std::chrono::hours(1);

/// Three connections (www, shop and, deleted again, old), two endpoints; deliveries an hour apart, oldest first: 1
/// to 5.
class DeliverySearch : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    must([](Tx& tx) -> Result<void> {
      TRY_VOID(insert_tenant(tx, 1));
      TRY_VOID(endpoints::insert(tx, endpoint(2, kApplication, MemberId(1))));
      TRY_VOID(insert_tenant(tx, 9));
      const auto www = connection(1, kApplication, "acme", "www.shop.example");
      const auto shop = connection(2, kApplication, "acme", "shop.example");
      const auto old = connection(3, kApplication, "acme", "old.shop.example");
      for (const auto& one : {www, shop, old}) TRY_VOID(connections::insert(tx, one));
      TRY_VOID(insert(tx, 1, www, EndpointId(1), model::EventType::kFlowCompleted));
      TRY_VOID(insert(tx, 2, www, EndpointId(2), model::EventType::kDomainAdded));
      TRY_VOID(insert(tx, 3, shop, EndpointId(1), model::EventType::kDomainAdded));
      TRY_VOID(insert(tx, 4, shop, EndpointId(1), model::EventType::kPropagationTimeout));
      TRY_VOID(insert(tx, 5, old, EndpointId(2), model::EventType::kDomainAdded));
      TRY(connections::remove(tx, kApplication, old.id, at(6)));
      return set_states(tx);
    });
  }
  static Time at(int number) { return kNow + number * kHour; }
  static DeliveryId id(int number) { return DeliveryId(first_id_at(at(number))); }
  static Result<void> insert(Tx& tx, int number, const model::Connection& of, EndpointId to, model::EventType type) {
    auto one = event(first_id_at(at(number)), of);
    one.type = type;
    one.created_at = at(number);
    TRY_VOID(events::insert(tx, one));
    auto sent = delivery(id(number).value(), one, to, at(number));
    sent.created_at = at(number);
    return deliveries::insert(tx, sent);
  }
  static Result<void> set_states(Tx& tx) {
    TRY(tx.execute("UPDATE delivery SET state = 'delivered' WHERE id = $1", id(1)));
    TRY(tx.execute("UPDATE delivery SET state = 'failed' WHERE id IN ($1, $2)", id(2), id(4)));
    return {};
  }
  std::vector<int> list(const Filter& filter, ApplicationId application = kApplication) {
    const auto page = must([&](Tx& tx) { return delivery_search::list(tx, application, filter, {}); });
    std::vector<int> numbers;
    for (const auto& one : page.items) {
      for (int number = 1; number <= 5; ++number) {
        if (one.delivery.id == id(number)) numbers.push_back(number);
      }
    }
    return numbers;
  }
};
ON_BOTH_DATABASES(DeliverySearch);

TEST_P(DeliverySearch, IsNarrowedByEveryFilter) {
  EXPECT_THAT(list({}), ElementsAre(5, 4, 3, 2, 1));
  EXPECT_THAT(list({}, ApplicationId(9)), IsEmpty());
  EXPECT_THAT(list({.connection = ConnectionId(1)}), ElementsAre(2, 1));
  EXPECT_THAT(list({.endpoint = EndpointId(1)}), ElementsAre(4, 3, 1));
  EXPECT_THAT(list({.event = EventId(first_id_at(at(3)))}), ElementsAre(3));
  EXPECT_THAT(list({.state = model::DeliveryState::kFailed}), ElementsAre(4, 2));
  EXPECT_THAT(list({.state = model::DeliveryState::kDelivered}), ElementsAre(1));
  EXPECT_THAT(list({.type = model::EventType::kDomainAdded}), ElementsAre(5, 3, 2));
  EXPECT_THAT(list({.job_id = "job-2"}), ElementsAre(4, 3));
  EXPECT_THAT(list({.host = *HostName::parse("www.shop.example")}), ElementsAre(2, 1));
  EXPECT_THAT(list({.after = at(4)}), ElementsAre(5, 4));
  EXPECT_THAT(list({.before = at(2)}), ElementsAre(1));
}

TEST_P(DeliverySearch, FiltersHoldTogether) {
  EXPECT_THAT(list({.connection = ConnectionId(1), .endpoint = EndpointId(1)}), ElementsAre(1));
  EXPECT_THAT(list({.endpoint = EndpointId(1), .state = model::DeliveryState::kFailed}), ElementsAre(4));
  EXPECT_THAT(list({.state = model::DeliveryState::kFailed, .after = at(2), .before = at(4)}), ElementsAre(2));
  EXPECT_THAT(list({.type = model::EventType::kDomainAdded, .job_id = "job-2"}), ElementsAre(3));
  EXPECT_THAT(list({.endpoint = EndpointId(2), .host = *HostName::parse("www.shop.example")}), ElementsAre(2));
  EXPECT_THAT(list({.event = EventId(first_id_at(at(3))), .job_id = "job-1"}), IsEmpty());
  EXPECT_THAT(list({.job_id = "job-1", .host = *HostName::parse("shop.example")}), IsEmpty());
}

TEST_P(DeliverySearch, AHostIsThatOfAConnectionWhichIsStillThere) {
  EXPECT_THAT(list({.host = *HostName::parse("old.shop.example")}), IsEmpty());
  EXPECT_THAT(list({.job_id = "job-3"}), ElementsAre(5));
}

TEST_P(DeliverySearch, GoesOnBehindTheLastOneOfAPage) {
  const PageRequest<DeliveryId> two{.after = std::nullopt, .limit = 2};
  const auto first = must([&](Tx& tx) { return delivery_search::list(tx, kApplication, {}, two); });
  ASSERT_EQ(first.items.size(), 2u);
  EXPECT_TRUE(first.has_more);
  const PageRequest<DeliveryId> next{.after = first.items.back().delivery.id, .limit = 2};
  const auto second = must([&](Tx& tx) { return delivery_search::list(tx, kApplication, {.before = at(9)}, next); });
  EXPECT_EQ(second.items.front().delivery.id, id(3));
  EXPECT_EQ(second.items.front().type, model::EventType::kDomainAdded);
  EXPECT_EQ(second.items.front().job_id, "job-2");
}

TEST_P(DeliverySearch, FindsOneOfItsApplicationOnly) {
  EXPECT_EQ(must([](Tx& tx) { return delivery_search::find(tx, kApplication, id(1)); })->type,
            model::EventType::kFlowCompleted);
  EXPECT_FALSE(must([](Tx& tx) { return delivery_search::find(tx, ApplicationId(9), id(1)); }));
}

}  // namespace
}  // namespace signpost::store
