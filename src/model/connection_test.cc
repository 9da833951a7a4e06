// SPDX-License-Identifier: Apache-2.0
#include "model/connection.h"

#include <gmock/gmock.h>

#include "model/propagation_schedule.h"
#include "model/testing/sample.h"

namespace signpost::model {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kStart;
using testing::sample_connection;

std::vector<EventType> types_of(const Decision& decision) {
  std::vector<EventType> types;
  for (const auto& event : decision.events) types.push_back(event.type);
  return types;
}

const JobRequest* job_of(const Decision& decision, JobKind kind) {
  const auto found = std::ranges::find(decision.jobs, kind, &JobRequest::kind);
  return found == decision.jobs.end() ? nullptr : &*found;
}

Connection after(const Connection& connection, const Happening& happening, Time now = kStart) {
  auto decision = decide(connection, happening, now);
  EXPECT_TRUE(decision) << decision.error().message;
  return decision->connection;
}

Observed seen(bool propagated, std::string cause = "") {
  if (!propagated && cause.empty()) cause = "name_missing";
  return Observed{.propagated = {{RecordId(11), propagated}},
                  .is_claim_seen = false,
                  .cause = cause,
                  .explanation = cause.empty() ? "" : "add the record"};
}

Connection watched() { return after(sample_connection(), FlowEnded{SetupType::kManual, ""}); }
Connection validated() { return after(after(sample_connection(), StepMarked{1}), CertificateIssued{}); }

TEST(Connection, IsCreatedWithAClaimThatEnds) {
  const auto decision = decide(sample_connection(), Created{}, kStart);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->connection.status, Status::kPendingValidation);
  ASSERT_NE(job_of(*decision, JobKind::kClaimEnd), nullptr);
  EXPECT_EQ(job_of(*decision, JobKind::kClaimEnd)->not_before, kStart + hours(72));
  EXPECT_THAT(decision->events, IsEmpty());
}

TEST(Connection, GoesFromStep1ToSslValidating) {
  const auto decision = decide(sample_connection(), StepMarked{1}, kStart);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->connection.status, Status::kSslValidating);
  EXPECT_TRUE(decision->is_changed);
}

TEST(Connection, MarkedTwiceDoesNothingTwice) {
  const auto once = after(sample_connection(), StepMarked{1});
  const auto again = decide(once, StepMarked{1}, kStart + seconds(1));
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->is_changed);
  EXPECT_EQ(again->connection.status, Status::kSslValidating);
  const auto deployed = after(validated(), StepMarked{2});
  const auto step_2_again = decide(deployed, StepMarked{2}, kStart + seconds(1));
  ASSERT_TRUE(step_2_again);
  EXPECT_FALSE(step_2_again->is_changed);
  EXPECT_THAT(step_2_again->jobs, IsEmpty());
  EXPECT_THAT(step_2_again->events, IsEmpty());
}

TEST(Connection, RefusesStep2BeforeTheCertificateNamingStateAndWayOut) {
  const auto early = decide(sample_connection(), StepMarked{2}, kStart);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, Kind::kConflict);
  EXPECT_THAT(early.error().message, HasSubstr("PENDING_VALIDATION"));
  EXPECT_THAT(early.error().message, HasSubstr("mark step 1 first"));
  const auto validating = decide(after(sample_connection(), StepMarked{1}), StepMarked{2}, kStart);
  ASSERT_FALSE(validating);
  EXPECT_EQ(validating.error().message,
            "step 2 needs status SSL_VALIDATED; this connection is SSL_VALIDATING: wait for the certificate");
}

TEST(Connection, IsDeployedByStep2WithItsTwoBackgroundJobs) {
  const auto decision = decide(validated(), StepMarked{2}, kStart);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->connection.status, Status::kDeployed);
  EXPECT_EQ(decision->connection.deployed_at, kStart);
  ASSERT_NE(job_of(*decision, JobKind::kCertificateUpgrade), nullptr);
  EXPECT_EQ(job_of(*decision, JobKind::kCertificateUpgrade)->not_before, kStart + seconds(60));
  ASSERT_NE(job_of(*decision, JobKind::kSearchSubmission), nullptr);
  ASSERT_NE(job_of(*decision, JobKind::kPropagation), nullptr);
  EXPECT_THAT(types_of(*decision), ElementsAre(EventType::kDomainAdded, EventType::kDeployed));
}

TEST(Connection, TakesACertificateOnlyWhileValidating) {
  const auto early = decide(sample_connection(), CertificateIssued{}, kStart);
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().message, HasSubstr("mark step 1 first"));
  const auto issued = decide(after(sample_connection(), StepMarked{1}), CertificateIssued{}, kStart);
  ASSERT_TRUE(issued);
  EXPECT_THAT(types_of(*issued), ElementsAre(EventType::kCertificateIssued));
  const auto again = decide(issued->connection, CertificateIssued{}, kStart);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->is_changed);
}

TEST(Connection, AnnouncesTheFlowAndTheRecordsWhenTheFlowEnds) {
  const auto decision = decide(sample_connection(), FlowEnded{SetupType::kAutomatic, "cloudflare"}, kStart);
  ASSERT_TRUE(decision);
  EXPECT_THAT(types_of(*decision), ElementsAre(EventType::kFlowCompleted, EventType::kDomainAdded));
  EXPECT_THAT(decision->events[1].updated_objects, IsEmpty());
  EXPECT_EQ(decision->connection.sequence, 2);
  EXPECT_EQ(decision->connection.provider, "cloudflare");
  EXPECT_EQ(decision->connection.watch_started_at, kStart);
  EXPECT_EQ(job_of(*decision, JobKind::kPropagation)->not_before, kStart);
}

TEST(Connection, TakesTheSameFlowReportAgainAsARetryWhileItIsWatched) {
  const auto again = decide(watched(), FlowEnded{SetupType::kManual, ""}, kStart + seconds(5));
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->is_changed);
  const auto checked = after(watched(), CheckRequested{}, kStart + seconds(5));
  EXPECT_FALSE(decide(checked, FlowEnded{SetupType::kManual, ""}, kStart + seconds(5))->is_changed);
  const auto other = decide(watched(), FlowEnded{SetupType::kAutomatic, ""}, kStart + seconds(5));
  ASSERT_TRUE(other);
  EXPECT_THAT(types_of(*other), ElementsAre(EventType::kFlowCompleted, EventType::kDomainAdded));
  EXPECT_THAT(other->events[1].updated_objects, ElementsAre("setup_type"));
}

