// SPDX-License-Identifier: Apache-2.0
#include "services/certificates.h"

#include <gmock/gmock.h>

#include "acme/testing/authority.h"
#include "base/text.h"
#include "crypto/certificate_chain.h"
#include "services/issuance_limits.h"
#include "services/proxies.h"
#include "services/testing/fake_sight.h"
#include "services/testing/fake_zone.h"
#include "services/testing/life.h"
#include "store/certificates.h"
#include "store/jobs.h"

namespace signpost::services {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Life;
using testing::must;
using ::testing::Not;

/// Authorities say the real time with every answer: against it our clock is right, or as wrong as the test wants.
class MachineClock final : public Clock {
 public:
  Time now() const override { return SystemClock().now() + ahead.load(); }
  std::chrono::steady_clock::time_point steady_now() const override { return SystemClock().steady_now(); }
  std::atomic<Milliseconds> ahead{Milliseconds(0)};
};

/// One authority of ours, one connection's life, a DNS that the test writes down.
class CertificatesTest : public ::testing::Test {
 protected:
  CertificatesTest() {
    life_.runner.on(model::JobKind::kCertificate,
                    [this](model::Job job) { return certificates_.pursue(std::move(job)); });
    sight_.is_delegated = true;
    sight_.is_visible = true;
    first_.look_up_by([this](DnsName name) { return look_up(std::move(name)); });
    second_.look_up_by([this](DnsName name) { return look_up(std::move(name)); });
  }
  ~CertificatesTest() override { life_.let_database_rest(); }

  /// What an authority sees at _acme-challenge: everything that the zone or the customer's TXT holds.
  Task<std::vector<std::string>> look_up(DnsName) {
    auto texts = customers_txt_;
    if (certificate_) {
      for (auto& text : zone_.texts_of(certificate_->label)) texts.push_back(std::move(text));
    }
    co_return texts;
  }

  static AuthoritySettings settings_of(const acme::testing::Authority& authority, std::string name) {
    AuthoritySettings settings{.name = std::move(name)};
    settings.client.directory_url = authority.directory_url();
    settings.client.plain_http = acme::PlainHttp::kOnLoopback;
    settings.account.agrees_to_terms = true;
    return settings;
  }

  model::Connection connect(model::CertificateBy by = model::CertificateBy::kCname, bool wants_wildcard = false) {
    auto wish = life_.wish();
    wish.certificate_by = by;
    wish.wants_wildcard = wants_wildcard;
    const auto connection = must(life_.run(connections_.create({}, std::move(wish))));
    certificate_ = certificate_of(connection);
    return connection;
  }
  model::Connection connect_and_mark(model::CertificateBy by = model::CertificateBy::kCname,
                                     bool wants_wildcard = false) {
    const auto connection = connect(by, wants_wildcard);
    return life_.happen(connection.id, model::StepMarked{1});
  }
  /// Another organization's on the same host, with its order placed.
  model::Connection connect_by_txt_for(std::string organization) {
    auto wish = life_.wish("www.shop.example", std::move(organization));
    wish.certificate_by = model::CertificateBy::kTxt;
    const auto connection = must(life_.run(connections_.create({}, std::move(wish))));
    must(life_.run(certificates_.start(connection.application, connection.id)));
    return life_.happen(connection.id, model::StepMarked{1});
  }
  model::Certificate certificate_of(const model::Connection& connection) {
    return must(life_.world.storage.read_now<model::Certificate>([&](store::Tx& tx) -> Result<model::Certificate> {
      return TRY(store::certificates::find_of_connection(tx, connection.application, connection.id)).value();
    }));
  }
  model::Connection now(const model::Connection& connection) { return life_.read(connection.id); }
  void see_txt(const model::Connection& connection) {
    for (const auto& challenge : certificate_of(connection).order->challenges) customers_txt_.push_back(challenge.text);
  }

  /// Both answer so from now on.
  void let_authorities(const std::function<void(acme::testing::Choices&)>& change) {
    for (auto* authority : {&first_, &second_}) authority->choose(change);
  }
  /// How the next `times` requests for a resource are answered.
  void let_authorities_answer(const acme::testing::Canned& canned, int times = 20) {
    let_authorities([&](auto& choices) { choices.canned.insert(choices.canned.end(), times, canned); });
  }
  model::Attention attention_of(const model::Connection& connection) {
    return now(connection).attention.value_or(model::Attention{});
  }

  /// In place of the two: other authorities, which the jobs go to as long as this lives.
  struct Issuing {
    Issuing(CertificatesTest& test, std::vector<AuthoritySettings> settings)
        : life(test.life_),
          authorities(std::move(settings), life.world.storage, test.master_key_, test.machine_clock_),
          certificates(life.world.storage, test.master_key_, life.bell, life.clock, life.world.ids, authorities,
                       &test.zone_, {&test.sight_}, {}) {
      life.runner.on(model::JobKind::kCertificate,
                     [this](model::Job job) { return certificates.pursue(std::move(job)); });
    }
    ~Issuing() { life.let_database_rest(); }
    Issuing(const Issuing&) = delete;
    Issuing& operator=(const Issuing&) = delete;
    Life& life;
    Authorities authorities;
    Certificates certificates;
  };

  Life life_;
  MachineClock machine_clock_;
  acme::testing::Authority first_{life_.clock};
  acme::testing::Authority second_{life_.clock};
  crypto::MasterKey master_key_ = must(crypto::MasterKey::from_text(std::string(64, 'a')));
  testing::FakeZone zone_;  // which the authorities of the test look into
  testing::FakeSight sight_;
  std::optional<model::Certificate> certificate_;  // whose label the authorities look at
  std::vector<std::string> customers_txt_;
  Connections connections_{
      life_.world.storage, life_.bell,   life_.clock,
      life_.world.ids,     life_.random, {.acme_zone = *DnsName::parse("acme.saas.example"), .has_authority = true}};
  Authorities authorities_{
      {settings_of(first_, "first"), settings_of(second_, "second")}, life_.world.storage, master_key_, machine_clock_};
  Certificates certificates_{life_.world.storage, master_key_, life_.bell, life_.clock, life_.world.ids,
                             authorities_,        &zone_,      {&sight_},  {}};
};

TEST_F(CertificatesTest, AreObtainedAfterStep1WithoutAnybodysHand) {
  const auto connection = connect_and_mark();
  EXPECT_EQ(connection.status, model::Status::kSslValidating);
  life_.turn();
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  const auto certificate = certificate_of(connection);
  ASSERT_TRUE(certificate.held);
  EXPECT_FALSE(certificate.order);
  EXPECT_EQ(certificate.held->authority, "first");
  EXPECT_EQ(now(connection).certificate_ends_at, certificate.held->not_after);
  EXPECT_THAT(life_.events(connection), ::testing::Contains("signpost.connection.certificate_issued"));
  EXPECT_THAT(zone_.texts_of(certificate.label), IsEmpty()) << "what is of no more use is withdrawn";
}

TEST_F(CertificatesTest, AreHeldWithTheirKeySealed) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto certificate = certificate_of(connection);
  EXPECT_THAT(certificate.held->sealed_key, Not(HasSubstr("PRIVATE")));
  const auto pem = must(master_key_.unseal(certificate.held->sealed_key, certificate_key_purpose(certificate.id)));
  const auto key = must(crypto::PrivateKey::from_pem(pem));
  EXPECT_EQ(key.type(), crypto::KeyType::kEcdsaP256);
  EXPECT_TRUE(must(crypto::CertificateChain::parse(certificate.held->chain_pem)).check_key(key));
}

TEST_F(CertificatesTest, OfAHostAndItsWildcardAreProvenAtOnce) {
  const auto connection = connect_and_mark(model::CertificateBy::kCname, true);
  life_.turn();
  const auto certificate = certificate_of(connection);
  ASSERT_TRUE(certificate.held);
  const auto chain = must(crypto::CertificateChain::parse(certificate.held->chain_pem));
  EXPECT_TRUE(chain.leaf().covers(*DnsName::parse("www.shop.example")));
  EXPECT_TRUE(chain.leaf().covers(*DnsName::parse("eu.www.shop.example")));
}

TEST_F(CertificatesTest, OfOneRunAskTheAuthorityNothingTwice) {
  const auto connection = connect_and_mark();
  life_.turn();
  ASSERT_TRUE(certificate_of(connection).held);
  EXPECT_EQ(first_.count_of("newOrder"), 1U);
  EXPECT_EQ(first_.count_of("authorization"), 1U);
  EXPECT_EQ(first_.count_of("challenge"), 1U);
  EXPECT_EQ(first_.count_of("order"), 1U) << "the one that was ready is finalized";
  EXPECT_EQ(first_.count_of("finalize"), 1U);
  ASSERT_EQ(sight_.wishes.size(), 2U);
  EXPECT_FALSE(sight_.wishes[0].is_delegation_seen);
  EXPECT_TRUE(sight_.wishes[1].is_delegation_seen) << "a moment ago, at all servers";
}

TEST_F(CertificatesTest, AskNoAuthorityBeforeTheDelegationIsThere) {
  sight_.is_delegated = false;
  const auto connection = connect_and_mark();
  life_.turn();
  EXPECT_EQ(first_.count_of("newOrder"), 0);
  EXPECT_EQ(certificate_of(connection).missing, sight_.explanation);
  EXPECT_FALSE(now(connection).attention) << "it may still spread";
  life_.walk_to(life_.clock.now() + minutes(10));
  ASSERT_TRUE(now(connection).attention);
  EXPECT_EQ(now(connection).attention->cause, "certificate_name_missing");

  sight_.is_delegated = true;
  life_.walk_to(life_.clock.now() + hours(1));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_FALSE(now(connection).attention);
}

TEST_F(CertificatesTest, PostNoChallengeBeforeEveryServerShowsIt) {
  sight_.is_visible = false;
  const auto connection = connect_and_mark();
  life_.walk_to(life_.clock.now() + minutes(1));
  EXPECT_EQ(first_.count_of("newOrder"), 1);
  EXPECT_EQ(first_.count_of("challenge"), 0);
  sight_.is_visible = true;
  life_.walk_to(life_.clock.now() + seconds(10));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(first_.count_of("newOrder"), 1);
}

