// SPDX-License-Identifier: Apache-2.0
#include "acme/client.h"

#include <gtest/gtest.h>

#include <optional>

#include "acme/key_authorization.h"
#include "acme/testing/authority.h"
#include "base/testing/fake_clock.h"
#include "base/text.h"
#include "crypto/certification_request.h"
#include "net/testing/run_task.h"
#include "net/testing/scripted_server.h"

namespace signpost::acme {
namespace {

using crypto::AccountKey;
using net::testing::RawPeer;
using net::testing::ScriptedServer;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Authority;
using testing::Canned;
using testing::Choices;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }

/// An authority, a client of it, and what a test does with both.
class ClientTest : public ::testing::Test {
 protected:
  Client::Settings settings() const {
    return {.directory_url = authority.directory_url(), .calls_max = 2, .plain_http = PlainHttp::kOnLoopback};
  }
  /// co_spawn can only hand out what has a default.
  template <typename T>
  static Task<std::optional<T>> boxed(Task<T> task) {
    co_return co_await std::move(task);
  }
  template <typename T>
  T run(Task<T> task) {
    return net::testing::run_task(loop, boxed(std::move(task))).value();
  }
  /// What must go well.
  template <typename T>
  T done(Task<Outcome<T>> task) {
    auto outcome = run(std::move(task));
    if (!outcome)
      throw std::runtime_error(format("{}: {}", name_of(outcome.error().trouble), outcome.error().error.message));
    return *std::move(outcome);
  }
  /// What must fail.
  template <typename T>
  Failure failed(Task<Outcome<T>> task) {
    auto outcome = run(std::move(task));
    if (outcome) throw std::runtime_error("it went well");
    return std::move(outcome).error();
  }
  void choose(const std::function<void(Choices&)>& change) { authority.choose(change); }
  void next(Canned canned) {
    choose([&](Choices& c) { c.canned.push_back(std::move(canned)); });
  }

  Account opened() {
    const auto key = AccountKey::generate();
    return {key, done(client.open_account(key, {.agrees_to_terms = true})).url};
  }
  /// Publishes what the challenges want, answers them, and returns the order as it then is.
  Order proven(const Account& account, const Order& order) {
    std::map<std::string, std::vector<std::string>> values;
    std::vector<std::string> challenges;
    for (const auto& url : order.authorizations) {
      const auto authorization = done(client.authorization(account, url));
      if (authorization.status == AuthorizationStatus::kValid) continue;
      const auto* challenge = authorization.find(ChallengeType::kDns01);
      values[dns01_name(authorization.name)->text()].push_back(dns01_value(account.key, challenge->token));
      challenges.push_back(challenge->url);
    }
    for (const auto& [at, all] : values) authority.set_txt(at, all);
    for (const auto& url : challenges) done(client.answer_challenge(account, url));
    return run(client.wait_for_order(account, order.url, std::chrono::steady_clock::now() + seconds(20))).value();
  }
  Order finalized(const Account& account, const Order& order) {
    const auto request = crypto::make_certification_request(certificate_key, order.names).value();
    auto after = done(client.finalize(account, order, request));
    if (after.status != OrderStatus::kProcessing) return after;
    return done(client.wait_for_order(account, order.url, std::chrono::steady_clock::now() + seconds(20)));
  }
  crypto::CertificateChain issued(const Account& account, const NewOrder& wanted, std::string preferred_root = "") {
    auto order = done(client.new_order(account, wanted));
    if (order.status == OrderStatus::kPending) order = proven(account, order);
    order = finalized(account, order);
    return done(client.certificate(account, order.certificate_url, std::move(preferred_root)));
  }

  signpost::testing::FakeClock clock;
  Authority authority{clock};
  net::Loop loop{1};
  Client client{settings(), clock};
  crypto::PrivateKey certificate_key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256);
};

// --- issuing ---

