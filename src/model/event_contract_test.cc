// SPDX-License-Identifier: Apache-2.0
#include "model/event_contract.h"

#include <gmock/gmock.h>

#include <set>

#include "model/connection.h"

namespace signpost::model {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using Propagation = EventRow::Propagation;

const MemberRow& member(std::string_view name) { return *std::ranges::find(member_rows(), name, &MemberRow::name); }

std::vector<std::string_view> types_where(bool (*holds)(const EventRow&)) {
  std::vector<std::string_view> names;
  for (const auto& row : event_rows()) {
    if (holds(row)) names.push_back(row.name);
  }
  return names;
}

TEST(EventContract, HasEveryTypeOfTheSeedInItsSpelling) {
  std::vector<std::string_view> names;
  for (const auto& row : event_rows()) {
    if (!row.name.starts_with("signpost.")) names.push_back(row.name);
  }
  EXPECT_THAT(names,
              ElementsAre("domain.added", "domain.purchased", "domain.propagation.timeout", "domain.flow.completed",
                          "domain.record_missing", "domain.record_restored", "domain.transfer.in.initiated",
                          "domain.transfer.in.started", "domain.transfer.in.ack", "domain.transfer.in.failed",
                          "domain.transfer.out.initiated", "purchase.error", "purchase.confirmation.expired"));
}

TEST(EventContract, HasTheSeedsMembersInTheSeedsOrderAndOursBehindThem) {
  std::vector<std::string_view> names;
  for (const auto& row : member_rows()) names.push_back(row.name);
  EXPECT_THAT(names, ElementsAre("id", "user_id", "domain", "subdomain", "provider", "type", "propagation_status",
                                 "dkim_status", "redirection_status", "setup_type", "secure_status", "power_status",
                                 "monitor_status", "dmarc_updated", "cname_target", "purchased_domains", "free_domain",
                                 "data", "updated_objects", "originFlowId", "event_id", "job_id", "sequence",
                                 "created_at", "proxy_status", "attention"));
  std::vector<std::string_view> of_records;
  for (const auto& row : record_member_rows()) of_records.push_back(row.name);
  EXPECT_THAT(of_records, ElementsAre("type", "host", "value", "applicationUrl", "powerRootPathAccess"));
}

TEST(EventContract, LetsOnlyAnExpiredConfirmationBeExemptFromPropagation) {
  EXPECT_THAT(types_where([](const EventRow& row) { return row.propagation == Propagation::kExempt; }),
              ElementsAre("purchase.confirmation.expired"));
  EXPECT_THAT(words_of(row_of(EventType::kPurchaseExpired), member("propagation_status")), ElementsAre("exempt"));
  EXPECT_THAT(words_of(row_of(EventType::kDomainAdded), member("propagation_status")),
              ElementsAre("pending", "success", "failed"));
}

TEST(EventContract, ConveysPropagationOnlyWhereRecordsSpread) {
  EXPECT_THAT(types_where([](const EventRow& row) { return row.propagation == Propagation::kStatus; }),
              ElementsAre("domain.added", "domain.purchased", "domain.propagation.timeout",
                          "signpost.connection.certificate_issued", "signpost.connection.deployed",
                          "signpost.connection.disconnected", "signpost.connection.attention"));
  EXPECT_FALSE(conveys(row_of(EventType::kFlowCompleted), member("data")));
  EXPECT_TRUE(conveys(row_of(EventType::kRecordMissing), member("data")));
}

TEST(EventContract, SpellsTheWordsAsTheModelDoes) {
  const auto words = [](std::string_view name) {
    return std::set<std::string_view>(member(name).words.begin(), member(name).words.end());
  };
  for (const auto state : {FacetState::kPending, FacetState::kSuccess, FacetState::kFailed}) {
    for (const auto* facet : {"propagation_status", "dkim_status", "redirection_status", "secure_status",
                              "power_status", "monitor_status"}) {
      EXPECT_TRUE(words(facet).contains(name_of(state))) << facet;
    }
  }
  EXPECT_FALSE(words("monitor_status").contains("exempt"));
  for (const auto* facet : {"dkim_status", "redirection_status", "secure_status", "power_status"})
    EXPECT_TRUE(words(facet).contains(name_of(FacetState::kExempt))) << facet;
  for (const auto word : words("setup_type")) EXPECT_TRUE(parse_setup_type(word)) << word;
  for (const auto word : words("dmarc_updated")) EXPECT_TRUE(parse_dmarc_update(word)) << word;
  for (const auto word : words("proxy_status")) EXPECT_TRUE(parse_status(word)) << word;
  for (const auto word : words("type")) EXPECT_TRUE(parse_event_type(word)) << word;
  for (const auto word : words("updated_objects")) EXPECT_FALSE(member(word).description.empty()) << word;
}

}  // namespace
}  // namespace signpost::model