TEST_F(CertificatesTest, ComeFromTheNextAuthorityWhereCaaForbidsTheFirst) {
  first_.choose([](auto& choices) { choices.caa_identities = {"first.example"}; });
  second_.choose([](auto& choices) { choices.caa_identities = {"second.example"}; });
  sight_.caa_allows = {"second.example"};
  const auto connection = connect_and_mark();
  life_.turn();
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(certificate_of(connection).held->authority, "second");
  EXPECT_EQ(first_.count_of("newOrder"), 0);
}

TEST_F(CertificatesTest, SayWhichCaaRecordForbidsThem) {
  sight_.caa_allows = {"other.example"};
  const auto connection = connect_and_mark();
  life_.turn();
  ASSERT_TRUE(now(connection).attention);
  EXPECT_EQ(now(connection).attention->cause, "certificate_caa_forbids");
  EXPECT_THAT(now(connection).attention->explanation, HasSubstr("0 issue \"authority.example\""));
  EXPECT_EQ(first_.count_of("newOrder"), 0);
}

TEST_F(CertificatesTest, ComeFromTheNextAuthorityWhereTheFirstIsDown) {
  first_.choose([](auto& choices) {
    for (int i = 0; i < 20; ++i) choices.canned.push_back({"newOrder", 503, "", "maintenance", ""});
  });
  const auto connection = connect_and_mark();
  life_.turn();
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(certificate_of(connection).held->authority, "second");
}

TEST_F(CertificatesTest, SurviveABadNonceAtEveryTurn) {
  first_.choose([](auto& choices) { choices.bad_nonces = 3; });
  const auto connection = connect_and_mark();
  life_.turn();
  EXPECT_EQ(certificate_of(connection).held->authority, "first");
}

TEST_F(CertificatesTest, WaitForAnAuthorityThatTakesItsTime) {
  first_.choose([](auto& choices) {
    choices.looks_while_validating = 2;
    choices.looks_while_processing = 2;
  });
  const auto connection = connect_and_mark();
  life_.walk_to(life_.clock.now() + minutes(1));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
}

TEST_F(CertificatesTest, SayWhyTheAuthorityCouldNotValidate) {
  for (auto* authority : {&first_, &second_}) {
    authority->choose([](auto& choices) { choices.fails_validation["www.shop.example"] = "unauthorized"; });
  }
  const auto connection = connect_and_mark();
  life_.turn();
  EXPECT_EQ(now(connection).status, model::Status::kSslValidating);
  ASSERT_TRUE(now(connection).attention);
  EXPECT_EQ(now(connection).attention->cause, "certificate_validation_failed");
  EXPECT_THAT(now(connection).attention->explanation, HasSubstr("unauthorized"));
  const auto certificate = certificate_of(connection);
  EXPECT_FALSE(certificate.order);
  EXPECT_EQ(certificate.not_before, life_.clock.now() + minutes(1));

  first_.choose([](auto& choices) { choices.fails_validation.clear(); });
  life_.walk_to(life_.clock.now() + minutes(2));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_FALSE(now(connection).attention);
}

TEST_F(CertificatesTest, MakeAnotherAccountWhenTheirsIsGone) {
  const auto connection = connect_and_mark();
  life_.turn();
  first_.forget_accounts();
  must(life_.run(certificates_.renew({}, certificate_of(connection).id)));
  const auto serial = certificate_of(connection).held->serial;
  life_.walk_to(life_.clock.now() + minutes(20));
  EXPECT_NE(certificate_of(connection).held->serial, serial);
}

TEST_F(CertificatesTest, TellThatTheTermsHaveChanged) {
  for (auto* authority : {&first_, &second_})
    authority->choose([](auto& choices) { choices.has_changed_terms = true; });
  const auto connection = connect_and_mark();
  life_.turn();
  ASSERT_TRUE(now(connection).attention);
  EXPECT_EQ(now(connection).attention->cause, "certificate_terms_changed");
  EXPECT_THAT(now(connection).attention->explanation, HasSubstr("https://authority.example/terms/8"));
}

TEST_F(CertificatesTest, AreRenewedForEver) {
  const auto connection = connect_and_mark();
  life_.turn();
  life_.eye.publish(connection);
  life_.happen(connection.id, model::StepMarked{2});
  std::set<std::string> serials;
  for (int month = 0; month < 12; ++month) {
    life_.walk_to(life_.clock.now() + days(30));
    const auto certificate = certificate_of(connection);
    serials.insert(certificate.held->serial);
    EXPECT_GT(certificate.held->not_after, life_.clock.now() + days(25));
  }
  EXPECT_GE(serials.size(), 6);
  EXPECT_FALSE(now(connection).attention);
}

TEST_F(CertificatesTest, OfSixDaysAreRenewedForEver) {
  first_.choose([](auto& choices) { choices.certificate_lifetime = hours(160); });
  const auto connection = connect_and_mark();
  life_.turn();
  for (int day = 0; day < 30; ++day) {
    life_.walk_to(life_.clock.now() + days(1));
    EXPECT_GT(certificate_of(connection).held->not_after, life_.clock.now() + days(1));
  }
}

TEST_F(CertificatesTest, SurviveAnAuthorityThatIsDownForADay) {
  first_.choose([](auto& choices) { choices.certificate_lifetime = hours(160); });
  const auto connection = connect_and_mark();
  life_.turn();
  const auto serial = certificate_of(connection).held->serial;
  life_.walk_to(certificate_of(connection).renew_at.value() - minutes(1));
  for (auto* authority : {&first_, &second_}) {
    authority->choose([](auto& choices) {
      for (int i = 0; i < 200; ++i) choices.canned.push_back({"newOrder", 503, "", "maintenance", ""});
    });
  }
  life_.walk_to(life_.clock.now() + days(1));
  EXPECT_EQ(certificate_of(connection).held->serial, serial);
  for (auto* authority : {&first_, &second_}) authority->choose([](auto& choices) { choices.canned.clear(); });
  life_.walk_to(life_.clock.now() + hours(2));
  EXPECT_NE(certificate_of(connection).held->serial, serial);
  EXPECT_FALSE(now(connection).attention);
}

TEST_F(CertificatesTest, AreRenewedWhenTheAuthorityWishes) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto before = certificate_of(connection);
  const auto start = life_.clock.now() + days(10);
  first_.set_window(before.held->ari_id, start, start + hours(1));
  life_.walk_to(start + hours(30));
  const auto after = certificate_of(connection);
  EXPECT_NE(after.held->serial, before.held->serial);
  const auto orders = first_.requests();
  const auto renewal =
      std::ranges::find_if(orders, [&](const auto& request) { return request.payload.contains(before.held->ari_id); });
  EXPECT_NE(renewal, orders.end()) << "the order says which certificate it replaces";
}

TEST_F(CertificatesTest, HaveOneTimeInTheAuthoritysWindowHoweverOftenItIsAsked) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto start = life_.clock.now() + days(10);
  first_.set_window(certificate_of(connection).held->ari_id, start, start + days(20));
  life_.walk_to(life_.clock.now() + hours(12));
  const auto renew_at = certificate_of(connection).renew_at;
  ASSERT_GE(renew_at, start);
  life_.walk_to(life_.clock.now() + days(9));
  EXPECT_GT(first_.count_of("renewalInfo"), 30);
  EXPECT_EQ(certificate_of(connection).renew_at, renew_at);
}

TEST_F(CertificatesTest, ByTxtAreOrderedWhenTheFrontendStarts) {
  sight_.is_visible = false;
  const auto connection = connect(model::CertificateBy::kTxt);
  const auto started = must(life_.run(certificates_.start(connection.application, connection.id)));
  ASSERT_TRUE(started.certificate.order);
  const auto again = must(life_.run(certificates_.start(connection.application, connection.id)));
  EXPECT_EQ(again.certificate.order->url, started.certificate.order->url) << "a pending order is used again";
  EXPECT_EQ(first_.count_of("newOrder"), 1);

  see_txt(connection);
  sight_.is_visible = true;
  life_.happen(connection.id, model::StepMarked{1});
  life_.turn();
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(first_.count_of("newOrder"), 1);
}

TEST_F(CertificatesTest, ByTxtWantTheCustomerThirtyDaysBeforeTheirEnd) {
  const auto connection = connect(model::CertificateBy::kTxt);
  must(life_.run(certificates_.start(connection.application, connection.id)));
  see_txt(connection);
  life_.happen(connection.id, model::StepMarked{1});
  life_.turn();
  sight_.is_visible = false;
  const auto end = certificate_of(connection).held->not_after;
  life_.walk_to(end - days(30) - hours(1));
  EXPECT_FALSE(now(connection).attention);
  life_.walk_to(end - days(30) + hours(1));
  ASSERT_TRUE(now(connection).attention);
  EXPECT_EQ(now(connection).attention->cause, "certificate_renewal_txt");
  EXPECT_THAT(now(connection).attention->explanation,
              HasSubstr(certificate_of(connection).order->challenges.front().text));
}

TEST_F(CertificatesTest, CompleteWaitsForTheCertificate) {
  const auto connection = connect();
  life_.runner.start();
  const auto completed = must(life_.run(
      certificates_.complete(connection.application, connection.id, std::chrono::steady_clock::now() + seconds(10))));
  EXPECT_EQ(completed.connection.status, model::Status::kSslValidated) << "and marks step 1 by itself";
  net::testing::run_task(life_.loops.at(0), life_.runner.stop(Milliseconds(1000)));
}

TEST_F(CertificatesTest, CompleteSaysWhatIsMissing) {
  sight_.is_delegated = false;
  const auto connection = connect_and_mark();
  life_.turn();
  const auto completed =
      must(life_.run(certificates_.complete(connection.application, connection.id, std::chrono::steady_clock::now())));
  EXPECT_EQ(completed.connection.status, model::Status::kSslValidating);
  EXPECT_EQ(completed.certificate.missing, sight_.explanation);
}

