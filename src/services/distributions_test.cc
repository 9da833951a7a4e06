// SPDX-License-Identifier: Apache-2.0
#include "services/distributions.h"

#include <gmock/gmock.h>

#include "cloud/testing/aws_world.h"
#include "services/certificate_change.h"
#include "services/certificates.h"
#include "services/testing/life.h"
#include "store/certificates.h"
#include "store/distributions.h"

namespace signpost::services {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Life;
using testing::must;

/// DNS as Amazon sees it.
class FakeAmazonSight final : public AmazonSight {
 public:
  Task<dns::CaaVerdict> caa(HostName) override {
    co_return dns::CaaVerdict{.kind = caa_kind, .sentence = "0 issue \"letsencrypt.org\" at shop.example"};
  }
  Task<dns::RecordObservation> validation(model::ValidationRecord record) override {
    dns::RecordObservation seen{.name = DnsName::parse(record.name).value(), .type = RecordType::kCname};
    seen.propagated = is_there;
    seen.cause = is_there ? "" : "name_missing";
    seen.explanation = is_there ? "" : "no such name";
    co_return seen;
  }
  dns::CaaVerdict::Kind caa_kind = dns::CaaVerdict::Kind::kAllowed;
  bool is_there = false;
};

/// One connection's life with an AWS that keeps the time; certificates are held without an authority.
class DistributionsTest : public cloud::testing::AwsWorld {
 protected:
  DistributionsTest() {
    life_.clock.set(clock_.now());
    for (const auto kind : {model::JobKind::kDistribution, model::JobKind::kCertificateUpgrade}) {
      life_.runner.on(kind, [this](model::Job job) { return distributions_.pursue(std::move(job)); });
    }
    life_.eye.publish_any(RecordType::kCname, "shops.hosting.example");
  }
  ~DistributionsTest() override { life_.let_database_rest(); }

  CreateConnection wish() {
    auto wish = life_.wish();
    wish.records.clear();
    wish.certificate_by = model::CertificateBy::kTxt;
    wish.edge = model::Edge::kCloudfront;
    return wish;
  }
  Result<model::Connection> create(CreateConnection wish) {
    return life_.run(connections_.create({}, std::move(wish)));
  }
  void connect() { id_ = must(create(wish())).id; }
  model::Connection connection() { return life_.read(id_); }
  model::Distribution row() { return must(life_.run(connections_.distribution_of({}, id_))).value(); }
  void happens(model::Happening happening) { life_.happen(id_, std::move(happening)); }

  /// Our authority has issued.
  void hold(std::string serial, std::string_view host = "www.shop.example") {
    auto made = certificate_for(host);
    if (other_key_) made.private_key = certificate_for(host).private_key;
    const Time now = life_.clock.now();
    must(life_.world.storage.write_now<void>([&](store::Tx& tx) -> Result<void> {
      auto found = TRY(store::certificates::find_of_connection(tx, life_.world.application.id, id_)).value();
      found.held = model::HeldCertificate{
          .authority = "ours",
          .chain_pem = made.certificate + made.chain,
          .sealed_key = master_key_.seal(made.private_key.expose(), certificate_key_purpose(found.id)),
          .serial = serial,
          .ari_id = {},
          .not_before = now - 1h,
          .not_after = now + std::chrono::days(90)};
      TRY(store::certificates::update(tx, found, found.version));
      ConnectionChange change(tx, life_.world.ids, now);
      TRY(change.apply([&](store::Tx& in) { return load_connection(in, std::nullopt, id_); },
                       model::CertificateObtained{now + std::chrono::days(90)}));
      return {};
    }));
  }