TEST_F(ClientTest, GetsACertificate) {
  const std::vector names{name("www.shop.example")};
  const auto chain = issued(opened(), {names});
  EXPECT_EQ(chain.leaf().names, names);
  EXPECT_TRUE(chain.check_key(certificate_key).has_value());
  EXPECT_TRUE(chain.check_order().has_value());
  EXPECT_TRUE(chain.check_times(clock.now()).has_value());
  EXPECT_EQ(authority.issued(), 1);
}

TEST_F(ClientTest, ProvesANameAndItsWildcardAtOnce) {
  const std::vector names{name("shop.example"), name("*.shop.example")};
  const auto chain = issued(opened(), {names});
  EXPECT_EQ(chain.leaf().names, names);
}

TEST_F(ClientTest, FollowsReferencesInsteadOfUrls) {
  choose([](Choices& c) {
    c.has_relative_links = true;
    c.alternates = 1;
  });
  const auto chain = issued(opened(), {{name("shop.example")}}, "Alternate 1 Root");
  EXPECT_EQ(chain.root_name(), "Alternate 1 Root");
}

TEST_F(ClientTest, WaitsForAnAuthorityThatTakesItsTime) {
  choose([](Choices& c) {
    c.looks_until_ready = 1;
    c.looks_while_processing = 1;
    c.retry_after = "1";
  });
  const auto account = opened();
  auto order = done(client.new_order(account, {{name("shop.example")}}));
  EXPECT_EQ(order.retry_after, seconds(1));
  const auto began = std::chrono::steady_clock::now();
  order = proven(account, order);
  EXPECT_EQ(order.status, OrderStatus::kReady);
  EXPECT_GE(std::chrono::steady_clock::now() - began, seconds(1)) << "before Retry-After";
  EXPECT_EQ(finalized(account, order).status, OrderStatus::kValid);
}

TEST_F(ClientTest, DoesNotWaitBeyondTheDeadline) {
  choose([](Choices& c) { c.retry_after = "3600"; });
  const auto account = opened();
  const auto order = done(client.new_order(account, {{name("shop.example")}}));
  const auto why = failed(client.wait_for_order(account, order.url, std::chrono::steady_clock::now() + seconds(20)));
  EXPECT_EQ(why.trouble, Trouble::kTryLater);
  EXPECT_EQ(why.error.kind, Kind::kTimeout);
  EXPECT_EQ(why.error.retry_after, seconds(3600));
  EXPECT_EQ(authority.count_of("order"), 1U);
}

TEST_F(ClientTest, FindsAnOrderReadyWhoseNamesAreProvenAlready) {
  choose([](Choices& c) { c.reuses_authorizations = true; });
  const auto account = opened();
  issued(account, {{name("shop.example")}});
  const auto again = done(client.new_order(account, {{name("shop.example")}}));
  EXPECT_EQ(again.status, OrderStatus::kReady);
  EXPECT_EQ(done(client.authorization(account, again.authorizations.front())).status, AuthorizationStatus::kValid);
}

TEST_F(ClientTest, SeesWhatIsStillProcessing) {
  choose([](Choices& c) {
    c.looks_while_validating = 1;
    c.retry_after = "7";
  });
  const auto account = opened();
  const auto order = done(client.new_order(account, {{name("shop.example")}}));
  const auto authorization = done(client.authorization(account, order.authorizations.front()));
  const auto url = authorization.find(ChallengeType::kDns01)->url;
  const auto challenge = done(client.answer_challenge(account, url));
  EXPECT_EQ(challenge.status, ChallengeStatus::kProcessing);
  EXPECT_EQ(challenge.retry_after, seconds(7));
  EXPECT_EQ(done(client.challenge(account, url)).status, ChallengeStatus::kProcessing);
  EXPECT_EQ(authorization.retry_after, seconds(7));
}

