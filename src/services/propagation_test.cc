// SPDX-License-Identifier: Apache-2.0
#include "services/propagation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/observation_json.h"
#include "services/testing/life.h"

namespace signpost::services {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Life;
using testing::must;

Task<void> check_during_look(Life& life, ConnectionId id) { must(co_await life.connections.check_now({}, id)); }
Task<void> mark_during_look(Life& life) {
  must(co_await life.connections.mark_step(life.world.application.id, "acme", std::nullopt, 1));
}
Task<void> remove_during_look(Life& life, ConnectionId id) { must(co_await life.connections.remove({}, id)); }
Task<void> replace_during_look(Life& life, ConnectionId id) {
  auto records = life.wish().records;
  records[0].value = "other.saas.example";
  must(co_await life.connections.replace_records({}, id, std::move(records)));
}
Task<void> blind_during_look(Life& life, std::string cause) {
  life.eye.blind(std::move(cause));
  co_return;
}
Task<void> publish_during_look(Life& life, model::Connection connection) {
  life.eye.publish(connection);
  co_return;
}
Task<void> refuse_during_look(Life& life) {
  life.world.database.refuse(1);
  co_return;
}

class PropagationTest : public ::testing::Test {
 protected:
  model::Connection create_and_end_flow(std::string_view host = "www.shop.example", std::string organization = "acme") {
    const auto connection = life_.create(host, std::move(organization));
    return life_.happen(connection.id, model::FlowEnded{model::SetupType::kManual, "knot"});
  }
  model::Connection create_with_dkim(std::string_view host = "www.shop.example") {
    auto wish = life_.wish(host);
    wish.records.push_back({.type = RecordType::kTxt, .host = "s1._domainkey", .value = "v=DKIM1; k=rsa; p=QUJD"});
    const auto connection = must(life_.run(life_.connections.create({}, std::move(wish))));
    return life_.happen(connection.id, model::FlowEnded{model::SetupType::kManual, "knot"});
  }
  std::vector<seconds> looks_since(Time start) const {
    std::vector<seconds> offsets;
    for (const auto look : life_.eye.looks()) offsets.push_back(std::chrono::duration_cast<seconds>(look - start));
    return offsets;
  }
  std::optional<LastObservation> observation_of(const model::Connection& connection) {
    return must(life_.run(life_.connections.last_observation({}, connection.id)));
  }
  Life life_;
};

// The contract's schedule: every 10 s for 2 minutes, then pauses of 1, 2, 4 … minutes, the last look at 72 h.
std::vector<seconds> contract_looks() {
  std::vector<seconds> looks;
  for (int at = 0; at <= 120; at += 10) looks.emplace_back(at);
  seconds pause = minutes(1);
  for (seconds at = minutes(2) + pause; at < hours(72); at += pause) {
    looks.push_back(at);
    pause *= 2;
  }
  looks.emplace_back(hours(72));
  // With the end of the dense phase the missing record is blamed, which a second look at once confirms.
  looks.insert(std::ranges::find(looks, seconds(120)), seconds(120));
  return looks;
}

TEST_F(PropagationTest, WalksFromCreatedToSuccess) {
  const auto connection = create_and_end_flow();
  EXPECT_THAT(life_.events(connection), ElementsAre("domain.flow.completed", "domain.added"));
  life_.walk_to(life_.clock.now() + seconds(35));
  EXPECT_EQ(life_.read(connection.id).facets.propagation, model::FacetState::kPending);

  life_.eye.publish(connection);
  life_.eye.publish_claim(connection);
  life_.walk_to(life_.clock.now() + seconds(10));
  const auto after = life_.read(connection.id);
  EXPECT_EQ(after.facets.propagation, model::FacetState::kSuccess);
  EXPECT_TRUE(after.records[0].is_propagated);
  EXPECT_EQ(after.claim, model::Claim::kProven);
  EXPECT_FALSE(after.next_look_at);
  EXPECT_THAT(life_.events(connection), ElementsAre("domain.flow.completed", "domain.added", "domain.added"));
  const auto body = life_.world.events_of(connection).back().body;
  EXPECT_THAT(body, HasSubstr(R"("propagation_status":"success")"));
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kPropagation).state, model::JobState::kDone);
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kClaimEnd).state, model::JobState::kDone);

  const auto looks = life_.eye.looks().size();
  life_.walk_to(life_.clock.now() + hours(100));
  EXPECT_EQ(life_.eye.looks().size(), looks);
}