TEST(Connection, IsWatchedAnewByTheSameFlowAfterATimeout) {
  const auto failed = after(watched(), seen(false), kStart + hours(72));
  for (const auto& before : {failed, after(failed, CheckRequested{}, kStart + hours(73))}) {
    const auto again = decide(before, FlowEnded{SetupType::kManual, ""}, kStart + hours(74));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->connection.facets.propagation, FacetState::kPending);
    EXPECT_EQ(again->connection.watch_started_at, kStart + hours(74));
    EXPECT_EQ(job_of(*again, JobKind::kPropagation)->not_before, kStart + hours(74));
    EXPECT_THAT(types_of(*again), ElementsAre(EventType::kFlowCompleted, EventType::kDomainAdded));
    EXPECT_THAT(again->events[1].updated_objects, ElementsAre("propagation_status"));
  }
}

TEST(Connection, NamesAllThatAFlowHasChangedAfterATimeout) {
  const auto failed = after(watched(), seen(false), kStart + hours(72));
  const auto other = decide(failed, FlowEnded{SetupType::kAutomatic, "cloudflare"}, kStart + hours(74));
  ASSERT_TRUE(other);
  EXPECT_THAT(other->events[1].updated_objects, ElementsAre("provider", "propagation_status", "setup_type"));
}

TEST(Connection, IsPendingAgainAfterAFlowIfItsRecordsAreGoneAndTimesOut) {
  auto connection = after(watched(), seen(true), kStart + seconds(10));
  connection = after(connection, CheckRequested{}, kStart + hours(1));
  connection = after(connection, seen(false), kStart + hours(1));
  EXPECT_EQ(connection.facets.propagation, FacetState::kSuccess);
  const Time again = kStart + hours(2);
  const auto flow = decide(connection, FlowEnded{SetupType::kManual, ""}, again);
  ASSERT_TRUE(flow);
  EXPECT_EQ(flow->connection.facets.propagation, FacetState::kPending);
  EXPECT_THAT(types_of(*flow), ElementsAre(EventType::kFlowCompleted, EventType::kDomainAdded));
  EXPECT_THAT(flow->events[1].updated_objects, ElementsAre("propagation_status"));
  const auto over = decide(flow->connection, seen(false), again + hours(72));
  EXPECT_EQ(over->connection.facets.propagation, FacetState::kFailed);
  EXPECT_THAT(over->events[0].updated_objects, ElementsAre("propagation_status"));
}

TEST(Connection, SaysOnlyThatTheFlowEndedWhenItChangedNothing) {
  const auto done = after(watched(), seen(true), kStart + seconds(10));
  const auto again = decide(done, FlowEnded{SetupType::kManual, ""}, kStart + hours(1));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->connection.facets.propagation, FacetState::kSuccess);
  EXPECT_EQ(again->connection.next_look_at, kStart + hours(1));
  EXPECT_THAT(types_of(*again), ElementsAre(EventType::kFlowCompleted));
}

TEST(Connection, DeployedAfterATimeoutIsPendingAgainAndSaysSo) {
  auto connection = after(validated(), FlowEnded{SetupType::kManual, ""});
  connection = after(connection, seen(false), kStart + hours(72));
  ASSERT_EQ(connection.facets.propagation, FacetState::kFailed);
  const auto deployed = decide(connection, StepMarked{2}, kStart + hours(73));
  ASSERT_TRUE(deployed);
  EXPECT_EQ(deployed->connection.facets.propagation, FacetState::kPending);
  EXPECT_THAT(types_of(*deployed), ElementsAre(EventType::kDomainAdded, EventType::kDeployed));
  EXPECT_THAT(deployed->events[0].updated_objects, ElementsAre("propagation_status"));
}

TEST(Connection, DeployedWhileAllIsAsItWasSendsNoUpdate) {
  auto connection = after(validated(), FlowEnded{SetupType::kManual, ""});
  connection = after(connection, seen(true), kStart + seconds(10));
  EXPECT_THAT(types_of(*decide(connection, StepMarked{2}, kStart + seconds(20))), ElementsAre(EventType::kDeployed));
}

TEST(Connection, ThatSucceededBeforeItsFlowEndedNamesTheSetupTypeLater) {
  auto connection = after(validated(), CheckRequested{});
  connection = after(connection, seen(true), kStart + seconds(1));
  const auto deployed = decide(connection, StepMarked{2}, kStart + seconds(2));
  ASSERT_TRUE(deployed);
  EXPECT_THAT(types_of(*deployed), ElementsAre(EventType::kDomainAdded, EventType::kDeployed));
  EXPECT_THAT(deployed->events[0].updated_objects, ElementsAre("setup_type"));
}

TEST(Connection, WithNewRecordsThatNobodyWatchesIsPendingAgain) {
  auto connection = after(sample_connection(), CheckRequested{});
  connection = after(connection, seen(true), kStart + seconds(1));
  ASSERT_EQ(connection.facets.propagation, FacetState::kSuccess);
  const auto records =
      std::vector{testing::sample_record(13, RecordType::kCname, "www", "www.shop.example", "new.saas.example")};
  const auto replaced = decide(connection, RecordsReplaced{records}, kStart + hours(1));
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->connection.facets.propagation, FacetState::kPending);
  EXPECT_FALSE(replaced->connection.watch_started_at);
  EXPECT_THAT(types_of(*replaced), ElementsAre(EventType::kDomainAdded));
  EXPECT_THAT(replaced->events[0].updated_objects, ElementsAre("propagation_status"));
}

TEST(Connection, WithTheSameRecordsStaysASuccessAndIsLookedAtOnceMore) {
  const auto done = after(watched(), seen(true), kStart + seconds(10));
  const auto replaced = decide(done, RecordsReplaced{done.records}, kStart + hours(1));
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->connection.facets.propagation, FacetState::kSuccess);
  EXPECT_EQ(replaced->connection.next_look_at, kStart + hours(1));
  EXPECT_THAT(replaced->events, IsEmpty());
}

TEST(Connection, SucceedsOnceEveryRecordIsSeen) {
  const auto decision = decide(watched(), seen(true), kStart + seconds(10));
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->connection.facets.propagation, FacetState::kSuccess);
  EXPECT_TRUE(decision->connection.records[0].is_propagated);
  EXPECT_FALSE(decision->connection.next_look_at);
  EXPECT_THAT(types_of(*decision), ElementsAre(EventType::kDomainAdded));
  EXPECT_THAT(decision->events[0].updated_objects, ElementsAre("propagation_status"));
  EXPECT_EQ(job_of(*decision, JobKind::kPropagation)->when, JobRequest::When::kNever);
}

