// SPDX-License-Identifier: Apache-2.0
#include "store/connections.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "store/events.h"
#include "store/jobs.h"
#include "store/observations.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;
using ::testing::ElementsAre;

constexpr ApplicationId kApplication(1);

class Connections : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    must([](Tx& tx) -> Result<void> {
      TRY_VOID(insert_tenant(tx, 1));
      return insert_tenant(tx, 2);
    });
  }
  void insert(const model::Connection& connection) {
    must([&](Tx& tx) { return connections::insert(tx, connection); });
  }
  Result<void> try_insert(const model::Connection& connection) {
    return write([&](Tx& tx) { return connections::insert(tx, connection); });
  }
  model::Connection find(std::int64_t number) {
    return must([=](Tx& tx) { return connections::find_across_applications(tx, ConnectionId(number)); }).value();
  }
  std::vector<std::int64_t> list(const connections::Filter& filter) {
    const auto page = must([&](Tx& tx) { return connections::list(tx, kApplication, filter, {}); });
    std::vector<std::int64_t> ids;
    for (const auto& item : page.items) ids.push_back(item.id.value());
    return ids;
  }
};
ON_BOTH_DATABASES(Connections);

model::Connection full_connection() {
  auto full = connection(1, kApplication);
  full.status = model::Status::kSslValidated;
  full.facets = {model::FacetState::kSuccess, model::FacetState::kFailed, model::FacetState::kPending,
                 model::FacetState::kAbsent,  model::FacetState::kExempt, model::FacetState::kPending};
  full.claim = model::Claim::kProven;
  full.setup_type = model::SetupType::kAsync;
  full.flow_ended_at = kNow + Milliseconds(1);
  full.provider = "Example DNS";
  full.is_added_announced = true;
  full.origin_flow_id = "shared-1";
  full.dmarc_updated = model::DmarcUpdate::kFalse;
  full.redirection = model::Redirection{model::Redirection::From::kWww, "https://shop.example/"};
  full.purchased_domains = {"shop.example", "shop.test"};
  full.is_free_domain = false;
  full.watch_started_at = kNow + Milliseconds(2);
  full.next_look_at = kNow + Milliseconds(3);
  full.last_look_at = kNow + Milliseconds(4);
  full.attention = model::Attention{"other_value", "Change the value.", kNow + Milliseconds(5)};
  full.deployed_at = kNow + Milliseconds(6);
  full.sequence = 7;
  full.version = 8;
  full.records[1].is_propagated = true;
  full.records[1].application_url = "https://app.saas.example/shop";
  full.records[1].power_root_path_access = {"assets", "static files"};
  full.records[0].proves_ownership = true;
  return full;
}

void expect_same(const model::Record& a, const model::Record& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.host, b.host);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.ttl, b.ttl);
  EXPECT_EQ(a.priority, b.priority);
  EXPECT_EQ(a.is_propagated, b.is_propagated);
  EXPECT_EQ(a.proves_ownership, b.proves_ownership);
  EXPECT_EQ(a.application_url, b.application_url);
  EXPECT_EQ(a.power_root_path_access, b.power_root_path_access);
}

void expect_same(const model::Connection& a, const model::Connection& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.application, b.application);
  EXPECT_EQ(a.organization, b.organization);
  EXPECT_EQ(a.host, b.host);
  EXPECT_EQ(a.user_id, b.user_id);
  EXPECT_EQ(a.job_id, b.job_id);
  EXPECT_EQ(a.metadata_json, b.metadata_json);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.facets, b.facets);
  EXPECT_EQ(a.claim, b.claim);
  EXPECT_EQ(a.claim_token, b.claim_token);
  EXPECT_EQ(a.claim_ends_at, b.claim_ends_at);
  EXPECT_EQ(a.setup_type, b.setup_type);
  EXPECT_EQ(a.flow_ended_at, b.flow_ended_at);
  EXPECT_EQ(a.provider, b.provider);
  EXPECT_EQ(a.is_added_announced, b.is_added_announced);
  EXPECT_EQ(a.origin_flow_id, b.origin_flow_id);
  EXPECT_EQ(a.dmarc_updated, b.dmarc_updated);
  EXPECT_EQ(a.redirection, b.redirection);
  EXPECT_EQ(a.purchased_domains, b.purchased_domains);
  EXPECT_EQ(a.is_free_domain, b.is_free_domain);
  EXPECT_EQ(a.watch_started_at, b.watch_started_at);
  EXPECT_EQ(a.next_look_at, b.next_look_at);
  EXPECT_EQ(a.last_look_at, b.last_look_at);
  ASSERT_EQ(a.attention.has_value(), b.attention.has_value());
  if (a.attention) {
    EXPECT_EQ(a.attention->cause, b.attention->cause);
    EXPECT_EQ(a.attention->explanation, b.attention->explanation);
    EXPECT_EQ(a.attention->since, b.attention->since);
  }
  EXPECT_EQ(a.deployed_at, b.deployed_at);
  EXPECT_EQ(a.sequence, b.sequence);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.created_at, b.created_at);
  EXPECT_EQ(a.updated_at, b.updated_at);
  ASSERT_EQ(a.records.size(), b.records.size());
  for (std::size_t i = 0; i < a.records.size(); ++i) expect_same(a.records[i], b.records[i]);
}