  /// Jobs run, and time passes from one to the next, until it is so.
  template <typename Condition>
  bool turn_until(Condition is_so, int turns = 150) {
    for (; turns > 0; --turns) {
      while (life_.turn() > 0) continue;
      if (is_so()) return true;
      const auto next = life_.next_due();
      if (!next) return false;
      pass_to(*next);
    }
    return false;
  }
  void pass_to(Time then) {
    if (then <= life_.clock.now()) return;
    pass(then - life_.clock.now());
    life_.clock.set(clock_.now());
  }
  bool reaches(model::Status status) {
    return turn_until([&] { return connection().status == status; });
  }
  bool reaches(model::Upgrade upgrade) {
    return turn_until([&] { return row().upgrade == upgrade; });
  }
  bool reaches(model::Setup setup) {
    return turn_until([&] { return row().setup == setup; });
  }
  bool parks() {
    return turn_until([&] { return connection().attention.has_value(); });
  }
  void add_record() {
    sight_.is_there = true;
    life_.eye.publish(connection());
    const auto validation = row().validation.value();
    server_.control("dns", format(R"({{"cnames": {{"{}": "{}"}}}})", validation.name, validation.value));
  }
  /// Our certificate serves, and the two steps are marked; the validation record is in DNS if the state needs it.
  void begin(model::Upgrade upgrade) {
    connect();
    happens(model::StepMarked{1});
    hold("01");
    ASSERT_TRUE(reaches(model::Status::kSslValidated)) << explanation();
    happens(model::StepMarked{2});
    ASSERT_TRUE(turn_until([&] { return row().upgrade == upgrade || row().upgrade == model::Upgrade::kLooking; }));
    if (row().upgrade == upgrade) return;
    add_record();
    ASSERT_TRUE(reaches(upgrade)) << explanation();
  }
  std::string explanation() {
    const auto attention = connection().attention;
    return attention ? attention->cause + ": " + attention->explanation : "no attention";
  }
  std::string serving() { return std::string(state().at("distributions").at(0).at("certificate").as_string()); }
  std::size_t certificates() { return state().at("certificates").as_array().size(); }
  const model::Record* record_of(const model::Connection& connection, model::RecordPurpose purpose) {
    const auto found = std::ranges::find(connection.records, purpose, &model::Record::purpose);
    return found == connection.records.end() ? nullptr : &*found;
  }

  EdgePlan plan_{"{ORGANIZATION}.pages.saas.example", {"/ai/*", "/search-company.txt"}, {"203.0.113.7"}};
  Life life_;
  crypto::MasterKey master_key_ = must(crypto::MasterKey::from_text(std::string(64, 'a')));
  cloud::Acm acm_{http_, credentials_, random_, life_.clock, server_.pointed_here(cloud::Acm::settings_of())};
  cloud::CloudFront cloudfront_{http_, credentials_, random_,
                                server_.pointed_here(cloud::CloudFront::default_settings())};
  FakeAmazonSight sight_;
  Connections connections_{life_.world.storage, life_.bell,
                           life_.clock,         life_.world.ids,
                           life_.random,        {.acme_zone = {}, .has_authority = true, .cloudfront = plan_}};
  Distributions distributions_{life_.world.storage, master_key_, life_.bell, life_.clock, life_.world.ids, acm_,
                               cloudfront_,         {&sight_},   plan_};
  ConnectionId id_;
  bool other_key_ = false;
};

// ── the walk ──────────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(DistributionsTest, BringOurCertificateToANewDistributionAndThenAmazons) {
  connect();
  EXPECT_THAT(connection().records, IsEmpty());
  ASSERT_TRUE(reaches(model::Setup::kReady)) << explanation();
  EXPECT_TRUE(row().is_made_by_us);
  const auto found = connection();
  const auto* traffic = record_of(found, model::RecordPurpose::kTraffic);
  ASSERT_NE(traffic, nullptr);
  EXPECT_EQ(traffic->value, row().domain_name);
  EXPECT_EQ(traffic->name.text(), "www.shop.example");
  const auto config = std::string(state().at("distributions").at(0).at("config").as_string());
  EXPECT_THAT(config, HasSubstr("shops.hosting.example"));
  EXPECT_THAT(config, HasSubstr("acme.pages.saas.example"));

