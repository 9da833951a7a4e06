// SPDX-License-Identifier: Apache-2.0
#include "services/entri_receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/text.h"
#include "services/testing/life.h"

namespace signpost::services {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Life;
using testing::must;

class EntriReceiverTest : public ::testing::Test {
 protected:
  ~EntriReceiverTest() override { life_.let_database_rest(); }
  static EntriWebhook webhook(std::string type, std::string key = "k") {
    return {.replay_key = std::move(key),
            .type = std::move(type),
            .job_ids = {},
            .domain = "shop.example",
            .subdomain = "www",
            .user_id = "",
            .setup_type = "automatic",
            .provider = "cloudflare",
            .dmarc_updated = "",
            .secure_status = "",
            .power_status = "",
            .monitor_status = "",
            .purchased_domains = {},
            .is_free_domain = {}};
  }
  ReceivedOutcome take(EntriWebhook webhook, std::optional<ApplicationId> application = {}) {
    return must(life_.run(receiver_.take(application.value_or(life_.world.application.id), std::move(webhook))));
  }
  model::Connection with_user(std::string organization, std::string user) {
    auto wish = life_.wish("www.shop.example", std::move(organization));
    wish.user_id = std::move(user);
    return must(life_.run(life_.connections.create({}, std::move(wish))));
  }
  Life life_;
  EntriReceiver receiver_{life_.world.storage, life_.bell, life_.clock, life_.world.ids};
};

TEST_F(EntriReceiverTest, AFlowThatEndedThereHasEndedHere) {
  const auto connection = life_.create();
  EXPECT_EQ(take(webhook("domain.flow.completed")), ReceivedOutcome::kApplied);
  const auto now = life_.read(connection.id);
  EXPECT_EQ(now.setup_type, model::SetupType::kAutomatic);
  EXPECT_EQ(now.provider, "cloudflare");
  EXPECT_TRUE(now.watch_started_at);
  EXPECT_THAT(life_.events(connection), ElementsAre("domain.flow.completed", "domain.added"));
}

TEST_F(EntriReceiverTest, RecordsThatWereAddedEndTheFlowOnceAndThenMakeUsLook) {
  const auto connection = life_.create();
  EXPECT_EQ(take(webhook("domain.added", "first")), ReceivedOutcome::kApplied);
  const auto begun = life_.read(connection.id);
  EXPECT_TRUE(begun.flow_ended_at);
  life_.clock.advance(std::chrono::hours(1));
  EXPECT_EQ(take(webhook("domain.added", "second")), ReceivedOutcome::kApplied);
  const auto now = life_.read(connection.id);
  EXPECT_EQ(now.flow_ended_at, begun.flow_ended_at);
  EXPECT_EQ(now.facets.propagation, model::FacetState::kPending) << "what it says about DNS is not believed";
  EXPECT_LE(life_.job(connection.id, model::JobKind::kPropagation).not_before, life_.clock.now());
  EXPECT_THAT(life_.events(connection), ElementsAre("domain.flow.completed", "domain.added"));
}

TEST_F(EntriReceiverTest, WhatIsSaidAboutDnsMakesUsLook) {
  const auto connection = life_.create();
  for (const auto* type : {"domain.propagation.timeout", "domain.record_missing", "domain.record_restored"}) {
    EXPECT_EQ(take(webhook(type, type)), ReceivedOutcome::kApplied) << type;
  }
  EXPECT_EQ(life_.read(connection.id).next_look_at, life_.clock.now());
  EXPECT_THAT(life_.events(connection), IsEmpty());
}

TEST_F(EntriReceiverTest, TheSameAgainIsTakenAndChangesNothing) {
  const auto connection = life_.create();
  EXPECT_EQ(take(webhook("domain.flow.completed")), ReceivedOutcome::kApplied);
  const auto version = life_.read(connection.id).version;
  EXPECT_EQ(take(webhook("domain.flow.completed")), ReceivedOutcome::kDuplicate);
  EXPECT_EQ(life_.read(connection.id).version, version);
}

TEST_F(EntriReceiverTest, WhatCouldNotBeSavedIsNotRememberedAndMayComeAgain) {
  life_.create();
  life_.world.database.refuse(1);
  const auto failed = life_.run(receiver_.take(life_.world.application.id, webhook("domain.flow.completed")));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, Kind::kUnavailable);
  EXPECT_EQ(take(webhook("domain.flow.completed")), ReceivedOutcome::kApplied);
}

TEST_F(EntriReceiverTest, IsMeantByJobIdBeforeHostName) {
  const auto first = life_.create("www.shop.example");
  const auto other = life_.create("www.other.example");
  auto one = webhook("domain.flow.completed");
  one.job_ids = {"not ours", other.job_id};
  EXPECT_EQ(take(one), ReceivedOutcome::kApplied);
  EXPECT_TRUE(life_.read(other.id).flow_ended_at);
  EXPECT_FALSE(life_.read(first.id).flow_ended_at);
}

TEST_F(EntriReceiverTest, TheApexHasNoSubdomain) {
  const auto connection = life_.create("shop.example");
  auto one = webhook("domain.flow.completed", "a");
  one.subdomain = "";
  EXPECT_EQ(take(one), ReceivedOutcome::kApplied);
  one.subdomain = "@";
  one.type = "domain.propagation.timeout";
  one.replay_key = "b";
  EXPECT_EQ(take(one), ReceivedOutcome::kApplied);
  EXPECT_TRUE(life_.read(connection.id).flow_ended_at);
}

