// SPDX-License-Identifier: Apache-2.0
#include "model/event.h"

#include <gmock/gmock.h>

#include "model/testing/sample.h"

namespace signpost::model {
namespace {

using testing::kStart;
using testing::sample_connection;

EventPayload payload(const Connection& connection, EventType type, std::vector<std::string> updated = {},
                     std::optional<std::string> target = {}) {
  return payload_of(connection, EventDraft{type, 4, std::move(updated)}, EventId(9), kStart, target);
}

TEST(Event, OfACompletedFlowConveysNoPropagationStatusAndNoData) {
  auto connection = sample_connection();
  connection.setup_type = SetupType::kManual;
  const auto completed = payload(connection, EventType::kFlowCompleted);
  EXPECT_FALSE(completed.propagation_status);
  EXPECT_FALSE(completed.data);
  EXPECT_EQ(completed.setup_type, "manual");
  EXPECT_EQ(completed.dkim_status, "exempt");
}

TEST(Event, OfAnAddedDomainCarriesEveryMemberOfTheFlow) {
  auto connection = sample_connection();
  connection.user_id = "user-7";
  connection.setup_type = SetupType::kAutomatic;
  connection.records.push_back(testing::sample_record(12, RecordType::kA, "@", "shop.example", "203.0.113.7"));
  connection.records[1].is_propagated = true;
  const auto added = payload(connection, EventType::kDomainAdded, {"propagation_status"});
  EXPECT_EQ(added.id, connection.job_id);
  EXPECT_EQ(added.job_id, connection.job_id);
  EXPECT_EQ(added.user_id, "user-7");
  EXPECT_EQ(added.domain, "shop.example");
  EXPECT_EQ(added.subdomain, "www");
  EXPECT_EQ(added.propagation_status, "pending");
  EXPECT_EQ(added.redirection_status, "exempt");
  EXPECT_EQ(added.secure_status, "exempt");
  EXPECT_EQ(added.power_status, "exempt");
  ASSERT_TRUE(added.data);
  ASSERT_EQ(added.data->propagated.size(), 1u);
  EXPECT_EQ(added.data->propagated[0].host, "@");
  ASSERT_EQ(added.data->non_propagated.size(), 1u);
  EXPECT_EQ(added.data->non_propagated[0].type, "CNAME");
  EXPECT_EQ(added.sequence, 4);
  EXPECT_FALSE(added.proxy_status);
}

TEST(Event, NamesTheCnameTargetOnlyWhereARecordPointsToIt) {
  EXPECT_EQ(payload(sample_connection(), EventType::kDomainAdded, {}, "app.saas.example").cname_target,
            "app.saas.example");
  EXPECT_FALSE(payload(sample_connection(), EventType::kDomainAdded, {}, "other.saas.example").cname_target);
}

TEST(Event, NamesTheCnameTargetWhereSecureOrPowerIsUsed) {
  auto connection = sample_connection();
  connection.facets.power = FacetState::kPending;
  EXPECT_EQ(payload(connection, EventType::kDomainAdded, {}, "other.saas.example").cname_target, "other.saas.example");
}

TEST(Event, CarriesWhatOnlySomeFlowsHave) {
  auto connection = sample_connection();
  const auto plain = payload(connection, EventType::kDomainAdded);
  EXPECT_FALSE(plain.monitor_status);
  EXPECT_FALSE(plain.dmarc_updated);
  EXPECT_FALSE(plain.free_domain);
  EXPECT_TRUE(plain.purchased_domains.empty());
  EXPECT_FALSE(plain.origin_flow_id);
  connection.facets.monitor = FacetState::kPending;
  connection.dmarc_updated = DmarcUpdate::kFalse;
  connection.is_free_domain = false;
  connection.purchased_domains = {"shop.example"};
  connection.origin_flow_id = "flow-1";
  connection.records[0].application_url = "www.example.com";
  connection.records[0].power_root_path_access = {"path1"};
  const auto full = payload(connection, EventType::kDomainAdded);
  EXPECT_EQ(full.monitor_status, "pending");
  EXPECT_EQ(full.dmarc_updated, "false");
  EXPECT_EQ(full.free_domain, false);
  EXPECT_EQ(full.purchased_domains, std::vector<std::string>{"shop.example"});
  EXPECT_EQ(full.origin_flow_id, "flow-1");
  EXPECT_EQ(full.data->non_propagated[0].application_url, "www.example.com");
  EXPECT_EQ(full.data->non_propagated[0].power_root_path_access, std::vector<std::string>{"path1"});
}

TEST(Event, OfOurOwnTypesCarriesTheStatusAndTheAttention) {
  auto connection = sample_connection();
  connection.attention = Attention{"other_value", "set the CNAME to app.saas.example", kStart};
  const auto attention = payload(connection, EventType::kAttention);
  EXPECT_EQ(attention.proxy_status, "PENDING_VALIDATION");
  ASSERT_TRUE(attention.attention);
  EXPECT_EQ(attention.attention->cause, "other_value");
  EXPECT_FALSE(payload(connection, EventType::kDeployed).attention);
}

TEST(Event, TypesOfOurOwnGoOnlyToEndpointsThatAsk) {
  EXPECT_TRUE(is_wanted(EventType::kDomainAdded, {}));
  EXPECT_FALSE(is_wanted(EventType::kDeployed, {}));
  EXPECT_TRUE(is_wanted(EventType::kDeployed, {"signpost.connection.deployed"}));
  EXPECT_FALSE(is_wanted(EventType::kDomainAdded, {"signpost.connection.deployed"}));
}

TEST(Event, NamesCanBeReadBack) {
  for (const auto type : kEventTypes) EXPECT_EQ(parse_event_type(name_of(type)), type);
  EXPECT_FALSE(parse_event_type("domain.unknown"));
}

}  // namespace
}  // namespace signpost::model