TEST_F(ClientTest, ChoosesTheChainOfThePreferredRoot) {
  choose([](Choices& c) { c.alternates = 2; });
  const auto account = opened();
  EXPECT_EQ(issued(account, {{name("a.example")}}, "Alternate 2 Root").root_name(), "Alternate 2 Root");
  EXPECT_EQ(issued(account, {{name("b.example")}}, "Signpost Test Root").root_name(), "Signpost Test Root");
  EXPECT_EQ(issued(account, {{name("c.example")}}, "Unheard-of Root").root_name(), "Signpost Test Root");
  EXPECT_EQ(issued(account, {{name("d.example")}}, "").root_name(), "Signpost Test Root");
}

TEST_F(ClientTest, LooksAtSoManyChainsAndNoMore) {
  choose([](Choices& c) { c.alternates = static_cast<int>(Client::kAlternatesMax) + 1; });
  const auto account = opened();
  const auto last = format("Alternate {} Root", Client::kAlternatesMax);
  EXPECT_EQ(issued(account, {{name("a.example")}}, last).root_name(), last);
  const auto beyond = format("Alternate {} Root", Client::kAlternatesMax + 1);
  EXPECT_EQ(issued(account, {{name("b.example")}}, beyond).root_name(), "Signpost Test Root");
}

TEST_F(ClientTest, ServesSeveralLoopsAtATime) {
  const auto account = opened();
  net::Loops loops(2);
  loops.start();
  Client both(settings(), clock);  // ends before the loops that it answers on
  std::vector<std::future<std::optional<Outcome<Order>>>> all;
  for (std::size_t i = 0; i < 20; ++i) {
    auto task = both.new_order(account, {{name(format("shop{}.example", i))}});
    all.push_back(boost::asio::co_spawn(loops.at(i % 2), boxed(std::move(task)), boost::asio::use_future));
  }
  for (auto& one : all) EXPECT_TRUE(one.get().value().has_value());
}

TEST_F(ClientTest, OrdersByAProfileThatTheDirectoryNames) {
  choose([](Choices& c) { c.profiles = {{"classic", "90 days"}, {"shortlived", "6 days"}}; });
  const auto account = opened();
  EXPECT_EQ(done(client.new_order(account, {.names = {name("shop.example")}, .profile = "shortlived"})).profile,
            "shortlived");
  EXPECT_EQ(done(client.new_order(account, {.names = {name("shop.example")}})).profile, "classic");
  const auto why = failed(client.new_order(account, {.names = {name("shop.example")}, .profile = "tlsclient"}));
  EXPECT_EQ(why.trouble, Trouble::kBadProfile);
  EXPECT_EQ(authority.count_of("newOrder"), 2U);
}

// --- nonces ---

TEST_F(ClientTest, NeedsOneNonceAndTakesTheOthersFromTheAnswers) {
  issued(opened(), {{name("shop.example")}});
  EXPECT_EQ(authority.count_of("newNonce"), 1U);
}

TEST_F(ClientTest, RepeatsWithTheNonceOfTheAnswerThatRefusedOne) {
  const auto account = opened();
  choose([](Choices& c) { c.bad_nonces = Client::kNonceAttemptsMax - 1; });
  EXPECT_EQ(done(client.new_order(account, {{name("shop.example")}})).status, OrderStatus::kPending);
  EXPECT_EQ(authority.count_of("newOrder"), static_cast<std::size_t>(Client::kNonceAttemptsMax));
  EXPECT_EQ(authority.count_of("newNonce"), 1U);
}

TEST_F(ClientTest, AsksForANonceIfTheRefusalBringsNone) {
  const auto account = opened();
  choose([](Choices& c) {
    c.bad_nonces = 2;
    c.gives_nonces_with_errors = false;
  });
  done(client.new_order(account, {{name("shop.example")}}));
  EXPECT_EQ(authority.count_of("newNonce"), 3U);
}