TEST(Connection, WithTwoRecordsNeedsBoth) {
  auto connection = watched();
  connection.records.push_back(testing::sample_record(12, RecordType::kTxt, "@", "shop.example", "hello"));
  const auto half = decide(
      connection,
      Observed{.propagated = {{RecordId(11), true}, {RecordId(12), false}}, .cause = "name_missing", .explanation = ""},
      kStart + seconds(10));
  ASSERT_TRUE(half);
  EXPECT_EQ(half->connection.facets.propagation, FacetState::kPending);
  EXPECT_TRUE(half->connection.records[0].is_propagated);
  EXPECT_THAT(half->events, IsEmpty());
  EXPECT_EQ(half->connection.next_look_at, kStart + seconds(20));
}

TEST(Connection, SucceedsOnlyByALookThatSawEveryRecord) {
  auto connection = watched();
  connection.records.push_back(testing::sample_record(12, RecordType::kTxt, "@", "shop.example", "hello"));
  const auto look = [](std::map<RecordId, bool> propagated, std::string cause) {
    Observed seen;
    seen.propagated = std::move(propagated);
    seen.cause = std::move(cause);
    return seen;
  };
  connection = after(connection, look({{RecordId(11), true}, {RecordId(12), false}}, "name_missing"));
  const auto partial = decide(connection, look({{RecordId(12), true}}, "resolvers_fail"), kStart + seconds(10));
  ASSERT_TRUE(partial);
  EXPECT_EQ(partial->connection.facets.propagation, FacetState::kPending) << "the first may be gone by now";
  EXPECT_TRUE(partial->connection.records[0].is_propagated) << "as it was seen last";
  EXPECT_EQ(partial->connection.next_look_at, kStart + seconds(20));
  const auto whole =
      decide(partial->connection, look({{RecordId(11), true}, {RecordId(12), true}}, ""), kStart + seconds(20));
  EXPECT_EQ(whole->connection.facets.propagation, FacetState::kSuccess);
}

TEST(Connection, DeployedIsLookedAtUntilEveryRecordCouldBeSeen) {
  auto connection = after(validated(), FlowEnded{SetupType::kAutomatic, ""});
  connection = after(connection, seen(true), kStart + seconds(1));
  connection = after(connection, StepMarked{2}, kStart + seconds(2));
  Observed blind;
  blind.cause = "resolvers_fail";
  const auto looked = after(connection, blind, kStart + seconds(2));
  EXPECT_EQ(looked.facets.propagation, FacetState::kSuccess);
  EXPECT_EQ(looked.next_look_at, kStart + seconds(12));
}

TEST(Connection, WhoseClockSteppedBackIsWatchedFromThere) {
  const Time yesterday = kStart - hours(24);
  auto connection = after(watched(), seen(false), yesterday);
  EXPECT_EQ(connection.next_look_at, yesterday + seconds(10));
  EXPECT_EQ(connection.watch_started_at, yesterday);
  connection = after(connection, seen(false), yesterday + minutes(3));
  EXPECT_EQ(connection.next_look_at, yesterday + minutes(5)) << "rarer as time goes by, not every 10 s for a day";
}

TEST(Connection, TimesOutWithTheLookAt72Hours) {
  const auto connection = watched();
  const auto before = decide(connection, seen(false), kStart + hours(72) - seconds(1));
  ASSERT_TRUE(before);
  EXPECT_EQ(before->connection.facets.propagation, FacetState::kPending);
  EXPECT_EQ(before->connection.next_look_at, kStart + hours(72));
  const auto last = decide(connection, seen(false), kStart + hours(72));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->connection.facets.propagation, FacetState::kFailed);
  EXPECT_THAT(types_of(*last), ElementsAre(EventType::kPropagationTimeout, EventType::kAttention));
  EXPECT_THAT(last->events[0].updated_objects, ElementsAre("propagation_status"));
}

TEST(Connection, FailedIsHealedByALaterLook) {
  const auto failed = after(watched(), seen(false), kStart + hours(72));
  const auto healed = decide(failed, seen(true), kStart + hours(80));
  ASSERT_TRUE(healed);
  EXPECT_EQ(healed->connection.facets.propagation, FacetState::kSuccess);
  EXPECT_THAT(types_of(*healed), ElementsAre(EventType::kDomainAdded));
  EXPECT_FALSE(healed->connection.attention);
}

TEST(Connection, WaitsTwoMinutesBeforeItAsksForAttentionAndAsksOncePerCause) {
  const auto early = after(watched(), seen(false), kStart + seconds(110));
  EXPECT_FALSE(early.attention);
  const auto late = decide(early, seen(false), kStart + minutes(2));
  ASSERT_TRUE(late);
  ASSERT_TRUE(late->connection.attention);
  EXPECT_EQ(late->connection.attention->cause, "name_missing");
  EXPECT_THAT(types_of(*late), ElementsAre(EventType::kAttention));
  const auto same = decide(late->connection, seen(false), kStart + minutes(3));
  EXPECT_THAT(same->events, IsEmpty());
  EXPECT_EQ(same->connection.attention->since, kStart + minutes(2));
  const auto other = decide(late->connection, seen(false, "other_value"), kStart + minutes(3));
  EXPECT_THAT(types_of(*other), ElementsAre(EventType::kAttention));
}

TEST(Connection, DeployedWhileDnsContradictsShowsAttentionButKeepsItsStatus) {
  auto connection = after(validated(), FlowEnded{SetupType::kAutomatic, ""});
  connection = after(connection, seen(true), kStart + seconds(1));
  connection = after(connection, StepMarked{2}, kStart + seconds(2));
  EXPECT_EQ(connection.facets.propagation, FacetState::kSuccess);
  const auto contradicted = decide(connection, seen(false, "other_value"), kStart + seconds(3));
  ASSERT_TRUE(contradicted);
  EXPECT_EQ(contradicted->connection.status, Status::kDeployed);
  ASSERT_TRUE(contradicted->connection.attention);
  EXPECT_THAT(types_of(*contradicted), ElementsAre(EventType::kAttention));
  EXPECT_TRUE(contradicted->connection.next_look_at);
}

TEST(Connection, CheckedNowIsLookedAtSoonerAndKeepsItsSchedule) {
  const auto waiting = after(watched(), seen(false), kStart + minutes(10));
  const auto checked = decide(waiting, CheckRequested{}, kStart + minutes(11));
  ASSERT_TRUE(checked);
  EXPECT_EQ(job_of(*checked, JobKind::kPropagation)->when, JobRequest::When::kEarlier);
  const auto looked = after(checked->connection, seen(false), kStart + minutes(11));
  EXPECT_EQ(looked.next_look_at, waiting.next_look_at);
}

TEST(Connection, CheckedBeforeTheFlowEndsIsLookedAtOnce) {
  const auto checked = after(sample_connection(), CheckRequested{});
  const auto looked = decide(checked, seen(false), kStart + seconds(1));
  ASSERT_TRUE(looked);
  EXPECT_FALSE(looked->connection.next_look_at);
  EXPECT_EQ(job_of(*looked, JobKind::kPropagation)->when, JobRequest::When::kNever);
}

