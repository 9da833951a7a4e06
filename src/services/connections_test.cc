// SPDX-License-Identifier: Apache-2.0
#include "services/connections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "services/history.h"
#include "services/testing/life.h"
#include "store/connections.h"

namespace signpost::services {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Life;
using testing::must;

class ConnectionsTest : public ::testing::Test {
 protected:
  Result<model::Connection> try_create(CreateConnection wish, Scope scope = {}) {
    return life_.run(life_.connections.create(scope, std::move(wish)));
  }
  Result<model::Connection> mark(int step, std::string organization = "acme", std::optional<HostName> host = {}) {
    return life_.run(life_.connections.mark_step(app(), std::move(organization), std::move(host), step));
  }
  model::Connection make_ready_for_step_2() {
    const auto connection = life_.create();
    must(mark(1));
    return life_.happen(connection.id, model::CertificateIssued{});
  }
  void prove(const model::Connection& connection) {
    life_.eye.publish_claim(connection);
    must(life_.run(life_.connections.check_now({}, connection.id)));
    life_.turn();
    ASSERT_EQ(life_.read(connection.id).claim, model::Claim::kProven);
  }
  ApplicationId app() const { return life_.world.application.id; }
  Life life_;
};

TEST_F(ConnectionsTest, IsCreatedPendingWithItsRecordsAndTheEndOfItsClaim) {
  auto wish = life_.wish();
  wish.user_id = "user-1";
  wish.metadata_json = R"({"plan":"gold"})";
  const auto created = must(try_create(wish));
  const auto read = life_.read(created.id);
  EXPECT_EQ(read.status, model::Status::kPendingValidation);
  EXPECT_EQ(read.claim, model::Claim::kUnproven);
  EXPECT_EQ(read.user_id, "user-1");
  EXPECT_EQ(read.metadata_json, R"({"plan":"gold"})");
  EXPECT_EQ(read.job_id.size(), 36u);
  EXPECT_EQ(read.claim_token.size(), 32u);
  ASSERT_EQ(read.records.size(), 1u);
  EXPECT_EQ(read.records[0].name.text(), "www.shop.example");
  EXPECT_EQ(read.claim_ends_at, life_.clock.now() + std::chrono::hours(72));
  EXPECT_EQ(life_.job(created.id, model::JobKind::kClaimEnd).not_before, read.claim_ends_at);
}

TEST_F(ConnectionsTest, PutsTheTargetOfTheApplicationIntoRecords) {
  life_.world.set_cname_target("edge.saas.example");
  auto wish = life_.wish();
  wish.records[0].value = "{CNAME_TARGET}";
  EXPECT_EQ(must(try_create(wish)).records[0].value, "edge.saas.example");
}

TEST_F(ConnectionsTest, RefusesASecondLiveConnectionOfTheOrganizationOnTheHost) {
  const auto first = life_.create();
  const auto second = try_create(life_.wish("WWW.shop.example."));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Kind::kConflict);
  EXPECT_THAT(second.error().message, AllOf(HasSubstr(first.id.text()), HasSubstr("delete it first")));
}

TEST_F(ConnectionsTest, LetsSeveralOrganizationsClaimAHostThatNobodyHasProven) {
  life_.create("www.shop.example", "acme");
  EXPECT_TRUE(try_create(life_.wish("www.shop.example", "other")));
}