TEST_F(PropagationTest, AsksForTheMailOnlyWhereDkimIsSupportedAndExpected) {
  life_.turn();
  create_and_end_flow();
  life_.turn();
  EXPECT_EQ(life_.eye.last_asked().back().type, RecordType::kTxt) << "no DKIM record is expected";
  create_with_dkim("www.other.example");
  life_.turn();
  EXPECT_NE(life_.eye.last_asked().back().type, RecordType::kMx) << "the application has it turned off";
  life_.support_dkim(true);
  const auto connection = create_with_dkim("www.third.example");
  life_.turn();
  EXPECT_EQ(life_.eye.last_asked().back().type, RecordType::kMx);
  EXPECT_EQ(life_.eye.last_asked().back().name.text(), "third.example");
  EXPECT_THAT(observation_of(connection)->json, ::testing::Not(HasSubstr("\"MX\"")))
      << "it is not the customer's record";
}

TEST_F(PropagationTest, TellsOfDkimFromPendingToSuccess) {
  life_.support_dkim(true);
  life_.eye.publish_mail("1 aspmx.l.google.com");
  const auto connection = create_with_dkim();
  EXPECT_THAT(life_.world.events_of(connection).back().body, HasSubstr(R"("dkim_status":"pending")"));
  life_.turn();
  EXPECT_EQ(life_.read(connection.id).facets.dkim, model::FacetState::kPending);
  const auto& selector = connection.records[1];
  life_.eye.publish(selector.name, selector.type, selector.value);
  life_.walk_to(life_.clock.now() + seconds(10));
  EXPECT_EQ(life_.read(connection.id).facets.dkim, model::FacetState::kSuccess);
  const auto body = life_.world.events_of(connection).back().body;
  EXPECT_THAT(body, HasSubstr(R"("dkim_status":"success")"));
  EXPECT_THAT(body, HasSubstr(R"("updated_objects":["dkim_status"])"));
}

TEST_F(PropagationTest, LeavesDkimExemptWithMailElsewhereAndWithoutMail) {
  life_.support_dkim(true);
  life_.eye.publish_mail("10 mx.zoho.eu");
  const auto connection = create_with_dkim();
  life_.eye.publish(connection);
  life_.turn();
  EXPECT_EQ(life_.read(connection.id).facets.dkim, model::FacetState::kExempt);
  life_.eye.publish_mail("");
  const auto without = create_with_dkim("www.other.example");
  life_.eye.publish(without);
  life_.turn();
  EXPECT_EQ(life_.read(without.id).facets.dkim, model::FacetState::kExempt);
}

TEST_F(PropagationTest, ProbesTheRedirectionWithItsLooksUntilItIsThere) {
  auto wish = life_.wish();
  wish.redirection = model::Redirection{model::Redirection::From::kApex, "https://www.shop.example/"};
  const auto connection = must(life_.run(life_.connections.create({}, std::move(wish))));
  EXPECT_EQ(connection.facets.redirection, model::FacetState::kPending);
  life_.happen(connection.id, model::FlowEnded{model::SetupType::kManual, "knot"});
  life_.eye.publish(connection);
  life_.turn();
  EXPECT_THAT(life_.redirect_eye.asked(), ElementsAre("shop.example → https://www.shop.example/"));
  EXPECT_EQ(life_.read(connection.id).facets.propagation, model::FacetState::kSuccess);
  EXPECT_EQ(life_.read(connection.id).facets.redirection, model::FacetState::kPending);
  life_.redirect_eye.redirect(true);
  life_.walk_to(life_.clock.now() + seconds(10));
  EXPECT_EQ(life_.read(connection.id).facets.redirection, model::FacetState::kSuccess);
  EXPECT_THAT(life_.world.events_of(connection).back().body, HasSubstr(R"("updated_objects":["redirection_status"])"));
  const auto probes = life_.redirect_eye.asked().size();
  must(life_.run(life_.connections.check_now({}, connection.id)));
  life_.turn();
  EXPECT_EQ(life_.redirect_eye.asked().size(), probes) << "what has succeeded is not probed again";
}