TEST_F(CertificatesTest, AreRevokedAndReplaced) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto before = certificate_of(connection);
  const auto told = life_.events(connection);
  const auto revoked = must(life_.run(certificates_.revoke({}, before.id, acme::RevocationReason::kKeyCompromise)));
  EXPECT_TRUE(revoked.held->revoked_at);
  EXPECT_TRUE(first_.is_revoked(before.held->serial));
  life_.turn();
  const auto after = certificate_of(connection);
  EXPECT_NE(after.held->serial, before.held->serial);
  EXPECT_NE(after.held->sealed_key, before.held->sealed_key) << "the new one has a new key";
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(life_.events(connection), told) << "neither is an event (docs/contract.md)";
}

TEST_F(CertificatesTest, AreRevokedOnceWhateverHappensToThemMeanwhile) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto before = certificate_of(connection);
  first_.choose([&](auto& choices) {
    choices.during_revocation = [&] {
      auto changed = certificate_of(connection);
      changed.missing = "something else";
      must(life_.world.storage.write_now<bool>(
          [&](store::Tx& tx) { return store::certificates::update(tx, changed, changed.version); }));
    };
  });
  const auto revoked = must(life_.run(certificates_.revoke({}, before.id, acme::RevocationReason::kKeyCompromise)));
  EXPECT_EQ(revoked.held->serial, before.held->serial);
  EXPECT_TRUE(revoked.held->revoked_at);
}

TEST_F(CertificatesTest, ThatCameMeanwhileAreNotTakenForTheRevoked) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto before = certificate_of(connection);
  int noted = 0;
  first_.choose([&](auto& choices) {
    choices.during_revocation = [&] {
      EXPECT_EQ(noted, 1) << "it is written down before it is done";
      auto renewed = certificate_of(connection);
      renewed.held->serial = "00";
      must(life_.world.storage.write_now<bool>(
          [&](store::Tx& tx) { return store::certificates::update(tx, renewed, renewed.version); }));
    };
  });
  const auto note = [&](store::Tx&) -> Result<void> {
    ++noted;
    return {};
  };
  const auto after = must(life_.run(certificates_.revoke({}, before.id, acme::RevocationReason::kSuperseded, note)));
  EXPECT_TRUE(first_.is_revoked(before.held->serial));
  EXPECT_EQ(after.held->serial, "00");
  EXPECT_FALSE(certificate_of(connection).held->revoked_at);
  EXPECT_EQ(noted, 1);
}

TEST_F(CertificatesTest, OfAnAccountThatIsGoneAreRevokedByTheirOwnKey) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto before = certificate_of(connection);
  const auto gone = life_.run(authorities_.at(0).account()).value().value();
  first_.forget_accounts();
  must(life_.run(certificates_.revoke({}, before.id, acme::RevocationReason::kKeyCompromise)));
  EXPECT_TRUE(first_.is_revoked(before.held->serial));
  EXPECT_NE(life_.run(authorities_.at(0).account()).value().value().url, gone.url) << "another account is made";
}

TEST_F(CertificatesTest, OfAnEarlierAccountAreRevokedByTheirOwnKey) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto before = certificate_of(connection);
  must(life_.run(authorities_.at(0).forget_account(life_.run(authorities_.at(0).account()).value().value())));
  must(life_.run(certificates_.revoke({}, before.id, acme::RevocationReason::kKeyCompromise)));
  EXPECT_TRUE(first_.is_revoked(before.held->serial));
}

TEST_F(CertificatesTest, AreNotRevokedInPlaceOfTheOneThatWasMeant) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto before = certificate_of(connection);
  must(life_.run(certificates_.renew({}, before.id)));
  life_.turn();
  const auto refused =
      life_.run(certificates_.revoke({}, before.id, acme::RevocationReason::kKeyCompromise, {}, before.held->serial));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr(certificate_of(connection).held->serial));
  EXPECT_EQ(first_.count_of("revokeCert"), 0);
}

TEST_F(CertificatesTest, AreNotRenewedWhileDisconnected) {
  const auto connection = connect_and_mark();
  life_.turn();
  life_.happen(connection.id, model::StepMarked{2});
  life_.happen(connection.id, model::Disconnected{});
  const auto serial = certificate_of(connection).held->serial;
  life_.walk_to(life_.clock.now() + days(100));
  EXPECT_EQ(certificate_of(connection).held->serial, serial);

  life_.happen(connection.id, model::StepMarked{1});
  life_.walk_to(life_.clock.now() + minutes(1));
  EXPECT_NE(certificate_of(connection).held->serial, serial);
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
}

TEST_F(CertificatesTest, StopBeforeTheAuthoritysLimits) {
  Authorities limited{{[&] {
                        auto settings = settings_of(first_, "first");
                        settings.limits = {{model::LimitKind::kNames, 2, hours(34)}};
                        return settings;
                      }()},
                      life_.world.storage,
                      master_key_,
                      life_.clock};
  Certificates certificates{life_.world.storage, master_key_, life_.bell, life_.clock, life_.world.ids, limited, &zone_,
                            {&sight_},           {}};
  life_.runner.on(model::JobKind::kCertificate, [&](model::Job job) { return certificates.pursue(std::move(job)); });
  first_.choose([](auto& choices) { choices.has_renewal_info = false; });
  const auto connection = connect_and_mark();
  life_.turn();
  for (int i = 0; i < 2; ++i) {
    must(life_.run(certificates.revoke({}, certificate_of(connection).id, acme::RevocationReason::kSuperseded)));
    life_.turn();
  }
  EXPECT_EQ(first_.count_of("newOrder"), 2);
  ASSERT_TRUE(certificate_of(connection).trouble);
  EXPECT_EQ(certificate_of(connection).trouble->cause, "certificate_limit");
  EXPECT_GT(certificate_of(connection).not_before, life_.clock.now() + hours(33));
}

TEST_F(CertificatesTest, OfAnAccountThatIsGoneAreRenewedByTheNext) {
  // There is one authority: what its new account cannot replace is ordered without.
  Issuing alone(*this, {settings_of(first_, "first")});
  const auto connection = connect_and_mark();
  life_.turn();
  const auto serial = certificate_of(connection).held->serial;
  first_.forget_accounts();
  must(life_.run(alone.certificates.renew({}, certificate_of(connection).id)));
  life_.walk_to(life_.clock.now() + minutes(20));
  EXPECT_NE(certificate_of(connection).held->serial, serial);
  EXPECT_FALSE(now(connection).attention);
}

TEST_F(CertificatesTest, ThatALimitHoldsBackGoOnWhenItIsOver) {
  auto settings = settings_of(first_, "first");
  settings.limits = {{model::LimitKind::kOrders, 1, seconds(40)}};
  Issuing alone(*this, {settings});
  const auto connection = connect_and_mark();
  must(life_.world.storage.write_now<bool>([&](store::Tx& tx) -> Result<bool> {
    const LimitUse use{"first", "shop.example", {connection.host}, Issuance::kFirst};
    TRY_VOID(take_order(tx, settings.limits, use, life_.clock.now()));
    auto tried = TRY(store::certificates::find_of_connection(tx, connection.application, connection.id)).value();
    tried.failures = 3;
    return store::certificates::update(tx, tried, tried.version);
  }));
  life_.turn();
  EXPECT_EQ(attention_of(connection).cause, "certificate_limit");
  EXPECT_EQ(certificate_of(connection).failures, 3) << "nothing has failed";
  EXPECT_EQ(certificate_of(connection).not_before, life_.clock.now() + seconds(40));
  EXPECT_THAT(attention_of(connection).explanation, HasSubstr(to_rfc3339(life_.clock.now() + seconds(40))));
  life_.walk_to(life_.clock.now() + seconds(40));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
}

TEST_F(CertificatesTest, ThatALimitHoldsBackComeOneBehindTheOther) {
  let_authorities([](auto& choices) { choices.checks_txt = false; });
  auto settings = settings_of(first_, "first");
  settings.limits = {{model::LimitKind::kOrders, 1, hours(3)}};
  Issuing alone(*this, {settings});
  std::vector<model::Connection> connections;
  for (int i = 0; i < 5; ++i) {
    auto wish = life_.wish(format("w{}.shop.example", i));
    wish.certificate_by = model::CertificateBy::kCname;
    connections.push_back(must(life_.run(connections_.create({}, std::move(wish)))));
    life_.happen(connections.back().id, model::StepMarked{1});
  }
  life_.turn();
  life_.walk_to(life_.clock.now() + hours(12));
  for (const auto& connection : connections) {
    EXPECT_EQ(now(connection).status, model::Status::kSslValidated) << connection.host.text();
  }
  EXPECT_EQ(sight_.wishes.size(), 5 + 4 + 5) << "each looks when it has its turn, not whenever one may go";
}

TEST_F(CertificatesTest, OfAnotherAuthorityAreCountedThereAsAnyOrder) {
  const std::vector<model::IssuanceLimit> limits{{model::LimitKind::kOrders, 1, hours(3)},
                                                 {model::LimitKind::kDomain, 1, hours(3)}};
  auto settings = settings_of(second_, "second");
  settings.limits = limits;
  Issuing both(*this, {settings_of(first_, "first"), settings});
  const auto connection = connect_and_mark();
  life_.turn();
  first_.choose([](auto& choices) { choices.is_closed = true; });
  must(life_.run(both.certificates.renew({}, certificate_of(connection).id)));
  life_.turn();
  ASSERT_EQ(certificate_of(connection).held->authority, "second");
  for (const auto& limit : limits) {
    const auto reached = must(life_.world.storage.read_now<std::optional<LimitReached>>([&](store::Tx& tx) {
      const LimitUse use{"second", "shop.example", {connection.host}, Issuance::kFirst};
      return find_limit(tx, {&limit, 1}, use, life_.clock.now());
    }));
    EXPECT_TRUE(reached) << model::name_of(limit.kind);
  }
}

TEST_F(CertificatesTest, ThatAreReplacedAlreadyAreOrderedAsAnyRenewal) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto before = certificate_of(connection);
  first_.choose(
      [](auto& choices) { choices.canned.push_back({"newOrder", 409, "alreadyReplaced", "it has one", ""}); });
  must(life_.run(certificates_.renew({}, before.id)));
  life_.turn();
  EXPECT_NE(certificate_of(connection).held->serial, before.held->serial);
  std::vector<std::string> orders;
  for (const auto& request : first_.requests()) {
    if (request.resource == "newOrder") orders.push_back(request.payload);
  }
  ASSERT_EQ(orders.size(), 3);
  EXPECT_THAT(orders.back(), AllOf(HasSubstr("www.shop.example"), Not(HasSubstr("replaces"))));
}

