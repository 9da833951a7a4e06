// SPDX-License-Identifier: Apache-2.0
#include "services/distribution_acts.h"

#include <gtest/gtest.h>

#include <random>

#include "cloud/testing/aws_world.h"

namespace signpost::services {
namespace {

using namespace std::chrono_literals;
using model::Act;
using model::Upgrade;

/// DNS as the test wants it.
class FakeSight final : public AmazonSight {
 public:
  Task<dns::CaaVerdict> caa(HostName) override {
    co_return dns::CaaVerdict{.kind = caa_kind, .sentence = "0 issue \"letsencrypt.org\" at shop.example"};
  }
  Task<dns::RecordObservation> validation(model::ValidationRecord record) override {
    dns::RecordObservation seen{.name = DnsName::parse(record.name).value(), .type = RecordType::kCname};
    seen.propagated = is_there && !is_unseen;
    seen.cause = is_unseen ? "too_busy" : is_there ? "" : "nxdomain";
    seen.explanation = seen.propagated ? "" : "no such name";
    co_return seen;
  }
  dns::CaaVerdict::Kind caa_kind = dns::CaaVerdict::Kind::kAllowed;
  bool is_there = false;
  bool is_unseen = false;
};

/// One certificate of ours, and the plan of a distribution.
class FakeSource final : public DistributionSource {
 public:
  Task<Result<cloud::NewDistribution>> plan(model::Distribution) override {
    co_return cloud::NewDistribution{
        .caller_reference = {},
        .comment = {},
        .customer = {"origin.shop.example", cloud::DistributionOrigin::AsksFor::kViewerHost},
        .pages = {"my-company.pages.example"},
        .pages_paths = {"/search-company.txt"},
        .tags = {}};
  }
  Task<Result<OurCertificate>> certificate(model::Distribution) override { co_return ours; }
  Task<Result<bool>> is_host_proven(model::Distribution) override { co_return is_proven; }
  OurCertificate ours;
  bool is_proven = true;
};

class DistributionActsTest : public cloud::testing::AwsWorld {
 protected:
  DistributionActsTest()
      : acm_(http_, credentials_, random_, clock_, server_.pointed_here(cloud::Acm::settings_of())),
        cloudfront_(http_, credentials_, random_, server_.pointed_here(cloud::CloudFront::default_settings())),
        acts_(acm_, cloudfront_, sight_, source_),
        row_{.id = model::DistributionRowId(77), .host = host("www.shop.example")} {
    server_.control("settings", R"({"unknown_elements": true})");
    renew("01");
  }

  /// Our authority has issued.
  void renew(std::string serial, std::string_view key = "EC_prime256v1") {
    auto made = certificate_for("www.shop.example", 90, key);
    source_.ours = {made.certificate, made.chain, made.private_key, std::move(serial)};
  }
  void happens(const model::DistributionHappening& happening) {
    row_ = model::decide(row_, happening, clock_.now()).distribution;
  }
  enum class Save { kYes, kCrash };
  /// Time passes until something is due; it is done, and saved or not.
  Act turn(Save save = Save::kYes) {
    const auto due = model::next_at(row_);
    if (!due) return Act::kNothing;
    if (*due > clock_.now()) pass(*due - clock_.now());
    const auto act = model::act_of(row_, clock_.now());
    if (act == Act::kImport && row_.imported_arn.empty()) happens(model::ImportBegan{});
    const auto happening = run(acts_.perform(row_, act));
    if (save == Save::kYes) happens(happening);
    return act;
  }
  /// The customer adds the validation record.
  void add_record() {
    sight_.is_there = true;
    if (!row_.validation) return;
    server_.control("dns", format(R"({{"cnames": {{"{}": "{}"}}}})", row_.validation->name, row_.validation->value));
  }
  template <typename Condition>
  bool turn_until(Condition is_so, int turns = 80) {
    while (!is_so() && --turns > 0) turn();
    return is_so();
  }
  bool reaches(Upgrade upgrade) {
    return turn_until([&] { return row_.upgrade == upgrade; });
  }
  bool reaches(model::Setup setup) {
    return turn_until([&] { return row_.setup == setup; });
  }
  /// Our certificate serves, and the upgrade stands before this step.
  void begin(Upgrade upgrade) {
    happens(model::DistributionWanted{});
    happens(model::OurCertificateReady{source_.ours.serial});
    ASSERT_TRUE(reaches(model::Setup::kAttached)) << (row_.setup_park ? row_.setup_park->explanation : "");
    happens(model::Step2Marked{});
    if (upgrade == Upgrade::kWaiting) return;
    ASSERT_TRUE(turn_until([&] { return row_.upgrade == upgrade || row_.upgrade == Upgrade::kLooking; }));
    add_record();
    ASSERT_TRUE(reaches(upgrade)) << name_of(row_.upgrade) << " " << why();
  }
  std::string why() const { return row_.upgrade_park ? row_.upgrade_park->explanation : "not parked"; }
  std::string serving() { return std::string(state().at("distributions").at(0).at("certificate").as_string()); }
  std::size_t certificates() { return state().at("certificates").as_array().size(); }