TEST_F(PropagationTest, GivesTheRedirectionUpWithTheWatch) {
  auto wish = life_.wish();
  wish.redirection = model::Redirection{model::Redirection::From::kWww, "https://shop.example/"};
  const auto connection = must(life_.run(life_.connections.create({}, std::move(wish))));
  life_.happen(connection.id, model::FlowEnded{model::SetupType::kManual, "knot"});
  life_.eye.publish(connection);
  life_.walk_to(life_.clock.now() + hours(72));
  EXPECT_EQ(life_.read(connection.id).facets.redirection, model::FacetState::kFailed);
  EXPECT_FALSE(life_.read(connection.id).next_look_at);
}

TEST(MailSight, IsWhatAuthoritiesSay) {
  using model::MailProvider;
  const std::vector both{MailProvider::kGoogle, MailProvider::kMicrosoft};
  const auto answer = [](dns::Verdict verdict, std::vector<std::string> values) {
    dns::RecordObservation seen{.name = DnsName::parse("shop.example").value(), .type = RecordType::kMx};
    seen.authorities.push_back({.server = "ns1.dns.example", .address = {}, .verdict = verdict, .values = values});
    return seen;
  };
  using dns::Verdict;
  EXPECT_EQ(mail_sight_of(answer(Verdict::kAgrees, {"10 backup.shop.example", "1 smtp.google.com"}), both),
            model::MailSight::kSupported);
  EXPECT_EQ(mail_sight_of(answer(Verdict::kAgrees, {"10 mx.zoho.com"}), both), model::MailSight::kExempt);
  EXPECT_EQ(mail_sight_of(answer(Verdict::kAgrees, {"10 mx.zoho.com"}), {MailProvider::kZoho}),
            model::MailSight::kSupported);
  EXPECT_EQ(mail_sight_of(answer(Verdict::kNoData, {}), both), model::MailSight::kExempt);
  EXPECT_EQ(mail_sight_of(answer(Verdict::kSilent, {}), both), model::MailSight::kUnseen);
  EXPECT_EQ(mail_sight_of(answer(Verdict::kLame, {"1 smtp.google.com"}), both), model::MailSight::kUnseen);
}

TEST_F(PropagationTest, LooksAtExactlyTheTimesOfTheContract) {
  const auto connection = create_and_end_flow();
  life_.eye.publish_claim(connection);
  const Time start = life_.clock.now();
  life_.walk_to(start + hours(200));
  EXPECT_EQ(looks_since(start), contract_looks());
}

TEST_F(PropagationTest, TimesOutAtExactly72Hours) {
  const auto connection = create_and_end_flow();
  life_.eye.publish_claim(connection);
  const Time start = life_.clock.now();
  life_.walk_to(start + hours(72) - Milliseconds(1));
  EXPECT_EQ(life_.read(connection.id).facets.propagation, model::FacetState::kPending);
  life_.walk_to(start + hours(72));
  const auto after = life_.read(connection.id);
  EXPECT_EQ(after.facets.propagation, model::FacetState::kFailed);
  EXPECT_FALSE(after.next_look_at);
  const auto events = life_.world.events_of(connection);
  const auto timeouts = std::ranges::count(events, model::EventType::kPropagationTimeout, &model::Event::type);
  EXPECT_EQ(timeouts, 1);
  const auto timeout = std::ranges::find(events, model::EventType::kPropagationTimeout, &model::Event::type);
  EXPECT_EQ(timeout->created_at, start + hours(72));
}

TEST_F(PropagationTest, MovesNoScheduledLookForACheckNow) {
  const auto connection = create_and_end_flow();
  const Time start = life_.clock.now();
  life_.walk_to(start + seconds(13));
  must(life_.run(life_.connections.check_now({}, connection.id)));
  life_.walk_to(start + seconds(31));
  EXPECT_THAT(looks_since(start), ElementsAre(seconds(0), seconds(10), seconds(13), seconds(20), seconds(30)));
}

TEST_F(PropagationTest, LooksAgainForACheckNowThatCameDuringALook) {
  const auto connection = create_and_end_flow();
  const Time start = life_.clock.now();
  life_.walk_to(start + minutes(3));
  const auto before = life_.eye.looks().size();
  life_.eye.during_next_look([this, id = connection.id]() -> Task<void> { return check_during_look(life_, id); });
  life_.walk_to(start + minutes(5));
  const auto looks = looks_since(start);
  ASSERT_EQ(looks.size(), before + 2);
  EXPECT_EQ(looks[before], minutes(5));
  EXPECT_EQ(looks[before + 1], minutes(5));
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kPropagation).not_before, start + minutes(9));
}