TEST_F(ClientTest, GivesUpOnAnAuthorityThatRefusesEveryNonce) {
  const auto account = opened();
  choose([](Choices& c) { c.bad_nonces = 1000; });
  const auto why = failed(client.new_order(account, {{name("shop.example")}}));
  EXPECT_EQ(why.trouble, Trouble::kTryLater);
  EXPECT_EQ(why.problem->type, "badNonce");
  EXPECT_EQ(authority.count_of("newOrder"), static_cast<std::size_t>(Client::kNonceAttemptsMax));
}

// --- the directory ---

TEST_F(ClientTest, KnowsWhatTheAuthoritySaysOfItself) {
  choose([](Choices& c) { c.needs_external_account = true; });
  const auto directory = done(client.directory());
  EXPECT_EQ(directory.caa_identities, std::vector<std::string>{"authority.example"});
  EXPECT_EQ(directory.terms_of_service, "https://authority.example/terms/7");
  EXPECT_TRUE(directory.needs_external_account);
}

TEST_F(ClientTest, AsksForTheDirectoryOnceAnHour) {
  done(client.directory());
  done(client.directory());
  EXPECT_EQ(authority.count_of("directory"), 1U);
  clock.advance(hours(1));
  done(client.directory());
  EXPECT_EQ(authority.count_of("directory"), 2U);
}

TEST_F(ClientTest, ReadsTheDirectoryAnewIfItsUrlsAreGone) {
  const auto account = opened();
  next({.where = "newOrder", .status = 404, .detail = "not here any more"});
  EXPECT_EQ(failed(client.new_order(account, {{name("shop.example")}})).trouble, Trouble::kNotFound);
  done(client.new_order(account, {{name("shop.example")}}));
  EXPECT_EQ(authority.count_of("directory"), 2U);
}

// --- accounts ---

TEST_F(ClientTest, FindsTheAccountOfAKeyAgain) {
  const auto account = opened();
  EXPECT_EQ(done(client.open_account(account.key, {.agrees_to_terms = true})).url, account.url);
  EXPECT_EQ(done(client.find_account(account.key)).url, account.url);
  EXPECT_EQ(failed(client.find_account(AccountKey::generate())).trouble, Trouble::kAccountGone);
}

TEST_F(ClientTest, OpensNoAccountBeforeTheTermsAreAgreedTo) {
  const auto why = failed(client.open_account(AccountKey::generate(), {}));
  EXPECT_EQ(why.trouble, Trouble::kTermsChanged);
  EXPECT_NE(why.error.message.find("https://authority.example/terms/7"), std::string::npos);
  EXPECT_EQ(authority.count_of("newAccount"), 0U);
  choose([](Choices& c) { c.has_terms = false; });
  clock.advance(hours(1));
  done(client.open_account(AccountKey::generate(), {}));
}

TEST_F(ClientTest, BindsAnExternalAccount) {
  const auto mac_key = to_base64url(std::string(32, 'k'));
  choose([&](Choices& c) {
    c.needs_external_account = true;
    c.external_keys = {{"kid-1", mac_key}};
  });
  NewAccount wanted{.agrees_to_terms = true};
  EXPECT_EQ(failed(client.open_account(AccountKey::generate(), wanted)).trouble, Trouble::kExternalAccountNeeded);
  EXPECT_EQ(authority.count_of("newAccount"), 0U);
  wanted.external = crypto::ExternalAccount{"kid-1", crypto::Secret(mac_key)};
  done(client.open_account(AccountKey::generate(), wanted));
  wanted.external = crypto::ExternalAccount{"kid-1", crypto::Secret(to_base64url(std::string(32, 'x')))};
  EXPECT_EQ(failed(client.open_account(AccountKey::generate(), wanted)).trouble, Trouble::kExternalAccountNeeded);
  wanted.external = crypto::ExternalAccount{"kid-1", crypto::Secret("mistyped")};
  EXPECT_EQ(failed(client.open_account(AccountKey::generate(), wanted)).error.kind, Kind::kUnprocessable);
}