TEST_F(CertificatesTest, ThatAreReplacedAlreadyAreCountedAsAnyRenewal) {
  // Failed validations hold back a renewal, but not one that the authority has advised.
  auto settings = settings_of(first_, "first");
  settings.limits = {{model::LimitKind::kFailures, 1, hours(5)}};
  Authorities limited{{settings}, life_.world.storage, master_key_, machine_clock_};
  Certificates certificates{life_.world.storage, master_key_, life_.bell, life_.clock, life_.world.ids, limited, &zone_,
                            {&sight_},           {}};
  life_.runner.on(model::JobKind::kCertificate, [&](model::Job job) { return certificates.pursue(std::move(job)); });
  const auto connection = connect_and_mark();
  life_.turn();
  const auto before = certificate_of(connection);
  must(life_.world.storage.write_now<bool>([&](store::Tx& tx) -> Result<bool> {
    TRY_VOID(take_failure(tx, settings.limits, "first", connection.host, life_.clock.now()));
    return true;
  }));
  first_.choose(
      [](auto& choices) { choices.canned.push_back({"newOrder", 409, "alreadyReplaced", "it has one", ""}); });
  must(life_.run(certificates.renew({}, before.id)));
  life_.turn();
  EXPECT_EQ(first_.count_of("newOrder"), 2) << "what replaces nothing is not even asked for";
  ASSERT_TRUE(certificate_of(connection).trouble);
  EXPECT_EQ(certificate_of(connection).trouble->cause, "certificate_limit");
  EXPECT_EQ(certificate_of(connection).not_before, life_.clock.now() + hours(5));
  life_.let_database_rest();
}

TEST_F(CertificatesTest, ByHandLeaveTheAuthoritysLimitToRenewalsThatMustBe) {
  auto settings = settings_of(first_, "first");
  settings.limits.assign(model::kLetsEncryptLimits.begin(), model::kLetsEncryptLimits.end());
  Authorities limited{{settings}, life_.world.storage, master_key_, machine_clock_};
  Certificates certificates{life_.world.storage, master_key_, life_.bell, life_.clock, life_.world.ids, limited, &zone_,
                            {&sight_},           {}};
  life_.runner.on(model::JobKind::kCertificate, [&](model::Job job) { return certificates.pursue(std::move(job)); });
  const auto connection = connect_and_mark();
  life_.turn();
  const auto id = certificate_of(connection).id;
  for (int i = 0; i < 2; ++i) {
    must(life_.run(certificates.renew({}, id)));
    life_.turn();
  }
  EXPECT_EQ(first_.issued(), 3);
  const auto refused = life_.run(certificates.renew({}, id));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kRateLimited);
  EXPECT_EQ(refused.error().retry_after, hours(34));
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("www.shop.example"), HasSubstr("revoke")));

  must(life_.run(certificates.revoke({}, id, acme::RevocationReason::kKeyCompromise)));
  life_.turn();
  EXPECT_EQ(first_.issued(), 4) << "what must be has room";
  life_.let_database_rest();
}

TEST_F(CertificatesTest, ThatTwoRenewAtOnceAreOrderedOnceAndBothAreTold) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto id = certificate_of(connection).id;
  int told = 0;
  const auto renew = [&]() -> Task<void> {
    const auto renewed = co_await certificates_.renew({}, id);
    EXPECT_TRUE(renewed) << (renewed ? "" : renewed.error().message);
    ++told;
  };
  auto& loop = life_.loops.at(0);
  auto other = boost::asio::co_spawn(loop, renew(), boost::asio::use_future);
  net::testing::run_task(loop, renew());
  while (other.wait_for(seconds(0)) != std::future_status::ready) loop.run_one();
  EXPECT_EQ(told, 2);
  life_.turn();
  EXPECT_EQ(first_.count_of("newOrder"), 2);
}

TEST_F(CertificatesTest, ThatNobodyWouldUseAreNotRenewedByHand) {
  const auto connection = connect();
  const auto id = certificate_of(connection).id;
  EXPECT_THAT(life_.run(certificates_.renew({}, id)).error().message, HasSubstr("once step 1 is marked"));
  life_.happen(connection.id, model::StepMarked{1});
  life_.turn();
  life_.happen(connection.id, model::StepMarked{2});
  life_.happen(connection.id, model::Disconnected{});
  EXPECT_THAT(life_.run(certificates_.renew({}, id)).error().message, HasSubstr("before it is reconnected"));
}

TEST_F(CertificatesTest, ThatAreOnTheirWayAreNotOrderedAgainByHand) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto id = certificate_of(connection).id;
  const auto wanted = must(life_.run(certificates_.renew({}, id)));
  EXPECT_EQ(must(life_.run(certificates_.renew({}, id))).version, wanted.version) << "a job at work keeps its ground";
  sight_.is_visible = false;
  life_.turn();
  ASSERT_TRUE(certificate_of(connection).order);
  life_.walk_to(life_.clock.now() + hours(2));
  ASSERT_GT(certificate_of(connection).not_before, life_.clock.now() + minutes(1));
  sight_.is_visible = true;
  must(life_.run(certificates_.renew({}, id)));
  life_.turn();
  EXPECT_FALSE(certificate_of(connection).order) << "DNS is looked at at once";
  EXPECT_EQ(first_.count_of("newOrder"), 2);
}

TEST_F(CertificatesTest, ThatHaveFailedAreTriedByHandOnceAnHour) {
  let_authorities([](auto& choices) { choices.refuses_to_order["www.shop.example"] = "rejectedIdentifier"; });
  const auto connection = connect_and_mark();
  life_.turn();
  const auto id = certificate_of(connection).id;
  while (*certificate_of(connection).not_before < life_.clock.now() + hours(2)) {
    life_.walk_to(*certificate_of(connection).not_before);
  }
  life_.clock.advance(minutes(59));
  const auto refused = life_.run(certificates_.renew({}, id));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kRateLimited);
  EXPECT_EQ(refused.error().retry_after, minutes(1));
  EXPECT_THAT(refused.error().message, HasSubstr("policy forbids it"));
  let_authorities([](auto& choices) { choices.refuses_to_order.clear(); });
  life_.clock.advance(minutes(1));
  must(life_.run(certificates_.renew({}, id)));
  life_.turn();
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
}

TEST_F(CertificatesTest, GoOnWhereACrashLeftThem) {
  // A database that refuses each write in turn: the next run goes on from what was saved.
  const auto connection = connect_and_mark();
  for (int passed = 1; passed < 12 && now(connection).status == model::Status::kSslValidating; ++passed) {
    life_.world.database.refuse(1, Kind::kUnavailable, passed);
    static_cast<void>(life_.run(life_.runner.run_once()));
    life_.world.database.refuse(0);
    life_.clock.advance(minutes(2));
  }
  life_.walk_to(life_.clock.now() + minutes(30));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_LE(first_.count_of("newOrder"), 4);
}

TEST_F(CertificatesTest, WaitWhileTheirZoneCannotBeWritten) {
  zone_.break_down(true);
  const auto connection = connect_and_mark();
  life_.turn();
  EXPECT_EQ(certificate_of(connection).trouble->cause, "certificate_zone_unwritable");
  EXPECT_TRUE(certificate_of(connection).order) << "the order is kept";
  zone_.break_down(false);
  life_.walk_to(life_.clock.now() + minutes(2));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(first_.count_of("newOrder"), 1);
}

TEST_F(CertificatesTest, ReplaceAnOrderThatHasEnded) {
  first_.choose([](auto& choices) { choices.has_renewal_info = false; });
  const auto connection = connect_and_mark();
  life_.turn();
  const auto before = certificate_of(connection).held->serial;
  sight_.is_visible = false;
  must(life_.run(certificates_.renew({}, certificate_of(connection).id)));
  life_.turn();
  life_.clock.advance(certificate_of(connection).order->expires_at - life_.clock.now() + seconds(1));
  sight_.is_visible = true;
  life_.walk_to(life_.clock.now() + minutes(2));
  EXPECT_EQ(first_.count_of("newOrder"), 3);
  EXPECT_NE(certificate_of(connection).held->serial, before);
}

// ── bad days ────────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(CertificatesTest, ReplaceAnOrderThatTheAuthorityHasEnded) {
  sight_.is_visible = false;
  const auto connection = connect_and_mark();
  life_.turn();
  first_.expire_orders();
  sight_.is_visible = true;
  life_.walk_to(life_.clock.now() + seconds(20));
  EXPECT_THAT(attention_of(connection).explanation, HasSubstr("first"));
  EXPECT_FALSE(certificate_of(connection).order);
  life_.walk_to(life_.clock.now() + minutes(20));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(first_.count_of("newOrder"), 2);
}

TEST_F(CertificatesTest, MakeAnotherAccountWhenTheirsIsDeactivated) {
  const auto connection = connect_and_mark();
  life_.turn();
  first_.deactivate_accounts();
  must(life_.run(certificates_.renew({}, certificate_of(connection).id)));
  const auto serial = certificate_of(connection).held->serial;
  life_.walk_to(life_.clock.now() + minutes(20));
  EXPECT_NE(certificate_of(connection).held->serial, serial);
}

TEST_F(CertificatesTest, SayThatOurClockIsWrongWhereAnAuthorityCannotBeReached) {
  // A clock that is wrong by a day makes TLS fail: nothing is heard but that.
  machine_clock_.ahead = days(1);
  std::optional<acme::testing::Authority> authority(std::in_place, life_.clock);
  authority->choose([](auto& choices) { choices.checks_txt = false; });
  Authorities authorities{{settings_of(*authority, "far")}, life_.world.storage, master_key_, machine_clock_};
  Certificates certificates{life_.world.storage, master_key_, life_.bell, life_.clock, life_.world.ids,
                            authorities,         &zone_,      {&sight_},  {}};
  life_.runner.on(model::JobKind::kCertificate, [&](model::Job job) { return certificates.pursue(std::move(job)); });
  const auto connection = connect_and_mark();
  life_.turn();
  authority.reset();
  must(life_.run(certificates.renew({}, certificate_of(connection).id)));
  life_.turn();
  life_.let_database_rest();
  EXPECT_EQ(attention_of(connection).cause, "certificate_clock_wrong");
  EXPECT_THAT(attention_of(connection).explanation, AllOf(HasSubstr("ahead of"), HasSubstr("set it")));
}