TEST_F(PropagationTest, AppliesWhatItSawToTheConnectionAsItIsByThen) {
  const auto connection = create_and_end_flow();
  life_.eye.during_next_look([this]() -> Task<void> { return mark_during_look(life_); });
  life_.turn();
  const auto after = life_.read(connection.id);
  EXPECT_EQ(after.status, model::Status::kSslValidating);
  EXPECT_EQ(after.last_look_at, life_.clock.now());
}

TEST_F(PropagationTest, LooksAtOnceForRecordsThatWereReplacedDuringALook) {
  const auto connection = create_and_end_flow();
  life_.eye.publish(connection);
  life_.eye.during_next_look([this, id = connection.id]() -> Task<void> { return replace_during_look(life_, id); });
  EXPECT_EQ(life_.turn(), 1u);
  EXPECT_EQ(life_.read(connection.id).facets.propagation, model::FacetState::kPending);
  EXPECT_EQ(life_.turn(), 1u);
  EXPECT_EQ(life_.eye.last_asked().front().value, "other.saas.example");
}

TEST_F(PropagationTest, EndsQuietlyWhenTheConnectionIsRemovedDuringALook) {
  const auto connection = create_and_end_flow();
  life_.eye.during_next_look([this, id = connection.id]() -> Task<void> { return remove_during_look(life_, id); });
  EXPECT_EQ(life_.turn(), 1u);
  EXPECT_EQ(life_.run(life_.connections.read({}, connection.id)).error().kind, Kind::kNotFound);
  life_.walk_to(life_.clock.now() + hours(100));
  EXPECT_EQ(life_.eye.looks().size(), 1u);
}

TEST_F(PropagationTest, DoesNotMakeUpForLooksThatItSlept) {
  const auto connection = create_and_end_flow();
  const Time start = life_.clock.now();
  life_.eye.publish_claim(connection);
  life_.walk_to(start + seconds(30));
  const auto before = life_.eye.looks().size();
  life_.clock.set(start + hours(24));
  while (life_.turn() > 0) continue;
  EXPECT_EQ(life_.eye.looks().size(), before + 2) << "the look, and a second one before blame";
  EXPECT_EQ(*life_.next_due(), start + minutes(2) + minutes(1) * 2047);
}

TEST_F(PropagationTest, IsNeitherLostNorRepeatedNorFrozenWhenTheClockStepsBackADay) {
  create_and_end_flow();
  const Time start = life_.clock.now();
  life_.walk_to(start + minutes(1));
  const auto before = life_.eye.looks().size();
  const Time yesterday = start - hours(24);
  life_.clock.set(yesterday);
  EXPECT_EQ(life_.turn(), 0u);
  EXPECT_EQ(life_.next_due(), yesterday + seconds(10));
  life_.walk_to(yesterday + seconds(30));
  EXPECT_EQ(life_.eye.looks().size(), before + 3);
  life_.clock.set(start + minutes(2));
  EXPECT_EQ(life_.turn(), 1u) << "and when it is set right again";
  EXPECT_EQ(life_.turn(), 0u) << "without a storm";
}

TEST_F(PropagationTest, GoesOnAfterAClockThatWasADayAhead) {
  create_and_end_flow();
  const Time start = life_.clock.now();
  life_.walk_to(start + seconds(30));
  life_.clock.set(start + hours(24));
  while (life_.turn() > 0) continue;
  life_.clock.set(start + seconds(40));
  EXPECT_EQ(life_.turn(), 0u);
  EXPECT_EQ(life_.next_due(), start + seconds(40) + (minutes(2) + minutes(1) * 2047 - hours(24)));
}

TEST_F(PropagationTest, FollowsTheClockAsSoonAsTheDatabaseTakesIt) {
  create_and_end_flow();
  life_.turn();
  const Time yesterday = life_.clock.now() - hours(24);
  life_.clock.set(yesterday);
  life_.world.database.refuse(1);
  EXPECT_FALSE(life_.run(life_.runner.run_once()));
  EXPECT_EQ(life_.turn(), 0u);
  EXPECT_EQ(life_.next_due(), yesterday + seconds(10));
}