TEST_P(Connections, AreReadAsTheyWereWritten) {
  const auto bare = connection(2, kApplication, "other", "bare.shop.example");
  insert(full_connection());
  insert(bare);
  expect_same(find(1), full_connection());
  expect_same(find(2), bare);
}

TEST_P(Connections, AreSavedWithEverythingThatCanChange) {
  auto changed = full_connection();
  auto first = connection(1, kApplication);
  first.origin_flow_id = changed.origin_flow_id;
  first.redirection = changed.redirection;
  insert(first);
  changed.metadata_json = "{}";
  EXPECT_TRUE(must([&](Tx& tx) { return connections::update(tx, changed, 0); }));
  changed.version = 1;
  expect_same(find(1), changed);
  changed.attention.reset();
  changed.next_look_at.reset();
  EXPECT_TRUE(must([&](Tx& tx) { return connections::update(tx, changed, 1); })) << "the claim is the same now";
  changed.version = 2;
  expect_same(find(1), changed);
}

TEST_P(Connections, RecordsThatAreKnownToBeTheSameAreNotTouched) {
  insert(connection(1, kApplication));
  auto changed = find(1);
  const auto records = changed.records;
  changed.status = model::Status::kSslValidating;
  changed.records.clear();  // what the caller says counts
  EXPECT_TRUE(must([&](Tx& tx) { return connections::update(tx, changed, 0, connections::Records::kAreTheSame); }));
  EXPECT_EQ(find(1).status, model::Status::kSslValidating);
  EXPECT_EQ(find(1).records, records);
}

TEST_P(Connections, ASaveWithAnOldVersionChangesNothing) {
  insert(connection(1, kApplication));
  auto first = find(1);
  first.status = model::Status::kSslValidating;
  EXPECT_TRUE(must([&](Tx& tx) { return connections::update(tx, first, 0); }));
  auto second = connection(1, kApplication);
  second.status = model::Status::kDeployed;
  second.claim = model::Claim::kProven;
  second.records.clear();
  EXPECT_FALSE(must([&](Tx& tx) { return connections::update(tx, second, 0); }));
  EXPECT_EQ(find(1).status, model::Status::kSslValidating);
  EXPECT_EQ(find(1).records.size(), 2u);
  EXPECT_EQ(find(1).version, 1);
}

TEST_P(Connections, ASaveUnderAnotherApplicationChangesNothing) {
  insert(connection(1, kApplication));
  auto stolen = connection(1, ApplicationId(2));
  EXPECT_FALSE(must([&](Tx& tx) { return connections::update(tx, stolen, 0); }));
}

TEST_P(Connections, AnotherSetOfRecordsReplacesTheOld) {
  insert(connection(1, kApplication));
  auto changed = find(1);
  changed.records.erase(changed.records.begin());
  changed.records.push_back({.id = RecordId(99),
                             .type = RecordType::kTxt,
                             .host = "_proof.www",
                             .name = DnsName::parse("_proof.www.shop.example").value(),
                             .value = "v=1",
                             .priority = std::nullopt});
  EXPECT_TRUE(must([&](Tx& tx) { return connections::update(tx, changed, 0); }));
  changed.version = 1;
  expect_same(find(1), changed);
}

