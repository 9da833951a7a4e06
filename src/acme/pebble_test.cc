// SPDX-License-Identifier: Apache-2.0
//
// The client against an authority that somebody else has written: Debian's Pebble, which refuses good nonces at random.
#include <gtest/gtest.h>

#include "acme/client.h"
#include "acme/key_authorization.h"
#include "acme/testing/pebble_server.h"
#include "base/clock.h"
#include "base/text.h"
#include "crypto/certification_request.h"
#include "net/testing/run_task.h"

namespace signpost::acme {
namespace {

using crypto::AccountKey;
using testing::PebbleServer;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }

class Pebble : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server = new PebbleServer({.alternates = 1}); }
  static void TearDownTestSuite() { delete server; }

  template <typename T>
  static Task<std::optional<T>> boxed(Task<T> task) {
    co_return co_await std::move(task);
  }
  template <typename T>
  T run(Task<T> task) {
    return net::testing::run_task(loop, boxed(std::move(task))).value();
  }
  template <typename T>
  T done(Task<Outcome<T>> task) {
    auto outcome = run(std::move(task));
    if (!outcome)
      throw std::runtime_error(format("{}: {}", name_of(outcome.error().trouble), outcome.error().error.message));
    return *std::move(outcome);
  }

  static Client::Settings settings_for(const PebbleServer& of) {
    return {.directory_url = of.directory_url(), .ca_file = of.ca_file()};
  }
  Account opened() {
    const auto key = AccountKey::generate();
    return {key, done(client.open_account(key, {.agrees_to_terms = true})).url};
  }
  /// From order to chain, the way that a job goes.
  Task<Outcome<crypto::CertificateChain>> issue(Account account, NewOrder wanted, std::string request,
                                                std::string preferred_root) {
    auto order = CO_TRY(co_await client.new_order(account, wanted));
    for (const auto& url : order.authorizations) {
      const auto authorization = CO_TRY(co_await client.authorization(account, url));
      if (authorization.status == AuthorizationStatus::kValid) continue;
      const auto* challenge = authorization.find(ChallengeType::kDns01);
      server->add_txt(dns01_name(authorization.name)->text(), dns01_value(account.key, challenge->token));
      (void)CO_TRY(co_await client.answer_challenge(account, challenge->url));
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    order = CO_TRY(co_await client.wait_for_order(account, order.url, until));
    if (order.status == OrderStatus::kReady) order = CO_TRY(co_await client.finalize(account, order, request));
    if (order.status == OrderStatus::kProcessing)
      order = CO_TRY(co_await client.wait_for_order(account, order.url, until));
    if (order.status != OrderStatus::kValid) {
      co_return std::unexpected(Failure(
          Trouble::kRefused, Error{Kind::kConflict, std::string(name_of(order.status)), {}, {}}, order.problem));
    }
    co_return co_await client.certificate(account, order.certificate_url, preferred_root);
  }
  crypto::CertificateChain issued(const Account& account, const std::vector<DnsName>& names,
                                  const crypto::PrivateKey& key, const std::string& preferred_root = "") {
    return done(issue(account, {names}, crypto::make_certification_request(key, names).value(), preferred_root));
  }

  static PebbleServer* server;
  SystemClock clock;
  net::Loop loop{1};
  Client client{settings_for(*server), clock};
};
PebbleServer* Pebble::server = nullptr;

TEST_F(Pebble, IssuesForANameAndItsWildcard) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256);
  const std::vector names{name("both.example"), name("*.both.example")};
  const auto chain = issued(opened(), names, key);
  EXPECT_TRUE(chain.check_key(key).has_value());
  EXPECT_TRUE(chain.check_order().has_value());
  EXPECT_TRUE(chain.check_names(names).has_value());
  EXPECT_TRUE(chain.check_times(clock.now() + std::chrono::minutes(1)).has_value());
  EXPECT_TRUE(chain.renewal_id().has_value());
}

TEST_F(Pebble, IssuesForRsa) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kRsa2048);
  EXPECT_TRUE(issued(opened(), {name("rsa.example")}, key).check_key(key).has_value());
}

TEST_F(Pebble, FollowsAnAliasOfTheChallenge) {
  const auto account = opened();
  server->set_cname("_acme-challenge.aliased.example", "k7q2.acme.saas.example");
  auto order = done(client.new_order(account, {{name("aliased.example")}}));
  const auto authorization = done(client.authorization(account, order.authorizations.front()));
  const auto* challenge = authorization.find(ChallengeType::kDns01);
  server->add_txt("k7q2.acme.saas.example", dns01_value(account.key, challenge->token));
  done(client.answer_challenge(account, challenge->url));
  order = done(client.wait_for_order(account, order.url, std::chrono::steady_clock::now() + std::chrono::seconds(30)));
  EXPECT_EQ(order.status, OrderStatus::kReady);
}

TEST_F(Pebble, HandsOutTheChainOfThePreferredRoot) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256);
  const auto account = opened();
  for (const int number : {0, 1}) {
    const auto root = server->root_name(number);
    const auto chain = issued(account, {name("chains.example")}, key, root);
    EXPECT_EQ(chain.root_name(), root);
    EXPECT_TRUE(chain.check_order().has_value());
  }
}