TEST_F(ClientTest, KnowsAnAccountThatIsGone) {
  const auto account = opened();
  authority.deactivate_accounts();
  const auto deactivated = failed(client.new_order(account, {{name("shop.example")}}));
  EXPECT_EQ(deactivated.trouble, Trouble::kAccountGone);
  EXPECT_NE(deactivated.error.message.find("a new account must be made"), std::string::npos);
  EXPECT_EQ(failed(client.find_account(account.key)).trouble, Trouble::kAccountGone);
  EXPECT_EQ(failed(client.open_account(account.key, {.agrees_to_terms = true})).trouble, Trouble::kAccountGone);
  EXPECT_EQ(failed(client.account(account)).trouble, Trouble::kAccountGone);
  authority.forget_accounts();
  EXPECT_EQ(failed(client.new_order(account, {{name("shop.example")}})).trouble, Trouble::kAccountGone);
}

TEST_F(ClientTest, DoesNotTakeAForeignOrderForAnAccountThatIsGone) {
  const auto one = opened();
  const auto order = done(client.new_order(one, {{name("shop.example")}}));
  EXPECT_EQ(failed(client.order(opened(), order.url)).trouble, Trouble::kUnauthorized);
}

TEST_F(ClientTest, ChangesTheContactsOfAnAccount) {
  const auto account = opened();
  const auto state = done(client.set_contacts(account, {"mailto:operator@saas.example"}));
  EXPECT_EQ(state.contacts, std::vector<std::string>{"mailto:operator@saas.example"});
  EXPECT_EQ(done(client.account(account)).contacts, state.contacts);
  const auto why =
      failed(client.open_account(AccountKey::generate(), {.contacts = {"tel:1"}, .agrees_to_terms = true}));
  EXPECT_EQ(why.trouble, Trouble::kBadContact);
}

TEST_F(ClientTest, ChangesTheKeyOfAnAccount) {
  const auto account = opened();
  const auto other = opened();
  EXPECT_EQ(failed(client.change_key(account, other.key)).trouble, Trouble::kBadKey);
  const auto fresh = AccountKey::generate();
  done(client.change_key(account, fresh));
  EXPECT_EQ(done(client.find_account(fresh)).url, account.url);
  EXPECT_EQ(failed(client.find_account(account.key)).trouble, Trouble::kAccountGone);
  done(client.new_order({fresh, account.url}, {{name("shop.example")}}));
}

// --- what goes wrong ---

TEST_F(ClientTest, SaysWhatTheValidationMet) {
  const auto account = opened();
  for (const auto& [type, trouble] : {std::pair("caa", Trouble::kCaa), std::pair("dns", Trouble::kDns)}) {
    choose([&](Choices& c) { c.fails_validation["shop.example"] = type; });
    const auto order = proven(account, done(client.new_order(account, {{name("shop.example")}})));
    EXPECT_EQ(order.status, OrderStatus::kInvalid);
    ASSERT_TRUE(order.problem.has_value());
    EXPECT_EQ(order.problem->trouble(), trouble);
    const auto authorization = done(client.authorization(account, order.authorizations.front()));
    EXPECT_EQ(authorization.status, AuthorizationStatus::kInvalid);
    EXPECT_EQ(authorization.problem()->in_words(), format("{0}: {0} went wrong for shop.example", type));
  }
}

TEST_F(ClientTest, LeavesAnOrderInvalidWhoseRecordIsMissing) {
  const auto account = opened();
  const auto order = done(client.new_order(account, {{name("shop.example")}}));
  const auto authorization = done(client.authorization(account, order.authorizations.front()));
  const auto challenge = done(client.answer_challenge(account, authorization.find(ChallengeType::kDns01)->url));
  EXPECT_EQ(challenge.status, ChallengeStatus::kInvalid);
  EXPECT_EQ(challenge.problem->trouble(), Trouble::kUnauthorized);
}