  cloud::Acm acm_;
  cloud::CloudFront cloudfront_;
  FakeSight sight_;
  FakeSource source_;
  DistributionActs acts_;
  model::Distribution row_;
};

TEST_F(DistributionActsTest, WalkFromNothingToAmazonsCertificate) {
  happens(model::DistributionWanted{});
  happens(model::PreparationWanted{});
  happens(model::OurCertificateReady{"01"});
  ASSERT_TRUE(reaches(model::Setup::kAttached));
  ASSERT_TRUE(reaches(Upgrade::kPrepared));
  EXPECT_EQ(serving(), row_.imported_arn);
  EXPECT_TRUE(row_.validation->value.ends_with(".acm-validations.aws"));

  happens(model::Step2Marked{});
  ASSERT_TRUE(turn_until([&] { return row_.upgrade_park.has_value(); }));
  EXPECT_EQ(row_.upgrade_park->reason, model::Park::Reason::kRecordMissing);
  EXPECT_NE(why().find(row_.validation->name), std::string::npos) << why();
  const auto calls_before = state().at("log").as_array().size();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(turn(), Act::kLook);
  EXPECT_EQ(state().at("log").as_array().size(), calls_before) << "parked, it costs AWS nothing";

  add_record();
  ASSERT_TRUE(reaches(Upgrade::kUpgraded)) << name_of(row_.upgrade) << " " << why();
  EXPECT_EQ(serving(), row_.amazon.arn);
  EXPECT_EQ(certificates(), 1U) << "the old one is deleted";
  EXPECT_EQ(state().at("certificates").at(0).at("type").as_string(), "AMAZON_ISSUED");
  EXPECT_EQ(turn(), Act::kDescribe);
}

TEST_F(DistributionActsTest, TakeAnExistingDistribution) {
  const auto made = run(cloudfront_.create(run(source_.plan(row_)).value(), soon()));
  ASSERT_FALSE(made.has_value()) << "a plan alone has no caller reference";
  auto plan = run(source_.plan(row_)).value();
  plan.caller_reference = "by hand";
  row_.cloudfront_id = run(cloudfront_.create(plan, soon())).value().id.text();
  begin(Upgrade::kUpgraded);
  EXPECT_FALSE(row_.is_made_by_us);
  EXPECT_EQ(state().at("distributions").as_array().size(), 1U);
}

TEST_F(DistributionActsTest, ParkOnADistributionThatIsNotThereOrOfAnotherAccount) {
  row_.cloudfront_id = "ENOTHERE";
  happens(model::DistributionWanted{});
  turn();
  EXPECT_EQ(row_.setup_park->reason, model::Park::Reason::kDistributionGone);
  cloud::testing::FixedCredentials theirs("AKIAOTHERS", "their+secret/key");
  cloud::CloudFront their_cloudfront(http_, theirs, random_,
                                     server_.pointed_here(cloud::CloudFront::default_settings()));
  auto plan = run(source_.plan(row_)).value();
  plan.caller_reference = "theirs";
  row_.cloudfront_id = run(their_cloudfront.create(plan, soon())).value().id.text();
  turn();
  EXPECT_EQ(row_.setup_park->reason, model::Park::Reason::kDenied);
  EXPECT_NE(row_.setup_park->explanation.find("another account"), std::string::npos);
}

TEST_F(DistributionActsTest, ParkOnADistributionThatIsDisabledWheneverThatWas) {
  auto plan = run(source_.plan(row_)).value();
  plan.caller_reference = "by hand";
  const auto made = run(cloudfront_.create(plan, soon())).value();
  const auto enable = [&](bool is_enabled) {
    return run(cloudfront_.update(
                   made.id,
                   [&](cloud::DistributionDocument& document) -> cloud::AwsResult<cloud::CloudFront::Edited> {
                     document.set_enabled(is_enabled);
                     return cloud::CloudFront::Edited::kYes;
                   },
                   soon()))
        .has_value();
  };
  ASSERT_TRUE(enable(false));
  row_.cloudfront_id = made.id.text();
  happens(model::DistributionWanted{});
  happens(model::OurCertificateReady{"01"});
  EXPECT_EQ(turn(), Act::kMake);
  EXPECT_EQ(row_.setup_park->reason, model::Park::Reason::kDistributionDisabled);
  EXPECT_NE(row_.setup_park->explanation.find("enable it at AWS"), std::string::npos);
  ASSERT_TRUE(enable(true));
  ASSERT_TRUE(reaches(model::Setup::kAttaching));
  ASSERT_TRUE(enable(false));
  EXPECT_EQ(turn(), Act::kAttach);
  EXPECT_EQ(row_.setup_park->reason, model::Park::Reason::kDistributionDisabled);
  EXPECT_TRUE(state().at("distributions").at(0).at("certificate").is_null()) << "nothing is put on it";
  ASSERT_TRUE(enable(true));
  ASSERT_TRUE(reaches(model::Setup::kAttached));
}

TEST_F(DistributionActsTest, LeaveADistributionThatServesAnotherCertificate) {
  auto plan = run(source_.plan(row_)).value();
  plan.caller_reference = "by hand";
  const auto made = run(cloudfront_.create(plan, soon())).value();
  const auto foreign = run(acm_.import(certificate_for("www.shop.example"), soon())).value();
  pass(61s);
  ASSERT_TRUE(run(cloudfront_.update(
                      made.id,
                      [&](cloud::DistributionDocument& document) -> cloud::AwsResult<cloud::CloudFront::Edited> {
                        TRY_VOID(document.set_certificate(foreign));
                        return cloud::CloudFront::Edited::kYes;
                      },
                      soon()))
                  .has_value());
  row_.cloudfront_id = made.id.text();
  happens(model::DistributionWanted{});
  happens(model::OurCertificateReady{"01"});
  ASSERT_TRUE(turn_until([&] { return row_.setup_park.has_value(); }));
  EXPECT_EQ(row_.setup_park->reason, model::Park::Reason::kForeignCertificate);
  EXPECT_EQ(serving(), foreign.text());
}

TEST_F(DistributionActsTest, LeaveWhatServesAnotherHostOrAHostThatIsNotProven) {
  begin(Upgrade::kLooking);
  const auto left = row_.cloudfront_id;
  const auto before = serving();
  const auto connect_again = [&](std::string_view to) {
    row_ = model::Distribution{.id = model::DistributionRowId(78), .host = host(to), .cloudfront_id = left};
    auto made = certificate_for(to);
    source_.ours = {made.certificate, made.chain, made.private_key, "05"};
    happens(model::DistributionWanted{});
    happens(model::OurCertificateReady{"05"});
    return turn_until([&] { return row_.setup_park.has_value(); });
  };
  ASSERT_TRUE(connect_again("other.example"));
  EXPECT_EQ(row_.setup_park->reason, model::Park::Reason::kForeignCertificate);
  EXPECT_NE(row_.setup_park->explanation.find("did not attach for other.example"), std::string::npos);
  source_.is_proven = false;
  ASSERT_TRUE(connect_again("www.shop.example"));
  EXPECT_EQ(row_.setup_park->reason, model::Park::Reason::kForeignCertificate);
  EXPECT_NE(row_.setup_park->explanation.find("once this connection has proven the host"), std::string::npos);
  EXPECT_EQ(serving(), before);
  source_.is_proven = true;
  ASSERT_TRUE(reaches(model::Setup::kAttached));
  EXPECT_EQ(serving(), row_.imported_arn);
}

TEST_F(DistributionActsTest, FindTheImportThatACrashKeptOutOfTheRow) {
  server_.control("settings", R"({"list_lag": 20})");
  happens(model::DistributionWanted{});
  happens(model::OurCertificateReady{"01"});
  ASSERT_TRUE(reaches(model::Setup::kImporting));
  EXPECT_EQ(turn(Save::kCrash), Act::kImport);
  EXPECT_EQ(turn(), Act::kFindImport);
  EXPECT_EQ(row_.imported_arn, "") << "ACM does not list it yet";
  ASSERT_TRUE(reaches(model::Setup::kAttached));
  EXPECT_EQ(certificates(), 1U);
}

TEST_F(DistributionActsTest, FindAnImportWhoseFirstNameIsTheWildcard) {
  auto made = certificate_for("*.www.shop.example,www.shop.example");
  source_.ours = {made.certificate, made.chain, made.private_key, "01"};
  happens(model::DistributionWanted{});
  happens(model::OurCertificateReady{"01"});
  ASSERT_TRUE(reaches(model::Setup::kImporting));
  EXPECT_EQ(turn(Save::kCrash), Act::kImport);
  ASSERT_TRUE(reaches(model::Setup::kAttached));
  EXPECT_EQ(certificates(), 1U);
}

TEST_F(DistributionActsTest, ImportARenewedCertificateUnderTheSameArn) {
  begin(Upgrade::kLooking);
  const auto arn = row_.imported_arn;
  const auto changes = calls("UpdateDistribution");
  pass(24h);
  renew("02");
  happens(model::OurCertificateReady{"02"});
  ASSERT_TRUE(turn_until([&] { return row_.imported_serial == "02" && row_.setup == model::Setup::kAttached; }));
  EXPECT_EQ(row_.imported_arn, arn);
  EXPECT_EQ(serving(), arn);
  EXPECT_EQ(calls("UpdateDistribution"), changes) << "what serves has the same ARN";
}

TEST_F(DistributionActsTest, ImportAnewWhenTheKindOfKeyHasChanged) {
  begin(Upgrade::kWaiting);
  ASSERT_TRUE(reaches(Upgrade::kLooking));
  const auto arn = row_.imported_arn;
  pass(24h);
  renew("02", "RSA_2048");
  happens(model::OurCertificateReady{"02"});
  ASSERT_TRUE(turn_until([&] { return row_.imported_serial == "02" && row_.setup == model::Setup::kAttached; }))
      << (row_.setup_park ? row_.setup_park->explanation : "");
  EXPECT_NE(row_.imported_arn, arn) << "ACM replaces only by the same kind of key";
  EXPECT_EQ(serving(), row_.imported_arn);
  ASSERT_TRUE(turn_until([&] { return row_.replaced_arns.empty(); }));
  for (const auto& one : state().at("certificates").as_array()) EXPECT_NE(one.at("arn").as_string(), arn);
}

TEST_F(DistributionActsTest, ImportAnewWhatSomebodyDeleted) {
  happens(model::DistributionWanted{});
  happens(model::OurCertificateReady{"01"});
  ASSERT_TRUE(reaches(model::Setup::kAttaching));
  server_.control("lose_certificate", format(R"({{"arn": "{}"}})", row_.imported_arn));
  ASSERT_TRUE(reaches(model::Setup::kAttached));
  EXPECT_EQ(certificates(), 1U);
}

TEST_F(DistributionActsTest, SayWhoHasTheAlias) {
  cloud::testing::FixedCredentials theirs("AKIAOTHERS", "their+secret/key");
  cloud::Acm their_acm(http_, theirs, random_, clock_, server_.pointed_here(cloud::Acm::settings_of()));
  cloud::CloudFront their_cloudfront(http_, theirs, random_,
                                     server_.pointed_here(cloud::CloudFront::default_settings()));
  auto plan = run(source_.plan(row_)).value();
  plan.caller_reference = "theirs";
  const auto theirs_made = run(their_cloudfront.create(plan, soon())).value();
  const auto their_arn = run(their_acm.import(certificate_for("www.shop.example"), soon())).value();
  pass(61s);
  ASSERT_TRUE(run(their_cloudfront.update(
                      theirs_made.id,
                      [&](cloud::DistributionDocument& document) -> cloud::AwsResult<cloud::CloudFront::Edited> {
                        TRY_VOID(document.set_certificate(their_arn));
                        TRY_VOID(document.add_alias(host("www.shop.example")));
                        return cloud::CloudFront::Edited::kYes;
                      },
                      soon()))
                  .has_value());
  happens(model::DistributionWanted{});
  happens(model::OurCertificateReady{"01"});
  ASSERT_TRUE(turn_until([&] { return row_.setup_park.has_value(); }));
  EXPECT_EQ(row_.setup_park->reason, model::Park::Reason::kAliasTaken);
  EXPECT_NE(row_.setup_park->explanation.find("another distribution has this host name"), std::string::npos);
  const auto of_theirs =
      format("www.shop.example is on the distribution *******{} of account", theirs_made.id.text().substr(7));
  ASSERT_TRUE(turn_until([&] { return row_.setup_park->explanation.find(of_theirs) != std::string::npos; }, 20))
      << row_.setup_park->explanation;
  EXPECT_EQ(row_.setup, model::Setup::kAttaching);
}

TEST_F(DistributionActsTest, RequestNothingWhereCaaForbidsOrCannotBeRead) {
  using Kind = dns::CaaVerdict::Kind;
  for (const auto kind : {Kind::kForbidden, Kind::kFailed, Kind::kOpen}) {
    server_.reset();
    row_ = model::Distribution{.id = model::DistributionRowId(77), .host = host("www.shop.example")};
    sight_.caa_kind = kind;
    happens(model::Step2Marked{});
    turn();
    EXPECT_EQ(turn(), Act::kRequest);
    EXPECT_EQ(calls("RequestCertificate"), 0);
    EXPECT_EQ(row_.upgrade_park.has_value(), kind != Kind::kOpen) << "that we could not look is nobody's fault";
  }
}

TEST_F(DistributionActsTest, DoNotBlameDnsForALookThatCouldNotBeMade) {
  begin(Upgrade::kWaiting);
  ASSERT_TRUE(reaches(Upgrade::kLooking));
  sight_.is_unseen = true;
  EXPECT_EQ(turn(), Act::kLook);
  EXPECT_FALSE(row_.upgrade_park);
}

TEST_F(DistributionActsTest, SayThatCaaMadeAmazonFailAndRequestAnewAfterwards) {
  begin(Upgrade::kValidating);
  server_.control("fail", format(R"({{"arn": "{}", "reason": "CAA_ERROR"}})", row_.amazon.arn));
  const auto failed = row_.amazon.arn;
  ASSERT_TRUE(reaches(Upgrade::kRequesting));
  EXPECT_EQ(row_.upgrade_park->reason, model::Park::Reason::kAmazonRefuses);
  EXPECT_NE(why().find("CAA"), std::string::npos) << why();
  ASSERT_TRUE(reaches(Upgrade::kUpgraded));
  EXPECT_NE(row_.amazon.arn, failed);
  EXPECT_EQ(certificates(), 1U) << "the failed one is deleted, too";
}

TEST_F(DistributionActsTest, SwapWaitsUntilCloudFrontKnowsTheCertificate) {
  begin(Upgrade::kSwapping);
  turn();
  EXPECT_EQ(row_.upgrade, Upgrade::kSwapping) << "just issued, it is refused for a minute";
  EXPECT_FALSE(row_.upgrade_park);
  ASSERT_TRUE(reaches(Upgrade::kDeploying));
  EXPECT_FALSE(row_.upgrade_park);
}

TEST_F(DistributionActsTest, SwapLeavesWhatSomebodyElseAttachedOrTookOff) {
  begin(Upgrade::kSwapping);
  pass(2min);
  const auto id = cloud::DistributionId::parse(row_.cloudfront_id).value();
  ASSERT_TRUE(run(cloudfront_.update(
                      id,
                      [](cloud::DistributionDocument& document) -> cloud::AwsResult<cloud::CloudFront::Edited> {
                        document.remove_alias(host("www.shop.example"));
                        return cloud::CloudFront::Edited::kYes;
                      },
                      soon()))
                  .has_value());
  turn();
  EXPECT_EQ(row_.upgrade_park->reason, model::Park::Reason::kAliasGone);
  EXPECT_EQ(serving(), row_.imported_arn);
}

TEST_F(DistributionActsTest, SwapStartsAgainWhenSomebodyWasFaster) {
  begin(Upgrade::kSwapping);
  pass(2min);
  server_.control("settings", R"({"interferences": 3})");
  turn();
  EXPECT_EQ(row_.upgrade, Upgrade::kDeploying);
}

TEST_F(DistributionActsTest, CleanDeletesNothingThatIsStillListedAsUsed) {
  begin(Upgrade::kCleaning);
  turn();
  EXPECT_EQ(row_.upgrade, Upgrade::kCleaning);
  EXPECT_EQ(calls("DeleteCertificate"), 0);
  ASSERT_TRUE(reaches(Upgrade::kUpgraded));
  EXPECT_EQ(calls("DeleteCertificate"), 1);
}

TEST_F(DistributionActsTest, CleanDeletesNothingThatIsNotTaggedAsOurs) {
  begin(Upgrade::kCleaning);
  const auto foreign = run(acm_.import(certificate_for("www.shop.example"), soon())).value();
  row_.imported_arn = foreign.text();
  ASSERT_TRUE(reaches(Upgrade::kUpgraded));
  EXPECT_EQ(calls("DeleteCertificate"), 0);
}

TEST_F(DistributionActsTest, ADisconnectionTakesTheRequestBackAndLeavesWhatServes) {
  for (const auto step : {Upgrade::kRequesting, Upgrade::kLooking, Upgrade::kValidating, Upgrade::kSwapping}) {
    SCOPED_TRACE(name_of(step));
    server_.reset();
    sight_.is_there = false;
    row_ = model::Distribution{.id = model::DistributionRowId(77), .host = host("www.shop.example")};
    renew("01");
    begin(step);
    happens(model::EdgeDisconnected{});
    ASSERT_TRUE(reaches(Upgrade::kEnded));
    EXPECT_EQ(serving(), row_.imported_arn);
    EXPECT_EQ(certificates(), 1U);
  }
}

TEST_F(DistributionActsTest, ADisconnectionFindsASwapThatACrashKeptOutOfTheRow) {
  begin(Upgrade::kSwapping);
  pass(2min);
  turn(Save::kCrash);
  happens(model::EdgeDisconnected{});
  EXPECT_EQ(turn(), Act::kTakeBack);
  EXPECT_EQ(row_.upgrade, Upgrade::kDeploying);
  EXPECT_EQ(serving(), row_.amazon.arn);
}

TEST_F(DistributionActsTest, SayThatCredentialsAreExpiredAndGoOnOnceTheyAreMended) {
  begin(Upgrade::kWaiting);
  fail_next("RequestCertificate", "ExpiredTokenException", 2);
  turn();
  turn();
  EXPECT_EQ(row_.upgrade_park->reason, model::Park::Reason::kDenied);
  EXPECT_NE(why().find("has ended"), std::string::npos) << why();
  ASSERT_TRUE(reaches(Upgrade::kLooking));
  EXPECT_FALSE(row_.upgrade_park);
}

TEST_F(DistributionActsTest, SayThatAQuotaIsReached) {
  begin(Upgrade::kWaiting);
  server_.control("settings", R"({"certificates_max": 1})");
  turn();
  turn();
  EXPECT_EQ(row_.upgrade_park->reason, model::Park::Reason::kLimitReached);
}

TEST_F(DistributionActsTest, SayThatKeyAndCertificateDoNotFit) {
  source_.ours.private_key = certificate_for("www.shop.example").private_key;
  happens(model::DistributionWanted{});
  happens(model::OurCertificateReady{"01"});
  ASSERT_TRUE(turn_until([&] { return row_.setup_park.has_value(); }));
  EXPECT_NE(row_.setup_park->explanation.find("do not fit together"), std::string::npos)
      << row_.setup_park->explanation;
}

/// The whole walk with a crash after acts and faults of AWS, by chance: it always ends upgraded, with nothing left
/// over.
TEST_F(DistributionActsTest, WalkThroughCrashesAndFaultsToTheSameEnd) {
  constexpr std::array kFaults{"ThrottlingException", "InternalFailure", "ConflictException", "dropped before",
                               "dropped after"};
  for (unsigned seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    server_.reset();
    server_.control("settings", R"({"unknown_elements": true})");
    std::mt19937 chance(seed);
    const auto one_in = [&](int n) { return std::uniform_int_distribution<int>(1, n)(chance) == 1; };
    row_ = model::Distribution{.id = model::DistributionRowId(1000 + seed), .host = host("www.shop.example")};
    sight_.is_there = false;
    renew("01");
    happens(model::DistributionWanted{});
    happens(model::PreparationWanted{});
    happens(model::OurCertificateReady{"01"});
    for (int i = 0; i < 200 && row_.upgrade != Upgrade::kUpgraded; ++i) {
      if (one_in(4)) {
        const std::string_view fault = kFaults[chance() % kFaults.size()];
        server_.control(
            "faults",
            fault.starts_with("dropped")
                ? format(R"({{"faults": [{{"operation": "*", "drop": true, "when": "{}"}}]}})", fault.substr(8))
                : format(R"({{"faults": [{{"operation": "*", "code": "{}", "strange": true, "times": {}}}]}})", fault,
                         1 + chance() % 3));
      }
      if (row_.setup == model::Setup::kAttached && row_.upgrade == Upgrade::kPrepared) happens(model::Step2Marked{});
      if (row_.upgrade == Upgrade::kLooking && one_in(3)) add_record();
      if (row_.upgrade == Upgrade::kDeploying && one_in(4))
        server_.control("interfere", format(R"({{"id": "{}"}})", row_.cloudfront_id));
      turn(one_in(4) ? Save::kCrash : Save::kYes);
    }
    ASSERT_EQ(row_.upgrade, Upgrade::kUpgraded) << name_of(row_.upgrade) << " " << why();
    EXPECT_EQ(serving(), row_.amazon.arn);
    EXPECT_EQ(state().at("distributions").as_array().size(), 1U);
    EXPECT_EQ(certificates(), 1U);
  }
}

}  // namespace
}  // namespace signpost::services