TEST_P(Connections, TakeWhatARecordHasForPowerAsAChangeOfTheRecord) {
  insert(connection(1, kApplication));
  auto changed = find(1);
  changed.records[0].power_root_path_access = {"assets"};
  EXPECT_TRUE(must([&](Tx& tx) { return connections::update(tx, changed, 0); }));
  changed.version = 1;
  expect_same(find(1), changed);
}

TEST_P(Connections, DerivedFromASharedFlowLeadToItsLastEvent) {
  auto origin = connection(1, kApplication, "origin");
  origin.job_id = "shared";
  auto first = connection(2, kApplication, "first");
  first.origin_flow_id = "shared";
  auto second = connection(3, kApplication, "second");
  second.origin_flow_id = "shared";
  const auto last = [&](ApplicationId application, std::string_view id) {
    return must([&](Tx& tx) { return events::last_of_derived(tx, application, id); });
  };
  for (const auto& one : {origin, first, second}) insert(one);
  EXPECT_FALSE(last(kApplication, "shared"));
  for (const auto& [number, flow] : {std::pair{1, &second}, {2, &first}, {3, &origin}})
    must([&](Tx& tx) { return events::insert(tx, event(number, *flow)); });
  auto own = event(4, second);
  own.type = model::EventType::kDeployed;
  must([&](Tx& tx) { return events::insert(tx, own); });
  EXPECT_EQ(last(kApplication, "shared")->id, EventId(2)) << "not the origin's, and none of our own types";
  EXPECT_FALSE(last(ApplicationId(2), "shared"));
  EXPECT_FALSE(last(kApplication, "another"));
}

TEST_P(Connections, LeadFromTheirOriginToTheNewestOfThemHoweverManyThereAre) {
  const std::int64_t last = events::kDerivedFlowsMax + 1;
  must([&](Tx& tx) -> Result<void> {
    for (std::int64_t number = 1; number <= last; ++number) {
      auto derived = connection(number, kApplication, format("org-{}", number));
      derived.origin_flow_id = "shared";
      TRY_VOID(connections::insert(tx, derived));
      if (number == 1 || number == last) TRY_VOID(events::insert(tx, event(last - number + 1, derived)));
    }
    return {};
  });
  const auto found = must([](Tx& tx) { return events::last_of_derived(tx, kApplication, "shared"); });
  EXPECT_EQ(found->id, EventId(1)) << "the oldest flow's newer event is beyond the limit";
}

TEST_P(Connections, AreInvisibleToOtherApplications) {
  insert(connection(1, kApplication));
  const ApplicationId other(2);
  EXPECT_TRUE(must([](Tx& tx) { return connections::find(tx, kApplication, ConnectionId(1)); }));
  EXPECT_FALSE(must([&](Tx& tx) { return connections::find(tx, other, ConnectionId(1)); }));
  EXPECT_FALSE(must([&](Tx& tx) { return connections::find_by_job(tx, other, "job-1"); }));
  EXPECT_TRUE(must([&](Tx& tx) { return connections::list_live_of_organization(tx, other, "acme"); }).empty());
  EXPECT_TRUE(must([&](Tx& tx) { return connections::list(tx, other, {}, {}); }).items.empty());
  EXPECT_FALSE(must([&](Tx& tx) { return connections::remove(tx, other, ConnectionId(1), kNow); }));
}