  happens(model::StepMarked{1});
  ASSERT_TRUE(reaches(model::Upgrade::kPrepared));
  const auto prepared = connection();
  const auto* validation = record_of(prepared, model::RecordPurpose::kCertificateValidation);
  ASSERT_NE(validation, nullptr);
  EXPECT_EQ(validation->name.text(), row().validation->name);
  EXPECT_EQ(prepared.status, model::Status::kSslValidating);

  hold("01");
  ASSERT_TRUE(turn_until([&] { return !row().serving_arn.empty(); }));
  EXPECT_EQ(connection().status, model::Status::kSslValidating) << "no edge has it yet";
  ASSERT_TRUE(reaches(model::Status::kSslValidated));
  EXPECT_TRUE(state().at("distributions").at(0).at("is_deployed").as_bool());
  EXPECT_EQ(serving(), row().imported_arn);
  EXPECT_EQ(row().imported_serial, "01");
  EXPECT_EQ(life_.job(id_, model::JobKind::kDistribution).state, model::JobState::kDone);
  EXPECT_THAT(life_.job(id_, model::JobKind::kDistribution).outcome, HasSubstr("our certificate serves"));

  happens(model::StepMarked{2});
  const Time step_2 = life_.clock.now();
  ASSERT_TRUE(reaches(model::Upgrade::kLooking));
  EXPECT_EQ(life_.clock.now(), step_2 + 60s) << "seed 000: waits 60 seconds";
  add_record();
  ASSERT_TRUE(reaches(model::Upgrade::kUpgraded)) << explanation();
  EXPECT_EQ(serving(), row().amazon.arn);
  EXPECT_EQ(certificates(), 1U) << "the imported one is deleted";
  EXPECT_FALSE(connection().attention);
  EXPECT_THAT(life_.job(id_, model::JobKind::kCertificateUpgrade).outcome, HasSubstr("Amazon's certificate serves"));
  EXPECT_EQ(life_.job(id_, model::JobKind::kCertificateUpgrade).state, model::JobState::kDone);
  EXPECT_EQ(life_.job(id_, model::JobKind::kDistribution).state, model::JobState::kWaiting) << "looked at once a day";
}

TEST_F(DistributionsTest, AreNotOfAConnectionThatIsServedElsewhere) {
  auto wish = life_.wish();
  wish.certificate_by = model::CertificateBy::kExternal;
  id_ = must(create(std::move(wish))).id;
  happens(model::StepMarked{1});
  happens(model::CertificateIssued{});
  happens(model::StepMarked{2});
  EXPECT_TRUE(turn_until(
      [&] { return life_.job(id_, model::JobKind::kCertificateUpgrade).state == model::JobState::kNotConfigured; }));
  EXPECT_THAT(state().at("log").as_array(), IsEmpty());
}

TEST_F(DistributionsTest, ComeBackToOursWhenAmazonsEndsAndUpgradeAgain) {
  begin(model::Upgrade::kUpgraded);
  const auto ended = row().amazon.arn;
  server_.control("fail", format(R"({{"arn": "{}", "status": "EXPIRED"}})", ended));
  sight_.is_there = false;
  ASSERT_TRUE(reaches(model::Upgrade::kRequesting));
  const auto subject = must(life_.world.storage.read_now<std::optional<CertificateSubject>>(
      [&](store::Tx& tx) { return load_certificate_subject(tx, id_); }));
  EXPECT_TRUE(wants_certificate(*subject));
  hold("02");
  ASSERT_TRUE(turn_until([&] { return row().setup == model::Setup::kAttached && row().imported_serial == "02"; }))
      << explanation();
  EXPECT_EQ(serving(), row().imported_arn);
  ASSERT_TRUE(turn_until([&] { return connection().attention && row().replaced_arns.empty(); }));
  EXPECT_EQ(connection().attention->cause, "certificate_edge_record_missing");
  EXPECT_EQ(certificates(), 1U) << "what has ended is deleted";
  add_record();
  ASSERT_TRUE(reaches(model::Upgrade::kUpgraded)) << explanation();
  EXPECT_NE(row().amazon.arn, ended);
  EXPECT_EQ(serving(), row().amazon.arn);
  EXPECT_FALSE(connection().attention);
}

