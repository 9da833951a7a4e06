// SPDX-License-Identifier: Apache-2.0
#include "model/distribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "base/text.h"

namespace signpost::model {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr Time kNow = from_ms(1'800'000'000'000);
const std::string kOurs = "arn:imported/1";
const std::string kAmazons = "arn:amazon/1";
const ValidationRecord kRecord{"_a.www.shop.example", "_b.acm-validations.aws"};

Distribution fresh() {
  Distribution distribution{.id = DistributionRowId(7), .host = HostName::parse("www.shop.example").value()};
  distribution.connection = ConnectionId(1);
  return distribution;
}

/// A distribution and the time at which things happen to it.
struct Life {
  Distribution now = fresh();
  Time time = kNow;
  std::vector<DistributionNews> news;

  Life& happens(const DistributionHappening& happening) {
    auto decision = decide(now, happening, time);
    now = std::move(decision.distribution);
    news = std::move(decision.news);
    return *this;
  }
  Life& after(Milliseconds length) {
    time += length;
    return *this;
  }
  /// Time passes until something is due.
  Life& until_due() {
    time = std::max(time, next_at(now).value());
    return *this;
  }
  Act act() const { return act_of(now, time); }
};

AmazonSeen pending() { return {.status = AmazonCertificate::Status::kPending, .validation = kRecord}; }
AmazonSeen issued() {
  return {.status = AmazonCertificate::Status::kIssued, .validation = kRecord, .not_after = kNow + 395 * 24h};
}
AmazonSeen refused(std::string why) {
  return {.status = AmazonCertificate::Status::kRefused,
          .validation = kRecord,
          .not_after = {},
          .explanation = std::move(why)};
}

/// Our certificate serves.
Life attached() {
  Life life;
  life.happens(DistributionWanted{})
      .happens(DistributionFound{"E1", true, "d1.cloudfront.net", ""})
      .happens(OurCertificateReady{"01"})
      .happens(ImportBegan{})
      .happens(Imported{kOurs, "01"})
      .happens(Attached{});
  return life;
}
Life waited() {
  auto life = attached();
  life.happens(Step2Marked{}).until_due().happens(Waited{});
  return life;
}
Life looking() {
  auto life = waited();
  life.happens(AmazonRequested{kAmazons}).until_due().happens(pending());
  return life;
}
Life validating() {
  auto life = looking();
  life.happens(ValidationLooked{true, ""}).until_due();
  return life;
}
Life swapping() {
  auto life = validating();
  life.happens(issued());
  return life;
}
Life deploying() {
  auto life = swapping();
  life.happens(Swapped{}).until_due();
  return life;
}
Life cleaning() {
  auto life = deploying();
  life.happens(DeploymentSeen{true, kAmazons}).until_due();
  return life;
}

// Our certificate

TEST(Distribution, IsMadeThenWaitsForOurCertificate) {
  Life life;
  EXPECT_EQ(life.act(), Act::kNothing);
  life.happens(DistributionWanted{});
  EXPECT_EQ(life.act(), Act::kMake);
  life.happens(DistributionFound{"E1", true, "d1.cloudfront.net", ""});
  EXPECT_EQ(life.now.setup, Setup::kReady);
  EXPECT_THAT(life.news, Contains(DistributionNews::kFound));
  EXPECT_FALSE(next_at(life.now));
}

TEST(Distribution, ImportsAndAttachesOurCertificate) {
  Life life;
  life.happens(DistributionWanted{})
      .happens(DistributionFound{"E1", true, "d1.cloudfront.net", ""})
      .happens(OurCertificateReady{"01"});
  EXPECT_EQ(life.act(), Act::kImport);
  life.happens(ImportBegan{}).happens(Imported{kOurs, "01"});
  EXPECT_EQ(life.act(), Act::kAttach);
  life.happens(Attached{});
  EXPECT_EQ(life.now.setup, Setup::kAttached);
  EXPECT_EQ(life.now.serving_arn, kOurs);
  EXPECT_THAT(life.news, Contains(DistributionNews::kAttached));
  EXPECT_EQ(life.act(), Act::kNothing);
}

TEST(Distribution, TakesACertificateThatWasReadyFirst) {
  Life life;
  life.happens(DistributionWanted{}).happens(OurCertificateReady{"01"});
  EXPECT_EQ(life.act(), Act::kMake);
  life.happens(DistributionFound{"E1", true, "d1.cloudfront.net", ""});
  EXPECT_EQ(life.act(), Act::kImport);
}

TEST(Distribution, SearchesAnImportThatWasCutShortBeforeItImportsAgain) {
  Life life;
  life.happens(DistributionWanted{})
      .happens(DistributionFound{"E1", true, "d1.cloudfront.net", ""})
      .happens(OurCertificateReady{"01"})
      .happens(ImportBegan{});
  EXPECT_EQ(life.act(), Act::kFindImport);
  life.happens(ImportNotFound{});
  EXPECT_EQ(life.act(), Act::kNothing) << "ACM lists it some seconds late";
  EXPECT_EQ(life.until_due().time, kNow + kImportListed);
  EXPECT_EQ(life.act(), Act::kFindImport);
  life.happens(ImportNotFound{});
  EXPECT_EQ(life.act(), Act::kImport);
}

TEST(Distribution, ImportsARenewedCertificateUnderTheSameArn) {
  auto life = attached();
  life.happens(OurCertificateReady{"02"});
  EXPECT_EQ(life.act(), Act::kImport);
  EXPECT_EQ(life.now.imported_arn, kOurs);
  life.happens(Imported{kOurs, "02"}).happens(Attached{});
  EXPECT_EQ(life.now.setup, Setup::kAttached);
  EXPECT_EQ(life.now.imported_serial, "02");
}

TEST(Distribution, DoesNothingForACertificateThatIsThere) {
  auto life = attached();
  life.happens(OurCertificateReady{"01"});
  EXPECT_EQ(life.act(), Act::kNothing);
  EXPECT_EQ(life.now.setup, Setup::kAttached);
}

TEST(Distribution, ImportsTheNewerOfTwoThatCameAtOnce) {
  auto life = attached();
  life.happens(OurCertificateReady{"02"}).happens(OurCertificateReady{"03"}).happens(Imported{kOurs, "02"});
  EXPECT_EQ(life.act(), Act::kImport);
  life.happens(Imported{kOurs, "03"});
  EXPECT_EQ(life.act(), Act::kAttach);
}

TEST(Distribution, ImportsAnewWhatSomebodyDeletedInAcm) {
  auto life = attached();
  life.happens(OurCertificateReady{"02"}).happens(ImportLost{});
  EXPECT_EQ(life.act(), Act::kImport);
  EXPECT_EQ(life.now.imported_arn, "");
}

TEST(Distribution, IsAttachedOnceEveryEdgeHasTheCertificate) {
  auto life = attached();
  life.happens(OurCertificateReady{"02"}).happens(Imported{kOurs, "02"});
  life.happens(ActFailed{Act::kAttach, Park::Reason::kAliasTaken, "taken", {}}).happens(Attached{false});
  EXPECT_EQ(life.now.setup, Setup::kAttaching);
  EXPECT_FALSE(life.now.setup_park);
  EXPECT_THAT(life.news, Not(Contains(DistributionNews::kAttached)));
  EXPECT_EQ(life.act(), Act::kNothing);
  EXPECT_EQ(life.until_due().act(), Act::kAttach);
  life.happens(Attached{true});
  EXPECT_EQ(life.now.setup, Setup::kAttached);
  EXPECT_THAT(life.news, Contains(DistributionNews::kAttached));
}

TEST(Distribution, ImportsAnewWhatAcmDoesNotTakeInThePlaceOfTheOneBefore) {
  auto life = attached();
  life.happens(OurCertificateReady{"02"}).happens(ReimportRefused{});
  EXPECT_EQ(life.act(), Act::kImport);
  EXPECT_EQ(life.now.imported_arn, "");
  EXPECT_TRUE(is_replaced(life.now, kOurs)) << "it serves until the new one does";
  life.happens(ImportBegan{}).happens(Imported{"arn:imported/2", "02"}).happens(Attached{});
  EXPECT_EQ(life.now.serving_arn, "arn:imported/2");
  EXPECT_EQ(life.until_due().act(), Act::kTidy);
  EXPECT_EQ(old_certificate(life.now), kOurs);
}

TEST(Distribution, TakesOverWhatAnEarlierConnectionOfTheHostLeftBehind) {
  auto life = attached();
  life.happens(OurCertificateReady{"02"}).happens(Imported{kOurs, "02"}).happens(Adopted{"arn:earlier/1"});
  EXPECT_EQ(life.act(), Act::kAttach);
  EXPECT_TRUE(is_replaced(life.now, "arn:earlier/1"));
  life.happens(Attached{});
  EXPECT_EQ(life.until_due().act(), Act::kTidy);
}

TEST(Distribution, LeavesAmazonsCertificateOfAnEarlierConnectionWhereItServes) {
  auto life = attached();
  life.happens(PreparationWanted{}).happens(AmazonRequested{kAmazons}).happens(pending());
  life.happens(OurCertificateReady{"02"}).happens(Imported{kOurs, "02"});
  life.happens(Adopted{"arn:earlier/1", Adopted::Issuer::kAmazon, kNow + 300 * 24h});
  EXPECT_EQ(life.now.amazon.arn, "arn:earlier/1");
  EXPECT_EQ(life.now.serving_arn, "arn:earlier/1");
  EXPECT_TRUE(is_replaced(life.now, kAmazons)) << "the early request is deleted with the rest";
  life.happens(Swapped{});
  EXPECT_EQ(life.act(), Act::kNothing) << "ours is not attached over it";
  life.happens(Step2Marked{}).after(kUpgradeDelay);
  while (life.act() != Act::kEndWait) life.happens(Swapped{}).until_due();
  life.happens(Waited{});
  while (life.act() != Act::kDescribe) life.happens(Swapped{});
  life.happens(issued());
  EXPECT_EQ(life.now.upgrade, Upgrade::kSwapping);
}

TEST(Distribution, WaitsQuietlyWhileCloudFrontDoesNotKnowTheImportYet) {
  auto life = attached();
  life.happens(OurCertificateReady{"02"}).happens(Imported{kOurs, "02"});
  const ActFailed too_new{Act::kAttach, Park::Reason::kCertificateRefused, "not yet", {}};
  for (int i = 0; i < kSwapTriesQuiet; ++i) {
    life.happens(too_new);
    EXPECT_FALSE(life.now.setup_park) << i;
    EXPECT_EQ(life.act(), Act::kNothing);
    life.until_due();
    EXPECT_EQ(life.act(), Act::kAttach);
  }
  EXPECT_GT(life.time - kNow, 1min) << "a new certificate is taken after about a minute";
  life.happens(too_new);
  EXPECT_EQ(life.now.setup_park->reason, Park::Reason::kCertificateRefused);
  EXPECT_THAT(life.news, Contains(DistributionNews::kParked));
}

// The five steps

TEST(Upgrade, WalksTheFiveStepsOfSeed000) {
  auto life = attached();
  life.happens(Step2Marked{});
  EXPECT_EQ(next_at(life.now), kNow + 60s);
  EXPECT_EQ(life.act(), Act::kNothing);
  life.until_due();
  EXPECT_EQ(life.act(), Act::kEndWait);
  life.happens(Waited{});
  EXPECT_EQ(life.act(), Act::kRequest);
  life.happens(AmazonRequested{kAmazons}).until_due();
  EXPECT_EQ(life.act(), Act::kDescribe);
  life.happens(pending());
  EXPECT_THAT(life.news, Contains(DistributionNews::kValidationKnown));
  EXPECT_EQ(life.act(), Act::kLook);
  life.happens(ValidationLooked{true, ""}).until_due();
  EXPECT_EQ(life.act(), Act::kDescribe);
  life.happens(issued());
  EXPECT_EQ(life.act(), Act::kSwap);
  life.happens(Swapped{}).until_due();
  EXPECT_EQ(life.act(), Act::kCheckDeployed);
  life.happens(DeploymentSeen{false, kAmazons}).until_due();
  EXPECT_EQ(life.act(), Act::kCheckDeployed);
  life.happens(DeploymentSeen{true, kAmazons}).until_due();
  EXPECT_EQ(life.act(), Act::kClean);
  life.happens(OldSeen{kOurs, OldCertificate::kStillUsed}).until_due();
  EXPECT_EQ(life.act(), Act::kClean);
  life.happens(OldSeen{kOurs, OldCertificate::kDeleted});
  EXPECT_EQ(life.now.upgrade, Upgrade::kUpgraded);
  EXPECT_THAT(life.news, Contains(DistributionNews::kUpgraded));
  EXPECT_EQ(life.now.serving_arn, kAmazons);
  EXPECT_EQ(life.now.imported_arn, "");
  EXPECT_FALSE(needs_our_certificate(life.now));
}

TEST(Upgrade, BeginsOnceHoweverOftenStep2IsMarked) {
  auto life = attached();
  life.happens(Step2Marked{}).after(30s);
  EXPECT_FALSE(decide(life.now, Step2Marked{}, life.time).is_changed);
  auto late = cleaning();
  EXPECT_FALSE(decide(late.now, Step2Marked{}, late.time).is_changed);
}

TEST(Upgrade, LearnsTheRecordBeforeStep2AndThenRests) {
  Life life;
  life.happens(PreparationWanted{});
  EXPECT_EQ(life.act(), Act::kRequest);
  life.happens(AmazonRequested{kAmazons}).until_due();
  EXPECT_EQ(life.act(), Act::kDescribe);
  life.happens(AmazonSeen{.status = AmazonCertificate::Status::kPending}).until_due();
  EXPECT_EQ(life.act(), Act::kDescribe) << "the record is not known for some seconds";
  life.happens(pending());
  EXPECT_EQ(life.now.upgrade, Upgrade::kPrepared);
  EXPECT_EQ(life.now.validation, kRecord);
  EXPECT_FALSE(next_at(life.now));
}

TEST(Upgrade, UsesTheEarlyRequestWhileItIsPending) {
  auto life = attached();
  life.happens(PreparationWanted{})
      .happens(AmazonRequested{kAmazons})
      .happens(pending())
      .after(48h)
      .happens(Step2Marked{})
      .until_due()
      .happens(Waited{});
  EXPECT_EQ(life.act(), Act::kDescribe);
  life.happens(pending());
  EXPECT_EQ(life.now.upgrade, Upgrade::kLooking);
  EXPECT_EQ(life.now.requests, 1);
}

TEST(Upgrade, SwapsAtOnceWhenTheEarlyRequestIsIssuedAlready) {
  auto life = attached();
  life.happens(PreparationWanted{})
      .happens(AmazonRequested{kAmazons})
      .happens(pending())
      .happens(Step2Marked{})
      .until_due()
      .happens(Waited{})
      .happens(issued());
  EXPECT_EQ(life.act(), Act::kSwap);
}

TEST(Upgrade, RequestsAnewWhatTimedOutOnlyOnceTheRecordIsThere) {
  auto life = attached();
  life.happens(PreparationWanted{})
      .happens(AmazonRequested{kAmazons})
      .happens(pending())
      .after(96h)
      .happens(Step2Marked{})
      .until_due()
      .happens(Waited{});
  life.happens(refused("not seen within 72 hours"));
  EXPECT_EQ(life.now.upgrade_park->reason, Park::Reason::kAmazonRefuses);
  life.until_due();
  EXPECT_EQ(life.act(), Act::kLook);
  life.happens(ValidationLooked{false, "add it"}).until_due();
  EXPECT_EQ(life.act(), Act::kLook);
  life.happens(ValidationLooked{true, ""});
  EXPECT_EQ(life.act(), Act::kDiscard);
  life.happens(AmazonGone{});
  EXPECT_EQ(life.act(), Act::kRequest);
}

TEST(Upgrade, ParksVisiblyWithoutTheRecordAndAsksDnsRarely) {
  auto life = looking();
  life.happens(ValidationLooked{false, "add the CNAME _a.www.shop.example"});
  EXPECT_EQ(life.now.upgrade_park->reason, Park::Reason::kRecordMissing);
  EXPECT_EQ(life.now.upgrade_park->explanation, "add the CNAME _a.www.shop.example");
  EXPECT_THAT(life.news, Contains(DistributionNews::kParked));
  const auto since = life.now.upgrade_park->since;
  int looks = 0;
  for (const auto end = life.time + 30 * 24h; life.until_due().time < end; ++looks) {
    ASSERT_EQ(life.act(), Act::kLook) << "and nothing of AWS";
    life.happens(ValidationLooked{false, "add it"});
    EXPECT_THAT(life.news, IsEmpty()) << "it was told once";
  }
  EXPECT_LE(looks, 130) << "a look every six hours";
  EXPECT_EQ(life.now.upgrade_park->since, since);
  life.happens(ValidationLooked{true, ""});
  EXPECT_FALSE(life.now.upgrade_park);
  EXPECT_THAT(life.news, Contains(DistributionNews::kResumed));
}

TEST(Upgrade, GoesBackToLookingWhenTheRecordVanishesWhileAmazonValidates) {
  auto life = validating();
  for (int i = 0; i < kValidatingLookEvery - 1; ++i) {
    EXPECT_EQ(life.act(), Act::kDescribe);
    life.happens(pending()).until_due();
  }
  EXPECT_EQ(life.act(), Act::kLook);
  life.happens(ValidationLooked{false, "it is gone"});
  EXPECT_EQ(life.now.upgrade, Upgrade::kLooking);
  EXPECT_EQ(life.now.upgrade_park->reason, Park::Reason::kRecordMissing);
}

TEST(Upgrade, RequestsNothingWhereCaaForbids) {
  auto life = waited();
  life.happens(AmazonForbidden{"shop.example has CAA for letsencrypt.org only"});
  EXPECT_EQ(life.now.upgrade_park->reason, Park::Reason::kCaaForbids);
  EXPECT_EQ(life.act(), Act::kNothing);
  life.until_due();
  EXPECT_EQ(life.act(), Act::kRequest) << "looks at CAA again";
  EXPECT_EQ(life.now.requests, 0);
}

TEST(Upgrade, KeepsQuietAboutCaaBeforeStep2) {
  Life life;
  life.happens(PreparationWanted{}).happens(AmazonForbidden{"forbidden"});
  EXPECT_FALSE(life.now.upgrade_park);
  EXPECT_EQ(life.now.upgrade, Upgrade::kPrepared);
}

TEST(Upgrade, DoesNotBurnTheQuotaOfRequests) {
  auto life = validating();
  std::vector<Milliseconds> pauses;
  for (int i = 0; i < 5; ++i) {
    const auto refused_at = life.time;
    life.happens(refused("FAILED"));
    while (life.until_due().act() != Act::kDiscard) life.happens(ValidationLooked{true, ""});
    pauses.push_back(life.time - refused_at);
    life.happens(AmazonGone{});
    ASSERT_EQ(life.act(), Act::kRequest);
    life.happens(AmazonRequested{kAmazons})
        .until_due()
        .happens(pending())
        .happens(ValidationLooked{true, ""})
        .until_due();
  }
  EXPECT_EQ(pauses, (std::vector<Milliseconds>{0s, 24h, 48h, 168h, 168h}));
}

TEST(Upgrade, SparesTheQuotaWhenACustomerLeavesAndComesBackAgainAndAgain) {
  auto life = looking();
  life.now.is_validation_seen = true;
  std::vector<Milliseconds> pauses;
  for (int i = 0; i < 4; ++i) {
    const auto requested_at = life.now.last_request_at.value();
    life.happens(EdgeDisconnected{}).happens(AmazonGone{}).happens(Step2Marked{}).until_due().happens(Waited{});
    life.until_due();
    ASSERT_EQ(life.act(), Act::kRequest);
    pauses.push_back(life.time - requested_at);
    life.happens(AmazonRequested{format("arn:amazon/{}", i + 2)});
  }
  EXPECT_LE(pauses[0], 2min) << "the first time it is a customer's change of mind";
  EXPECT_EQ(std::vector(pauses.begin() + 1, pauses.end()), (std::vector<Milliseconds>{24h, 48h, 168h}));
}

TEST(Upgrade, SparesTheQuotaWhoeverWantsItNow) {
  auto life = validating();
  life.happens(AmazonGone{}).happens(AmazonRequested{"arn:amazon/2"}).until_due().happens(pending());
  life.happens(ValidationLooked{true, ""}).until_due().happens(refused("FAILED"));
  const auto allowed_at = life.now.last_request_at.value() + 24h;
  for (int i = 0; i < 3; ++i) {
    life.happens(RetryWanted{});
    if (life.act() == Act::kDiscard) life.happens(AmazonGone{});
    EXPECT_EQ(life.act(), Act::kNothing);
  }
  EXPECT_EQ(life.until_due().time, allowed_at);
  EXPECT_EQ(life.act(), Act::kRequest);
}

TEST(Upgrade, AsksForTheSameCertificateUntilItIsSaved) {
  auto life = waited();
  const auto token = idempotency_token(life.now);
  EXPECT_LE(token.size(), 32U);
  EXPECT_TRUE(std::ranges::all_of(token, [](char c) {
    return c == '_' || std::isalnum(static_cast<unsigned char>(c));
  })) << token;
  life.happens(ActFailed{Act::kRequest, {}, "the connection broke", {}});
  EXPECT_EQ(idempotency_token(life.now), token);
  life.happens(AmazonRequested{kAmazons});
  EXPECT_NE(idempotency_token(life.now), token);
}

TEST(Upgrade, RequestsAnewWhatSomebodyDeletedInAcmButNotAtOnceAgainAndAgain) {
  auto life = validating();
  life.happens(AmazonGone{});
  EXPECT_EQ(life.now.upgrade, Upgrade::kRequesting);
  EXPECT_EQ(life.act(), Act::kRequest);
  life.happens(AmazonRequested{"arn:amazon/2"}).until_due().happens(AmazonGone{});
  EXPECT_EQ(next_at(life.now), life.time + 24h);
}

TEST(Upgrade, SwapsAgainWhenSomebodyWroteAnOlderConfigurationBack) {
  for (auto life : {deploying(), cleaning()}) {
    life.happens(DeploymentSeen{false, kOurs});
    EXPECT_EQ(life.now.upgrade, Upgrade::kSwapping);
    EXPECT_EQ(life.act(), Act::kSwap);
  }
}

TEST(Upgrade, LeavesACertificateThatSomebodyElseAttached) {
  auto life = deploying();
  life.happens(DeploymentSeen{true, "arn:somebody/1"});
  EXPECT_EQ(life.now.upgrade_park->reason, Park::Reason::kForeignCertificate);
  EXPECT_EQ(life.now.upgrade, Upgrade::kDeploying);
  EXPECT_EQ(life.until_due().act(), Act::kCheckDeployed);
}

TEST(Upgrade, NeverAttachesOursOverAmazons) {
  for (auto life : {deploying(), cleaning()}) {
    life.happens(OurCertificateReady{"02"});
    EXPECT_NE(life.act(), Act::kImport);
    EXPECT_NE(life.act(), Act::kAttach);
  }
  auto life = deploying();
  life.happens(OurCertificateReady{"02"}).happens(DeploymentSeen{false, kOurs});
  EXPECT_EQ(life.act(), Act::kImport) << "but ours is renewed when it serves again";
}

TEST(Upgrade, IsNotUndoneByOursWhenItsSwapWasNotSaved) {
  auto life = swapping();
  life.happens(OurCertificateReady{"02"}).happens(Imported{kOurs, "02"});
  EXPECT_EQ(life.act(), Act::kAttach);
  life.happens(Swapped{});
  EXPECT_EQ(life.now.upgrade, Upgrade::kDeploying);
  EXPECT_NE(life.until_due().act(), Act::kAttach);
}

TEST(Upgrade, ForgetsAnOldCertificateThatIsNotOursWithoutDeletingIt) {
  auto life = cleaning();
  life.happens(OldSeen{kOurs, OldCertificate::kNotOurs});
  EXPECT_EQ(life.now.upgrade, Upgrade::kUpgraded);
}

TEST(Upgrade, SaysSoWhenAmazonsRenewalWaitsForTheRecord) {
  auto life = cleaning();
  life.happens(OldSeen{kOurs, OldCertificate::kDeleted}).until_due();
  EXPECT_EQ(life.act(), Act::kDescribe);
  auto waiting = issued();
  waiting.explanation = "Amazon cannot renew: add the CNAME again";
  life.happens(waiting);
  EXPECT_EQ(life.now.upgrade_park->reason, Park::Reason::kRecordMissing);
  life.until_due().happens(issued());
  EXPECT_FALSE(life.now.upgrade_park);
}

TEST(Upgrade, ComesBackToOursAndToANewOneWhenAmazonsEnds) {
  auto life = cleaning();
  life.happens(OldSeen{kOurs, OldCertificate::kDeleted}).until_due().happens(refused("EXPIRED"));
  EXPECT_EQ(life.now.upgrade, Upgrade::kRequesting);
  EXPECT_EQ(life.now.upgrade_park->reason, Park::Reason::kAmazonRefuses);
  EXPECT_TRUE(needs_our_certificate(life.now));
  EXPECT_TRUE(is_replaced(life.now, kAmazons)) << "what serves may be taken off";
  EXPECT_EQ(life.act(), Act::kLook) << "without its record it would only end again";
  life.happens(ValidationLooked{false, "add it"});

  life.happens(OurCertificateReady{"01"});
  EXPECT_EQ(life.act(), Act::kImport) << "the one that was deleted after the upgrade, if it is still the newest";
  life.happens(ImportBegan{}).happens(Imported{"arn:imported/2", "01"}).happens(Attached{});
  EXPECT_EQ(life.now.serving_arn, "arn:imported/2");
  while (life.until_due().act() == Act::kLook) life.happens(ValidationLooked{false, "add it"});
  EXPECT_EQ(life.act(), Act::kTidy);
  life.happens(OldSeen{kAmazons, OldCertificate::kDeleted});
  EXPECT_THAT(life.now.replaced_arns, IsEmpty());
  EXPECT_FALSE(life.now.setup_next_at);

  life.until_due().happens(ValidationLooked{true, ""});
  EXPECT_EQ(life.act(), Act::kRequest);
  life.happens(AmazonRequested{"arn:amazon/2"}).until_due().happens(pending()).happens(ValidationLooked{true, ""});
  life.until_due().happens(issued()).happens(Swapped{}).until_due().happens(DeploymentSeen{true, "arn:amazon/2"});
  life.until_due().happens(OldSeen{"arn:imported/2", OldCertificate::kDeleted});
  EXPECT_EQ(life.now.upgrade, Upgrade::kUpgraded);
}

TEST(Upgrade, ComesBackToOursWhenAmazonsIsNotInAcmAnyMore) {
  auto life = cleaning();
  life.happens(OldSeen{kOurs, OldCertificate::kDeleted}).until_due().happens(AmazonGone{});
  EXPECT_EQ(life.now.upgrade, Upgrade::kRequesting);
  EXPECT_TRUE(is_replaced(life.now, kAmazons));
  EXPECT_THAT(life.now.upgrade_park->explanation, ::testing::HasSubstr("not in ACM any more"));
}

TEST(Upgrade, DeletesWhatWasReplacedAfterwardsInWhicheverOrderItCan) {
  auto life = cleaning();
  life.now.replaced_arns = {"arn:old/1", "arn:old/2"};
  life.happens(OldSeen{kOurs, OldCertificate::kDeleted});
  EXPECT_EQ(life.now.upgrade, Upgrade::kCleaning);
  EXPECT_EQ(old_certificate(life.now), "arn:old/1");
  life.happens(OldSeen{"arn:old/1", OldCertificate::kStillUsed}).until_due();
  EXPECT_EQ(old_certificate(life.now), "arn:old/2");
  life.happens(OldSeen{"arn:old/2", OldCertificate::kDeleted}).happens(OldSeen{"arn:old/1", OldCertificate::kGone});
  EXPECT_EQ(life.now.upgrade, Upgrade::kUpgraded);
}

TEST(Upgrade, RemembersOnlySoManyThatWereReplacedAndAlwaysWhatServes) {
  auto life = attached();
  for (std::size_t i = 0; i < kReplacedMax + 3; ++i) {
    life.happens(OurCertificateReady{format("{}", i + 2)})
        .happens(ImportLost{})
        .happens(ImportBegan{})
        .happens(Imported{format("arn:imported/{}", i + 2), format("{}", i + 2)});
  }
  EXPECT_EQ(life.now.replaced_arns.size(), kReplacedMax);
  EXPECT_EQ(life.now.serving_arn, kOurs);
  EXPECT_TRUE(is_replaced(life.now, kOurs));
}

// Failures

TEST(Upgrade, IsLoudAtOnceAboutWhatOnlyAPersonMends) {
  auto life = waited();
  life.happens(ActFailed{Act::kRequest, Park::Reason::kDenied, "allow acm:RequestCertificate", {}});
  EXPECT_EQ(life.now.upgrade_park->reason, Park::Reason::kDenied);
  EXPECT_GE(*next_at(life.now), life.time + 5min);
  life.happens(RetryWanted{});
  EXPECT_EQ(life.act(), Act::kRequest);
}

TEST(Upgrade, IsQuietAboutPassingTroubleUntilItDoesNotPass) {
  auto life = validating();
  for (int i = 0; i < kFailuresQuiet; ++i) {
    life.happens(ActFailed{Act::kDescribe, {}, "AWS has a fault", {}}).until_due();
    EXPECT_FALSE(life.now.upgrade_park);
  }
  life.happens(ActFailed{Act::kDescribe, {}, "AWS has a fault", {}});
  EXPECT_EQ(life.now.upgrade_park->reason, Park::Reason::kTrouble);
  life.until_due();
  EXPECT_EQ(life.now.upgrade, Upgrade::kValidating);
}

TEST(Upgrade, NeverTriesBeforeRetryAfter) {
  auto life = validating();
  life.happens(ActFailed{Act::kDescribe, {}, "slowly", 600s});
  EXPECT_EQ(next_at(life.now), life.time + 600s);
}

TEST(Upgrade, AsksWhatBecameOfACertificateThatCloudFrontKeepsRefusing) {
  auto life = swapping();
  std::set<Act> acts;
  for (int i = 0; i < 8; ++i) {
    acts.insert(life.act());
    life.happens(life.act() == Act::kSwap
                     ? DistributionHappening(ActFailed{Act::kSwap, Park::Reason::kCertificateRefused, "no", {}})
                     : issued())
        .until_due();
  }
  EXPECT_EQ(acts, (std::set{Act::kSwap, Act::kDescribe}));
  EXPECT_EQ(life.now.upgrade_park->reason, Park::Reason::kCertificateRefused);
}

// Disconnection

TEST(Upgrade, IsTakenBackWhenDisconnectedBeforeTheSwap) {
  for (auto life : {waited(), looking(), validating(), swapping()}) {
    life.happens(EdgeDisconnected{});
    EXPECT_EQ(life.now.upgrade, Upgrade::kEnding);
    EXPECT_EQ(life.act(), Act::kTakeBack);
    life.happens(AmazonGone{});
    EXPECT_EQ(life.now.upgrade, Upgrade::kEnded);
    EXPECT_FALSE(next_at(life.now));
    EXPECT_EQ(life.now.serving_arn, kOurs) << "what serves goes on serving";
    EXPECT_EQ(life.now.imported_arn, kOurs);
  }
}

TEST(Upgrade, EndsAParkWithoutCallingItResumed) {
  auto life = looking();
  life.happens(ValidationLooked{false, "add it"}).happens(EdgeDisconnected{});
  EXPECT_FALSE(life.now.upgrade_park);
  EXPECT_THAT(life.news, Not(Contains(DistributionNews::kResumed)));
}

TEST(Upgrade, GoesOnWhenTheSwapWasMadeAlready) {
  auto life = swapping();
  life.happens(EdgeDisconnected{}).happens(Swapped{});
  EXPECT_EQ(life.now.upgrade, Upgrade::kDeploying);
  EXPECT_TRUE(life.now.amazon.is_attached);
  for (auto after : {deploying(), cleaning()})
    EXPECT_FALSE(decide(after.now, EdgeDisconnected{}, after.time).is_changed);
}

TEST(Upgrade, TakesBackARequestThatADisconnectionOvertook) {
  auto life = waited();
  life.happens(EdgeDisconnected{}).happens(AmazonRequested{kAmazons});
  EXPECT_EQ(life.act(), Act::kTakeBack);
  EXPECT_EQ(life.now.amazon.arn, kAmazons);
}

TEST(Upgrade, BeginsAnewAfterAReconnectionAndLooksForTheRecordFirst) {
  auto life = looking();
  life.happens(EdgeDisconnected{})
      .happens(AmazonGone{})
      .after(240h)
      .happens(Step2Marked{})
      .until_due()
      .happens(Waited{});
  EXPECT_EQ(life.act(), Act::kLook);
  life.happens(ValidationLooked{true, ""});
  EXPECT_EQ(life.act(), Act::kRequest);
}

TEST(Upgrade, WordsCanBeReadBack) {
  for (int i = 0; i <= static_cast<int>(Upgrade::kEnded); ++i)
    EXPECT_EQ(parse_upgrade(name_of(static_cast<Upgrade>(i))), static_cast<Upgrade>(i));
  for (int i = 0; i <= static_cast<int>(Setup::kAttached); ++i)
    EXPECT_EQ(parse_setup(name_of(static_cast<model::Setup>(i))), static_cast<model::Setup>(i));
  for (int i = 0; i <= static_cast<int>(Park::Reason::kTrouble); ++i)
    EXPECT_EQ(parse_park_reason(name_of(static_cast<Park::Reason>(i))), static_cast<Park::Reason>(i));
  for (int i = 0; i <= static_cast<int>(AmazonCertificate::Status::kRefused); ++i)
    EXPECT_EQ(parse_amazon_status(name_of(static_cast<AmazonCertificate::Status>(i))),
              static_cast<AmazonCertificate::Status>(i));
  std::set<std::string_view> acts;
  for (int i = 0; i <= static_cast<int>(Act::kTakeBack); ++i)
    EXPECT_TRUE(acts.insert(name_of(static_cast<Act>(i))).second);
}

// The whole, with crashes at any point

/// AWS, DNS and people as far as acts can see them, played by chance. Whoever breaks a promise is told at once.
class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}

  /// Does the act and says what came of it.
  DistributionHappening perform(const Distribution& d, Act act, Time now) {
    if (one_in(8))
      return ActFailed{act, one_in(3) ? std::optional(Park::Reason::kDenied) : std::nullopt, "trouble", {}};
    switch (act) {
      case Act::kNothing:
        return Waited{};
      case Act::kMake:
        return DistributionFound{"E1", true, "d1.cloudfront.net", serving_};
      case Act::kFindImport:
        for (const auto& [arn, is_imported] : certificates_) {
          if (is_imported && !is_replaced(d, arn)) return Imported{arn, ""};
        }
        return ImportNotFound{};
      case Act::kImport: {
        const auto arn = d.imported_arn.empty() ? format("arn:imported/{}", ++number_) : d.imported_arn;
        certificates_[arn] = true;
        return Imported{arn, d.wanted_serial};
      }
      case Act::kAttach:
        if (!certificates_.contains(d.imported_arn)) return ImportLost{};
        if (!d.amazon.arn.empty() && serving_ == d.amazon.arn) return Swapped{};
        serve(d.imported_arn, now);
        return Attached{};
      case Act::kEndWait:
        return Waited{};
      case Act::kRequest: {
        if (one_in(6)) return AmazonForbidden{"CAA"};
        auto& arn = requested_[idempotency_token(d)];
        if (arn.empty()) arn = format("arn:amazon/{}", ++number_);
        certificates_[arn] = false;
        return AmazonRequested{arn};
      }
      case Act::kDescribe:
        if (!certificates_.contains(d.amazon.arn)) return AmazonGone{};
        if (is_fine_ || !one_in(4)) return is_there_ ? issued() : pending();
        return refused(d.upgrade == Upgrade::kUpgraded ? "EXPIRED" : "FAILED");
      case Act::kLook:
        return ValidationLooked{is_there_, "add it"};
      case Act::kDiscard:
      case Act::kTakeBack:
        if (!d.amazon.arn.empty() && serving_ == d.amazon.arn) return Swapped{};
        certificates_.erase(d.amazon.arn);
        return AmazonGone{};
      case Act::kSwap:
        if (!certificates_.contains(d.amazon.arn))
          return ActFailed{act, Park::Reason::kCertificateRefused, "no such certificate", {}};
        serve(d.amazon.arn, now);
        return Swapped{};
      case Act::kCheckDeployed:
        return DeploymentSeen{now >= deployed_at_, serving_};
      case Act::kClean:
        if (serving_ != d.amazon.arn) return DeploymentSeen{now >= deployed_at_, serving_};
        return remove_old(d, now);
      case Act::kTidy:
        return remove_old(d, now);
    }
    return Waited{};
  }
  OldSeen remove_old(const Distribution& d, Time now) {
    const auto arn = old_certificate(d);
    if (!certificates_.contains(arn)) return {arn, OldCertificate::kGone};
    if (serving_ == arn || now < deployed_at_ + 15min) return {arn, OldCertificate::kStillUsed};
    certificates_.erase(arn);
    return {arn, OldCertificate::kDeleted};
  }

  void check() const {
    if (!serving_.empty()) EXPECT_TRUE(certificates_.contains(serving_)) << "what serves was deleted";
  }
  bool one_in(int n) { return !is_fine_ && std::uniform_int_distribution<int>(1, n)(random_) == 1; }
  void people() {
    if (one_in(10)) is_there_ = !is_there_;
  }
  /// From now on nobody makes trouble.
  void calm() { is_fine_ = is_there_ = true; }
  std::size_t certificates() const { return certificates_.size(); }
  const std::string& serving() const { return serving_; }

 private:
  void serve(const std::string& arn, Time now) {
    if (serving_ != arn) deployed_at_ = now + 5min;
    serving_ = arn;
  }
  std::mt19937 random_;
  std::map<std::string, bool> certificates_;  // true: imported
  std::map<std::string, std::string> requested_;
  std::string serving_;
  Time deployed_at_{};
  bool is_there_ = false;
  bool is_fine_ = false;
  int number_ = 0;
};

