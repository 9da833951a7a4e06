// SPDX-License-Identifier: Apache-2.0
#include "store/notices.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "store/applications.h"
#include "store/connections.h"
#include "store/deliveries.h"
#include "store/endpoints.h"
#include "store/events.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;
using model::NoticeId;
using model::NoticeKind;
using ::testing::ElementsAre;

class Notices : public StoreContract {
 protected:
  /// Of the delivery with that number, which goes to the endpoint of the same tenant.
  void note_failed(std::int64_t number, std::int64_t tenant, std::string detail = "answered 500") {
    must([&](Tx& tx) {
      return notices::insert(tx, {NoticeId(number), NoticeKind::kDeliveryFailed, ApplicationId(tenant),
                                  EndpointId(tenant), DeliveryId(number), detail, kNow + Milliseconds(number)});
    });
  }
  void note_disabled(std::int64_t number, std::int64_t tenant) {
    must([&](Tx& tx) {
      return notices::insert(tx, {NoticeId(number), NoticeKind::kEndpointDisabled, ApplicationId(tenant),
                                  EndpointId(tenant), std::nullopt, "410", kNow});
    });
    must([&](Tx& tx) {
      return endpoints::disable(tx, ApplicationId(tenant), EndpointId(tenant), model::DisabledReason::kGone, kNow);
    });
  }
  /// Deliveries 1…count of connections with a host each.
  void make_tenant(std::int64_t tenant, std::int64_t first, std::int64_t last) {
    must([&](Tx& tx) -> Result<void> {
      TRY_VOID(insert_tenant(tx, tenant));
      for (auto number = first; number <= last; ++number) {
        const auto told = connection(number, ApplicationId(tenant), "acme", format("h{:02}.shop.example", number));
        TRY_VOID(connections::insert(tx, told));
        TRY_VOID(insert_delivery(tx, number, told, EndpointId(tenant)));
      }
      return {};
    });
  }
  std::size_t count(std::int64_t tenant) {
    return must([&](Tx& tx) { return notices::list(tx, ApplicationId(tenant)); }).size();
  }
};
ON_BOTH_DATABASES(Notices);

TEST_P(Notices, AreListedAsTheyWereWritten) {
  make_tenant(1, 1, 1);
  note_failed(1, 1, "answered 503");
  note_disabled(2, 1);
  const auto all = must([](Tx& tx) { return notices::list(tx, ApplicationId(1)); });
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].kind, NoticeKind::kDeliveryFailed);
  EXPECT_EQ(all[0].delivery, DeliveryId(1));
  EXPECT_EQ(all[0].detail, "answered 503");
  EXPECT_EQ(all[0].at, kNow + Milliseconds(1));
  EXPECT_EQ(all[1].kind, NoticeKind::kEndpointDisabled);
  EXPECT_FALSE(all[1].delivery);
}

TEST_P(Notices, WaitForTheirApplicationOnce) {
  for (std::int64_t tenant = 1; tenant <= 3; ++tenant) make_tenant(tenant, tenant * 10, tenant * 10 + 1);
  for (const auto number : {10, 11}) note_failed(number, 1);
  note_disabled(30, 3);
  must([](Tx& tx) { return notices::set_last_warned_at(tx, ApplicationId(3), kNow); });
  const auto waiting = must([](Tx& tx) { return notices::waiting_across_applications(tx, ApplicationId(0)); });
  ASSERT_EQ(waiting.size(), 2u);
  EXPECT_EQ(waiting[0].application, ApplicationId(1));
  EXPECT_EQ(waiting[0].name, "Application 1");
  EXPECT_FALSE(waiting[0].last_warned_at);
  EXPECT_EQ(waiting[1].last_warned_at, kNow);
  EXPECT_EQ(must([](Tx& tx) { return notices::waiting_across_applications(tx, ApplicationId(1)); }).size(), 1u);
  EXPECT_TRUE(must([](Tx& tx) { return notices::waiting_across_applications(tx, ApplicationId(3)); }).empty());
}

TEST_P(Notices, WaitInTheOrderOfTheirApplications) {
  // Planners read a table that has grown in any order they like.
  for (const std::int64_t tenant : {5, 3, 9, 1, 7}) make_tenant(tenant, tenant * 10, tenant * 10);
  for (const std::int64_t tenant : {9, 1, 5, 7, 3}) note_disabled(tenant, tenant);
  std::vector<std::int64_t> ids;
  for (const auto& one : must([](Tx& tx) { return notices::waiting_across_applications(tx, ApplicationId(1)); }))
    ids.push_back(one.application.value());
  EXPECT_THAT(ids, ElementsAre(3, 5, 7, 9));
}