TEST_F(EntriReceiverTest, AmongSeveralClaimsTheUserTellsThemApart) {
  const auto mine = with_user("acme", "user-1");
  const auto theirs = with_user("rival", "user-2");
  EXPECT_EQ(take(webhook("domain.flow.completed", "a")), ReceivedOutcome::kUnknownFlow);
  auto one = webhook("domain.flow.completed", "b");
  one.user_id = "user-2";
  EXPECT_EQ(take(one), ReceivedOutcome::kApplied);
  EXPECT_TRUE(life_.read(theirs.id).flow_ended_at);
  EXPECT_FALSE(life_.read(mine.id).flow_ended_at);
}

TEST_F(EntriReceiverTest, WhatIsAboutNobodyOrAnotherApplicationsHostIsTakenAndChangesNothing) {
  const auto connection = life_.create();
  auto one = webhook("domain.flow.completed", "a");
  one.domain = "unknown.example";
  EXPECT_EQ(take(one), ReceivedOutcome::kUnknownFlow);
  one.domain = "no host name at all";
  one.replay_key = "b";
  EXPECT_EQ(take(one), ReceivedOutcome::kUnknownFlow);
  EXPECT_EQ(take(webhook("domain.flow.completed", "c"), life_.add_application()), ReceivedOutcome::kUnknownFlow);
  EXPECT_FALSE(life_.read(connection.id).flow_ended_at);
}

TEST_F(EntriReceiverTest, ATypeThatNobodyKnowsIsTakenAndDoesNothing) {
  life_.create();
  EXPECT_EQ(take(webhook("domain.invented")), ReceivedOutcome::kNoEffect);
}

TEST_F(EntriReceiverTest, APurchaseAndItsDomainsAreToldOn) {
  const auto connection = life_.create();
  auto one = webhook("domain.purchased");
  one.purchased_domains = {"shop.example", "no domain", "other.example"};
  one.is_free_domain = true;
  EXPECT_EQ(take(one), ReceivedOutcome::kApplied);
  const auto now = life_.read(connection.id);
  EXPECT_THAT(now.purchased_domains, ElementsAre("shop.example", "other.example"));
  EXPECT_EQ(now.is_free_domain, true);
  EXPECT_THAT(life_.events(connection), ElementsAre("domain.purchased"));
}

TEST_F(EntriReceiverTest, WhatBecomesOfPurchasesAndTransfersIsToldOnByTheSameName) {
  const auto connection = life_.create();
  std::vector<std::string> types{"purchase.error",
                                 "purchase.confirmation.expired",
                                 "domain.transfer.in.initiated",
                                 "domain.transfer.in.started",
                                 "domain.transfer.in.ack",
                                 "domain.transfer.in.failed",
                                 "domain.transfer.out.initiated"};
  for (const auto& type : types) EXPECT_EQ(take(webhook(type, type)), ReceivedOutcome::kApplied) << type;
  EXPECT_THAT(life_.events(connection), ::testing::ElementsAreArray(types));
}

TEST_F(EntriReceiverTest, TheStatusesOfEntrisOwnWorkAreTakenOver) {
  const auto connection = life_.create();
  auto one = webhook("domain.added", "a");
  one.secure_status = "pending";
  one.power_status = "exempt";
  one.monitor_status = "by magic";
  EXPECT_EQ(take(one), ReceivedOutcome::kApplied);
  one.replay_key = "b";
  one.secure_status = "success";
  EXPECT_EQ(take(one), ReceivedOutcome::kApplied);
  const auto now = life_.read(connection.id);
  EXPECT_EQ(now.facets.secure, model::FacetState::kSuccess);
  EXPECT_EQ(now.facets.power, connection.facets.power);
  EXPECT_EQ(now.facets.monitor, connection.facets.monitor);
}

TEST_F(EntriReceiverTest, AClaimThatHasEndedIsAConflictThatIsNotTriedAgain) {
  const auto connection = life_.create();
  life_.happen(connection.id, model::ClaimLost{});
  auto one = webhook("domain.flow.completed", "a");
  one.job_ids = {connection.job_id};
  EXPECT_EQ(take(one), ReceivedOutcome::kConflict);
  EXPECT_EQ(take(one), ReceivedOutcome::kDuplicate);
}

TEST_F(EntriReceiverTest, WordsThatTheContractDoesNotHaveAreLeftOut) {
  const auto connection = life_.create();
  auto one = webhook("domain.flow.completed");
  one.setup_type = "by magic";
  one.provider = "a\nb";
  EXPECT_EQ(take(one), ReceivedOutcome::kApplied);
  EXPECT_EQ(life_.read(connection.id).setup_type, model::SetupType::kManual);
  EXPECT_EQ(life_.read(connection.id).provider, "unknown");
}

TEST(ReceivedTypes, AreThoseOfThePage) {
  std::ifstream file("docs/webhooks/receiving.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  const auto begin = page.find("## What each type does");
  const auto table = page.substr(begin, page.find("\n## ", begin + 1) - begin);
  std::size_t rows = 0;
  for (const auto line : split(table, '\n')) rows += line.starts_with("| `") && !line.starts_with("| `type`") ? 1 : 0;
  EXPECT_EQ(rows, received_types().size());
  for (const auto& row : received_types()) {
    EXPECT_NE(table.find(format("| `{}` |", row.type)), std::string::npos) << row.type;
  }
}

}  // namespace
}  // namespace signpost::services