TEST_F(CertificatesTest, TakeWhatIsNotValidYetOnceOurClockIsRight) {
  signpost::testing::FakeClock authoritys_clock(life_.clock.now() + days(1));
  acme::testing::Authority authority(authoritys_clock);
  authority.choose([](auto& choices) { choices.checks_txt = false; });
  Authorities ahead{{settings_of(authority, "ahead")}, life_.world.storage, master_key_, machine_clock_};
  Certificates certificates{life_.world.storage, master_key_, life_.bell, life_.clock, life_.world.ids, ahead, &zone_,
                            {&sight_},           {}};
  life_.runner.on(model::JobKind::kCertificate, [&](model::Job job) { return certificates.pursue(std::move(job)); });
  const auto connection = connect_and_mark();
  life_.turn();
  EXPECT_EQ(attention_of(connection).cause, "certificate_clock_wrong");
  EXPECT_THAT(attention_of(connection).explanation, HasSubstr("set the clock"));
  life_.clock.advance(days(1));
  life_.walk_to(life_.clock.now() + minutes(1));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_FALSE(now(connection).attention);
  EXPECT_EQ(authority.issued(), 1);
  life_.let_database_rest();
}

TEST_F(CertificatesTest, WithoutTheirIssuersAreNotTaken) {
  first_.choose([](auto& choices) { choices.leaves_out_issuers = true; });
  const auto connection = connect_and_mark();
  life_.turn();
  EXPECT_EQ(attention_of(connection).cause, "certificate_chain_incomplete");
  EXPECT_THAT(attention_of(connection).explanation, AllOf(HasSubstr("Signpost Test"), HasSubstr("another is ordered")));
  EXPECT_FALSE(certificate_of(connection).held);
  first_.choose([](auto& choices) { choices.leaves_out_issuers = false; });
  life_.walk_to(life_.clock.now() + minutes(1));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
}

TEST_F(CertificatesTest, ForAnotherKeyAreNotTaken) {
  const auto connection = connect_and_mark();
  life_.turn();
  const auto before = certificate_of(connection).held;
  first_.choose([](auto& choices) { choices.certifies_another_key = true; });
  must(life_.run(certificates_.renew({}, certificate_of(connection).id)));
  life_.turn();
  EXPECT_EQ(attention_of(connection).cause, "certificate_key_mismatch");
  EXPECT_THAT(attention_of(connection).explanation, HasSubstr("another is ordered"));
  EXPECT_EQ(certificate_of(connection).held->serial, before->serial);
  EXPECT_EQ(certificate_of(connection).held->sealed_key, before->sealed_key);
}

TEST_F(CertificatesTest, SayThatADirectoryIsNone) {
  let_authorities_answer({"directory", 200, "", "<html>Welcome</html>", ""});
  const auto connection = connect_and_mark();
  life_.turn();
  EXPECT_EQ(attention_of(connection).cause, "certificate_nonsense");
  EXPECT_THAT(attention_of(connection).explanation,
              AllOf(HasSubstr("first"), HasSubstr("second"), HasSubstr("not ACME")));
  let_authorities([](auto& choices) { choices.canned.clear(); });
  life_.walk_to(life_.clock.now() + minutes(20));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
}

TEST_F(CertificatesTest, WaitOutAnAuthorityThatIsDownForADay) {
  let_authorities([](auto& choices) { choices.is_closed = true; });
  const auto connection = connect_and_mark();
  life_.walk_to(life_.clock.now() + days(1));
  EXPECT_EQ(attention_of(connection).cause, "certificate_try_later");
  EXPECT_THAT(attention_of(connection).explanation, HasSubstr("tried again by itself"));
  let_authorities([](auto& choices) { choices.is_closed = false; });
  life_.walk_to(life_.clock.now() + hours(1));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_FALSE(now(connection).attention);
}

TEST_F(CertificatesTest, RateLimitedInSpiteOfOurLimitsAreABugThatIsLogged) {
  auto settings = settings_of(first_, "first");
  settings.limits = {{model::LimitKind::kNames, 5, hours(168)}};
  Authorities limited{{settings}, life_.world.storage, master_key_, machine_clock_};
  Certificates certificates{life_.world.storage, master_key_, life_.bell, life_.clock, life_.world.ids, limited, &zone_,
                            {&sight_},           {}};
  life_.runner.on(model::JobKind::kCertificate, [&](model::Job job) { return certificates.pursue(std::move(job)); });
  let_authorities_answer({"newOrder", 429, "rateLimited", "too many certificates", "7200"});
  const auto connection = connect_and_mark();
  ::testing::internal::CaptureStderr();
  life_.turn();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("report it as a bug"));
  EXPECT_EQ(attention_of(connection).cause, "certificate_rate_limited");
  EXPECT_GE(certificate_of(connection).not_before, life_.clock.now() + hours(2));
  life_.let_database_rest();
}

TEST_F(CertificatesTest, ThatCouldNotBeValidatedSayWhichServerAnsweredWhat) {
  let_authorities([](auto& choices) { choices.fails_validation["www.shop.example"] = "dns"; });
  dns::RecordObservation record{*DnsName::parse("_acme-challenge.www.shop.example"), RecordType::kTxt, "the value"};
  record.authorities = {{.server = "ns1.dns.example", .address = "192.0.2.1:53", .verdict = dns::Verdict::kAgrees},
                        {.server = "ns2.dns.example", .address = "192.0.2.2:53", .verdict = dns::Verdict::kNxDomain}};
  sight_.observation.records = {record};
  const auto connection = connect_and_mark();
  life_.turn();
  EXPECT_THAT(attention_of(connection).explanation,
              AllOf(HasSubstr("ns1.dns.example (192.0.2.1:53) for TXT _acme-challenge.www.shop.example: agrees"),
                    HasSubstr("ns2.dns.example (192.0.2.2:53)"), HasSubstr("nxdomain")));
}

TEST_F(CertificatesTest, SayWhatFailedHereAndGoOnWithTheirOrder) {
  // A database that refuses one write of a run, each in turn. What a limit allows is counted by a write of its own.
  auto settings = settings_of(first_, "first");
  settings.limits = {{model::LimitKind::kOrders, 300, hours(3)}};
  Authorities limited{{settings}, life_.world.storage, master_key_, machine_clock_};
  Certificates certificates{life_.world.storage, master_key_, life_.bell, life_.clock, life_.world.ids, limited, &zone_,
                            {&sight_},           {}};
  life_.runner.on(model::JobKind::kCertificate, [&](model::Job job) { return certificates.pursue(std::move(job)); });
  int told = 0;
  for (int passed = 0; passed < 9; ++passed) {
    auto wish = life_.wish(format("w{}.shop.example", passed));
    wish.certificate_by = model::CertificateBy::kCname;
    const auto connection = must(life_.run(connections_.create({}, std::move(wish))));
    life_.skip_original_dns(connection);  // whose writes would come between
    certificate_ = certificate_of(connection);
    life_.happen(connection.id, model::StepMarked{1});
    life_.world.database.refuse(1, Kind::kUnavailable, passed);
    static_cast<void>(life_.run(life_.runner.run_once()));
    life_.world.database.refuse(0);
    const auto after = certificate_of(connection);
    EXPECT_EQ(after.failures, 0) << passed;
    if (after.trouble) {
      ++told;
      EXPECT_EQ(after.trouble->cause, "certificate_own_failure") << passed;
      EXPECT_THAT(after.trouble->explanation,
                  AllOf(HasSubstr("not at an authority"), Not(HasSubstr("the authority "))));
      EXPECT_EQ(after.not_before, life_.clock.now() + minutes(1));
    }
    life_.walk_to(life_.clock.now() + minutes(30));
    EXPECT_EQ(now(connection).status, model::Status::kSslValidated) << passed;
    EXPECT_FALSE(now(connection).attention) << passed;
  }
  EXPECT_GE(told, 1);
  life_.let_database_rest();
}

TEST_F(CertificatesTest, WhoseAccountsKeyDoesNotOpenBlameNoAuthority) {
  const auto connection = connect_and_mark();
  life_.turn();
  must(life_.run(certificates_.revoke({}, certificate_of(connection).id, acme::RevocationReason::kSuperseded)));
  const auto other_key = must(crypto::MasterKey::from_text(std::string(64, 'b')));
  Authorities sealed{{settings_of(first_, "first")}, life_.world.storage, other_key, machine_clock_};
  Certificates certificates{life_.world.storage, other_key, life_.bell, life_.clock, life_.world.ids, sealed, &zone_,
                            {&sight_},           {}};
  life_.runner.on(model::JobKind::kCertificate, [&](model::Job job) { return certificates.pursue(std::move(job)); });
  life_.turn();
  EXPECT_EQ(attention_of(connection).cause, "certificate_own_failure");
  EXPECT_THAT(attention_of(connection).explanation, AllOf(HasSubstr("our account at first"), HasSubstr("master key")));
  life_.let_database_rest();
}

TEST_F(CertificatesTest, WhoseKeyDoesNotOpenAreOrderedWithAnother) {
  first_.choose([](auto& choices) { choices.canned.assign(20, {"finalize", 503, "", "maintenance", ""}); });
  const auto connection = connect_and_mark();
  life_.turn();
  auto broken = certificate_of(connection);
  ASSERT_TRUE(broken.order);
  ASSERT_EQ(broken.order->step, model::OrderStep::kFinalizing);
  broken.order->sealed_key = "damaged";
  must(life_.world.storage.write_now<bool>(
      [&](store::Tx& tx) { return store::certificates::update(tx, broken, broken.version); }));
  first_.choose([](auto& choices) { choices.canned.clear(); });
  life_.walk_to(life_.clock.now() + minutes(1));
  EXPECT_EQ(attention_of(connection).cause, "certificate_key_lost");
  EXPECT_FALSE(certificate_of(connection).order);
  life_.walk_to(life_.clock.now() + minutes(20));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
}