TEST(Connection, WithNewRecordsStartsItsClockAgain) {
  const auto done = after(watched(), seen(true), kStart + seconds(10));
  const auto records =
      std::vector{testing::sample_record(13, RecordType::kCname, "www", "www.shop.example", "new.saas.example")};
  const auto replaced = decide(done, RecordsReplaced{records}, kStart + hours(1));
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->connection.facets.propagation, FacetState::kPending);
  EXPECT_EQ(replaced->connection.watch_started_at, kStart + hours(1));
  EXPECT_THAT(types_of(*replaced), ElementsAre(EventType::kDomainAdded));
  EXPECT_THAT(replaced->events[0].updated_objects, ElementsAre("propagation_status"));
}

TEST(Connection, ClaimIsProvenByTheRecordThatOnlyItsOrganizationKnows) {
  auto look = seen(false);
  look.is_claim_seen = true;
  const auto proven = decide(watched(), look, kStart + seconds(10));
  ASSERT_TRUE(proven);
  EXPECT_EQ(proven->connection.claim, Claim::kProven);
  EXPECT_EQ(job_of(*proven, JobKind::kClaimEnd)->when, JobRequest::When::kNever);
  EXPECT_TRUE(decide(proven->connection, ClaimTimedOut{}, kStart + hours(100))->connection.is_live());
}

TEST(Connection, ClaimEndsUnprovenAfter72Hours) {
  const auto ended = decide(sample_connection(), ClaimTimedOut{}, kStart + hours(72));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->connection.claim, Claim::kExpired);
  EXPECT_FALSE(ended->connection.is_live());
  EXPECT_THAT(types_of(*ended), ElementsAre(EventType::kAttention));
  const auto early = decide(sample_connection(), ClaimTimedOut{}, kStart + hours(71));
  EXPECT_TRUE(early->connection.is_live());
  EXPECT_EQ(job_of(*early, JobKind::kClaimEnd)->not_before, kStart + hours(72));
}

TEST(Connection, ClaimWaitsForTheWatchToSpeakSoThatTheTimeoutIsTold) {
  const auto during = decide(watched(), ClaimTimedOut{}, kStart + hours(72));
  ASSERT_TRUE(during);
  EXPECT_TRUE(during->connection.is_live());
  const auto timed_out = after(during->connection, seen(false), kStart + hours(72));
  EXPECT_EQ(decide(timed_out, ClaimTimedOut{}, kStart + hours(72) + minutes(10))->connection.claim, Claim::kExpired);
}

TEST(Connection, ClaimOfAPropagatedNameStaysWhileNobodyProvesIt) {
  const auto done = after(watched(), seen(true), kStart + seconds(10));
  EXPECT_TRUE(decide(done, ClaimTimedOut{}, kStart + hours(80))->connection.is_live());
  const auto lost = decide(done, ClaimLost{}, kStart + hours(81));
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->connection.claim, Claim::kLost);
  EXPECT_EQ(lost->connection.attention->cause, "host_proven_by_another");
}

TEST(Connection, WhoseClaimIsOverTakesNothingMore) {
  const auto lost = after(watched(), ClaimLost{});
  for (const Happening& happening :
       {Happening(StepMarked{1}), Happening(StepMarked{2}), Happening(CheckRequested{}), Happening(FlowEnded{}),
        Happening(RecordsReplaced{}), Happening(CertificateIssued{}), Happening(FacetReported{}),
        Happening(RecordsMonitored{}), Happening(DomainPurchased{}), Happening(PurchaseFailed{}),
        Happening(PurchaseExpired{}), Happening(TransferMoved{})}) {
    const auto refused = decide(lost, happening, kStart);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::kConflict);
  }
  const auto looked = decide(lost, seen(true), kStart);
  ASSERT_TRUE(looked);
  EXPECT_THAT(looked->events, IsEmpty());
  EXPECT_EQ(job_of(*looked, JobKind::kPropagation)->when, JobRequest::When::kNever);
}

Connection with_dkim() {
  auto connection = sample_connection();
  connection.records.push_back(
      testing::sample_record(12, RecordType::kTxt, "s1._domainkey", "s1._domainkey.shop.example", "v=DKIM1; p=AAAA"));
  return after(connection, FlowEnded{SetupType::kManual, ""});
}

Observed seen_with_dkim(bool traffic, bool selector, MailSight mail) {
  auto look = seen(traffic, traffic && !selector ? "name_missing" : "");
  look.propagated[RecordId(12)] = selector;
  look.mail = mail;
  return look;
}

TEST(Connection, WaitsForTheSelectorWhereTheMailProviderIsSupported) {
  EXPECT_EQ(with_dkim().facets.dkim, FacetState::kExempt);
  const auto waits = decide(with_dkim(), seen_with_dkim(false, false, MailSight::kSupported), kStart);
  ASSERT_TRUE(waits);
  EXPECT_EQ(waits->connection.facets.dkim, FacetState::kPending);
  EXPECT_THAT(types_of(*waits), ElementsAre(EventType::kDomainAdded));
  EXPECT_THAT(waits->events[0].updated_objects, ElementsAre("dkim_status"));
  const auto found =
      decide(waits->connection, seen_with_dkim(false, true, MailSight::kSupported), kStart + seconds(10));
  EXPECT_EQ(found->connection.facets.dkim, FacetState::kSuccess);
  EXPECT_EQ(found->connection.facets.propagation, FacetState::kPending);
  EXPECT_THAT(found->events[0].updated_objects, ElementsAre("dkim_status"));
}

TEST(Connection, IsCreatedPendingForDkimWhereTheApplicationSupportsIt) {
  const auto created = with_dkim();
  EXPECT_EQ(after(created, Created{.supports_dkim = true}).facets.dkim, FacetState::kPending);
  EXPECT_EQ(after(created, Created{.supports_dkim = false}).facets.dkim, FacetState::kExempt);
  EXPECT_EQ(after(sample_connection(), Created{.supports_dkim = true}).facets.dkim, FacetState::kExempt);
}

TEST(Connection, NamesEveryFacetThatOneLookHasChanged) {
  const auto both = decide(with_dkim(), seen_with_dkim(true, true, MailSight::kSupported), kStart + seconds(10));
  ASSERT_TRUE(both);
  EXPECT_THAT(types_of(*both), ElementsAre(EventType::kDomainAdded));
  EXPECT_THAT(both->events[0].updated_objects, ElementsAre("propagation_status", "dkim_status"));
  EXPECT_FALSE(both->connection.next_look_at);
}