TEST_F(PropagationTest, GivesTheHostToTheFirstWhoseProofIsSeen) {
  const auto first = create_and_end_flow("www.shop.example", "first");
  const auto second = create_and_end_flow("www.shop.example", "second");
  life_.eye.publish_claim(second);
  life_.turn();
  EXPECT_EQ(life_.read(second.id).claim, model::Claim::kProven);
  const auto lost = life_.read(first.id);
  EXPECT_EQ(lost.claim, model::Claim::kLost);
  ASSERT_TRUE(lost.attention);
  EXPECT_EQ(lost.attention->cause, "host_proven_by_another");
  EXPECT_EQ(life_.events(first).back(), "signpost.connection.attention");
  EXPECT_EQ(life_.job(first.id, model::JobKind::kPropagation).state, model::JobState::kDone);
}

TEST_F(PropagationTest, LosesTheClaimWhenBothProofsAreSeenButAnotherWasFirst) {
  const auto first = create_and_end_flow("www.shop.example", "first");
  const auto second = create_and_end_flow("www.shop.example", "second");
  life_.eye.publish_claim(first);
  life_.eye.publish_claim(second);
  life_.turn();
  const auto a = life_.read(first.id).claim;
  const auto b = life_.read(second.id).claim;
  EXPECT_NE(a, b);
  EXPECT_TRUE((a == model::Claim::kProven && b == model::Claim::kLost) ||
              (a == model::Claim::kLost && b == model::Claim::kProven));
}

TEST_F(PropagationTest, GivesNothingToARivalWhoseTargetHasTheSameAddresses) {
  const auto owner = create_and_end_flow("www.shop.example", "owner");
  auto wish = life_.wish("www.shop.example", "rival");
  wish.records[0].value = "{CLAIM_TOKEN}.customers.saas.example";
  auto rival = must(life_.run(life_.connections.create({}, std::move(wish))));
  ASSERT_TRUE(rival.records[0].proves_ownership);
  rival = life_.happen(rival.id, model::FlowEnded{model::SetupType::kManual, "knot"});
  life_.eye.publish_flattened(rival.records[0].name, rival.records[0].value);
  life_.turn();
  EXPECT_EQ(life_.read(rival.id).facets.propagation, model::FacetState::kSuccess);
  EXPECT_EQ(life_.read(rival.id).claim, model::Claim::kUnproven);
  EXPECT_EQ(life_.read(owner.id).claim, model::Claim::kUnproven);
}

TEST_F(PropagationTest, LooksASecondTimeBeforeItAsksForAttention) {
  const auto connection = create_and_end_flow();
  life_.eye.publish_claim(connection);
  const Time start = life_.clock.now();
  life_.walk_to(start + seconds(110));
  const auto before = life_.eye.looks().size();
  life_.walk_to(start + minutes(2));
  EXPECT_EQ(life_.eye.looks().size(), before + 2);
  const auto after = life_.read(connection.id);
  ASSERT_TRUE(after.attention);
  EXPECT_EQ(after.attention->cause, "name_missing");
  EXPECT_EQ(life_.events(connection).back(), "signpost.connection.attention");
  life_.walk_to(start + minutes(4));
  EXPECT_EQ(life_.eye.looks().size(), before + 3) << "the same cause again needs no second look";
}

TEST_F(PropagationTest, BlamesNobodyForWhatASecondLookDoesNotConfirm) {
  const auto connection = create_and_end_flow();
  life_.eye.publish_claim(connection);
  const Time start = life_.clock.now();
  life_.walk_to(start + seconds(110));
  life_.eye.during_next_look([this]() -> Task<void> { return blind_during_look(life_, "servers_silent"); });
  life_.walk_to(start + minutes(2));
  auto after = life_.read(connection.id);
  EXPECT_FALSE(after.attention);
  EXPECT_EQ(after.next_look_at, start + minutes(3));
  EXPECT_THAT(observation_of(connection)->json, HasSubstr("servers_silent")) << "what was seen last is shown";
  life_.walk_to(start + minutes(3));
  EXPECT_EQ(life_.read(connection.id).attention->cause, "servers_silent") << "it stays: seen twice in a row";
}