TEST_P(Notices, SayByEndpointWhatFailedUpToOne) {
  make_tenant(1, 1, 12);
  for (std::int64_t number = 1; number <= 12; ++number) note_failed(number, 1, format("reason {}", number));
  const auto extent = must([](Tx& tx) {
    return notices::extent_of(tx, ApplicationId(1), NoticeKind::kDeliveryFailed, kNow + Milliseconds(12));
  });
  EXPECT_EQ(extent.count, 12);
  EXPECT_EQ(extent.last, NoticeId(12));
  EXPECT_EQ(extent.oldest_at, kNow + Milliseconds(1));
  const auto settled = must([](Tx& tx) {
    return notices::extent_of(tx, ApplicationId(1), NoticeKind::kDeliveryFailed, kNow + Milliseconds(9));
  });
  EXPECT_EQ(settled.count, 9);
  EXPECT_EQ(settled.last, NoticeId(9));
  const auto failed = must([](Tx& tx) { return notices::failed_by_endpoint(tx, ApplicationId(1), NoticeId(11)); });
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].url, "https://hooks.saas.example/1");
  EXPECT_EQ(failed[0].count, 11);
  EXPECT_EQ(failed[0].first_at, kNow + Milliseconds(1));
  EXPECT_EQ(failed[0].last_at, kNow + Milliseconds(11));
  EXPECT_EQ(failed[0].last_detail, "reason 11");
  EXPECT_THAT(failed[0].event_types, ElementsAre("domain.added"));
  EXPECT_EQ(failed[0].hosts.size(), static_cast<std::size_t>(notices::kNamedMax));
  EXPECT_EQ(failed[0].hosts.front(), "h01.shop.example");
}

TEST_P(Notices, GoOnceTheyHaveBeenToldAndNoOthers) {
  make_tenant(1, 1, 3);
  for (std::int64_t number = 1; number <= 3; ++number) note_failed(number, 1);
  note_disabled(4, 1);
  const auto remove_one = [&] {
    return must(
        [](Tx& tx) { return notices::remove_told(tx, ApplicationId(1), NoticeKind::kDeliveryFailed, NoticeId(2), 1); });
  };
  EXPECT_EQ(remove_one(), 1);
  EXPECT_EQ(remove_one(), 1);
  EXPECT_EQ(remove_one(), 0);
  EXPECT_EQ(count(1), 2u);
  const auto disabled = must([](Tx& tx) { return notices::disabled(tx, ApplicationId(1)); });
  ASSERT_EQ(disabled.size(), 1u);
  EXPECT_EQ(disabled[0].detail, "410");
  EXPECT_EQ(disabled[0].url, "https://hooks.saas.example/1");
}

TEST_P(Notices, OfADisabledEndpointAreToldOnlyWhileItIsDisabled) {
  make_tenant(1, 1, 1);
  note_failed(1, 1);
  note_disabled(2, 1);
  const auto told = [&] { return must([](Tx& tx) { return notices::disabled(tx, ApplicationId(1)); }).size(); };
  EXPECT_EQ(told(), 1u);
  must([](Tx& tx) { return tx.execute("UPDATE endpoint SET is_enabled = 1 WHERE id = 1"); });
  EXPECT_EQ(told(), 0u);
  must([](Tx& tx) { return notices::forget_disabled(tx, ApplicationId(1), EndpointId(1)); });
  EXPECT_EQ(count(1), 1u) << "what failed is still to be told";
}

TEST_P(Notices, GoWithTheirDeliveryAndTheirEndpoint) {
  make_tenant(1, 1, 2);
  note_failed(1, 1);
  note_failed(2, 1);
  must([](Tx& tx) { return events::remove_before_across_applications(tx, kNow + Milliseconds(1), 1); });
  EXPECT_EQ(count(1), 2u) << "a pending delivery keeps its event";
  must([](Tx& tx) { return tx.execute("DELETE FROM delivery WHERE id = 1"); });
  EXPECT_EQ(count(1), 1u);
  must([](Tx& tx) { return endpoints::remove(tx, ApplicationId(1), EndpointId(1)); });
  EXPECT_EQ(count(1), 0u);
}

TEST_P(Notices, RememberTheLastWarning) {
  make_tenant(1, 1, 1);
  const auto last = [&] { return must([](Tx& tx) { return notices::last_warned_at(tx, ApplicationId(1)); }); };
  EXPECT_FALSE(last());
  must([](Tx& tx) { return notices::set_last_warned_at(tx, ApplicationId(1), kNow); });
  EXPECT_EQ(last(), kNow);
  must([](Tx& tx) { return notices::set_last_warned_at(tx, ApplicationId(1), std::nullopt); });
  EXPECT_FALSE(last());
}

}  // namespace
}  // namespace signpost::store