TEST_F(DistributionsTest, AReconnectionIsAtStep2AtOnceWhileAmazonsServes) {
  begin(model::Upgrade::kUpgraded);
  pass_to(life_.clock.now() + std::chrono::days(100));
  while (life_.turn() > 0) continue;
  happens(model::Disconnected{});
  while (life_.turn() > 0) continue;
  happens(model::Reconnected{});
  EXPECT_EQ(connection().status, model::Status::kPendingValidation) << "ours has ended";
  while (life_.turn() > 0) continue;
  const Time then = life_.clock.now();
  happens(model::StepMarked{1});
  while (life_.turn() > 0) continue;
  EXPECT_EQ(connection().status, model::Status::kSslValidated);
  EXPECT_EQ(life_.clock.now(), then) << "not with the next daily look";
}

TEST_F(DistributionsTest, ReconnectWithOursWhenAmazonsWasRevokedMeanwhile) {
  begin(model::Upgrade::kUpgraded);
  happens(model::Disconnected{});
  while (life_.turn() > 0) continue;
  sight_.is_there = false;
  server_.control("fail", format(R"({{"arn": "{}", "status": "REVOKED"}})", row().amazon.arn));
  pass_to(life_.clock.now() + std::chrono::days(100));
  happens(model::Reconnected{});
  EXPECT_EQ(connection().status, model::Status::kPendingValidation);
  happens(model::StepMarked{1});
  ASSERT_TRUE(reaches(model::Upgrade::kRequesting));
  EXPECT_EQ(connection().status, model::Status::kSslValidating) << "what is revoked counts for nothing";
  hold("02");
  ASSERT_TRUE(reaches(model::Status::kSslValidated)) << explanation();
  EXPECT_EQ(serving(), row().imported_arn);
}

TEST_F(DistributionsTest, RenewOursUntilAmazonsServesAndNoLonger) {
  begin(model::Upgrade::kLooking);
  const auto subject = [&] {
    return must(life_.world.storage.read_now<std::optional<CertificateSubject>>(
                    [&](store::Tx& tx) { return load_certificate_subject(tx, id_); }))
        .value();
  };
  EXPECT_TRUE(wants_certificate(subject()));
  const auto arn = row().imported_arn;
  sight_.is_there = false;
  hold("02");
  ASSERT_TRUE(turn_until([&] { return row().imported_serial == "02" && row().setup == model::Setup::kAttached; }));
  EXPECT_EQ(row().imported_arn, arn) << "under the same ARN";
  add_record();
  ASSERT_TRUE(reaches(model::Upgrade::kUpgraded));
  EXPECT_FALSE(wants_certificate(subject()));
  hold("03");
  pass_to(life_.clock.now() + 1h);
  while (life_.turn() > 0) continue;
  EXPECT_EQ(certificates(), 1U) << "what nobody needs is not imported";
}

// ── what the row has not heard ──────────────────────────────────────────────────────────────────────────────────────