TEST_F(ConnectionsTest, RefusesAHostThatAnotherOrganizationHasProvenWithoutNamingIt) {
  const auto owner = life_.create("www.shop.example", "acme");
  prove(owner);
  const auto late = try_create(life_.wish("www.shop.example", "late"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, Kind::kConflict);
  EXPECT_THAT(late.error().message, ::testing::Not(HasSubstr("acme")));
}

TEST_F(ConnectionsTest, NamesTheMemberThatBreaksARule) {
  auto slug = life_.wish();
  slug.organization = "acme corp";
  EXPECT_EQ(try_create(slug).error().member, "organization");
  slug.organization = std::string(129, 'a');
  EXPECT_EQ(try_create(slug).error().member, "organization");
  auto user = life_.wish();
  user.user_id = std::string(257, 'u');
  EXPECT_EQ(try_create(user).error().member, "user_id");
  auto metadata = life_.wish();
  metadata.metadata_json = std::string(4097, ' ');
  EXPECT_EQ(try_create(metadata).error().member, "metadata");
  auto record = life_.wish();
  record.records.push_back({.type = RecordType::kA, .host = "@", .value = "nonsense"});
  EXPECT_EQ(try_create(record).error().member, "records[1].value");
}

TEST_F(ConnectionsTest, KeepsOriginRedirectionAndWhatIsForPower) {
  auto wish = life_.wish();
  wish.origin_flow_id = "Shared-1";
  wish.redirection = model::Redirection{model::Redirection::From::kApex, "https://www.shop.example/"};
  wish.is_free_domain = true;
  wish.records[0].application_url = "www.example.com";
  wish.records[0].power_root_path_access = {"path1"};
  const auto read = life_.read(must(try_create(wish)).id);
  EXPECT_EQ(read.origin_flow_id, "Shared-1");
  EXPECT_EQ(read.redirection, wish.redirection);
  EXPECT_EQ(read.is_free_domain, true);
  EXPECT_EQ(read.records[0].application_url, "www.example.com");
  EXPECT_THAT(read.records[0].power_root_path_access, ElementsAre("path1"));
}

TEST_F(ConnectionsTest, NamesTheNewMemberThatBreaksARule) {
  const auto refused = [&](auto change) {
    auto wish = life_.wish();
    change(wish);
    return try_create(wish).error().member;
  };
  EXPECT_EQ(refused([](auto& wish) { wish.origin_flow_id = std::string(129, 'f'); }), "origin_flow_id");
  EXPECT_EQ(refused([](auto& wish) { wish.origin_flow_id = "two words"; }), "origin_flow_id");
  const auto redirect = [](auto from, std::string to) {
    return [=](auto& wish) { wish.redirection = model::Redirection{from, to}; };
  };
  using From = model::Redirection::From;
  EXPECT_EQ(refused(redirect(From::kApex, "ftp://shop.example/")), "redirection.to");
  EXPECT_EQ(refused(redirect(From::kApex, "https://shop.example/shop")), "redirection.to") << "to itself";
  EXPECT_EQ(refused(redirect(From::kWww, "https://www.shop.example/")), "redirection.to");
  EXPECT_EQ(refused([](auto& wish) { wish.records[0].application_url = "no url"; }), "records[0].application_url");
  EXPECT_EQ(refused([](auto& wish) { wish.records[0].power_root_path_access = {"a"}; }),
            "records[0].power_root_path_access");
  EXPECT_EQ(refused([](auto& wish) {
              wish.records[0].application_url = "https://app.saas.example";
              wish.records[0].power_root_path_access.assign(model::kRootPathsMax + 1, "a");
            }),
            "records[0].power_root_path_access");
  EXPECT_EQ(refused([](auto& wish) {
              wish.records[0].application_url = "https://app.saas.example";
              wish.records[0].power_root_path_access = {"fine", "two\nlines"};
            }),
            "records[0].power_root_path_access[1]");
}

TEST_F(ConnectionsTest, LeadFromASharedFlowToTheLastWebhookOfAFlowDerivedFromIt) {
  const auto origin = life_.create("www.shop.example", "origin");
  auto wish = life_.wish("www.other.example", "derived");
  wish.origin_flow_id = origin.job_id;
  const auto derived = must(try_create(wish));
  const History history(life_.world.storage, life_.clock);
  const auto last = [&](std::string flow) { return life_.run(history.last_event_of(app(), std::move(flow))); };
  EXPECT_FALSE(last(origin.job_id));
  life_.happen(derived.id, model::FlowEnded{model::SetupType::kManual, ""});
  const auto of_origin = must(last(origin.job_id));
  EXPECT_EQ(of_origin.job_id, derived.job_id);
  EXPECT_THAT(of_origin.body, HasSubstr("\"originFlowId\":\"" + origin.job_id + "\""));
  EXPECT_EQ(must(last(derived.job_id)).id, of_origin.id);
  life_.happen(origin.id, model::FlowEnded{model::SetupType::kManual, ""});
  EXPECT_EQ(must(last(origin.job_id)).job_id, origin.job_id) << "its own is newer now";
}

TEST_F(ConnectionsTest, IsNotFoundOutsideItsScope) {
  const auto connection = life_.create();
  const Scope other{.application = life_.add_application()};
  const Scope own{.application = app()};
  EXPECT_TRUE(life_.run(life_.connections.read(own, connection.id)));
  EXPECT_EQ(life_.run(life_.connections.read(other, connection.id)).error().kind, Kind::kNotFound);
  EXPECT_EQ(life_.run(life_.connections.check_now(other, connection.id)).error().kind, Kind::kNotFound);
  EXPECT_EQ(life_.run(life_.connections.jobs_of(other, connection.id)).error().kind, Kind::kNotFound);
  EXPECT_EQ(life_.run(life_.connections.last_observation(other, connection.id)).error().kind, Kind::kNotFound);
  EXPECT_EQ(life_.run(life_.connections.remove(other, connection.id)).error().kind, Kind::kNotFound);
  EXPECT_EQ(try_create(life_.wish(), other).error().kind, Kind::kNotFound);
  EXPECT_EQ(life_.read(connection.id).version, connection.version);
}

TEST_F(ConnectionsTest, AreListedInPagesNewestFirst) {
  for (const auto* host : {"a.shop.example", "b.shop.example", "c.shop.example"}) life_.create(host);
  const auto first = must(life_.run(life_.connections.list({}, {}, std::nullopt, 2)));
  ASSERT_EQ(first.items.size(), 2u);
  EXPECT_EQ(first.items[0].host.text(), "c.shop.example");
  ASSERT_TRUE(first.next_cursor);
  const auto second = must(life_.run(life_.connections.list({}, {}, first.next_cursor, 2)));
  ASSERT_EQ(second.items.size(), 1u);
  EXPECT_EQ(second.items[0].host.text(), "a.shop.example");
  EXPECT_FALSE(second.next_cursor);
  EXPECT_EQ(life_.run(life_.connections.list({}, {}, "garbage", 2)).error().member, "cursor");
}

TEST_F(ConnectionsTest, AreFilteredWithinTheScope) {
  life_.create("a.shop.example", "acme");
  life_.create("b.shop.example", "other");
  ConnectionFilter filter;
  filter.organization = "other";
  const auto found = must(life_.run(life_.connections.list({.application = app()}, filter, std::nullopt, 10)));
  ASSERT_EQ(found.items.size(), 1u);
  EXPECT_EQ(found.items[0].organization, "other");
  const Scope stranger{.application = life_.add_application()};
  EXPECT_TRUE(must(life_.run(life_.connections.list(stranger, {}, std::nullopt, 10))).items.empty());
  filter.application = app();
  EXPECT_TRUE(must(life_.run(life_.connections.list(stranger, filter, std::nullopt, 10))).items.empty());
}

TEST_F(ConnectionsTest, GoesThroughTheTwoSteps) {
  const auto connection = life_.create();
  EXPECT_EQ(must(mark(1)).status, model::Status::kSslValidating);
  EXPECT_EQ(life_.happen(connection.id, model::CertificateIssued{}).status, model::Status::kSslValidated);
  const auto deployed = must(mark(2));
  EXPECT_EQ(deployed.status, model::Status::kDeployed);
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kCertificateUpgrade).not_before,
            life_.clock.now() + std::chrono::seconds(60));
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kSearchSubmission).not_before, life_.clock.now());
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kPropagation).not_before, life_.clock.now());
}

