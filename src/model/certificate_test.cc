// SPDX-License-Identifier: Apache-2.0
#include "model/certificate.h"

#include <gmock/gmock.h>

#include "model/propagation_schedule.h"

namespace signpost::model {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time kStart = from_ms(1'800'000'000'000);

Certificate sample(CertificateBy by = CertificateBy::kCname) {
  return Certificate{.id = CertificateId(9),
                     .application = ApplicationId(3),
                     .connection = ConnectionId(7),
                     .by = by,
                     .names = {*DnsName::parse("www.shop.example")},
                     .label = "k3",
                     .created_at = kStart,
                     .updated_at = kStart};
}

CertificateOrder order() {
  return {.authority = "pebble",
          .url = "https://ca.example/order/1",
          .finalize_url = "https://ca.example/order/1/finalize",
          .expires_at = kStart + days(7),
          .challenges = {{*DnsName::parse("www.shop.example"), "https://ca.example/authz/1",
                          "https://ca.example/chall/1", "gfj9Xq"}}};
}

HeldCertificate issued(Milliseconds life = days(90), std::string ari_id = {}) {
  return {.authority = "pebble",
          .chain_pem = "-----BEGIN CERTIFICATE-----",
          .sealed_key = "sealed",
          .serial = "01",
          .ari_id = std::move(ari_id),
          .not_before = kStart,
          .not_after = kStart + life};
}

Certificate ordered() { return decide(sample(), OrderPlaced{order()}, kStart); }
Certificate held(CertificateBy by = CertificateBy::kCname, Milliseconds life = days(90)) {
  return decide(sample(by), CertificateReceived{issued(life)}, kStart);
}

TEST(Certificate, IsOrderedAtOnceWhileThereIsNone) {
  EXPECT_EQ(task_of(sample(), kStart), CertificateTask::kPlaceOrder);
  EXPECT_EQ(state_of(sample(), kStart), CertificateState::kWaiting);
}

TEST(Certificate, OfSomebodyElseIsNoTaskOfOurs) {
  EXPECT_EQ(task_of(sample(CertificateBy::kExternal), kStart), CertificateTask::kWait);
  EXPECT_FALSE(task_due(sample(CertificateBy::kExternal)));
}

TEST(Certificate, GoesThroughItsOrderStepByStep) {
  auto certificate = ordered();
  EXPECT_EQ(task_of(certificate, kStart), CertificateTask::kProve);
  EXPECT_EQ(state_of(certificate, kStart), CertificateState::kOrdered);

  certificate = decide(certificate, ChallengePosted{}, kStart);
  EXPECT_EQ(task_of(certificate, kStart), CertificateTask::kFinalize);
  EXPECT_EQ(state_of(certificate, kStart), CertificateState::kValidating);

  certificate = decide(certificate, KeySaved{"sealed"}, kStart);
  EXPECT_EQ(task_of(certificate, kStart), CertificateTask::kFinalize);
  EXPECT_EQ(certificate.order->sealed_key, "sealed");
  EXPECT_EQ(state_of(certificate, kStart), CertificateState::kFinalizing);

  certificate = decide(certificate, CertificateReceived{issued()}, kStart);
  EXPECT_FALSE(certificate.order);
  EXPECT_EQ(task_of(certificate, kStart), CertificateTask::kWait);
  EXPECT_EQ(state_of(certificate, kStart), CertificateState::kIssued);
  EXPECT_EQ(state_of(certificate, kStart + days(90)), CertificateState::kExpired);
}

TEST(Certificate, LooksForItsChallengeAsPropagationDoesAndThenHourly) {
  EXPECT_EQ(next_challenge_look(kStart, kStart), kStart + seconds(10));
  EXPECT_EQ(next_challenge_look(kStart, kStart + minutes(2)), kStart + minutes(3));
  EXPECT_EQ(next_challenge_look(kStart, kStart + hours(20)), kStart + hours(21));
  EXPECT_EQ(next_challenge_look(kStart, kStart + days(30)), kStart + days(30) + hours(1));
}

TEST(Certificate, IsNotTroubledByWhatStillSpreads) {
  const auto first = decide(ordered(), ChallengeUnseen{"name_missing", "add it"}, kStart);
  const auto early = decide(first, ChallengeUnseen{"name_missing", "add it"}, kStart + seconds(110));
  EXPECT_FALSE(early.trouble);
  EXPECT_EQ(early.missing, "add it");
  EXPECT_EQ(task_due(early), kStart + seconds(120));

  const auto late = decide(early, ChallengeUnseen{"name_missing", "add it"}, kStart + minutes(3));
  ASSERT_TRUE(late.trouble);
  EXPECT_EQ(late.trouble->cause, "name_missing");
  EXPECT_EQ(late.trouble->since, kStart + minutes(3));
  const auto later = decide(late, ChallengeUnseen{"name_missing", "add it"}, kStart + minutes(5));
  EXPECT_EQ(later.trouble->since, kStart + minutes(3));
  EXPECT_FALSE(decide(later, ChallengePosted{}, kStart + minutes(6)).trouble);
}

TEST(Certificate, OfAnAuthorityThatDecidesAtOnceIsProvenWithItsKey) {
  const auto unseen = decide(ordered(), ChallengeUnseen{"name_missing", "add it"}, kStart);
  const auto late = decide(unseen, ChallengeUnseen{"name_missing", "add it"}, kStart + minutes(3));
  const auto certificate = decide(late, KeySaved{"sealed"}, kStart + minutes(4));
  EXPECT_EQ(state_of(certificate, kStart + minutes(4)), CertificateState::kFinalizing);
  EXPECT_EQ(task_of(certificate, kStart + minutes(4)), CertificateTask::kFinalize);
  EXPECT_FALSE(certificate.trouble);
  EXPECT_FALSE(certificate.unseen_since);
  EXPECT_THAT(certificate.missing, ::testing::IsEmpty());
}

TEST(Certificate, LooksAtOnceWhenSomebodyWaits) {
  auto certificate = decide(ordered(), ChallengeUnseen{"name_missing", "add it"}, kStart);
  certificate = decide(certificate, ChallengeUnseen{"name_missing", "add it"}, kStart + hours(5));
  EXPECT_EQ(task_of(certificate, kStart + hours(5)), CertificateTask::kWait);
  certificate = decide(certificate, LookWanted{}, kStart + hours(5));
  EXPECT_EQ(task_of(certificate, kStart + hours(5)), CertificateTask::kProve);
  certificate = decide(certificate, ChallengeUnseen{"name_missing", "add it"}, kStart + hours(5));
  EXPECT_EQ(task_due(certificate), kStart + hours(5) + seconds(10)) << "the dense phase begins anew";
}

TEST(Certificate, IsTroubledAtOnceByWhatDoesNotSpread) {
  const auto looked = decide(ordered(), ChallengeUnseen{"caa_forbids", "change it", false, false}, kStart);
  ASSERT_TRUE(looked.trouble);
  EXPECT_EQ(looked.trouble->cause, "caa_forbids");
  EXPECT_TRUE(looked.order);
  EXPECT_EQ(task_due(looked), kStart + seconds(10)) << "and is looked at as whatever spreads";
}

TEST(Certificate, AnAuthoritysPauseStandsWhoeverWaits) {
  const auto certificate = decide(sample(), AttemptFailed{.cause = "certificate_limit"}, kStart);
  EXPECT_EQ(task_of(decide(certificate, LookWanted{}, kStart), kStart), CertificateTask::kWait);
}

TEST(Certificate, AnAuthoritysPauseStandsAlsoAfterDnsWasLookedAtInVain) {
  auto certificate = decide(sample(), ChallengeUnseen{"name_missing", "add it"}, kStart);
  certificate = decide(certificate, AttemptFailed{.cause = "certificate_limit", .not_before = kStart + hours(34)},
                       kStart + minutes(1));
  certificate = decide(certificate, LookWanted{}, kStart + minutes(2));
  EXPECT_EQ(task_due(certificate), kStart + hours(34));
}

TEST(Certificate, AsksTheCustomerAtOnceForTheTxtOfARenewal) {
  auto certificate = decide(held(CertificateBy::kTxt), OrderPlaced{order()}, kStart + days(60));
  certificate = decide(certificate, ChallengeUnseen{"renewal_txt", "add the TXT"}, kStart + days(60));
  ASSERT_TRUE(certificate.trouble);
  EXPECT_EQ(certificate.trouble->cause, "renewal_txt");
}

TEST(Certificate, TriesAgainAfter1And10And100MinutesThenDaily) {
  auto certificate = sample();
  Time now = kStart;
  for (const auto pause : {minutes(1), minutes(10), minutes(100), minutes(24 * 60), minutes(24 * 60)}) {
    certificate = decide(certificate, AttemptFailed{.cause = "certificate_refused", .explanation = "…"}, now);
    EXPECT_EQ(task_due(certificate), now + pause);
    EXPECT_EQ(task_of(certificate, now), CertificateTask::kWait);
    now += pause;
    EXPECT_EQ(task_of(certificate, now), CertificateTask::kPlaceOrder);
  }
}

TEST(Certificate, TriesAnAuthorityThatIsDownEveryHour) {
  auto certificate = sample();
  for (int i = 0; i < 10; ++i) {
    certificate = decide(certificate, AttemptFailed{.fault = AttemptFailed::Fault::kAuthority, .cause = "c"}, kStart);
  }
  EXPECT_EQ(task_due(certificate), kStart + hours(1));
}

TEST(Certificate, ThatALimitHoldsBackWaitsForItsTurnAndHasNotFailed) {
  auto certificate = sample();
  certificate.failures = 3;
  const AttemptFailed limit{
      .fault = AttemptFailed::Fault::kLimit, .cause = "limit", .not_before = kStart + seconds(40)};
  const auto held_back = decide(certificate, limit, kStart);
  EXPECT_EQ(held_back.failures, 3);
  EXPECT_EQ(task_due(held_back), kStart + seconds(40));
  ASSERT_TRUE(held_back.trouble);
  EXPECT_EQ(held_back.trouble->cause, "limit");
}

TEST(Certificate, RemembersSinceWhenTheAuthorityHasBeenAtWork) {
  const auto unasked = decide(ordered(), AuthorityBusy{kStart + minutes(1)}, kStart);
  EXPECT_FALSE(unasked.order->busy_since) << "that pause was our own";
  auto certificate = decide(unasked, ChallengePosted{}, kStart + minutes(1));
  for (int minute = 2; minute < 5; ++minute) {
    certificate = decide(certificate, AuthorityBusy{kStart + minutes(minute + 1)}, kStart + minutes(minute));
    EXPECT_EQ(certificate.order->busy_since, kStart + minutes(2));
  }
  EXPECT_FALSE(decide(certificate, KeySaved{"sealed"}, kStart + minutes(5)).order->busy_since) << "it has gone on";
}

TEST(Certificate, ByTxtKnowsWhichRecordsProvedIt) {
  auto certificate = decide(sample(CertificateBy::kTxt), OrderPlaced{order()}, kStart);
  certificate = decide(certificate, CertificateReceived{issued()}, kStart);
  EXPECT_EQ(certificate.held->texts, std::vector<std::string>{"gfj9Xq"});
  auto proven = order();
  proven.challenges.front().text.clear();
  certificate = decide(decide(certificate, OrderPlaced{proven}, kStart), CertificateReceived{issued()}, kStart);
  EXPECT_EQ(certificate.held->texts, std::vector<std::string>{"gfj9Xq"}) << "nothing new was added";
  EXPECT_TRUE(decide(ordered(), CertificateReceived{issued()}, kStart).held->texts.empty()) << "ours to withdraw";
}

TEST(Certificate, WaitsAsLongAsTheAuthoritySays) {
  const auto certificate =
      decide(sample(),
             AttemptFailed{.cause = "certificate_limit", .explanation = "…", .not_before = kStart + hours(34)}, kStart);
  EXPECT_EQ(task_due(certificate), kStart + hours(34));
}

TEST(Certificate, KeepsAnOrderThatMayStillSucceed) {
  const auto kept = decide(
      ordered(), AttemptFailed{.order = AttemptFailed::Order::kKept, .cause = "certificate_authority_down"}, kStart);
  EXPECT_TRUE(kept.order);
  EXPECT_EQ(task_of(kept, kStart + minutes(1)), CertificateTask::kProve);
  EXPECT_FALSE(decide(ordered(), AttemptFailed{.cause = "certificate_refused"}, kStart).order);
}

TEST(Certificate, IsTriedAgainSoonWithItsOrderAfterAFailureOfOurOwn) {
  auto certificate = ordered();
  for (int i = 0; i < 4; ++i) {
    certificate = decide(certificate, AttemptFailed{.fault = AttemptFailed::Fault::kProgram, .cause = "c"}, kStart);
  }
  EXPECT_TRUE(certificate.order);
  EXPECT_EQ(certificate.failures, 0);
  EXPECT_EQ(task_due(certificate), kStart + minutes(1));
  ASSERT_TRUE(certificate.trouble);
  EXPECT_EQ(certificate.trouble->cause, "c");
}

TEST(Certificate, ThatIsHeldStaysWhileItsRenewalFails) {
  auto certificate = decide(held(), OrderPlaced{order()}, kStart + days(60));
  certificate = decide(certificate, AttemptFailed{.cause = "certificate_refused"}, kStart + days(60));
  ASSERT_TRUE(certificate.held);
  EXPECT_EQ(state_of(certificate, kStart + days(61)), CertificateState::kIssued);
  EXPECT_EQ(task_of(certificate, kStart + days(61)), CertificateTask::kPlaceOrder);
}

TEST(Certificate, IsRenewedWithAThirdOfItsLifeLeft) {
  EXPECT_EQ(renewal_time(CertificateBy::kCname, kStart, kStart + days(90), 0), kStart + days(60));
  EXPECT_EQ(renewal_time(CertificateBy::kCname, kStart, kStart + days(6), 0), kStart + days(4));
}

TEST(Certificate, IsRenewedALittleEarlierSoThatNotAllAreRenewedAtOnce) {
  const auto last = renewal_time(CertificateBy::kCname, kStart, kStart + days(90), 255);
  EXPECT_LT(last, kStart + days(60));
  EXPECT_GT(last, kStart + days(58));
}

TEST(Certificate, WhoseRenewalNeedsTheCustomerIsOrderedThirtyDaysBeforeItsEnd) {
  EXPECT_EQ(renewal_time(CertificateBy::kTxt, kStart, kStart + days(90), 77), kStart + days(60));
  EXPECT_EQ(renewal_time(CertificateBy::kTxt, kStart, kStart + days(45), 77), kStart + hours(24 * 45 / 2));
}

TEST(Certificate, AsksTheAuthorityWhenItWantsTheRenewal) {
  auto certificate = decide(sample(), CertificateReceived{issued(days(90), "aYhba.AIdl")}, kStart);
  EXPECT_EQ(task_of(certificate, kStart), CertificateTask::kAskRenewal);

  certificate = decide(certificate, RenewalAdvised{kStart + days(40), kStart + hours(6)}, kStart);
  EXPECT_EQ(task_of(certificate, kStart), CertificateTask::kWait);
  EXPECT_EQ(task_due(certificate), kStart + hours(6));
  certificate = decide(certificate, RenewalAdvised{kStart + days(40), kStart + days(41)}, kStart + days(39));
  EXPECT_EQ(task_of(certificate, kStart + days(40)), CertificateTask::kPlaceOrder);
}

TEST(Certificate, IsNotAskedForWhereTheAuthorityHasNoWishes) {
  const auto certificate = decide(sample(), CertificateReceived{issued(days(90), "aYhba.AIdl"), hours(24)}, kStart);
  EXPECT_EQ(task_of(certificate, kStart), CertificateTask::kWait);
  EXPECT_EQ(task_of(certificate, kStart + hours(24)), CertificateTask::kAskRenewal) << "it may have some by now";
}

TEST(Certificate, IsNeverRenewedLaterThanItsOwnTimeWhateverTheAuthorityWishes) {
  const auto certificate = decide(held(), RenewalAdvised{kStart + days(120), kStart + days(365)}, kStart);
  EXPECT_LE(task_due(certificate), kStart + days(60));
}

TEST(Certificate, IsNotRenewedWithoutAPauseWhateverTheAuthorityWishes) {
  const auto certificate = decide(held(), RenewalAdvised{kStart - days(1), kStart + days(30)}, kStart);
  EXPECT_EQ(task_due(certificate), kStart + seconds(10));
}

TEST(Certificate, IsNotRenewedWithoutAPauseWhereOurClockIsAhead) {
  const Time ahead = kStart + days(89);
  const auto certificate = decide(sample(), CertificateReceived{issued()}, ahead);
  EXPECT_EQ(task_due(certificate), ahead + days(9));
}

TEST(Certificate, IsRenewedAtOnceIfSomebodyWantsItOrItWasRevoked) {
  EXPECT_EQ(task_of(decide(held(), RenewalWanted{}, kStart), kStart), CertificateTask::kPlaceOrder);
  const auto revoked = decide(held(), CertificateRevoked{}, kStart);
  EXPECT_EQ(state_of(revoked, kStart), CertificateState::kRevoked);
  EXPECT_EQ(task_of(revoked, kStart), CertificateTask::kPlaceOrder);
}

TEST(Certificate, IsNotOrderedTwiceByHand) {
  EXPECT_EQ(hand_renewal(held(), kStart).kind, HandRenewal::Kind::kAllowed);
  EXPECT_EQ(hand_renewal(ordered(), kStart).kind, HandRenewal::Kind::kOnItsWay);
  EXPECT_EQ(hand_renewal(sample(), kStart).kind, HandRenewal::Kind::kOnItsWay);
  EXPECT_EQ(hand_renewal(decide(held(), RenewalWanted{}, kStart + days(2)), kStart + days(2)).kind,
            HandRenewal::Kind::kOnItsWay);
  EXPECT_EQ(hand_renewal(decide(held(), CertificateRevoked{}, kStart), kStart).kind, HandRenewal::Kind::kOnItsWay);
}

TEST(Certificate, IsTriedAgainByHandAnHourAfterItHasFailed) {
  auto failed = sample();
  for (int i = 0; i < 4; ++i) failed = decide(failed, AttemptFailed{.cause = "certificate_caa_forbids"}, kStart);
  ASSERT_EQ(task_due(failed), kStart + days(1));
  const auto soon = hand_renewal(failed, kStart + minutes(59));
  EXPECT_EQ(soon.kind, HandRenewal::Kind::kPaused);
  EXPECT_EQ(soon.at, kStart + hours(1));
  EXPECT_EQ(hand_renewal(failed, kStart + hours(1)).kind, HandRenewal::Kind::kAllowed);
}

TEST(Certificate, AnAuthoritysPauseStandsWhoeverWantsARenewal) {
  const auto limited =
      decide(sample(), AttemptFailed{.cause = "certificate_limit", .not_before = kStart + hours(34)}, kStart);
  const auto soon = hand_renewal(limited, kStart + hours(2));
  EXPECT_EQ(soon.kind, HandRenewal::Kind::kPaused);
  EXPECT_EQ(soon.at, kStart + hours(34));
}

TEST(Certificate, WhoseRecordIsMissingIsLookedForByHandAtOnce) {
  auto unseen = decide(sample(), AttemptFailed{.cause = "certificate_refused"}, kStart);
  unseen = decide(unseen, ChallengeUnseen{"name_missing", "add it"}, kStart + minutes(1));
  EXPECT_EQ(hand_renewal(unseen, kStart + minutes(1)).kind, HandRenewal::Kind::kAllowed);
}

TEST(Certificate, ChallengeOfAWildcardIsThatOfItsHost) {
  EXPECT_EQ(challenge_name(*DnsName::parse("www.shop.example"))->text(), "_acme-challenge.www.shop.example");
  EXPECT_EQ(challenge_name(*DnsName::parse("*.shop.example"))->text(), "_acme-challenge.shop.example");
}

TEST(Certificate, WordsAreReadAsTheyAreWritten) {
  for (const auto by : {CertificateBy::kExternal, CertificateBy::kCname, CertificateBy::kTxt}) {
    EXPECT_EQ(parse_certificate_by(name_of(by)), by);
  }
  for (const auto step : {OrderStep::kPlaced, OrderStep::kPosted, OrderStep::kFinalizing}) {
    EXPECT_EQ(parse_order_step(name_of(step)), step);
  }
  EXPECT_FALSE(parse_certificate_by("letsencrypt"));
}

}  // namespace
}  // namespace signpost::model
