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
        Happening(RecordsReplaced{}), Happening(CertificateIssued{})}) {
    const auto refused = decide(lost, happening, kStart);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::kConflict);
  }
  const auto looked = decide(lost, seen(true), kStart);
  ASSERT_TRUE(looked);
  EXPECT_THAT(looked->events, IsEmpty());
  EXPECT_EQ(job_of(*looked, JobKind::kPropagation)->when, JobRequest::When::kNever);
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
  EXPECT_FALSE(parse_status("deployed"));
}

TEST(Connection, ClaimNameIsBelowTheHost) {
  EXPECT_EQ(claim_name(sample_connection()).text(), "_signpost.www.shop.example");
  EXPECT_EQ(claim_value(sample_connection()), "signpost-verification=4f1c");
}

}  // namespace
}  // namespace signpost::model