TEST(Unheard, IsToldInTheOrderInWhichItMatters) {
  const Time now = from_ms(1'800'000'000'000);
  const auto host = HostName::parse("www.shop.example").value();
  DistributionSubject subject{{.id = ConnectionId(1), .host = host}, {.host = host}, {}};
  const auto heard = [&] { return unheard_of(subject, now); };
  EXPECT_FALSE(heard()) << "step 1 is not marked";
  subject.connection.status = model::Status::kSslValidating;
  EXPECT_TRUE(std::holds_alternative<model::PreparationWanted>(heard()->happening));
  subject.distribution.upgrade = model::Upgrade::kPrepared;
  EXPECT_FALSE(heard());
  subject.held = model::HeldCertificate{.serial = "01", .not_after = now};
  EXPECT_FALSE(heard()) << "what has ended is of no use";
  subject.held->not_after = now + 1h;
  EXPECT_EQ(std::get<model::OurCertificateReady>(heard()->happening).serial, "01");
  subject.distribution.wanted_serial = "01";
  EXPECT_FALSE(heard());
  subject.connection.status = model::Status::kDeployed;
  subject.connection.deployed_at = now - 20s;
  EXPECT_TRUE(std::holds_alternative<model::Step2Marked>(heard()->happening));
  EXPECT_EQ(heard()->at, now - 20s) << "the 60 seconds count from the step";
  subject.distribution.upgrade = model::Upgrade::kValidating;
  EXPECT_FALSE(heard());
  subject.connection.status = model::Status::kDisconnected;
  EXPECT_TRUE(std::holds_alternative<model::EdgeDisconnected>(heard()->happening));
  subject.distribution.upgrade = model::Upgrade::kUpgraded;
  subject.held->serial = "02";
  EXPECT_FALSE(heard()) << "past the swap there is nothing to end, and nobody needs ours";
  subject.connection.status = model::Status::kDeployed;
  subject.connection.claim = model::Claim::kLost;
  subject.distribution.upgrade = model::Upgrade::kLooking;
  EXPECT_TRUE(std::holds_alternative<model::EdgeDisconnected>(heard()->happening));
}

TEST(Driver, IsTheUpgradesJobFromStep2ToTheEnd) {
  model::Distribution row{.host = HostName::parse("www.shop.example").value()};
  for (const auto upgrade : {model::Upgrade::kNone, model::Upgrade::kPreparing, model::Upgrade::kUpgraded}) {
    row.upgrade = upgrade;
    EXPECT_EQ(driver_of(row), model::JobKind::kDistribution);
  }
  for (const auto upgrade : {model::Upgrade::kWaiting, model::Upgrade::kSwapping, model::Upgrade::kEnding}) {
    row.upgrade = upgrade;
    EXPECT_EQ(driver_of(row), model::JobKind::kCertificateUpgrade);
  }
}

// ── disconnection ─────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(DistributionsTest, ADisconnectionInTheMiddleEndsTheUpgradeAndAReconnectionGoesOn) {
  begin(model::Upgrade::kValidating);
  happens(model::Disconnected{});
  ASSERT_TRUE(reaches(model::Upgrade::kEnded));
  while (life_.turn() > 0) continue;
  EXPECT_EQ(serving(), row().imported_arn);
  EXPECT_EQ(certificates(), 1U) << "Amazon's request is taken back";
  EXPECT_THAT(life_.job(id_, model::JobKind::kCertificateUpgrade).outcome, HasSubstr("disconnected before the swap"));
  EXPECT_FALSE(connection().attention);

  happens(model::Reconnected{});
  EXPECT_EQ(connection().status, model::Status::kSslValidated);
  happens(model::StepMarked{2});
  ASSERT_TRUE(reaches(model::Upgrade::kUpgraded)) << explanation();
  EXPECT_EQ(serving(), row().amazon.arn);
}

TEST_F(DistributionsTest, AfterTheSwapADisconnectionLeavesWhatServes) {
  begin(model::Upgrade::kDeploying);
  happens(model::Disconnected{});
  ASSERT_TRUE(reaches(model::Upgrade::kUpgraded));
  while (life_.turn() > 0) continue;
  EXPECT_EQ(serving(), row().amazon.arn);
  const auto calls_then = state().at("log").as_array().size();
  pass_to(life_.clock.now() + 72h);
  while (life_.turn() > 0) continue;
  EXPECT_EQ(state().at("log").as_array().size(), calls_then) << "nobody is connected: nothing is watched";
}

// ── bad days: what parks is said on the connection, and goes on once it is mended ────────────────────────────────────

TEST_F(DistributionsTest, SayThatTheValidationRecordIsMissingUntilItIsThere) {
  begin(model::Upgrade::kLooking);
  ASSERT_TRUE(parks());
  EXPECT_EQ(connection().attention->cause, "certificate_edge_record_missing");
  EXPECT_THAT(connection().attention->explanation, HasSubstr(row().validation->name));
  happens(model::Observed{.propagated = {}, .is_claim_seen = false, .cause = {}, .explanation = {}});
  EXPECT_TRUE(connection().attention) << "a look at DNS does not know of it";
  add_record();
  must(life_.run(distributions_.retry({}, id_)));
  ASSERT_TRUE(turn_until([&] { return !connection().attention.has_value(); }, 5)) << "by hand it goes on at once";
  ASSERT_TRUE(reaches(model::Upgrade::kUpgraded));
}