TEST(Upgrade, SurvivesACrashAfterEveryActAndEndsUpgraded) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    Chance world(seed);
    Life life;
    life.happens(DistributionWanted{}).happens(PreparationWanted{}).happens(OurCertificateReady{"01"});
    const auto turn = [&] {
      life.until_due();
      const auto act = life.act();
      if (act == Act::kImport && life.now.imported_arn.empty()) life.happens(ImportBegan{});
      const auto outcome = world.perform(life.now, act, life.time);
      world.check();
      if (!world.one_in(4)) life.happens(outcome);  // else killed before it was saved
    };
    for (int i = 0; i < 80; ++i) {
      world.people();
      if (next_at(life.now)) turn();
      if (world.one_in(10)) life.happens(EdgeDisconnected{});
      if (world.one_in(10)) life.happens(OurCertificateReady{"01"});
      if (life.now.setup == Setup::kAttached && world.one_in(3)) life.happens(Step2Marked{});
      life.after(1s);
    }
    world.calm();
    for (int i = 0; i < 60 && life.now.upgrade != Upgrade::kUpgraded; ++i) {
      life.happens(OurCertificateReady{"01"}).happens(Step2Marked{});
      if (next_at(life.now)) turn();
    }
    ASSERT_EQ(life.now.upgrade, Upgrade::kUpgraded) << name_of(life.now.upgrade) << " " << name_of(life.now.setup);
    EXPECT_EQ(world.serving(), life.now.amazon.arn);
    EXPECT_EQ(world.certificates(), 1U) << "nothing of ours is left behind";
  }
}

}  // namespace
}  // namespace signpost::model