TEST_F(ClientTest, SaysWhichNamesAreRefused) {
  choose([](Choices& c) {
    c.refuses_to_order = {{"bank.example", "rejectedIdentifier"}, {"a.bank.example", "rejectedIdentifier"}};
  });
  const auto account = opened();
  const auto one = failed(client.new_order(account, {{name("shop.example"), name("bank.example")}}));
  EXPECT_EQ(one.trouble, Trouble::kIdentifierRefused);
  EXPECT_NE(one.error.message.find("bank.example: rejectedIdentifier"), std::string::npos) << one.error.message;
  const auto two = failed(client.new_order(account, {{name("a.bank.example"), name("bank.example")}}));
  EXPECT_EQ(two.trouble, Trouble::kIdentifierRefused);
  EXPECT_EQ(two.problem->type, "compound");
  EXPECT_EQ(two.problem->subproblems.size(), 2U);
}

TEST_F(ClientTest, FinalizesNothingTooEarly) {
  const auto account = opened();
  const auto order = done(client.new_order(account, {{name("shop.example")}}));
  const auto request = crypto::make_certification_request(certificate_key, order.names).value();
  EXPECT_EQ(failed(client.finalize(account, order, request)).trouble, Trouble::kOrderNotReady);
}

TEST_F(ClientTest, KnowsARequestThatDoesNotSuitItsOrder) {
  const auto account = opened();
  const auto order = proven(account, done(client.new_order(account, {{name("shop.example")}})));
  const auto request = crypto::make_certification_request(certificate_key, {name("other.example")}).value();
  EXPECT_EQ(failed(client.finalize(account, order, request)).trouble, Trouble::kBadRequest);
}

TEST_F(ClientTest, SaysWhenToComeAgain) {
  const auto account = opened();
  next({.where = "newOrder", .status = 429, .type = "rateLimited", .detail = "too many orders", .retry_after = "1800"});
  const auto limited = failed(client.new_order(account, {{name("shop.example")}}));
  EXPECT_EQ(limited.trouble, Trouble::kRateLimited);
  EXPECT_EQ(limited.error.kind, Kind::kRateLimited);
  EXPECT_EQ(limited.error.retry_after, seconds(1800));
  EXPECT_NE(limited.error.message.find("too many orders"), std::string::npos);
  next({.where = "newOrder", .status = 503, .detail = "<html>", .retry_after = "Fri, 15 Jan 2027 08:02:00 GMT"});
  const auto closed = failed(client.new_order(account, {{name("shop.example")}}));
  EXPECT_EQ(closed.trouble, Trouble::kTryLater);
  EXPECT_EQ(closed.error.retry_after, seconds(120));
  next({.where = "newOrder", .status = 429, .detail = "slow down", .retry_after = "99999999"});
  EXPECT_EQ(failed(client.new_order(account, {{name("shop.example")}})).error.retry_after, Client::kRetryAfterMax);
}

TEST_F(ClientTest, KnowsAnAuthorityThatIsOutOfOrder) {
  const auto account = opened();
  next({.where = "newOrder", .status = 500, .type = "serverInternal", .detail = "oh"});
  EXPECT_EQ(failed(client.new_order(account, {{name("shop.example")}})).trouble, Trouble::kTryLater);
  next({.where = "newOrder", .status = 502, .detail = "<html>Bad Gateway</html>"});
  const auto why = failed(client.new_order(account, {{name("shop.example")}}));
  EXPECT_EQ(why.trouble, Trouble::kTryLater);
  EXPECT_NE(why.error.message.find("HTTP 502 Bad Gateway"), std::string::npos) << why.error.message;
  EXPECT_EQ(why.error.message.find("<html>"), std::string::npos);
}

TEST_F(ClientTest, ComesBackToAnAuthorityThatWasClosed) {
  const auto account = opened();
  choose([](Choices& c) {
    c.is_closed = true;
    c.retry_after = "3600";
  });
  const auto why = failed(client.new_order(account, {{name("shop.example")}}));
  EXPECT_EQ(why.trouble, Trouble::kTryLater);
  EXPECT_EQ(why.error.retry_after, seconds(3600));
  choose([](Choices& c) { c.is_closed = false; });
  done(client.new_order(account, {{name("shop.example")}}));
}