TEST_F(ConnectionsTest, ChangesNothingWhenAStepIsMarkedAgain) {
  make_ready_for_step_2();
  const auto first = must(mark(2));
  const auto events = life_.events(first);
  const auto job = life_.job(first.id, model::JobKind::kSearchSubmission);
  life_.clock.advance(std::chrono::seconds(1));
  const auto again = must(mark(2));
  EXPECT_EQ(again.status, model::Status::kDeployed);
  EXPECT_EQ(must(mark(1)).status, model::Status::kDeployed);
  EXPECT_EQ(life_.read(first.id).version, first.version);
  EXPECT_EQ(life_.events(first), events);
  EXPECT_EQ(life_.job(first.id, model::JobKind::kSearchSubmission).generation, job.generation);
}

TEST_F(ConnectionsTest, RefusesStep2BeforeItsStateAndNamesTheWayOut) {
  const auto connection = life_.create();
  const auto outcome = mark(2);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, Kind::kConflict);
  EXPECT_THAT(outcome.error().message, AllOf(HasSubstr("PENDING_VALIDATION"), HasSubstr("step 1")));
  EXPECT_EQ(life_.read(connection.id).version, connection.version);
}

TEST_F(ConnectionsTest, SaysThatAnOrganizationHasNone) {
  EXPECT_EQ(mark(1, "nobody").error().kind, Kind::kNotFound);
  EXPECT_FALSE(must(life_.run(life_.connections.of_organization(app(), "nobody", std::nullopt))));
}