TEST(Connection, IsExemptFromDkimWithAnotherMailProviderAndWithoutASelector) {
  const auto other = decide(with_dkim(), seen_with_dkim(false, true, MailSight::kExempt), kStart);
  EXPECT_EQ(other->connection.facets.dkim, FacetState::kExempt);
  EXPECT_THAT(other->events, IsEmpty());
  auto look = seen(false);
  look.mail = MailSight::kSupported;
  EXPECT_EQ(after(watched(), look).facets.dkim, FacetState::kExempt);
}

TEST(Connection, FailsDkimWithTheTimeoutAndWaitsAnewAfterAnotherFlow) {
  const auto waits = after(with_dkim(), seen_with_dkim(true, false, MailSight::kSupported));
  const auto over = decide(waits, seen_with_dkim(true, false, MailSight::kSupported), kStart + hours(72));
  ASSERT_TRUE(over);
  EXPECT_EQ(over->connection.facets.dkim, FacetState::kFailed);
  EXPECT_THAT(over->events[0].updated_objects, ElementsAre("propagation_status", "dkim_status"));
  const auto again = decide(over->connection, FlowEnded{SetupType::kManual, ""}, kStart + hours(73));
  EXPECT_EQ(again->connection.facets.dkim, FacetState::kPending);
}

TEST(Connection, WaitsWhileTheMailProviderCannotBeSeen) {
  const auto blind = decide(with_dkim(), seen_with_dkim(true, true, MailSight::kUnseen), kStart);
  ASSERT_TRUE(blind);
  EXPECT_EQ(blind->connection.facets.dkim, FacetState::kPending);
  EXPECT_EQ(blind->connection.facets.propagation, FacetState::kSuccess);
  EXPECT_EQ(blind->connection.next_look_at, kStart + seconds(10)) << "it is looked at until the mail is known";
  const auto known = decide(blind->connection, seen_with_dkim(true, true, MailSight::kExempt), kStart + seconds(10));
  EXPECT_EQ(known->connection.facets.dkim, FacetState::kExempt);
  EXPECT_FALSE(known->connection.next_look_at);
}

TEST(Connection, StaysExemptFromDkimWhenALaterLookCannotSeeTheMailProvider) {
  const auto exempt = after(with_dkim(), seen_with_dkim(false, true, MailSight::kExempt));
  const auto blind = decide(exempt, seen_with_dkim(false, true, MailSight::kUnseen), kStart + seconds(10));
  ASSERT_TRUE(blind);
  EXPECT_EQ(blind->connection.facets.dkim, FacetState::kExempt);
  const auto over = decide(blind->connection, seen_with_dkim(false, true, MailSight::kUnseen), kStart + hours(72));
  EXPECT_EQ(over->connection.facets.dkim, FacetState::kExempt);
}

TEST(Connection, WaitsForDkimThatIsAddedLaterThoughTheNextLookCannotSeeTheMailProvider) {
  const auto without = after(watched(), seen(true), kStart + seconds(10));
  ASSERT_EQ(without.facets.dkim, FacetState::kExempt);
  const auto replace = [&](bool supports_dkim) {
    return after(without, RecordsReplaced{with_dkim().records, supports_dkim}, kStart + hours(1));
  };
  EXPECT_EQ(replace(false).facets.dkim, FacetState::kExempt);
  const auto added = replace(true);
  EXPECT_EQ(added.facets.dkim, FacetState::kPending);
  const auto blind = after(added, seen_with_dkim(true, false, MailSight::kUnseen), kStart + hours(1));
  EXPECT_EQ(blind.facets.dkim, FacetState::kPending);
  const auto known = after(blind, seen_with_dkim(true, false, MailSight::kExempt), kStart + hours(1) + seconds(10));
  EXPECT_EQ(known.facets.dkim, FacetState::kExempt);
  const auto again = after(known, RecordsReplaced{known.records, true}, kStart + hours(2));
  EXPECT_EQ(again.facets.dkim, FacetState::kExempt) << "who has the mail is known";
}

TEST(Connection, ForgetsDkimWithTheRecordsThatExpectedIt) {
  const auto done = after(with_dkim(), seen_with_dkim(true, true, MailSight::kSupported));
  ASSERT_EQ(done.facets.dkim, FacetState::kSuccess);
  const auto replaced = decide(done, RecordsReplaced{sample_connection().records}, kStart + hours(1));
  EXPECT_EQ(replaced->connection.facets.dkim, FacetState::kExempt);
}

Connection redirecting() {
  auto connection = sample_connection();
  connection.redirection = Redirection{Redirection::From::kApex, "https://www.shop.example/"};
  return after(after(connection, Created{}), FlowEnded{SetupType::kManual, ""});
}

TEST(Connection, IsWatchedForItsRedirectionUntilItIsThere) {
  ASSERT_EQ(redirecting().facets.redirection, FacetState::kPending);
  auto look = seen(true);
  look.is_redirected = false;
  const auto waits = after(redirecting(), look, kStart + seconds(10));
  EXPECT_EQ(waits.facets.propagation, FacetState::kSuccess);
  EXPECT_EQ(waits.next_look_at, kStart + seconds(20));
  look.is_redirected = true;
  const auto there = decide(waits, look, kStart + seconds(20));
  EXPECT_EQ(there->connection.facets.redirection, FacetState::kSuccess);
  EXPECT_THAT(there->events[0].updated_objects, ElementsAre("redirection_status"));
  EXPECT_FALSE(there->connection.next_look_at);
}

TEST(Connection, FailsItsRedirectionAfter72Hours) {
  auto look = seen(true);
  look.is_redirected = false;
  const auto waits = after(redirecting(), look, kStart + seconds(10));
  const auto over = decide(waits, look, kStart + hours(72));
  EXPECT_EQ(over->connection.facets.redirection, FacetState::kFailed);
  EXPECT_THAT(types_of(*over), ElementsAre(EventType::kDomainAdded));
  EXPECT_FALSE(over->connection.next_look_at);
  const auto both = decide(redirecting(), seen(false), kStart + hours(72));
  EXPECT_THAT(both->events[0].updated_objects, ElementsAre("propagation_status", "redirection_status"));
}

TEST(Connection, ReportsEveryFacetOfALaterCapabilityOnce) {
  using Facet = FacetReported::Facet;
  for (const auto& [facet, name] : {std::pair{Facet::kSecure, "secure_status"},
                                    {Facet::kPower, "power_status"},
                                    {Facet::kMonitor, "monitor_status"}}) {
    const auto reported = decide(watched(), FacetReported{facet, FacetState::kPending}, kStart);
    ASSERT_TRUE(reported);
    EXPECT_THAT(types_of(*reported), ElementsAre(EventType::kDomainAdded));
    EXPECT_THAT(reported->events[0].updated_objects, ElementsAre(name));
    EXPECT_FALSE(decide(reported->connection, FacetReported{facet, FacetState::kPending}, kStart)->is_changed);
  }
  const auto before_the_flow = decide(sample_connection(), FacetReported{Facet::kSecure, FacetState::kPending}, kStart);
  EXPECT_THAT(before_the_flow->events, IsEmpty());
}