TEST_F(ClientTest, SaysWhereTheNewTermsAre) {
  const auto account = opened();
  choose([](Choices& c) { c.has_changed_terms = true; });
  const auto why = failed(client.new_order(account, {{name("shop.example")}}));
  EXPECT_EQ(why.trouble, Trouble::kTermsChanged);
  EXPECT_EQ(why.problem->instance, "https://authority.example/terms/8");
  EXPECT_NE(why.error.message.find("https://authority.example/terms/8"), std::string::npos) << why.error.message;
}

TEST_F(ClientTest, KnowsAnOrderThatIsGoneAndOneThatHasExpired) {
  const auto account = opened();
  const auto order = done(client.new_order(account, {{name("shop.example")}}));
  authority.expire_orders();
  EXPECT_EQ(done(client.order(account, order.url)).status, OrderStatus::kInvalid);
  EXPECT_EQ(done(client.authorization(account, order.authorizations.front())).status, AuthorizationStatus::kExpired);
  EXPECT_EQ(failed(client.order(account, order.url + "00")).trouble, Trouble::kNotFound);
}

TEST_F(ClientTest, TakesNoNonsense) {
  const auto account = opened();
  for (const auto* body : {"", "<html>", "[]", R"({"status":"new"})", "{\"status\":\"pending\""}) {
    next({.where = "newOrder", .status = 201, .detail = body});
    const auto why = failed(client.new_order(account, {{name("shop.example")}}));
    EXPECT_EQ(why.trouble, Trouble::kNonsense) << body;
    EXPECT_EQ(why.error.kind, Kind::kProtocol) << body;
  }
  next({.where = "newOrder", .status = 302, .detail = ""});
  EXPECT_EQ(failed(client.new_order(account, {{name("shop.example")}})).trouble, Trouble::kNonsense);
  next({.where = "order", .status = 200, .detail = std::string(Client::kAnswerBytesMax + 1, ' ')});
  EXPECT_EQ(failed(client.order(account, authority.directory_url() + "/../wishes?number=1")).trouble,
            Trouble::kNonsense);
  next({.where = "directory", .status = 200, .detail = "{}"});
  clock.advance(hours(1));
  EXPECT_EQ(failed(client.directory()).trouble, Trouble::kNonsense);
}

TEST_F(ClientTest, GivesUpOnAnAuthorityThatSaysNothing) {
  const ScriptedServer silent([](RawPeer& peer, int) { peer.read_to_end(); });
  Client other({.directory_url = format("http://127.0.0.1:{}/", silent.port()),
                .call_budget = Milliseconds(50),
                .plain_http = PlainHttp::kOnLoopback},
               clock);
  const auto why = failed(other.directory());
  EXPECT_EQ(why.trouble, Trouble::kUnreachable);
  EXPECT_EQ(why.error.kind, Kind::kTimeout);
}

TEST_F(ClientTest, SpeaksPlainHttpInTestsAlone) {
  Client strict({.directory_url = authority.directory_url()}, clock);
  EXPECT_EQ(failed(strict.directory()).trouble, Trouble::kRefused);
  Client elsewhere({.directory_url = "http://192.0.2.1/dir", .plain_http = PlainHttp::kOnLoopback}, clock);
  EXPECT_EQ(failed(elsewhere.directory()).trouble, Trouble::kRefused);
  EXPECT_EQ(authority.count_of("directory"), 0U);
}

TEST_F(ClientTest, KnowsByHowMuchTheAuthoritysClockIsAhead) {
  EXPECT_FALSE(client.clock_ahead().has_value());
  clock.set(SystemClock().now() - days(1));
  done(client.directory());
  ASSERT_TRUE(client.clock_ahead().has_value());
  EXPECT_NEAR(static_cast<double>(client.clock_ahead()->count()), static_cast<double>(seconds(days(1)).count()), 5);
}