TEST_F(DistributionsTest, SayThatTheKeyIsOfAnotherCertificate) {
  other_key_ = true;
  connect();
  happens(model::StepMarked{1});
  hold("01");
  ASSERT_TRUE(parks());
  EXPECT_THAT(connection().attention->explanation, HasSubstr("do not fit together"));
  EXPECT_EQ(connection().status, model::Status::kSslValidating);
  other_key_ = false;
  hold("02");
  ASSERT_TRUE(reaches(model::Status::kSslValidated));
  EXPECT_FALSE(connection().attention);
}

TEST_F(DistributionsTest, AnArnOfAnotherRegionIsNotUsed) {
  connect();
  happens(model::StepMarked{1});
  ASSERT_TRUE(reaches(model::Upgrade::kPrepared));
  must(life_.world.storage.write_now<void>([&](store::Tx& tx) -> Result<void> {
    auto found = TRY(store::distributions::find_of_connection(tx, life_.world.application.id, id_)).value();
    found.imported_arn = "arn:aws:acm:eu-west-1:111122223333:certificate/11111111-2222-3333-4444-555555555555";
    TRY(store::distributions::update(tx, found, found.version));
    return {};
  }));
  hold("01");
  ASSERT_TRUE(reaches(model::Status::kSslValidated)) << "there it is not found, so it is imported anew";
  EXPECT_THAT(row().imported_arn, HasSubstr(":us-east-1:"));
  EXPECT_EQ(serving(), row().imported_arn);
}

TEST_F(DistributionsTest, SayThatADistributionIsOfAnotherAccountOrNotThere) {
  cloud::testing::FixedCredentials theirs("AKIAOTHERS", "their+secret/key");
  cloud::CloudFront their_cloudfront(http_, theirs, random_,
                                     server_.pointed_here(cloud::CloudFront::default_settings()));
  const cloud::NewDistribution plan{.caller_reference = "theirs",
                                    .comment = {},
                                    .customer = {"shops.hosting.example"},
                                    .pages = {"acme.pages.saas.example"},
                                    .pages_paths = {"/ai/*"},
                                    .tags = {}};
  auto existing = wish();
  existing.distribution_id = run(their_cloudfront.create(plan, soon())).value().id.text();
  id_ = must(create(std::move(existing))).id;
  ASSERT_TRUE(parks());
  EXPECT_EQ(connection().attention->cause, "certificate_edge_denied");
  EXPECT_THAT(connection().attention->explanation, HasSubstr("another account"));

  auto missing = wish();
  missing.host = host("other.shop.example");
  missing.distribution_id = "ENOTHERE";
  id_ = must(create(std::move(missing))).id;
  ASSERT_TRUE(parks());
  EXPECT_EQ(connection().attention->cause, "certificate_edge_distribution_gone");
}

TEST_F(DistributionsTest, SayThatAnotherDistributionHasTheAlias) {
  begin(model::Upgrade::kLooking);
  must(life_.run(connections_.remove({}, id_)));
  sight_.is_there = false;
  connect();
  happens(model::StepMarked{1});
  hold("05");
  ASSERT_TRUE(parks());
  EXPECT_EQ(connection().attention->cause, "certificate_edge_alias_taken");
  EXPECT_THAT(connection().attention->explanation, HasSubstr("another distribution has this host name"));
  EXPECT_EQ(connection().status, model::Status::kSslValidating);
}