TEST_F(PropagationTest, GivesADeadDomainTheTurnOfTheDeadUntilItAnswersAgain) {
  const auto connection = create_and_end_flow();
  const auto own = fairness_key_of(connection.application, connection.organization);
  const auto key = [&] { return life_.job(connection.id, model::JobKind::kPropagation).fairness_key; };
  const Time start = life_.clock.now();
  EXPECT_EQ(key(), own);
  life_.eye.blind("servers_silent");
  life_.walk_to(start + seconds(20));
  EXPECT_EQ(key(), model::kDeadTurn);
  life_.eye.blind("");
  life_.walk_to(start + seconds(40));
  EXPECT_EQ(key(), own);
}

TEST_F(PropagationTest, AnAskedForLookAtADeadDomainTakesItsOwnTurn) {
  const auto connection = create_and_end_flow();
  life_.eye.blind("servers_silent");
  life_.walk_to(life_.clock.now() + seconds(20));
  ASSERT_EQ(life_.job(connection.id, model::JobKind::kPropagation).fairness_key, model::kDeadTurn);
  must(life_.run(life_.connections.check_now({}, connection.id)));
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kPropagation).fairness_key,
            fairness_key_of(connection.application, connection.organization));
}

TEST_F(PropagationTest, SucceedsByTheSecondLook) {
  const auto connection = create_and_end_flow();
  life_.eye.publish_claim(connection);
  const Time start = life_.clock.now();
  life_.walk_to(start + seconds(110));
  life_.eye.during_next_look([this, connection]() -> Task<void> { return publish_during_look(life_, connection); });
  life_.walk_to(start + minutes(2));
  EXPECT_EQ(life_.read(connection.id).facets.propagation, model::FacetState::kSuccess);
  EXPECT_FALSE(life_.read(connection.id).attention);
}

TEST_F(PropagationTest, KeepsWhatItSawFirstWhenThereIsNoRoomForASecondLook) {
  const auto connection = create_and_end_flow();
  life_.eye.publish_claim(connection);
  const Time start = life_.clock.now();
  life_.walk_to(start + seconds(110));
  life_.eye.during_next_look([this]() -> Task<void> { return blind_during_look(life_, "too_busy"); });
  life_.walk_to(start + minutes(2));
  EXPECT_EQ(life_.read(connection.id).last_look_at, start + minutes(2));
  EXPECT_FALSE(life_.read(connection.id).attention);
  EXPECT_THAT(observation_of(connection)->json, HasSubstr("name_missing"));
}

TEST_F(PropagationTest, EndsAClaimThatNobodyProvedAfter72HoursWithOneLastLook) {
  const auto connection = life_.create();
  const Time end = life_.clock.now() + hours(72);
  life_.walk_to(end - Milliseconds(1));
  EXPECT_THAT(life_.eye.looks(), IsEmpty());
  EXPECT_TRUE(life_.read(connection.id).is_live());
  life_.walk_to(end);
  EXPECT_THAT(life_.eye.looks(), ElementsAre(end));
  EXPECT_EQ(life_.read(connection.id).claim, model::Claim::kExpired);
}

TEST_F(PropagationTest, KeepsAClaimWhoseProofTheLastLookSees) {
  const auto connection = life_.create();
  life_.eye.publish_claim(connection);
  life_.walk_to(life_.clock.now() + hours(73));
  EXPECT_EQ(life_.read(connection.id).claim, model::Claim::kProven);
}

TEST_F(PropagationTest, TriesAgainWhenNothingCouldBeSeen) {
  const auto connection = create_and_end_flow();
  life_.eye.publish(connection);
  life_.eye.publish_claim(connection);
  life_.eye.blind("too_busy");
  life_.turn();
  EXPECT_FALSE(life_.read(connection.id).last_look_at);
  life_.eye.blind("");
  life_.walk_to(life_.clock.now() + seconds(1));
  EXPECT_EQ(life_.read(connection.id).facets.propagation, model::FacetState::kSuccess);
}