TEST_P(Connections, AnOrganizationHasOneLiveConnectionOnAHost) {
  insert(connection(1, kApplication, "acme"));
  const auto again = try_insert(connection(2, kApplication, "acme"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, Kind::kConflict);
  auto over = find(1);
  over.claim = model::Claim::kExpired;
  must([&](Tx& tx) { return connections::update(tx, over, 0); });
  EXPECT_TRUE(try_insert(connection(2, kApplication, "acme"))) << "an expired claim makes room";
}

TEST_P(Connections, OfAnOrganizationAreFoundByTheirHostHoweverManyThereAre) {
  const int count = connections::kLiveOfOrganizationMax + 1;
  for (int number = 1; number <= count; ++number) {
    auto one = connection(number, kApplication, "acme");
    one.host = HostName::parse(format("h{}.shop.example", number)).value();
    insert(one);
  }
  const auto find_on = [&](const char* organization, const char* host) {
    return must([=](Tx& tx) {
      return connections::find_live_of_organization(tx, kApplication, organization, HostName::parse(host).value());
    });
  };
  ASSERT_TRUE(find_on("acme", "h1.shop.example"));
  expect_same(*find_on("acme", "h1.shop.example"), find(1));
  EXPECT_FALSE(find_on("other", "h1.shop.example"));
  EXPECT_FALSE(find_on("acme", "h0.shop.example"));
  EXPECT_EQ(must([](Tx& tx) { return connections::count_live_of_organization(tx, kApplication, "acme"); }), count);
  auto over = find(1);
  over.claim = model::Claim::kExpired;
  must([&](Tx& tx) { return connections::update(tx, over, 0); });
  EXPECT_FALSE(find_on("acme", "h1.shop.example"));
  EXPECT_EQ(must([](Tx& tx) { return connections::count_live_of_organization(tx, kApplication, "acme"); }), count - 1);
}

TEST_P(Connections, SeveralMayClaimAHostAndOneProveIt) {
  insert(connection(1, kApplication, "acme"));
  insert(connection(2, kApplication, "other"));
  insert(connection(3, ApplicationId(2), "acme"));
  const auto prove = [&](std::int64_t number) {
    auto proven = find(number);
    proven.claim = model::Claim::kProven;
    return write([&](Tx& tx) { return connections::update(tx, proven, proven.version); });
  };
  EXPECT_TRUE(prove(2));
  const auto second = prove(3);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Kind::kConflict);
  const auto claims = must([](Tx& tx) {
    return connections::find_on_host_across_applications(tx, HostName::parse("www.shop.example").value());
  });
  EXPECT_THAT(claims, ElementsAre(::testing::Field(&model::Connection::id, ConnectionId(2)),
                                  ::testing::Field(&model::Connection::id, ConnectionId(1)),
                                  ::testing::Field(&model::Connection::id, ConnectionId(3))));
}

TEST_P(Connections, AJobIdBelongsToOneConnectionOfItsApplication) {
  insert(connection(1, kApplication));
  auto same = connection(2, kApplication, "other");
  same.job_id = "job-1";
  EXPECT_EQ(try_insert(same).error().kind, Kind::kConflict);
  same.application = ApplicationId(2);
  EXPECT_TRUE(try_insert(same));
  EXPECT_EQ(must([](Tx& tx) { return connections::find_by_job(tx, kApplication, "job-1"); })->id, ConnectionId(1));
}

TEST_P(Connections, ListsAreNarrowedByEveryFilter) {
  insert(full_connection());
  insert(connection(2, kApplication, "acme", "two.shop.example"));
  insert(connection(3, kApplication, "other", "two.shop.example"));
  auto expired = connection(4, kApplication, "other", "four.shop.example");
  expired.claim = model::Claim::kExpired;
  insert(expired);
  insert(connection(5, ApplicationId(2), "acme", "two.shop.example"));

  connections::Filter filter;
  EXPECT_THAT(list(filter), ElementsAre(4, 3, 2, 1));
  filter.liveness = connections::Liveness::kLiveOnly;
  EXPECT_THAT(list(filter), ElementsAre(3, 2, 1));
  filter.organization = "acme";
  EXPECT_THAT(list(filter), ElementsAre(2, 1));
  filter.host = HostName::parse("two.shop.example").value();
  EXPECT_THAT(list(filter), ElementsAre(2));
  filter.organization.reset();
  EXPECT_THAT(list(filter), ElementsAre(3, 2));
  filter = {};
  filter.status = model::Status::kSslValidated;
  EXPECT_THAT(list(filter), ElementsAre(1));
  filter = {};
  filter.propagation = model::FacetState::kPending;
  EXPECT_THAT(list(filter), ElementsAre(4, 3, 2));
  filter = {};
  filter.claim = model::Claim::kExpired;
  EXPECT_THAT(list(filter), ElementsAre(4));
  filter = {};
  filter.attention = connections::AttentionFilter::kWithAttention;
  EXPECT_THAT(list(filter), ElementsAre(1));
  filter.attention = connections::AttentionFilter::kWithoutAttention;
  EXPECT_THAT(list(filter), ElementsAre(4, 3, 2));
}

TEST_P(Connections, ListsAcrossApplicationsShowAll) {
  insert(connection(1, kApplication));
  insert(connection(2, ApplicationId(2)));
  connections::Filter filter;
  EXPECT_EQ(must([&](Tx& tx) { return connections::list_across_applications(tx, filter, {}); }).items.size(), 2u);
  filter.host = HostName::parse("www.shop.example").value();
  EXPECT_EQ(must([&](Tx& tx) { return connections::list_across_applications(tx, filter, {}); }).items.size(), 2u);
}