TEST_F(DistributionsTest, AreTakenOverByTheNextConnectionOfTheHost) {
  begin(model::Upgrade::kLooking);
  const auto left = row();
  must(life_.run(connections_.remove({}, id_)));
  sight_.is_there = false;
  auto again = wish();
  again.distribution_id = left.cloudfront_id;
  id_ = must(create(std::move(again))).id;
  happens(model::StepMarked{1});
  hold("05");
  ASSERT_TRUE(reaches(model::Status::kSslValidated)) << explanation();
  EXPECT_EQ(row().serving_arn, row().imported_arn);
  EXPECT_NE(row().imported_arn, left.imported_arn);
  EXPECT_EQ(state().at("distributions").as_array().size(), 1U);
  ASSERT_TRUE(turn_until([&] { return row().replaced_arns.empty(); }));
  for (const auto& one : state().at("certificates").as_array())
    EXPECT_NE(one.at("arn").as_string(), left.imported_arn) << "with its key";
}

TEST_F(DistributionsTest, KeepAmazonsCertificateForTheNextConnectionOfTheHost) {
  begin(model::Upgrade::kUpgraded);
  const auto left = row();
  must(life_.run(connections_.remove({}, id_)));
  auto again = wish();
  again.distribution_id = left.cloudfront_id;
  id_ = must(create(std::move(again))).id;
  happens(model::StepMarked{1});
  hold("05");
  ASSERT_TRUE(reaches(model::Status::kSslValidated)) << explanation();
  EXPECT_EQ(serving(), left.amazon.arn) << "it serves, and goes on serving";
  happens(model::StepMarked{2});
  ASSERT_TRUE(reaches(model::Upgrade::kUpgraded)) << explanation();
  EXPECT_EQ(serving(), left.amazon.arn);
  EXPECT_EQ(row().amazon.arn, left.amazon.arn);
  EXPECT_EQ(certificates(), 1U) << "ours and the early request are deleted";
}

TEST_F(DistributionsTest, SayThatAQuotaIsReachedAndGoOnOnceItIsRaised) {
  server_.control("settings", R"({"distributions_max": 0})");
  connect();
  ASSERT_TRUE(parks());
  EXPECT_EQ(connection().attention->cause, "certificate_edge_limit_reached");
  server_.control("settings", R"({"distributions_max": 200})");
  ASSERT_TRUE(reaches(model::Setup::kReady));
  EXPECT_FALSE(connection().attention);
}

TEST_F(DistributionsTest, SayThatCredentialsHaveEnded) {
  connect();
  ASSERT_TRUE(reaches(model::Setup::kReady));
  happens(model::StepMarked{1});
  hold("01");
  fail_next("ImportCertificate", "ExpiredTokenException", 2);
  ASSERT_TRUE(parks());
  EXPECT_EQ(connection().attention->cause, "certificate_edge_denied");
  EXPECT_THAT(connection().attention->explanation, HasSubstr("has ended"));
  ASSERT_TRUE(reaches(model::Status::kSslValidated));
  EXPECT_FALSE(connection().attention);
}

TEST_F(DistributionsTest, SayThatCaaKeepsAmazonAwayOnlyAfterStep2) {
  sight_.caa_kind = dns::CaaVerdict::Kind::kForbidden;
  connect();
  happens(model::StepMarked{1});
  hold("01");
  ASSERT_TRUE(reaches(model::Status::kSslValidated));
  EXPECT_FALSE(connection().attention);
  happens(model::StepMarked{2});
  ASSERT_TRUE(parks());
  EXPECT_EQ(connection().attention->cause, "certificate_edge_caa_forbids");
  EXPECT_EQ(serving(), row().imported_arn);
  sight_.caa_kind = dns::CaaVerdict::Kind::kAllowed;
  ASSERT_TRUE(reaches(model::Upgrade::kLooking));
}

TEST_F(DistributionsTest, DoNotHideWhatIsWrongWithTheCertificateItself) {
  begin(model::Upgrade::kLooking);
  happens(model::CertificateTroubled{"certificate_limit", "wait"});
  ASSERT_TRUE(turn_until([&] { return row().upgrade_park.has_value(); }));
  EXPECT_EQ(connection().attention->cause, "certificate_limit");
}