TEST(Connection, TellsOfDmarcAsTheFlowReportedIt) {
  const auto flow = decide(sample_connection(), FlowEnded{SetupType::kManual, "", DmarcUpdate::kTrue}, kStart);
  EXPECT_EQ(flow->connection.dmarc_updated, DmarcUpdate::kTrue);
  EXPECT_FALSE(decide(flow->connection, FlowEnded{SetupType::kManual, ""}, kStart)->is_changed);
  const auto other = decide(flow->connection, FlowEnded{SetupType::kManual, "", DmarcUpdate::kFalse}, kStart);
  EXPECT_THAT(other->events[1].updated_objects, ElementsAre("dmarc_updated"));
}

TEST(Connection, MissesAndFindsRecordsThatMonitorWatches) {
  auto connection = after(watched(), seen(true), kStart + seconds(1));
  const RecordsMonitored gone{{{RecordId(11), false}}};
  EXPECT_FALSE(decide(connection, gone, kStart)->is_changed) << "Monitor is not used";
  connection = after(connection, FacetReported{FacetReported::Facet::kMonitor, FacetState::kSuccess});
  const auto missing = decide(connection, gone, kStart);
  EXPECT_THAT(types_of(*missing), ElementsAre(EventType::kRecordMissing));
  EXPECT_FALSE(decide(missing->connection, gone, kStart)->is_changed) << "told once";
  const auto restored = decide(missing->connection, RecordsMonitored{{{RecordId(11), true}}}, kStart);
  EXPECT_THAT(types_of(*restored), ElementsAre(EventType::kRecordRestored));
}

TEST(Connection, DoesNotMissWhatHasNeverBeenThere) {
  const auto spreading = after(watched(), FacetReported{FacetReported::Facet::kMonitor, FacetState::kPending});
  EXPECT_FALSE(decide(spreading, RecordsMonitored{{{RecordId(11), false}}}, kStart)->is_changed);
}

TEST(Connection, TellsOfAPurchaseOnceWithItsDomains) {
  const DomainPurchased purchase{{*HostName::parse("shop.example"), *HostName::parse("shop.test")}, true};
  const auto bought = decide(sample_connection(), purchase, kStart);
  ASSERT_TRUE(bought);
  EXPECT_THAT(types_of(*bought), ElementsAre(EventType::kDomainPurchased));
  EXPECT_THAT(bought->connection.purchased_domains, ElementsAre("shop.example", "shop.test"));
  EXPECT_EQ(bought->connection.is_free_domain, true);
  EXPECT_FALSE(decide(bought->connection, purchase, kStart)->is_changed);
  EXPECT_FALSE(decide(bought->connection, PurchaseExpired{}, kStart)->is_changed) << "it was confirmed";
  EXPECT_THAT(after(sample_connection(), DomainPurchased{}).purchased_domains, ElementsAre("shop.example"));
}

TEST(Connection, PurchasesNoMoreDomainsThanItCanTellOf) {
  DomainPurchased purchase;
  purchase.domains.assign(kPurchasedDomainsMax, *HostName::parse("shop.example"));
  EXPECT_TRUE(decide(sample_connection(), purchase, kStart));
  purchase.domains.push_back(*HostName::parse("shop.example"));
  EXPECT_EQ(decide(sample_connection(), purchase, kStart).error().kind, Kind::kUnprocessable);
}

TEST(Connection, TellsOfPurchasesThatCameToNothing) {
  EXPECT_THAT(types_of(*decide(sample_connection(), PurchaseFailed{}, kStart)), ElementsAre(EventType::kPurchaseError));
  EXPECT_THAT(types_of(*decide(sample_connection(), PurchaseExpired{}, kStart)),
              ElementsAre(EventType::kPurchaseExpired));
}

TEST(Connection, TellsOfEveryMoveOfATransfer) {
  using To = TransferMoved::To;
  for (const auto& [to, type] : {std::pair{To::kInInitiated, EventType::kTransferInInitiated},
                                 {To::kInStarted, EventType::kTransferInStarted},
                                 {To::kInAck, EventType::kTransferInAck},
                                 {To::kInFailed, EventType::kTransferInFailed},
                                 {To::kOutInitiated, EventType::kTransferOutInitiated}}) {
    EXPECT_THAT(types_of(*decide(sample_connection(), TransferMoved{to}, kStart)), ElementsAre(type));
  }
}

TEST(Connection, KnowsADkimRecordByItsNameAndType) {
  const auto is_dkim = [](RecordType type, const std::string& name) {
    return is_dkim_record(sample_connection(), testing::sample_record(1, type, "x", name, "y"));
  };
  EXPECT_TRUE(is_dkim(RecordType::kTxt, "google._domainkey.shop.example"));
  EXPECT_TRUE(is_dkim(RecordType::kCname, "selector1._domainkey.shop.example"));
  EXPECT_FALSE(is_dkim(RecordType::kTxt, "_domainkey.shop.example"));
  EXPECT_FALSE(is_dkim(RecordType::kTxt, "s1._domainkey.other.example"));
  EXPECT_FALSE(is_dkim(RecordType::kMx, "s1._domainkey.shop.example"));
}

TEST(Connection, NumbersItsEventsWithoutAGap) {
  auto connection = validated();
  std::int64_t expected = connection.sequence;
  for (const Happening& happening : {Happening(FlowEnded{}), Happening(seen(true)), Happening(StepMarked{2})}) {
    const auto decision = decide(connection, happening, kStart);
    ASSERT_TRUE(decision);
    for (const auto& event : decision->events) EXPECT_EQ(event.sequence, ++expected);
    connection = decision->connection;
  }
  EXPECT_EQ(connection.sequence, expected);
}

TEST(Connection, WordsOfEveryEnumCanBeReadBack) {
  for (const auto status :
       {Status::kPendingValidation, Status::kSslValidating, Status::kSslValidated, Status::kDeployed})
    EXPECT_EQ(parse_status(name_of(status)), status);
  for (const auto state :
       {FacetState::kAbsent, FacetState::kPending, FacetState::kSuccess, FacetState::kFailed, FacetState::kExempt})
    EXPECT_EQ(parse_facet_state(name_of(state)), state);
  for (const auto type : {SetupType::kAutomatic, SetupType::kManual, SetupType::kAsync, SetupType::kApi})
    EXPECT_EQ(parse_setup_type(name_of(type)), type);
  for (const auto claim : {Claim::kUnproven, Claim::kProven, Claim::kLost, Claim::kExpired})
    EXPECT_EQ(parse_claim(name_of(claim)), claim);
  for (const auto update : {DmarcUpdate::kTrue, DmarcUpdate::kFalse, DmarcUpdate::kExempt})
    EXPECT_EQ(parse_dmarc_update(name_of(update)), update);
  for (const auto from : {Redirection::From::kApex, Redirection::From::kWww})
    EXPECT_EQ(parse_redirection_from(name_of(from)), from);
  EXPECT_FALSE(parse_status("deployed"));
}