TEST_F(Pebble, SaysWhyAValidationFailed) {
  const auto account = opened();
  const auto order = done(client.new_order(account, {{name("missing.example")}}));
  const auto authorization = done(client.authorization(account, order.authorizations.front()));
  done(client.answer_challenge(account, authorization.find(ChallengeType::kDns01)->url));
  const auto after =
      done(client.wait_for_order(account, order.url, std::chrono::steady_clock::now() + std::chrono::seconds(30)));
  EXPECT_EQ(after.status, OrderStatus::kInvalid);
  const auto failed = done(client.authorization(account, order.authorizations.front()));
  EXPECT_EQ(failed.status, AuthorizationStatus::kInvalid);
  ASSERT_NE(failed.problem(), nullptr);
  EXPECT_EQ(failed.problem()->trouble(), Trouble::kUnauthorized) << failed.problem()->in_words();
}

TEST_F(Pebble, RevokesACertificate) {
  const auto account = opened();
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256);
  const auto chain = issued(account, {name("revoked.example")}, key);
  EXPECT_EQ(server->status_of(chain.leaf().serial), "Valid");
  done(client.revoke(account, chain.leaf_der(), RevocationReason::kSuperseded));
  EXPECT_EQ(server->status_of(chain.leaf().serial), "Revoked");
  const auto again = run(client.revoke(account, chain.leaf_der(), RevocationReason::kSuperseded));
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().trouble, Trouble::kAlreadyRevoked);
}

TEST_F(Pebble, RevokesACertificateByItsOwnKey) {
  const auto account = opened();
  for (const auto type : {crypto::KeyType::kEcdsaP256, crypto::KeyType::kRsa2048}) {
    const auto key = crypto::PrivateKey::generate(type);
    const auto chain = issued(account, {name("own.example")}, key);
    done(client.revoke(crypto::AccountKey::of_certificate(key), chain.leaf_der(), RevocationReason::kKeyCompromise));
    EXPECT_EQ(server->status_of(chain.leaf().serial), "Revoked") << crypto::name_of(type);
  }
}

TEST_F(Pebble, KnowsAnAccountByItsNewKey) {
  const auto account = opened();
  // Pebble answers 500 where RFC 8555 7.3.5 has 409: whatever it says, the account keeps its key.
  EXPECT_FALSE(run(client.change_key(account, opened().key)).has_value());
  EXPECT_EQ(done(client.find_account(account.key)).url, account.url);
  const auto fresh = AccountKey::generate();
  done(client.change_key(account, fresh));
  EXPECT_EQ(done(client.find_account(fresh)).url, account.url);
  const auto old = run(client.find_account(account.key));
  ASSERT_FALSE(old.has_value());
  EXPECT_EQ(old.error().trouble, Trouble::kAccountGone);
}

TEST_F(Pebble, KeepsContacts) {
  const auto account = opened();
  EXPECT_EQ(done(client.set_contacts(account, {"mailto:operator@saas.example"})).contacts,
            std::vector<std::string>{"mailto:operator@saas.example"});
}

TEST_F(Pebble, HasNoRenewalInformationAndNoProfiles) {
  EXPECT_EQ(done(client.directory()).renewal_info, "");
  EXPECT_TRUE(done(client.directory()).profiles.empty());
}

TEST_F(Pebble, ServesThirtyTwoOrdersAtOnce) {
  const auto account = opened();
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256);
  std::vector<std::future<std::optional<Outcome<crypto::CertificateChain>>>> all;
  for (int i = 0; i < 32; ++i) {
    const std::vector names{name(format("shop{}.many.example", i))};
    auto task = issue(account, {names}, crypto::make_certification_request(key, names).value(), "");
    all.push_back(boost::asio::co_spawn(loop, boxed(std::move(task)), boost::asio::use_future));
  }
  loop.restart();
  loop.run();
  for (auto& one : all) {
    const auto chain = one.get().value();
    EXPECT_TRUE(chain.has_value()) << chain.error().error.message;
  }
}

TEST(PebbleWithExternalAccounts, OpensThemForWhoHasAKey) {
  const auto mac_key = to_base64url(std::string(48, 'm'));
  const PebbleServer server({.external_keys = {{"kid-1", mac_key}}});
  const SystemClock clock;
  net::Loop loop(1);
  Client client({.directory_url = server.directory_url(), .ca_file = server.ca_file()}, clock);
  const auto open = [&](NewAccount wanted) {
    return net::testing::run_task(loop, client.open_account(AccountKey::generate(), std::move(wanted)));
  };
  EXPECT_EQ(open({.agrees_to_terms = true}).error().trouble, Trouble::kExternalAccountNeeded);
  const auto bound =
      open({.agrees_to_terms = true, .external = crypto::ExternalAccount{"kid-1", crypto::Secret(mac_key)}});
  EXPECT_TRUE(bound.has_value()) << bound.error().error.message;
  const auto strange =
      open({.agrees_to_terms = true, .external = crypto::ExternalAccount{"kid-9", crypto::Secret(mac_key)}});
  ASSERT_FALSE(strange.has_value());
  EXPECT_EQ(strange.error().trouble, Trouble::kExternalAccountNeeded) << strange.error().error.message;
}

}  // namespace
}  // namespace signpost::acme