// ── CAA ─────────────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(CertificatesTest, ByTxtKeepTheirOrderWhateverCaaSaysBeforeItIsProven) {
  using Kind = dns::CaaVerdict::Kind;
  for (const auto kind : {Kind::kOpen, Kind::kFailed, Kind::kForbidden}) {
    sight_.is_visible = false;
    auto wish = life_.wish(format("w{}.shop.example", static_cast<int>(kind)));
    wish.certificate_by = model::CertificateBy::kTxt;
    const auto connection = must(life_.run(connections_.create({}, std::move(wish))));
    const auto started = must(life_.run(certificates_.start(connection.application, connection.id)));
    life_.happen(connection.id, model::StepMarked{1});
    life_.walk_to(life_.clock.now() + minutes(20));
    see_txt(connection);
    sight_.is_visible = true;
    sight_.caa_verdict = dns::CaaVerdict{.kind = kind, .sentence = "0 issue \";\" lets nobody issue"};
    life_.walk_to(life_.clock.now() + hours(3));
    EXPECT_EQ(certificate_of(connection).order.value().url, started.certificate.order->url);
    EXPECT_EQ(certificate_of(connection).failures, 0);
    EXPECT_THAT(attention_of(connection).cause, ::testing::StartsWith("certificate_caa_"));
    sight_.caa_verdict.reset();
    must(life_.run(certificates_.complete(connection.application, connection.id, std::chrono::steady_clock::now())));
    life_.turn();
    EXPECT_EQ(now(connection).status, model::Status::kSslValidated) << "whoever completes has it looked at at once";
  }
  EXPECT_EQ(first_.count_of("newOrder"), 3);
}

TEST_F(CertificatesTest, ThatCaaForbidsAreLookedAtAtOnceForWhoCompletes) {
  sight_.caa_allows = {"other.example"};
  const auto connection = connect_and_mark();
  life_.walk_to(life_.clock.now() + days(2));
  ASSERT_EQ(attention_of(connection).cause, "certificate_caa_forbids");
  sight_.caa_allows.clear();
  life_.runner.start();
  const auto completed = must(life_.run(
      certificates_.complete(connection.application, connection.id, std::chrono::steady_clock::now() + seconds(10))));
  EXPECT_EQ(completed.connection.status, model::Status::kSslValidated) << "not what was found before";
  net::testing::run_task(life_.loops.at(0), life_.runner.stop(Milliseconds(1000)));
}

TEST_F(CertificatesTest, ByTxtThatCaaForbadeAreOrderedWhenTheFrontendStartsAgain) {
  sight_.caa_allows = {"other.example"};
  const auto connection = connect(model::CertificateBy::kTxt);
  for (int i = 0; i < 3; ++i) {
    const auto refused = life_.run(certificates_.start(connection.application, connection.id));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::kUnavailable);
    EXPECT_THAT(refused.error().message, HasSubstr("CAA keeps first from issuing"));
  }
  sight_.caa_allows.clear();
  EXPECT_TRUE(must(life_.run(certificates_.start(connection.application, connection.id))).certificate.order);
}

TEST_F(CertificatesTest, SayWhatCaaHasToBecome) {
  // The records that decided, and what helps.
  const std::map<std::string, std::string> ways{
      {"0 issue \";\"", "add a CAA record 0 issue \"authority.example\" beside it"},
      {"0 issuewild \";\"", "add a CAA record 0 issuewild \"authority.example\" beside it"},
      {"128 tbs \"unknown\"", "no authority issues beside it: take that record out"},
  };
  int number = 0;
  for (const auto& [property, way_out] : ways) {
    sight_.caa_verdict = dns::CaaVerdict{
        .kind = dns::CaaVerdict::Kind::kForbidden, .property = property, .sentence = "the record forbids it"};
    auto wish = life_.wish(format("w{}.shop.example", ++number));
    wish.certificate_by = model::CertificateBy::kCname;
    const auto connection = must(life_.run(connections_.create({}, std::move(wish))));
    life_.happen(connection.id, model::StepMarked{1});
    life_.turn();
    EXPECT_THAT(attention_of(connection).explanation, HasSubstr(way_out));
  }
}

// ── an authority that does not come to an end ───────────────────────────────────────────────────────────────────

TEST_F(CertificatesTest, ThatAnAuthorityDoesNotFinishComeFromTheNext) {
  sight_.is_visible = false;
  const auto connection = connect_and_mark();
  life_.turn();
  ASSERT_EQ(certificate_of(connection).order->authority, "first");
  first_.choose([](auto& choices) { choices.is_closed = true; });
  sight_.is_visible = true;
  life_.walk_to(life_.clock.now() + minutes(10));
  ASSERT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(certificate_of(connection).held->authority, "second");
  EXPECT_THAT(zone_.texts_of(certificate_of(connection).label), IsEmpty()) << "the first order's is withdrawn, too";
  EXPECT_FALSE(now(connection).attention);
}

TEST_F(CertificatesTest, ThatAnAuthorityWorksOnForHoursComeFromTheNext) {
  first_.choose([](auto& choices) {
    choices.looks_while_processing = 1'000'000;
    choices.retry_after = "60";
  });
  const auto connection = connect_and_mark();
  life_.walk_to(life_.clock.now() + minutes(50));
  ASSERT_EQ(certificate_of(connection).order->authority, "first");
  EXPECT_FALSE(now(connection).attention);
  life_.walk_to(life_.clock.now() + minutes(20));
  ASSERT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(certificate_of(connection).held->authority, "second");
}

TEST_F(CertificatesTest, SayThatAnAuthorityWorksOnThemForHours) {
  Issuing alone(*this, {settings_of(first_, "first")});
  first_.choose([](auto& choices) {
    choices.looks_while_processing = 1'000'000;
    choices.retry_after = "60";
  });
  const auto connection = connect_and_mark();
  life_.walk_to(life_.clock.now() + minutes(70));
  EXPECT_EQ(attention_of(connection).cause, "certificate_authority_busy");
  EXPECT_THAT(attention_of(connection).explanation, HasSubstr("first"));
  ASSERT_TRUE(certificate_of(connection).order) << "it may still come";
  const auto looks = first_.count_of("order");
  life_.walk_to(life_.clock.now() + days(1));
  EXPECT_LE(first_.count_of("order"), looks + 30) << "it is asked less and less";
}

TEST_F(CertificatesTest, ByTxtStayWithTheirAuthorityUntilTheEndIsNear) {
  const auto connection = connect(model::CertificateBy::kTxt);
  must(life_.run(certificates_.start(connection.application, connection.id)));
  see_txt(connection);
  life_.happen(connection.id, model::StepMarked{1});
  life_.turn();
  sight_.is_visible = false;
  const auto end = certificate_of(connection).held->not_after;
  life_.walk_to(end - days(5));
  const auto url = certificate_of(connection).order.value().url;
  ASSERT_GT(certificate_of(connection).order->expires_at, end - days(2));
  first_.choose([](auto& choices) { choices.is_closed = true; });
  sight_.is_visible = true;
  life_.walk_to(end - days(3) - hours(1));
  EXPECT_EQ(certificate_of(connection).order.value().url, url) << "its value may stand in DNS already";
  second_.choose([](auto& choices) { choices.checks_txt = false; });
  life_.walk_to(end - days(3) + hours(2));
  EXPECT_EQ(certificate_of(connection).held->authority, "second");
}

// ── several who claim one name, several jobs ────────────────────────────────────────────────────────────────────

TEST_F(CertificatesTest, ByTxtAreNotHadByWhatAnotherOrganizationHasProvenBefore) {
  let_authorities([](auto& choices) { choices.reuses_authorizations = true; });
  const auto first = connect_and_mark(model::CertificateBy::kTxt);
  must(life_.run(certificates_.start(first.application, first.id)));
  see_txt(first);
  life_.turn();
  ASSERT_EQ(now(first).status, model::Status::kSslValidated);
  must(life_.run(connections_.remove({}, first.id)));

  const auto second = connect_by_txt_for("beta");
  life_.walk_to(life_.clock.now() + minutes(10));
  EXPECT_FALSE(certificate_of(second).held);
  EXPECT_EQ(now(second).claim, model::Claim::kUnproven);
  EXPECT_EQ(attention_of(second).cause, "certificate_ownership_unproven");
  EXPECT_THAT(attention_of(second).explanation,
              AllOf(HasSubstr(model::claim_name(second).text()), HasSubstr(model::claim_value(second))));

  life_.eye.publish_claim(second);
  life_.walk_to(life_.clock.now() + hours(2));
  EXPECT_EQ(now(second).status, model::Status::kSslValidated);
}

TEST_F(CertificatesTest, ByTxtOfOneChallengeAreOnlyForWhoProvesTheClaim) {
  let_authorities([](auto& choices) { choices.reuses_authorizations = true; });
  const auto first = connect_by_txt_for("acme");
  const auto second = connect_by_txt_for("beta");
  ASSERT_EQ(certificate_of(first).order->challenges.front().challenge_url,
            certificate_of(second).order->challenges.front().challenge_url);
  see_txt(first);
  life_.walk_to(life_.clock.now() + minutes(10));
  EXPECT_FALSE(certificate_of(first).held);
  EXPECT_FALSE(certificate_of(second).held);

  life_.eye.publish_claim(first);
  life_.walk_to(life_.clock.now() + hours(2));
  EXPECT_EQ(now(first).status, model::Status::kSslValidated);
  EXPECT_FALSE(certificate_of(second).held);
  EXPECT_EQ(now(second).claim, model::Claim::kLost);
}

TEST_F(CertificatesTest, ByTxtAreNotHadByTheRecordOfAnOrganizationWhoseClaimHasEnded) {
  let_authorities([](auto& choices) { choices.reuses_authorizations = true; });
  sight_.is_visible = false;
  const auto first = connect_by_txt_for("acme");
  life_.walk_to(life_.clock.now() + hours(73));
  ASSERT_EQ(now(first).claim, model::Claim::kExpired);
  const auto second = connect_by_txt_for("beta");
  see_txt(first);
  sight_.is_visible = true;
  life_.walk_to(life_.clock.now() + minutes(10));
  EXPECT_FALSE(certificate_of(second).held);
  EXPECT_EQ(now(second).claim, model::Claim::kUnproven);
}