TEST_F(ConnectionsTest, AsksForTheHostWhenAnOrganizationHasSeveral) {
  life_.create("a.shop.example");
  const auto second = life_.create("b.shop.example");
  const auto unclear = mark(1);
  ASSERT_FALSE(unclear);
  EXPECT_EQ(unclear.error().kind, Kind::kConflict);
  EXPECT_THAT(unclear.error().message,
              AllOf(HasSubstr("a.shop.example"), HasSubstr("b.shop.example"), HasSubstr("?host=")));
  EXPECT_EQ(must(mark(1, "acme", second.host)).id, second.id);
  EXPECT_EQ(must(life_.run(life_.connections.of_organization(app(), "acme", second.host)))->id, second.id);
  EXPECT_EQ(mark(1, "acme", must(HostName::parse("c.shop.example"))).error().kind, Kind::kNotFound);
}

TEST_F(ConnectionsTest, FindsTheHostHoweverManyTheOrganizationHas) {
  const auto first = life_.create("h0.shop.example");
  const int count = store::connections::kLiveOfOrganizationMax + 1;
  for (int i = 1; i < count; ++i) life_.create(format("h{}.shop.example", i));
  const auto found = life_.run(life_.connections.of_organization(app(), "acme", first.host));
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->id, first.id);
  EXPECT_EQ(must(mark(1, "acme", first.host)).id, first.id);
  const auto several = mark(1);
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().kind, Kind::kConflict);
  EXPECT_THAT(several.error().message, HasSubstr(format("has {} live connections", count)));
}

TEST_F(ConnectionsTest, KeepsTheRecordThatStaysWhenRecordsAreReplaced) {
  const auto before = life_.create();
  auto records = life_.wish().records;
  records.push_back({.type = RecordType::kTxt, .host = "@", .value = "hello"});
  const auto after = must(life_.run(life_.connections.replace_records({}, before.id, records)));
  ASSERT_EQ(after.records.size(), 2u);
  EXPECT_EQ(after.records[0].id, before.records[0].id);
  EXPECT_EQ(life_.read(before.id).records.size(), 2u);
}

TEST_F(ConnectionsTest, FreesTheHostWhenItIsRemoved) {
  const auto connection = life_.create();
  ASSERT_TRUE(life_.run(life_.connections.remove({}, connection.id)));
  EXPECT_EQ(life_.run(life_.connections.read({}, connection.id)).error().kind, Kind::kNotFound);
  EXPECT_TRUE(try_create(life_.wish()));
}

TEST_F(ConnectionsTest, DecidesAnewWhenSomebodyWasFirst) {
  const auto connection = life_.create();
  int loads = 0;
  const auto after =
      must(life_.world.storage.write_now<model::Connection>([&](store::Tx& tx) -> Result<model::Connection> {
        ConnectionChange change(tx, life_.world.ids, life_.clock.now());
        const auto load = [&](store::Tx& in) -> Result<model::Connection> {
          auto found = TRY(load_connection(in, std::nullopt, connection.id));
          if (++loads == 1) --found.version;  // as read before somebody else's commit
          return found;
        };
        return change.apply(load, model::StepMarked{1});
      }));
  EXPECT_EQ(loads, 2);
  EXPECT_EQ(after.status, model::Status::kSslValidating);
  EXPECT_EQ(life_.read(connection.id).version, connection.version + 1);
}

TEST_F(ConnectionsTest, WritesNothingWhenTheDatabaseCannot) {
  const auto connection = make_ready_for_step_2();
  const auto events = life_.events(connection);
  life_.world.database.refuse(1);
  EXPECT_EQ(mark(2).error().kind, Kind::kUnavailable);
  EXPECT_EQ(life_.read(connection.id).status, model::Status::kSslValidated);
  EXPECT_EQ(life_.events(connection), events);
  EXPECT_TRUE(mark(2));
}