TEST(Connection, ClaimNameIsBelowTheHost) {
  EXPECT_EQ(claim_name(sample_connection()).text(), "_signpost.www.shop.example");
  EXPECT_EQ(claim_value(sample_connection()), "signpost-verification=4f1c");
}

// ── certificates of ours, and disconnection ─────────────────────────────────────────────────────────────────────────

Connection hands_free() {
  auto connection = sample_connection();
  connection.certificate_by = CertificateBy::kCname;
  auto record = testing::sample_record(12, RecordType::kCname, "_acme-challenge.www",
                                       "_acme-challenge.www.shop.example", "k3.acme.saas.example");
  record.purpose = RecordPurpose::kCertificate;
  connection.records.push_back(record);
  return connection;
}
Connection obtained(Time ends_at = kStart + hours(24 * 90)) {
  return after(after(hands_free(), StepMarked{1}), CertificateObtained{ends_at});
}
Connection deployed() { return after(obtained(), StepMarked{2}); }

TEST(Connection, ObtainsItsCertificateAfterStep1) {
  const auto decision = decide(hands_free(), StepMarked{1}, kStart);
  ASSERT_NE(job_of(*decision, JobKind::kCertificate), nullptr);
  EXPECT_EQ(job_of(*decision, JobKind::kCertificate)->not_before, kStart);
  EXPECT_EQ(job_of(*decide(sample_connection(), StepMarked{1}, kStart), JobKind::kCertificate), nullptr)
      << "nobody obtains the certificate that the backend brings";
}

TEST(Connection, IsValidatedOnceWeHoldTheCertificate) {
  const auto decision = decide(after(hands_free(), StepMarked{1}), CertificateObtained{kStart + hours(1)}, kStart);
  EXPECT_EQ(decision->connection.status, Status::kSslValidated);
  EXPECT_EQ(decision->connection.certificate_ends_at, kStart + hours(1));
  EXPECT_THAT(types_of(*decision), ElementsAre(EventType::kCertificateIssued));
}

TEST(Connection, OnCloudFrontIsValidatedOnlyOnceTheEdgeHasTheCertificate) {
  auto connection = hands_free();
  connection.edge = Edge::kCloudfront;
  const auto decision = decide(after(connection, StepMarked{1}), CertificateObtained{kStart + hours(1)}, kStart);
  EXPECT_EQ(decision->connection.status, Status::kSslValidating);
  ASSERT_NE(job_of(*decision, JobKind::kDistribution), nullptr);
  EXPECT_EQ(after(decision->connection, CertificateIssued{}).status, Status::kSslValidated);
}

TEST(Connection, OnCloudFrontAsksForItsDistributionWheneverItMayHaveNews) {
  auto connection = hands_free();
  connection.edge = Edge::kCloudfront;
  const auto asks = [](const Connection& before, const Happening& happening, JobKind kind = JobKind::kDistribution) {
    const auto decision = decide(before, happening, kStart);
    const auto* job = decision ? job_of(*decision, kind) : nullptr;
    return job != nullptr && job->when == JobRequest::When::kReplace && job->not_before == kStart;
  };
  EXPECT_TRUE(asks(connection, Created{}));
  EXPECT_TRUE(asks(connection, StepMarked{1}));
  auto deployed_there = deployed();
  deployed_there.edge = Edge::kCloudfront;
  EXPECT_TRUE(asks(deployed_there, Disconnected{}, JobKind::kCertificateUpgrade)) << "what is in the middle ends";
  EXPECT_TRUE(asks(after(deployed_there, Disconnected{}), Reconnected{}));
  EXPECT_FALSE(asks(hands_free(), Created{})) << "elsewhere there is none";
}

TEST(Connection, TakesTheRecordsOfItsEdgeInPlaceOfTheirElders) {
  auto connection = sample_connection();
  auto traffic = testing::sample_record(21, RecordType::kCname, "www", "www.shop.example", "d1.cloudfront.net");
  auto validation =
      testing::sample_record(22, RecordType::kCname, "_a.www", "_a.www.shop.example", "_b.acm-validations.aws");
  validation.purpose = RecordPurpose::kCertificateValidation;
  connection = after(connection, RecordsOffered{{traffic, validation}});
  ASSERT_EQ(connection.records.size(), 2U);
  EXPECT_EQ(connection.records[0].value, "d1.cloudfront.net");
  EXPECT_EQ(connection.records[1].purpose, RecordPurpose::kCertificateValidation);
  EXPECT_FALSE(decide(connection, RecordsOffered{{traffic, validation}}, kStart)->is_changed);

  auto other =
      testing::sample_record(23, RecordType::kCname, "_c.www", "_c.www.shop.example", "_d.acm-validations.aws");
  other.purpose = RecordPurpose::kCertificateValidation;
  connection = after(connection, RecordsOffered{{other}});
  ASSERT_EQ(connection.records.size(), 2U) << "Amazon asks for one at a time";
  EXPECT_EQ(connection.records[1].name.text(), "_c.www.shop.example");

  const auto gateways =
      after(sample_connection(),
            RecordsOffered{{testing::sample_record(24, RecordType::kA, "@", "shop.example", "203.0.113.7"),
                            testing::sample_record(25, RecordType::kA, "@", "shop.example", "203.0.113.8")}});
  EXPECT_EQ(gateways.records.size(), 3U) << "several of one name stand beside each other";
}

TEST(Connection, WhatTheEdgeLacksIsEndedByTheEdgeAlone) {
  const auto troubled =
      after(after(hands_free(), StepMarked{1}), CertificateTroubled{"certificate_edge_alias_taken", "take it off"});
  EXPECT_FALSE(decide(troubled, CertificateHealthy{}, kStart)->is_changed);
  EXPECT_TRUE(after(troubled, CertificateObtained{kStart + hours(1)}).attention);
  EXPECT_FALSE(after(troubled, EdgeHealthy{}).attention);
  const auto limited = after(after(hands_free(), StepMarked{1}), CertificateTroubled{"certificate_limit", "wait"});
  EXPECT_FALSE(decide(limited, EdgeHealthy{}, kStart)->is_changed);
}