TEST_F(PropagationTest, TriesAgainWhenWhatItSawCouldNotBeSaved) {
  const auto connection = create_and_end_flow();
  life_.eye.publish(connection);
  life_.eye.during_next_look([this]() -> Task<void> { return refuse_during_look(life_); });
  life_.turn();
  EXPECT_EQ(life_.read(connection.id).facets.propagation, model::FacetState::kPending);
  life_.walk_to(life_.clock.now() + seconds(1));
  EXPECT_EQ(life_.read(connection.id).facets.propagation, model::FacetState::kSuccess);
}

TEST_F(PropagationTest, KeepsAnObservationUntilItShowsSomethingNewOrGetsOld) {
  const auto connection = create_and_end_flow();
  const Time start = life_.clock.now();
  EXPECT_FALSE(observation_of(connection));
  life_.walk_to(start + seconds(20));
  EXPECT_EQ(observation_of(connection)->seen_at, start);
  life_.eye.publish_claim(connection);
  life_.walk_to(start + seconds(30));
  EXPECT_EQ(observation_of(connection)->seen_at, start + seconds(30));
  EXPECT_THAT(observation_of(connection)->json, HasSubstr("_signpost.www.shop.example"));
  life_.walk_to(start + minutes(9));
  EXPECT_EQ(observation_of(connection)->seen_at, start + minutes(9));
}

TEST(ExpectationsOf, EndWithTheClaimWhileItIsUnproven) {
  Life life;
  auto connection = life.create();
  const auto asked = expectations_of(connection);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0].name.text(), "www.shop.example");
  EXPECT_EQ(asked[0].value, "app.saas.example");
  EXPECT_EQ(asked[1].name.text(), "_signpost.www.shop.example");
  EXPECT_EQ(asked[1].type, RecordType::kTxt);
  EXPECT_EQ(asked[1].value, "signpost-verification=" + connection.claim_token);
  connection.claim = model::Claim::kProven;
  EXPECT_EQ(expectations_of(connection).size(), 1u);
}

class ObservedOf : public ::testing::Test {
 protected:
  ObservedOf() : connection_(life_.create()) {
    for (const auto& one : expectations_of(connection_)) seen_.records.push_back({.name = one.name, .type = one.type});
  }
  void show(std::size_t record, bool propagated) {
    seen_.records[record].propagated = propagated;
    seen_.records[record].value_seen = propagated;
  }
  Life life_;
  model::Connection connection_;
  dns::Observation seen_;
};

TEST_F(ObservedOf, TakesTheCauseOfTheFirstRecordThatIsNotThere) {
  seen_.records[0].cause = "other_value";
  seen_.records[0].explanation = "it still points to the old host";
  seen_.records[1].cause = "name_missing";
  const auto observed = observed_of(connection_, seen_);
  EXPECT_FALSE(observed.propagated.at(connection_.records[0].id));
  EXPECT_EQ(observed.cause, "other_value");
  EXPECT_EQ(observed.explanation, "it still points to the old host");
  EXPECT_FALSE(observed.is_claim_seen);
}

TEST_F(ObservedOf, SeesTheClaimInItsTxtOrInARecordThatProvesOwnership) {
  show(1, true);
  EXPECT_TRUE(observed_of(connection_, seen_).is_claim_seen);
  show(1, false);
  show(0, true);
  EXPECT_FALSE(observed_of(connection_, seen_).is_claim_seen);
  connection_.records[0].proves_ownership = true;
  EXPECT_TRUE(observed_of(connection_, seen_).is_claim_seen);
}

TEST_F(ObservedOf, SeesNoClaimInTheAddressesOfAFlattenedName) {
  connection_.records[0].proves_ownership = true;
  show(0, true);
  seen_.records[0].value_seen = false;
  EXPECT_TRUE(observed_of(connection_, seen_).propagated.at(connection_.records[0].id));
  EXPECT_FALSE(observed_of(connection_, seen_).is_claim_seen);
}

TEST_F(ObservedOf, SeesNoClaimThatOnlySomeServersShow) {
  connection_.records[0].proves_ownership = true;
  seen_.records[0].value_seen = true;
  EXPECT_FALSE(observed_of(connection_, seen_).is_claim_seen);
}

TEST_F(ObservedOf, SaysNothingAboutARecordThatCouldNotBeAsked) {
  seen_.records[0].cause = "resolvers_fail";
  EXPECT_TRUE(observed_of(connection_, seen_).propagated.empty());
}

}  // namespace
}  // namespace signpost::services