TEST_F(CertificatesTest, ByTxtAreNotHadByTheRecordOfAConnectionThatIsGone) {
  let_authorities([](auto& choices) { choices.reuses_authorizations = true; });
  const auto first = connect_by_txt_for("acme");
  const auto text = certificate_of(first).order->challenges.front().text;
  must(life_.run(connections_.remove({}, first.id)));
  const auto second = connect_by_txt_for("beta");
  ASSERT_EQ(certificate_of(second).order->challenges.front().text, text) << "the authority gave its order away again";
  see_txt(second);
  life_.walk_to(life_.clock.now() + minutes(10));
  EXPECT_FALSE(certificate_of(second).held);
  EXPECT_EQ(attention_of(second).cause, "certificate_ownership_unproven");
}

TEST_F(CertificatesTest, ByTxtAreHadByWhatTheSameOrganizationHasProvenBefore) {
  let_authorities([](auto& choices) { choices.reuses_authorizations = true; });
  const auto first = connect_by_txt_for("acme");
  see_txt(first);
  life_.turn();
  ASSERT_EQ(now(first).status, model::Status::kSslValidated);
  must(life_.run(connections_.remove({}, first.id)));
  const auto again = connect_by_txt_for("acme");
  life_.turn();
  EXPECT_EQ(now(again).status, model::Status::kSslValidated);
}

TEST_F(CertificatesTest, AreOrderedOnceWhoeverWaitsMeanwhile) {
  const auto connection = connect_and_mark();
  sight_.during_next_look([&]() -> Task<void> {
    const auto seen =
        co_await certificates_.complete(connection.application, connection.id, std::chrono::steady_clock::now());
    EXPECT_TRUE(seen);
  });
  life_.turn();
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(first_.count_of("newOrder"), 1);
}

TEST_F(CertificatesTest, ByTxtThatAreStartedTwiceAtOnceHaveOneValueForBoth) {
  // Each finds no order and places one: the authority forgets the one that nobody proves, and both are told the other.
  const auto connection = connect(model::CertificateBy::kTxt);
  std::vector<std::vector<std::string>> values;
  const auto start = [&]() -> Task<void> {
    const auto started = co_await certificates_.start(connection.application, connection.id);
    EXPECT_TRUE(started) << (started ? "" : started.error().message);
    if (started) values.push_back(texts_of(started->certificate));
  };
  auto& loop = life_.loops.at(0);
  auto other = boost::asio::co_spawn(loop, start(), boost::asio::use_future);
  net::testing::run_task(loop, start());
  while (other.wait_for(seconds(0)) != std::future_status::ready) loop.run_one();
  ASSERT_EQ(values.size(), 2);
  EXPECT_EQ(values[0], values[1]);
  EXPECT_EQ(values[0], texts_of(certificate_of(connection)));
  EXPECT_LE(first_.count_of("newOrder"), 2);

  see_txt(connection);
  life_.happen(connection.id, model::StepMarked{1});
  life_.turn();
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
}

TEST_F(CertificatesTest, KeepTheAccountThatAnotherJobHasJustMade) {
  auto& authority = authorities_.at(0);
  const auto gone = life_.run(authority.account()).value().value();
  first_.forget_accounts();
  must(life_.run(authority.forget_account(gone)));
  const auto fresh = life_.run(authority.account()).value().value();
  ASSERT_NE(fresh.url, gone.url);
  must(life_.run(authority.forget_account(gone)));
  EXPECT_EQ(life_.run(authority.account()).value().value().url, fresh.url);
  Authorities again{{settings_of(first_, "first")}, life_.world.storage, master_key_, machine_clock_};
  EXPECT_EQ(life_.run(again.at(0).account()).value().value().url, fresh.url) << "the row is kept, too";
  life_.let_database_rest();
}

TEST_F(CertificatesTest, AreNotRenewedWithoutAPauseWhereTheAuthoritysWindowIsAlwaysOver) {
  Authorities limited{{[&] {
                        auto settings = settings_of(first_, "first");
                        settings.limits.assign(model::kLetsEncryptLimits.begin(), model::kLetsEncryptLimits.end());
                        return settings;
                      }()},
                      life_.world.storage,
                      master_key_,
                      life_.clock};
  Certificates certificates{life_.world.storage, master_key_, life_.bell, life_.clock, life_.world.ids, limited, &zone_,
                            {&sight_},           {}};
  life_.runner.on(model::JobKind::kCertificate, [&](model::Job job) { return certificates.pursue(std::move(job)); });
  const auto connection = connect_and_mark();
  for (int hour = 0; hour < 48; ++hour) {
    life_.walk_to(life_.clock.now() + hours(1));
    const auto certificate = certificate_of(connection);
    first_.set_window(certificate.held->ari_id, life_.clock.now() - days(9), life_.clock.now() - days(8));
  }
  EXPECT_LE(first_.issued(), 7) << "five of the same names at once, then one in 34 hours";
}

TEST_F(CertificatesTest, AreTriedAgainWhenTheFirstOfSeveralAuthoritiesMayBeAsked) {
  first_.choose([](auto& choices) { choices.canned.push_back({"newOrder", 429, "rateLimited", "too many", "86400"}); });
  second_.choose([](auto& choices) { choices.canned.assign(20, {"newOrder", 503, "", "maintenance", ""}); });
  const auto connection = connect_and_mark();
  life_.turn();
  EXPECT_EQ(certificate_of(connection).not_before, life_.clock.now() + minutes(1));
}

TEST_F(CertificatesTest, LeaveNothingInTheirZoneAfterAnOrderThatFailed) {
  let_authorities([](auto& choices) { choices.fails_validation["www.shop.example"] = "unauthorized"; });
  const auto connection = connect_and_mark();
  life_.turn();
  ASSERT_FALSE(certificate_of(connection).order);
  EXPECT_THAT(zone_.texts_of(certificate_of(connection).label), IsEmpty());
}

TEST_F(CertificatesTest, LeaveNothingInTheirZoneWhenTheirConnectionGoesWhileItIsLookedAt) {
  sight_.is_visible = false;
  const auto connection = connect_and_mark();
  life_.turn();
  const auto label = certificate_of(connection).label;
  ASSERT_EQ(zone_.texts_of(label).size(), 1);
  sight_.during_next_look([&]() -> Task<void> { EXPECT_TRUE(co_await connections_.remove({}, connection.id)); });
  life_.clock.advance(minutes(1));
  life_.turn();
  EXPECT_THAT(zone_.texts_of(label), IsEmpty());
}

TEST_F(CertificatesTest, ThatWereIssuedAreTakenAlsoAfterTheirOrdersEnd) {
  first_.choose([](auto& choices) { choices.has_renewal_info = false; });
  const auto connection = connect_and_mark();
  life_.turn();
  const auto serial = certificate_of(connection).held->serial;
  first_.choose([](auto& choices) { choices.canned.assign(20, {"certificate", 503, "", "maintenance", ""}); });
  must(life_.run(certificates_.renew({}, certificate_of(connection).id)));
  life_.turn();
  ASSERT_TRUE(certificate_of(connection).order);
  ASSERT_EQ(certificate_of(connection).order->step, model::OrderStep::kFinalizing);
  first_.choose([](auto& choices) { choices.canned.clear(); });
  life_.clock.advance(certificate_of(connection).order->expires_at - life_.clock.now() + seconds(1));
  life_.turn();
  EXPECT_NE(certificate_of(connection).held->serial, serial);
  EXPECT_EQ(first_.issued(), 2);
}

TEST_F(CertificatesTest, ByTxtAreOrderedForTheirRenewalWhenTheFrontendStartsAgain) {
  const auto connection = connect(model::CertificateBy::kTxt);
  must(life_.run(certificates_.start(connection.application, connection.id)));
  see_txt(connection);
  life_.happen(connection.id, model::StepMarked{1});
  life_.turn();
  const auto early = life_.run(certificates_.start(connection.application, connection.id));
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().message, HasSubstr("valid until"));

  sight_.is_visible = false;
  life_.walk_to(certificate_of(connection).renew_at.value() + minutes(1));
  ASSERT_TRUE(certificate_of(connection).order);
  life_.clock.advance(certificate_of(connection).order->expires_at - life_.clock.now() + seconds(1));
  life_.turn();
  ASSERT_FALSE(certificate_of(connection).order);
  ASSERT_GT(certificate_of(connection).not_before, life_.clock.now()) << "a pause stands";
  EXPECT_TRUE(must(life_.run(certificates_.start(connection.application, connection.id))).certificate.order);
}

TEST_F(CertificatesTest, ByTxtSayWhichRecordsMayBeDeletedForAsLongAsTheyAreHeld) {
  const auto connection = connect(model::CertificateBy::kTxt, true);
  must(life_.run(certificates_.start(connection.application, connection.id)));
  const auto first = challenge_entries({now(connection), certificate_of(connection), {}});
  ASSERT_EQ(first.size(), 2);
  EXPECT_EQ(entries_to_delete({now(connection), certificate_of(connection), {}}), first);
  see_txt(connection);
  life_.happen(connection.id, model::StepMarked{1});
  life_.turn();
  ASSERT_FALSE(certificate_of(connection).order);
  EXPECT_EQ(entries_to_delete({now(connection), certificate_of(connection), {}}), first);

  sight_.is_visible = false;
  life_.walk_to(certificate_of(connection).renew_at.value() + minutes(1));
  ASSERT_TRUE(certificate_of(connection).order);
  EXPECT_EQ(entries_to_delete({now(connection), certificate_of(connection), {}}), first) << "not what is asked for now";
}

TEST_F(CertificatesTest, ByTxtOfAHostAndItsWildcardNameEveryValueThatIsNeeded) {
  sight_.is_visible = false;
  const auto connection = connect(model::CertificateBy::kTxt, true);
  must(life_.run(certificates_.start(connection.application, connection.id)));
  auto certificate = certificate_of(connection);
  ASSERT_EQ(certificate.order->challenges.size(), 2);
  const auto entries = challenge_entries({now(connection), certificate, {}});
  ASSERT_EQ(entries.size(), 2);
  EXPECT_EQ(entries[0], (DnsEntry{"_acme-challenge.www", "TXT", certificate.order->challenges[0].text}));
  EXPECT_EQ(entries[1].value, certificate.order->challenges[1].text);
  certificate.order->challenges[0].challenge_url.clear();
  certificate.order->challenges[0].text.clear();
  EXPECT_EQ(challenge_entries({now(connection), certificate, {}}), std::vector{entries[1]}) << "one is proven already";

  see_txt(connection);
  sight_.is_visible = true;
  life_.happen(connection.id, model::StepMarked{1});
  life_.turn();
  sight_.is_visible = false;
  life_.walk_to(certificate_of(connection).renew_at.value() + minutes(1));
  for (const auto& challenge : certificate_of(connection).order->challenges) {
    EXPECT_THAT(attention_of(connection).explanation, HasSubstr(challenge.text));
  }
}