// ── creation ──────────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(DistributionsTest, NeedAnOriginWithAName) {
  auto no_name = wish();
  no_name.origin = host("www.shop.example");
  EXPECT_EQ(create(std::move(no_name)).error().member, "origin") << "it would fetch from itself";
  auto with_origin = wish();
  with_origin.origin = host("origin.shop.example");
  id_ = must(create(std::move(with_origin))).id;
  ASSERT_TRUE(reaches(model::Setup::kReady));
  EXPECT_THAT(std::string(state().at("distributions").at(0).at("config").as_string()),
              HasSubstr("origin.shop.example"));
}

TEST_F(DistributionsTest, RefuseWhatCannotBeWithTheWayOut) {
  const auto refused = [&](auto change) {
    auto bad = wish();
    change(bad);
    return create(std::move(bad)).error();
  };
  EXPECT_EQ(refused([](auto& bad) { bad.certificate_by = model::CertificateBy::kExternal; }).member, "certificate");
  EXPECT_EQ(refused([](auto& bad) { bad.distribution_id = "no id"; }).member, "distribution_id");
  EXPECT_EQ(refused([](auto& bad) { bad.organization = "under_score"; }).member, "organization");
  EXPECT_EQ(refused([](auto& bad) {
              bad.records = {{.type = RecordType::kCname, .host = "www", .value = "elsewhere.example"}};
            }).member,
            "records[0].value");
  EXPECT_EQ(refused([](auto& bad) {
              bad.edge = model::Edge::kExternal;
              bad.distribution_id = "E1";
            }).member,
            "distribution_id");
  auto elsewhere = wish();
  const auto no_account = life_.run(life_.connections.create({}, std::move(elsewhere)));
  EXPECT_EQ(no_account.error().kind, Kind::kUnprocessable);
  EXPECT_EQ(no_account.error().member, "edge");
  EXPECT_THAT(no_account.error().message, HasSubstr("cloudfront.enabled"));
}

TEST_F(DistributionsTest, AreNeverSharedByTwoConnections) {
  auto first = wish();
  first.distribution_id = "ESHARED";
  must(create(std::move(first)));
  auto second = wish();
  second.host = host("other.shop.example");
  second.distribution_id = "ESHARED";
  const auto refused = create(std::move(second));
  EXPECT_EQ(refused.error().kind, Kind::kConflict);
  EXPECT_EQ(refused.error().member, "distribution_id");
}

TEST_F(DistributionsTest, AnApexGetsTheGatewaysAddressesAndIsRefusedWithoutThem) {
  auto apex = wish();
  apex.host = host("shop.example");
  const auto made = must(create(apex));
  ASSERT_EQ(made.records.size(), 1U);
  EXPECT_EQ(made.records[0].type, RecordType::kA);
  EXPECT_EQ(made.records[0].value, "203.0.113.7");
  EXPECT_EQ(made.records[0].host, "@");

  plan_.apex_gateway_ips.clear();
  Connections without(life_.world.storage, life_.bell, life_.clock, life_.world.ids, life_.random,
                      {.acme_zone = {}, .has_authority = true, .cloudfront = plan_});
  const auto refused = life_.run(without.create({}, apex));
  EXPECT_EQ(refused.error().kind, Kind::kUnprocessable);
  EXPECT_THAT(refused.error().message, HasSubstr("apex_gateway_ips"));
}

TEST_F(DistributionsTest, ReplacingRecordsKeepsWhatLeadsTheHostToThem) {
  connect();
  ASSERT_TRUE(reaches(model::Setup::kReady));
  const auto after = must(
      life_.run(connections_.replace_records({}, id_, {{.type = RecordType::kTxt, .host = "@", .value = "hello"}})));
  ASSERT_EQ(after.records.size(), 2U);
  const auto found = std::ranges::find(after.records, RecordType::kCname, &model::Record::type);
  ASSERT_NE(found, after.records.end());
  EXPECT_EQ(found->value, row().domain_name);
}

}  // namespace
}  // namespace signpost::services