// --- afterwards ---

TEST_F(ClientTest, RevokesACertificateOnce) {
  const auto account = opened();
  const auto chain = issued(account, {{name("shop.example")}});
  EXPECT_EQ(failed(client.revoke(opened(), chain.leaf_der(), RevocationReason::kSuperseded)).trouble,
            Trouble::kUnauthorized);
  done(client.revoke(account, chain.leaf_der(), RevocationReason::kKeyCompromise));
  EXPECT_TRUE(authority.is_revoked(chain.leaf().serial));
  EXPECT_NE(authority.requests().back().payload.find(R"("reason":1)"), std::string::npos);
  EXPECT_EQ(failed(client.revoke(account, chain.leaf_der(), RevocationReason::kSuperseded)).trouble,
            Trouble::kAlreadyRevoked);
}

TEST_F(ClientTest, RevokesACertificateOfAnotherAccountByItsOwnKey) {
  const auto chain = issued(opened(), {{name("shop.example")}});
  const auto other = crypto::AccountKey::of_certificate(crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256));
  EXPECT_EQ(failed(client.revoke(other, chain.leaf_der(), RevocationReason::kSuperseded)).trouble,
            Trouble::kUnauthorized);
  EXPECT_FALSE(authority.is_revoked(chain.leaf().serial));
  done(client.revoke(crypto::AccountKey::of_certificate(certificate_key), chain.leaf_der(),
                     RevocationReason::kKeyCompromise));
  EXPECT_TRUE(authority.is_revoked(chain.leaf().serial));
}

TEST_F(ClientTest, AsksWhenToRenew) {
  const auto account = opened();
  const auto chain = issued(account, {{name("shop.example")}});
  const auto id = chain.renewal_id().value();
  const auto info = done(client.renewal_info(id));
  EXPECT_EQ(info.start, clock.now() + days(60));
  EXPECT_EQ(info.retry_after, hours(6));
  EXPECT_EQ(info.explanation_url, "https://authority.example/why");
  authority.set_window(id, clock.now() - days(2), clock.now() - days(1));
  EXPECT_EQ(done(client.renewal_info(id)).end, clock.now() - days(1));
  for (const auto& [said, obeyed] : {std::pair("1", seconds(minutes(1))), std::pair("7200", seconds(hours(2))),
                                     std::pair("9999999", seconds(hours(24)))}) {
    choose([&](Choices& c) { c.retry_after = said; });
    EXPECT_EQ(done(client.renewal_info(id)).retry_after, obeyed);
  }
  EXPECT_EQ(failed(client.renewal_info("AAAA.AAAA")).trouble, Trouble::kNotFound);
}

TEST_F(ClientTest, KnowsAnAuthorityWithoutRenewalInformation) {
  choose([](Choices& c) { c.has_renewal_info = false; });
  EXPECT_EQ(failed(client.renewal_info("AAAA.AAAA")).trouble, Trouble::kRefused);
}

TEST_F(ClientTest, ReplacesACertificateOnce) {
  const auto account = opened();
  const auto id = issued(account, {{name("shop.example")}}).renewal_id().value();
  EXPECT_EQ(done(client.new_order(account, {.names = {name("shop.example")}, .replaces = id})).replaces, id);
  EXPECT_EQ(failed(client.new_order(account, {.names = {name("shop.example")}, .replaces = id})).trouble,
            Trouble::kAlreadyReplaced);
}

TEST(RevocationReason, HasANameButNotEveryNumber) {
  for (const auto reason :
       {RevocationReason::kUnspecified, RevocationReason::kKeyCompromise, RevocationReason::kAffiliationChanged,
        RevocationReason::kSuperseded, RevocationReason::kCessationOfOperation}) {
    EXPECT_EQ(parse_revocation_reason(name_of(reason)), reason);
  }
  EXPECT_FALSE(parse_revocation_reason("certificate_hold").has_value());
}

}  // namespace
}  // namespace signpost::acme
