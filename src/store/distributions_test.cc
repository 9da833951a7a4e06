// SPDX-License-Identifier: Apache-2.0
#include "store/distributions.h"

#include <gmock/gmock.h>

#include "store/connections.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;

model::Distribution begun(std::int64_t number) {
  return {.id = model::DistributionRowId(number),
          .application = ApplicationId(1),
          .connection = ConnectionId(number),
          .host = *HostName::parse("www.shop.example"),
          .origin = "shops.example",
          .created_at = kNow,
          .updated_at = kNow};
}

class Distributions : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    must([](Tx& tx) -> Result<void> {
      TRY_VOID(insert_tenant(tx, 1));
      TRY_VOID(insert_tenant(tx, 2));
      TRY_VOID(connections::insert(tx, connection(1, ApplicationId(1), "acme", "www.shop.example")));
      return connections::insert(tx, connection(2, ApplicationId(1), "acme", "shop.example"));
    });
  }
  void insert(const model::Distribution& distribution) {
    must([&](Tx& tx) { return distributions::insert(tx, distribution); });
  }
  std::optional<model::Distribution> find(std::int64_t application, std::int64_t connection) {
    return must([&](Tx& tx) {
      return distributions::find_of_connection(tx, ApplicationId(application), ConnectionId(connection));
    });
  }
};
ON_BOTH_DATABASES(Distributions);

TEST_P(Distributions, AreKeptWhole) {
  auto row = begun(1);
  insert(row);
  EXPECT_EQ(find(1, 1)->origin, "shops.example");
  EXPECT_FALSE(find(1, 1)->validation);
  EXPECT_FALSE(find(1, 1)->setup_park);

  row.cloudfront_id = "E1A2B3";
  row.is_made_by_us = true;
  row.domain_name = "d111111abcdef8.cloudfront.net";
  row.serving_arn = "arn:1";
  row.setup = model::Setup::kAttaching;
  row.imported_arn = "arn:2";
  row.wanted_serial = "0b";
  row.imported_serial = "0a";
  row.import_began_at = kNow + Milliseconds(1);
  row.setup_tries = 3;
  row.setup_next_at = kNow + Milliseconds(2);
  row.upgrade = model::Upgrade::kSwapping;
  row.amazon = {"arn:3", kNow + Milliseconds(3), model::AmazonCertificate::Status::kIssued, kNow + Milliseconds(4),
                true};
  row.validation = model::ValidationRecord{"_x.www.shop.example", "_y.acm-validations.aws"};
  row.is_validation_seen = true;
  row.requests = 2;
  row.upgrade_tries = 4;
  row.upgrade_next_at = kNow + Milliseconds(5);
  row.replaced_arns = {"arn:4", "arn:5"};
  row.last_request_at = kNow + Milliseconds(7);
  row.setup_park = model::Park{model::Park::Reason::kAliasTaken, "another has it", kNow};
  row.upgrade_park = model::Park{model::Park::Reason::kCaaForbids, "change CAA", kNow + Milliseconds(6)};
  EXPECT_TRUE(must([&](Tx& tx) { return distributions::update(tx, row, 0); }));

  const auto found = find(1, 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->version, 1);
  EXPECT_EQ(found->host.text(), "www.shop.example");
  EXPECT_EQ(found->cloudfront_id, row.cloudfront_id);
  EXPECT_TRUE(found->is_made_by_us);
  EXPECT_EQ(found->domain_name, row.domain_name);
  EXPECT_EQ(found->serving_arn, "arn:1");
  EXPECT_EQ(found->setup, row.setup);
  EXPECT_EQ(found->imported_arn, "arn:2");
  EXPECT_EQ(found->wanted_serial, "0b");
  EXPECT_EQ(found->imported_serial, "0a");
  EXPECT_EQ(found->import_began_at, row.import_began_at);
  EXPECT_EQ(found->setup_tries, 3);
  EXPECT_EQ(found->setup_next_at, row.setup_next_at);
  EXPECT_EQ(found->upgrade, row.upgrade);
  EXPECT_EQ(found->amazon.arn, "arn:3");
  EXPECT_EQ(found->amazon.requested_at, row.amazon.requested_at);
  EXPECT_EQ(found->amazon.status, row.amazon.status);
  EXPECT_EQ(found->amazon.not_after, row.amazon.not_after);
  EXPECT_TRUE(found->amazon.is_attached);
  EXPECT_EQ(found->validation, row.validation);
  EXPECT_TRUE(found->is_validation_seen);
  EXPECT_EQ(found->requests, 2);
  EXPECT_EQ(found->upgrade_tries, 4);
  EXPECT_EQ(found->upgrade_next_at, row.upgrade_next_at);
  EXPECT_EQ(found->replaced_arns, row.replaced_arns);
  EXPECT_EQ(found->last_request_at, row.last_request_at);
  ASSERT_TRUE(found->setup_park && found->upgrade_park);
  EXPECT_EQ(found->setup_park->reason, model::Park::Reason::kAliasTaken);
  EXPECT_EQ(found->setup_park->explanation, "another has it");
  EXPECT_EQ(found->setup_park->since, kNow);
  EXPECT_EQ(found->upgrade_park->reason, model::Park::Reason::kCaaForbids);
  EXPECT_EQ(found->upgrade_park->since, kNow + Milliseconds(6));
}

TEST_P(Distributions, AreSavedOnlyByWhoReadThemLast) {
  insert(begun(1));
  EXPECT_TRUE(must([](Tx& tx) { return distributions::update(tx, begun(1), 0); }));
  auto late = begun(1);
  late.cloudfront_id = "E1";
  EXPECT_FALSE(must([&](Tx& tx) { return distributions::update(tx, late, 0); }));
  EXPECT_EQ(find(1, 1)->cloudfront_id, "");
}

TEST_P(Distributions, AreSeenByTheirApplicationAloneAndGoWithTheirConnection) {
  insert(begun(1));
  EXPECT_FALSE(find(2, 1));
  must([](Tx& tx) { return connections::remove(tx, ApplicationId(1), ConnectionId(1), kNow); });
  EXPECT_FALSE(find(1, 1));
}

TEST_P(Distributions, AConnectionHasOneAndOneHasOneConnection) {
  auto first = begun(1);
  first.cloudfront_id = "E1";
  insert(first);
  auto second = begun(2);
  second.cloudfront_id = "E1";
  EXPECT_EQ(write([&](Tx& tx) { return distributions::insert(tx, second); }).error().kind, Kind::kConflict);
  second.connection = ConnectionId(1);
  second.cloudfront_id = "E2";
  EXPECT_EQ(write([&](Tx& tx) { return distributions::insert(tx, second); }).error().kind, Kind::kConflict);
  insert(begun(2));  // those that are not made yet share no distribution
  const auto is_taken = [&](std::string_view id) {
    return must([&](Tx& tx) { return distributions::is_taken_across_applications(tx, id); });
  };
  EXPECT_TRUE(is_taken("E1"));
  EXPECT_FALSE(is_taken("E2"));
}

}  // namespace
}  // namespace signpost::store