TEST(Connection, WhoseCertificateIsIssuedHasProvenItsHost) {
  const auto decision = decide(after(hands_free(), StepMarked{1}), CertificateObtained{kStart + hours(1)}, kStart);
  EXPECT_EQ(decision->connection.claim, Claim::kProven);
  ASSERT_NE(job_of(*decision, JobKind::kClaimEnd), nullptr);
  EXPECT_EQ(job_of(*decision, JobKind::kClaimEnd)->when, JobRequest::When::kNever);
}

TEST(Connection, ARenewalSaysNothingToAnybody) {
  const auto decision = decide(deployed(), CertificateObtained{kStart + hours(24 * 150)}, kStart + hours(24 * 60));
  EXPECT_EQ(decision->connection.status, Status::kDeployed);
  EXPECT_THAT(decision->events, IsEmpty());
  EXPECT_EQ(decision->connection.certificate_ends_at, kStart + hours(24 * 150));
}

TEST(Connection, DoesNotMissTheTrafficBeforeStep2) {
  auto connection = after(hands_free(), FlowEnded{SetupType::kManual, ""});
  connection =
      after(connection, Observed{.propagated = {{RecordId(11), false}, {RecordId(12), true}}}, kStart + minutes(5));
  EXPECT_EQ(connection.facets.propagation, FacetState::kSuccess);
  EXPECT_FALSE(connection.attention);
}

TEST(Connection, AwaitsTheTrafficFromStep2On) {
  auto connection = after(obtained(), Observed{.propagated = {{RecordId(11), false}, {RecordId(12), true}}});
  connection = after(connection, StepMarked{2});
  EXPECT_EQ(connection.facets.propagation, FacetState::kPending);
}

TEST(Connection, TellsTroubleWithItsCertificateOnce) {
  const CertificateTroubled trouble{"certificate_caa_forbids", "change CAA"};
  const auto first = decide(after(hands_free(), StepMarked{1}), trouble, kStart);
  EXPECT_THAT(types_of(*first), ElementsAre(EventType::kAttention));
  EXPECT_FALSE(decide(first->connection, trouble, kStart + hours(1))->is_changed);
  EXPECT_FALSE(after(first->connection, CertificateHealthy{}).attention);
}

TEST(Connection, ALookAtDnsDoesNotHideTroubleWithTheCertificate) {
  auto connection = after(after(hands_free(), StepMarked{1}), CertificateTroubled{"certificate_limit", "wait"});
  connection =
      after(connection, Observed{.propagated = {{RecordId(11), true}, {RecordId(12), true}}}, kStart + hours(1));
  ASSERT_TRUE(connection.attention);
  EXPECT_EQ(connection.attention->cause, "certificate_limit");
}

TEST(Connection, IsDisconnectedAndItsJobsEnd) {
  const auto decision = decide(deployed(), Disconnected{}, kStart + hours(1));
  EXPECT_EQ(decision->connection.status, Status::kDisconnected);
  EXPECT_THAT(types_of(*decision), ElementsAre(EventType::kDisconnected));
  for (const auto kind : {JobKind::kPropagation, JobKind::kCertificate, JobKind::kDistribution,
                          JobKind::kCertificateUpgrade, JobKind::kSearchSubmission}) {
    ASSERT_NE(job_of(*decision, kind), nullptr);
    EXPECT_EQ(job_of(*decision, kind)->when, JobRequest::When::kNever);
  }
  EXPECT_FALSE(decide(decision->connection, Disconnected{}, kStart + hours(2))->is_changed);
}

TEST(Connection, ThatIsDisconnectedKeepsNoClaimAliveByItsWatch) {
  auto gone = after(after(validated(), StepMarked{2}), Disconnected{}, kStart + hours(1));
  gone.claim = Claim::kUnproven;
  EXPECT_EQ(decide(gone, ClaimTimedOut{}, kStart + hours(80))->connection.claim, Claim::kExpired);
}

TEST(Connection, ThatIsNotLiveOrDisconnectedBringsNoCertificateToTheEdge) {
  auto lost = obtained();
  lost.claim = Claim::kLost;
  EXPECT_FALSE(decide(lost, CertificateObtained{kStart + hours(1)}, kStart)->is_changed);

  auto connection = deployed();
  connection.edge = Edge::kCloudfront;
  const auto gone = after(connection, Disconnected{}, kStart + hours(1));
  const auto renewed = decide(gone, CertificateObtained{kStart + hours(24 * 90)}, kStart + hours(1));
  EXPECT_EQ(job_of(*renewed, JobKind::kDistribution), nullptr);
  const auto back = decide(renewed->connection, Reconnected{}, kStart + hours(2));
  EXPECT_NE(job_of(*back, JobKind::kDistribution), nullptr) << "what was obtained meanwhile";
}

TEST(Connection, IsDisconnectedOnlyOnceItIsDeployed) {
  const auto refused = decide(obtained(), Disconnected{}, kStart);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("SSL_VALIDATED"));
}

TEST(Connection, ReconnectsWithoutANewCertificateWhileTheOldOneIsValid) {
  const auto gone = after(deployed(), Disconnected{}, kStart + hours(1));
  EXPECT_EQ(after(gone, Reconnected{}, kStart + hours(2)).status, Status::kSslValidated);
  EXPECT_EQ(after(gone, Reconnected{}, kStart + hours(24 * 90)).status, Status::kPendingValidation);
  EXPECT_FALSE(decide(deployed(), Reconnected{}, kStart)->is_changed);
}

TEST(Connection, ReconnectsByTheStepsThatFrontendsOfTheSeedKnow) {
  const auto gone = after(deployed(), Disconnected{}, kStart + hours(1));
  EXPECT_EQ(after(gone, StepMarked{1}, kStart + hours(2)).status, Status::kSslValidated);
  EXPECT_EQ(after(gone, StepMarked{2}, kStart + hours(2)).status, Status::kDeployed);
  EXPECT_EQ(after(gone, StepMarked{1}, kStart + hours(24 * 90)).status, Status::kSslValidating);
  EXPECT_FALSE(decide(gone, StepMarked{2}, kStart + hours(24 * 90))) << "there is no certificate any more";
}

TEST(Connection, KeepsItsOwnRecordsWhenTheCallersAreReplaced) {
  const auto replaced =
      after(hands_free(),
            RecordsReplaced{{testing::sample_record(20, RecordType::kCname, "www", "www.shop.example", "b.example")}});
  ASSERT_EQ(replaced.records.size(), 2);
  EXPECT_EQ(replaced.records[0].id, RecordId(20));
  EXPECT_EQ(replaced.records[1].purpose, RecordPurpose::kCertificate);
}

}  // namespace
}  // namespace signpost::model