TEST_F(ConnectionsTest, RingsForWhatIsDueSoonOnly) {
  int rings = 0;
  std::array<int, 2> of_loops{};
  life_.bell.on_jobs(Partitions().set(), [&] { ++rings; });
  for (int index = 0; index < 2; ++index) {
    life_.bell.on_jobs(partitions_of({.index = index, .count = 2}),
                       [&, index] { ++of_loops.at(static_cast<std::size_t>(index)); });
  }
  const auto connection = life_.create();
  EXPECT_EQ(rings, 1);  // for what the host answers now; the claim ends in three days
  life_.happen(connection.id, model::FacetReported{model::FacetReported::Facet::kSecure, model::FacetState::kPending});
  EXPECT_EQ(rings, 1);
  must(life_.run(life_.connections.check_now({}, connection.id)));
  EXPECT_EQ(rings, 2);
  const auto own = static_cast<std::size_t>(partition_of(connection.id.value()) % 2);
  EXPECT_EQ(of_loops.at(own), 2) << "only the loop whose job it is";
  EXPECT_EQ(of_loops.at(1 - own), 0);
}

TEST(FairnessKey, IsOneForAnOrganizationAndStableForEver) {
  EXPECT_EQ(fairness_key_of(ApplicationId(1), "acme"), fairness_key_of(ApplicationId(1), "acme"));
  EXPECT_NE(fairness_key_of(ApplicationId(1), "acme"), fairness_key_of(ApplicationId(2), "acme"));
  EXPECT_NE(fairness_key_of(ApplicationId(1), "acme"), fairness_key_of(ApplicationId(1), "acmf"));
  EXPECT_EQ(fairness_key_of(ApplicationId(1), "acme"), 5139178418138470618);
}

TEST(ConcurrentConnections, GiveTwoMarksOfStep2ExactlyOneEffect) {
  Life life;
  const auto connection = life.create();
  must(life.run(life.connections.mark_step(life.world.application.id, "acme", {}, 1)));
  const auto ready = life.happen(connection.id, model::CertificateIssued{});
  const auto events = life.events(connection).size();

  constexpr int kCallers = 16;
  net::Loops loops(2);
  loops.start();
  std::vector<std::future<std::optional<Result<model::Connection>>>> answers;
  for (int i = 0; i < kCallers; ++i) {
    answers.push_back(boost::asio::co_spawn(
        loops.at(static_cast<std::size_t>(i) % 2),
        testing::boxed(life.connections.mark_step(life.world.application.id, "acme", {}, 2)), boost::asio::use_future));
  }
  for (auto& answer : answers) EXPECT_EQ(must(*answer.get()).status, model::Status::kDeployed);
  loops.stop_and_join();
  life.let_database_rest();

  EXPECT_EQ(life.read(connection.id).version, ready.version + 1);
  EXPECT_EQ(life.job(connection.id, model::JobKind::kSearchSubmission).generation, 1);
  EXPECT_EQ(life.job(connection.id, model::JobKind::kCertificateUpgrade).generation, 1);
  const auto after = life.events(connection);
  EXPECT_EQ(std::ranges::count(after, "signpost.connection.deployed"), 1);
  EXPECT_EQ(after.size(), events + 2);  // domain.added and deployed
}

TEST(ConcurrentConnections, GiveOneOfTwoCreatorsTheHost) {
  Life life;
  net::Loops loops(2);
  loops.start();
  std::vector<std::future<std::optional<Result<model::Connection>>>> answers;
  for (std::size_t i = 0; i < 8; ++i) {
    answers.push_back(boost::asio::co_spawn(loops.at(i % 2), testing::boxed(life.connections.create({}, life.wish())),
                                            boost::asio::use_future));
  }
  std::set<Kind> refusals;
  int created = 0;
  for (auto& answer : answers) {
    const auto outcome = *answer.get();
    if (outcome) ++created;
    if (!outcome) refusals.insert(outcome.error().kind);
  }
  loops.stop_and_join();
  life.let_database_rest();
  EXPECT_EQ(created, 1);
  EXPECT_THAT(refusals, ElementsAre(Kind::kConflict));
}

}  // namespace
}  // namespace signpost::services