TEST_P(Connections, PagesAreStableWhileRowsAreAdded) {
  for (int number = 1; number <= 5; ++number) insert(connection(number, kApplication, format("org-{}", number)));
  const auto first =
      must([](Tx& tx) { return connections::list(tx, kApplication, {}, {.after = std::nullopt, .limit = 2}); });
  EXPECT_TRUE(first.has_more);
  EXPECT_EQ(first.items.front().records.size(), 2u);
  insert(connection(6, kApplication, "org-6"));
  const auto second = must(
      [&](Tx& tx) { return connections::list(tx, kApplication, {}, {.after = first.items.back().id, .limit = 3}); });
  EXPECT_FALSE(second.has_more);
  EXPECT_THAT(second.items, ElementsAre(::testing::Field(&model::Connection::id, ConnectionId(3)),
                                        ::testing::Field(&model::Connection::id, ConnectionId(2)),
                                        ::testing::Field(&model::Connection::id, ConnectionId(1))));
}

TEST_P(Connections, NoPageIsLargerThanTheLimit) {
  must([](Tx& tx) -> Result<void> {
    for (int number = 1; number <= kPageMax + 5; ++number) {
      TRY_VOID(connections::insert(tx, connection(number, kApplication, format("org-{}", number))));
    }
    return {};
  });
  const auto page =
      must([](Tx& tx) { return connections::list(tx, kApplication, {}, {.after = std::nullopt, .limit = 1'000'000}); });
  EXPECT_EQ(page.items.size(), static_cast<std::size_t>(kPageMax));
  EXPECT_TRUE(page.has_more);
}

TEST_P(Connections, TakeRecordsObservationAndJobsWithThem) {
  insert(connection(1, kApplication));
  must([](Tx& tx) -> Result<void> {
    TRY_VOID(observations::save(tx, ConnectionId(1), {"{}", kNow}));
    return jobs::request(tx, ConnectionId(1), 1, {.kind = model::JobKind::kClaimEnd, .not_before = kNow}, JobRowId(1),
                         kNow);
  });
  EXPECT_TRUE(must([](Tx& tx) { return connections::remove(tx, kApplication, ConnectionId(1), kNow); }));
  const Rows left = must([](Tx& tx) {
    return tx.query(
        "SELECT (SELECT COUNT(*) FROM connection_record) + (SELECT COUNT(*) FROM observation) + "
        "(SELECT COUNT(*) FROM job)");
  });
  EXPECT_EQ(left.front().integer(0), 0);
}

TEST_P(Connections, TheLastObservationReplacesTheOneBefore) {
  insert(connection(1, kApplication));
  must([](Tx& tx) { return observations::save(tx, ConnectionId(1), {R"({"n":1})", kNow}); });
  must([](Tx& tx) { return observations::save(tx, ConnectionId(1), {R"({"n":2})", kNow + Milliseconds(1)}); });
  const auto saved = must([](Tx& tx) { return observations::load(tx, kApplication, ConnectionId(1)); });
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->body_json, R"({"n":2})");
  EXPECT_EQ(saved->at, kNow + Milliseconds(1));
  EXPECT_FALSE(must([](Tx& tx) { return observations::load(tx, ApplicationId(2), ConnectionId(1)); }));
  const auto gone = write([](Tx& tx) { return observations::save(tx, ConnectionId(9), {"{}", kNow}); });
  EXPECT_EQ(gone.error().kind, Kind::kNotFound);
}

TEST_P(Connections, AreCountedByStatusWhileTheyLive) {
  insert(connection(1, kApplication, "a"));
  insert(connection(2, kApplication, "b"));
  auto deployed = connection(3, kApplication, "c");
  deployed.status = model::Status::kDeployed;
  insert(deployed);
  auto lost = connection(4, kApplication, "d");
  lost.claim = model::Claim::kLost;
  insert(lost);
  const auto counts = must([](Tx& tx) { return connections::count_live_across_applications(tx); });
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].status, model::Status::kPendingValidation);
  EXPECT_EQ(counts[0].connections, 2);
  EXPECT_EQ(counts[1].connections, 1);
}

}  // namespace
}  // namespace signpost::store