TEST_F(CertificatesTest, ThatAreRevokedWhileDisconnectedAreNoneForWhoReconnects) {
  const auto connection = connect_and_mark();
  life_.turn();
  life_.happen(connection.id, model::StepMarked{2});
  life_.happen(connection.id, model::Disconnected{});
  must(life_.run(certificates_.revoke({}, certificate_of(connection).id, acme::RevocationReason::kKeyCompromise)));
  EXPECT_FALSE(now(connection).certificate_ends_at);
  EXPECT_EQ(life_.happen(connection.id, model::Reconnected{}).status, model::Status::kPendingValidation);
  life_.happen(connection.id, model::StepMarked{1});
  life_.turn();
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(now(connection).certificate_ends_at, certificate_of(connection).held->not_after);
}

TEST_F(CertificatesTest, AreOrderedOnceWhereTheAuthorityDoesNotSayAtFirstWhatItWantsToSee) {
  first_.choose([](auto& choices) { choices.canned.assign(6, {"authorization", 503, "", "maintenance", ""}); });
  const auto connection = connect_and_mark();
  life_.turn();
  ASSERT_TRUE(certificate_of(connection).order) << "what is placed is not forgotten";
  first_.choose([](auto& choices) { choices.canned.clear(); });
  life_.walk_to(life_.clock.now() + minutes(2));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(first_.count_of("newOrder"), 1);
}

TEST_F(CertificatesTest, ByTxtTellTheirValueAtTheNextStartWhereTheAuthorityDidNotAtFirst) {
  first_.choose([](auto& choices) { choices.canned.assign(6, {"authorization", 503, "", "maintenance", ""}); });
  const auto connection = connect(model::CertificateBy::kTxt);
  const auto refused = life_.run(certificates_.start(connection.application, connection.id));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("ask again"));
  first_.choose([](auto& choices) { choices.canned.clear(); });
  const auto started = must(life_.run(certificates_.start(connection.application, connection.id)));
  EXPECT_EQ(texts_of(started.certificate).size(), 1);
  EXPECT_EQ(first_.count_of("newOrder"), 1);
}

TEST_F(CertificatesTest, DoNotFailWhereTheKeyOfTheAccountChangesMeanwhile) {
  connect_and_mark();
  life_.turn();  // there is an account
  const auto connection = [&] {
    auto wish = life_.wish("shop.shop.example");
    wish.certificate_by = model::CertificateBy::kCname;
    return must(life_.run(connections_.create({}, std::move(wish))));
  }();
  certificate_ = certificate_of(connection);
  life_.happen(connection.id, model::StepMarked{1});
  std::atomic<int> changes{0};
  first_.look_up_by([&](DnsName name) -> Task<std::vector<std::string>> {
    // While the authority validates, we ask again and again how far it is.
    if (changes++ == 0) {
      const auto changed = co_await authorities_.change_key("first", {});
      EXPECT_TRUE(changed);
    }
    co_return co_await look_up(std::move(name));
  });
  life_.walk_to(life_.clock.now() + seconds(10));
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated);
  EXPECT_EQ(certificate_of(connection).failures, 0);
  EXPECT_EQ(first_.count_of("keyChange"), 1);
  EXPECT_EQ(first_.count_of("newOrder"), 2);
  EXPECT_EQ(second_.count_of("newOrder"), 0);
}

TEST_F(CertificatesTest, SayThatAnAuthorityIsDownAlsoWhileAChangeOfTheKeyWaitsForIt) {
  const auto connection = connect_and_mark();
  life_.turn();
  let_authorities_answer({"keyChange", 503, "", "maintenance", ""});
  EXPECT_FALSE(life_.run(authorities_.change_key("first", {})));
  let_authorities([](auto& choices) {
    choices.canned.clear();
    choices.is_closed = true;
  });
  must(life_.run(certificates_.renew({}, certificate_of(connection).id)));
  life_.turn();
  EXPECT_EQ(attention_of(connection).cause, "certificate_try_later");
  EXPECT_EQ(certificate_of(connection).not_before, life_.clock.now() + minutes(1));
  let_authorities([](auto& choices) { choices.is_closed = false; });
  const auto serial = certificate_of(connection).held->serial;
  life_.walk_to(life_.clock.now() + minutes(1));
  EXPECT_NE(certificate_of(connection).held->serial, serial);
  EXPECT_EQ(authorities_.key_changes(), 1);
}

// ── the hopeless ────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(CertificatesTest, OfDeadNamesWaitForTheirLooksTogether) {
  sight_.is_delegated = false;
  sight_.is_dead = true;
  const auto connection = connect_and_mark();
  life_.turn();
  const auto key = [&] { return life_.job(connection.id, model::JobKind::kCertificate).fairness_key; };
  EXPECT_EQ(key(), model::kDoubtedTurn) << "once may have been our resolvers' fault";
  life_.walk_to(life_.clock.now() + seconds(10));
  EXPECT_EQ(key(), model::kDeadTurn);
  life_.walk_to(life_.clock.now() + seconds(10));
  EXPECT_EQ(key(), model::kDeadTurn);
  sight_.is_dead = false;
  life_.walk_to(life_.clock.now() + minutes(1));
  EXPECT_EQ(key(), fairness_key_of(connection.application, connection.organization));
}

TEST_F(CertificatesTest, OfAHostThatNobodyAnsweredForAreDoubtedFromTheFirst) {
  life_.eye.blind("servers_silent");
  const auto connection = connect();
  life_.turn();
  ASSERT_EQ(life_.job(connection.id, model::JobKind::kOriginalDns).state, model::JobState::kWaiting);
  life_.happen(connection.id, model::StepMarked{1});
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kCertificate).fairness_key, model::kDoubtedTurn);
  life_.turn();
  EXPECT_EQ(now(connection).status, model::Status::kSslValidated) << "it had its turn, and all was well";
}

TEST_F(CertificatesTest, OfAHostThatHasNotBeenLookedAtWaitAmongTheUntried) {
  const auto connection = connect();
  life_.happen(connection.id, model::StepMarked{1});
  const auto key = [&] { return life_.job(connection.id, model::JobKind::kCertificate).fairness_key; };
  EXPECT_EQ(key(), model::kUntriedTurn);
  sight_.is_delegated = false;
  sight_.is_dead = true;
  life_.eye.blind("servers_silent");
  life_.turn();
  EXPECT_EQ(key(), model::kDoubtedTurn) << "one silence only";
}

class CertificatesInDoubt : public CertificatesTest {
 protected:
  /// A claimed job of the doubted turn places an order for it.
  Rings place_order_in_doubt(const model::Connection& connection) {
    return must(life_.world.storage.write_now<Rings>([&](store::Tx& tx) -> Result<Rings> {
      const auto now = life_.clock.now();
      const auto subject = TRY(load_certificate_subject(tx, connection.id));
      TRY_VOID(store::jobs::request(tx, connection.id, model::kDoubtedTurn, {model::JobKind::kCertificate, now},
                                    life_.world.ids.make<JobRowId>(), now));
      const auto claimed = TRY(store::jobs::claim_due(tx, {.now = now, .lease_until = now + minutes(1)}));
      const auto job = std::ranges::find(claimed, model::JobKind::kCertificate, &model::Job::kind);
      if (!subject || job == claimed.end()) return fail(Kind::kInternal, "it was not claimed");
      CertificateChange change(tx, life_.world.ids, now, nullptr, &*job);
      model::CertificateOrder order{.authority = "first", .url = "https://ca.example/1", .expires_at = now + hours(1)};
      TRY(change.apply(*subject, model::OrderPlaced{std::move(order)}));
      return change.rings();
    }));
  }
};

TEST_F(CertificatesInDoubt, HoldNoPlaceOfASharedTurnOnceSomebodyHasAnswered) {
  const auto connection = connect_and_mark();
  const auto rings = place_order_in_doubt(connection);
  const auto job = life_.job(connection.id, model::JobKind::kCertificate);
  EXPECT_TRUE(job.lease_until) << "it goes on at once";
  EXPECT_EQ(job.fairness_key, fairness_key_of(connection.application, connection.organization));
  EXPECT_TRUE(rings.jobs.test(static_cast<std::size_t>(partition_of(connection.id.value())))) << "for the free place";
}

TEST_F(CertificatesInDoubt, StayThereWhileNobodyHasLooked) {
  const auto connection = connect_and_mark(model::CertificateBy::kTxt);
  place_order_in_doubt(connection);
  const auto job = life_.job(connection.id, model::JobKind::kCertificate);
  EXPECT_TRUE(job.lease_until) << "it goes on at once";
  EXPECT_EQ(job.fairness_key, model::kDoubtedTurn) << "its order was placed without a look";
}

TEST_F(CertificatesTest, BlameNobodyForResolversThatFailAndLookLessAndLess) {
  sight_.was_unseen = true;
  sight_.cause = "resolvers_fail";
  const auto connection = connect_and_mark();
  life_.walk_to(life_.clock.now() + days(1));
  EXPECT_FALSE(now(connection).attention);
  const auto looks = sight_.wishes.size();
  EXPECT_LT(looks, 60);
  life_.walk_to(life_.clock.now() + days(1));
  EXPECT_GE(sight_.wishes.size(), looks + 23) << "it goes on by itself";
}

TEST_F(CertificatesTest, LookAgainSoonWhereWeWereTooBusy) {
  sight_.was_unseen = true;
  sight_.cause = "too_busy";
  connect_and_mark();
  life_.walk_to(life_.clock.now() + hours(1));
  EXPECT_GE(sight_.wishes.size(), 100);
}

}  // namespace
}  // namespace signpost::services
