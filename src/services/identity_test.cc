// SPDX-License-Identifier: Apache-2.0
#include "services/identity.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

#include "base/text.h"
#include "crypto/testing/fake_random.h"
#include "crypto/testing/token_signer.h"
#include "net/task_group.h"
#include "net/testing/run_task.h"
#include "net/testing/scripted_server.h"
#include "services/applications.h"
#include "services/testing/webhook_world.h"

namespace signpost::services {
namespace {

using crypto::Algorithm;
using crypto::testing::TokenSigner;
using testing::must;

constexpr std::string_view kIssuer = "https://clerk.saas.example";

/// An identity provider's key set on loopback that the test changes, breaks or holds back.
class KeyServer {
 public:
  explicit KeyServer(std::string body) : body_(std::move(body)) {}
  void serve(std::string body, int status = 200) {
    body_.with([&](auto& current) { current = std::move(body); });
    status_ = status;
  }
  std::string url() const { return format("http://127.0.0.1:{}/jwks.json", server_.port()); }
  int requests() const { return requests_; }

 private:
  void answer(net::testing::RawPeer& peer) {
    if (!peer.read_until("\r\n\r\n").ends_with("\r\n\r\n")) return;
    ++requests_;
    const auto body = body_.with([](const auto& current) { return current; });
    peer.send(format("HTTP/1.1 {} Status\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", status_.load(),
                     body.size(), body));
  }
  Guarded<std::string> body_;
  std::atomic<int> status_{200};
  std::atomic<int> requests_{0};
  net::testing::ScriptedServer server_{[this](net::testing::RawPeer& peer, int) { answer(peer); }};
};

struct Door {
  ~Door() { world.database.stop(); }  // its threads still hold the loop when an answer has arrived
  testing::WebhookWorld world;
  signpost::testing::FakeClock& clock = world.clock;
  crypto::testing::FakeRandom random;
  crypto::MasterKey master_key = must(crypto::MasterKey::from_text(std::string(64, 'a')));
  net::Loops loops{1};
  Directory directory{world.storage, master_key, clock};
  net::HttpClient http{net::HttpClient::Settings{.threads = 1}};
  std::unique_ptr<Identity> identity;

  explicit Door(Issuer issuer, std::size_t verified_max = 16) {
    identity = std::make_unique<Identity>(
        directory, http, clock, Identity::Settings{.issuers = {std::move(issuer)}, .verified_max = verified_max});
  }
  ApplicationId add_application(std::vector<std::string> audiences = {}) {
    const Administration by{master_key, random, world.ids, clock.now(), "test"};
    ApplicationWish wish{.name = "SaaS",
                         .webhook_url = {},
                         .cname_target = {},
                         .allowed_origins = {},
                         .identity = {std::string(kIssuer), std::move(audiences)}};
    const auto made =
        must(world.storage.write_now<NewApplication>([&](store::Tx& tx) { return create_application(tx, by, wish); }));
    must(net::testing::run_task(loops.at(0), directory.reload()));
    return made.application.id;
  }
  Result<OrganizationIdentity> authenticate(std::string token) {
    return net::testing::run_task(loops.at(0), identity->authenticate(std::move(token)));
  }
  Kind refusal(std::string token) {
    const auto found = authenticate(std::move(token));
    EXPECT_FALSE(found);
    return found ? Kind::kInternal : found.error().kind;
  }
  std::string claims(std::string_view more, int ends_in = 60) const {
    const auto now = to_seconds(clock.now());
    return format(R"({{"iss":"{}","sub":"user_1","nbf":{},"exp":{},{}}})", kIssuer, now, now + ends_in, more);
  }
};

/// A key set in a file of its own. A base of FileDoor, so that it stands before the Door reads it.
struct KeyFile {
  explicit KeyFile(const TokenSigner& signer)
      : file(std::filesystem::temp_directory_path() / format("signpost-jwks-{}-{}", getpid(), ++files)) {
    std::ofstream(file) << signer.jwks();
  }
  ~KeyFile() { std::filesystem::remove(file); }
  static inline int files = 0;
  std::filesystem::path file;
};

/// With the key set in a file.
struct FileDoor : KeyFile, Door {
  explicit FileDoor(const TokenSigner& signer, std::string claim = "")
      : KeyFile(signer), Door(Issuer{std::string(kIssuer), "", file.string(), std::move(claim)}) {}
};

constexpr std::string_view kVersion1 = R"("org_slug":"acme")";

TEST(Identity, TakesRs256AndEs256) {
  for (const auto algorithm : {Algorithm::kRs256, Algorithm::kEs256}) {
    const TokenSigner signer(algorithm);
    FileDoor door(signer);
    const auto application = door.add_application();
    const auto found = door.authenticate(signer.sign(door.claims(kVersion1)));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->application, application);
    EXPECT_EQ(found->organization, "acme");
    EXPECT_EQ(found->subject, "user_1");
  }
}

TEST(Identity, FindsTheOrganizationInBothShapesOfClerk) {
  const TokenSigner signer(Algorithm::kEs256);
  FileDoor door(signer);
  door.add_application();
  EXPECT_EQ(door.authenticate(signer.sign(door.claims(R"("org_slug":"one")")))->organization, "one");
  EXPECT_EQ(door.authenticate(signer.sign(door.claims(R"("v":2,"o":{"id":"org_1","slg":"two","rol":"admin"})")))
                ->organization,
            "two");
}

TEST(Identity, FindsTheOrganizationInAConfiguredClaimAndNowhereElse) {
  const TokenSigner signer(Algorithm::kEs256);
  FileDoor door(signer, "tenant.slug");
  door.add_application();
  EXPECT_EQ(door.authenticate(signer.sign(door.claims(R"("tenant":{"slug":"acme"})")))->organization, "acme");
  EXPECT_EQ(door.refusal(signer.sign(door.claims(kVersion1))), Kind::kForbidden);
}

TEST(Identity, ForbidsATokenWithoutOrganization) {
  const TokenSigner signer(Algorithm::kEs256);
  FileDoor door(signer);
  door.add_application();
  EXPECT_EQ(door.refusal(signer.sign(door.claims(R"("sid":"sess_1")"))), Kind::kForbidden);
}

TEST(Identity, ChoosesTheApplicationByAudienceOrAuthorizedParty) {
  const TokenSigner signer(Algorithm::kEs256);
  FileDoor door(signer);
  const auto web = door.add_application({"web"});
  const auto mobile = door.add_application({"https://m.saas.example", "mobile"});
  EXPECT_EQ(door.authenticate(signer.sign(door.claims(R"("aud":["other","web"],"org_slug":"acme")")))->application,
            web);
  EXPECT_EQ(
      door.authenticate(signer.sign(door.claims(R"("azp":"https://m.saas.example","org_slug":"acme")")))->application,
      mobile);
  EXPECT_EQ(door.refusal(signer.sign(door.claims(R"("aud":"nobody","org_slug":"acme")"))), Kind::kUnauthenticated);
  EXPECT_EQ(door.refusal(signer.sign(door.claims(R"("aud":["web","mobile"],"org_slug":"acme")"))),
            Kind::kUnauthenticated);
}

TEST(Identity, PrefersTheApplicationThatNamesTheAudienceToOneThatTakesAny) {
  const TokenSigner signer(Algorithm::kEs256);
  FileDoor door(signer);
  const auto any = door.add_application();
  const auto mobile = door.add_application({"mobile"});
  const auto of_audience = [&](std::string_view audience) {
    const auto claims = format(R"("aud":"{}",{})", audience, kVersion1);
    return must(door.authenticate(signer.sign(door.claims(claims)))).application;
  };
  EXPECT_EQ(of_audience("mobile"), mobile);
  EXPECT_EQ(of_audience("web"), any);
  EXPECT_EQ(must(door.authenticate(signer.sign(door.claims(kVersion1)))).application, any);
}

TEST(Identity, RefusesAnIssuerThatNoApplicationHas) {
  const TokenSigner signer(Algorithm::kEs256);
  FileDoor door(signer);
  EXPECT_EQ(door.refusal(signer.sign(door.claims(kVersion1))), Kind::kUnauthenticated);
}

TEST(Identity, RefusesWhatIsNotProven) {
  const TokenSigner signer(Algorithm::kEs256), stranger(Algorithm::kEs256);
  FileDoor door(signer);
  door.add_application();
  EXPECT_EQ(door.refusal(""), Kind::kUnauthenticated);
  EXPECT_EQ(door.refusal("no.token"), Kind::kUnauthenticated);
  EXPECT_EQ(door.refusal(std::string(20'000, 'a')), Kind::kUnauthenticated);
  EXPECT_EQ(door.refusal(stranger.sign(door.claims(kVersion1))), Kind::kUnauthenticated);  // the same kid, another key
  EXPECT_EQ(door.refusal(signer.sign(R"({"iss":"https://evil.example","exp":9999999999,"org_slug":"acme"})")),
            Kind::kUnauthenticated);
}

TEST(Identity, ForgivesClocksThatDifferByTheLeeway) {
  const TokenSigner signer(Algorithm::kEs256);
  FileDoor door(signer);
  door.add_application();
  const auto token = signer.sign(door.claims(kVersion1, 60));
  door.clock.advance(std::chrono::seconds(119));
  EXPECT_TRUE(door.authenticate(token));
  door.clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(door.refusal(token), Kind::kUnauthenticated);
}

TEST(Identity, RemembersNoTokenBeyondItsEnd) {
  const TokenSigner signer(Algorithm::kEs256);
  FileDoor door(signer);
  door.add_application();
  const auto token = signer.sign(door.claims(kVersion1, -30));  // within the leeway
  EXPECT_TRUE(door.authenticate(token));
  door.clock.advance(std::chrono::seconds(31));
  EXPECT_EQ(door.refusal(token), Kind::kUnauthenticated);
}

TEST(Identity, RemembersABoundedNumberOfTokens) {
  const TokenSigner signer(Algorithm::kEs256);
  FileDoor door(signer);  // 16: one in each shard
  door.add_application();
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(door.authenticate(signer.sign(door.claims(format(R"("jti":"{}",{})", i, kVersion1)))));
  }
}

TEST(Identity, FetchesKeysOnceAndAgainAfterTheirLifetime) {
  const TokenSigner signer(Algorithm::kEs256);
  KeyServer keys(signer.jwks());
  Door door({std::string(kIssuer), keys.url(), "", ""}, 0);
  door.add_application();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(door.authenticate(signer.sign(door.claims(kVersion1))));
  EXPECT_EQ(keys.requests(), 1);
  door.clock.advance(std::chrono::minutes(10));
  EXPECT_TRUE(door.authenticate(signer.sign(door.claims(kVersion1))));
  EXPECT_EQ(keys.requests(), 2);
}

TEST(Identity, RefreshesOnAnUnknownKeyButNeverHammers) {
  const TokenSigner old_key(Algorithm::kEs256, "old"), new_key(Algorithm::kEs256, "new"),
      unknown(Algorithm::kEs256, "unknown");
  KeyServer keys(old_key.jwks());
  Door door({std::string(kIssuer), keys.url(), "", ""}, 0);
  door.add_application();
  EXPECT_TRUE(door.authenticate(old_key.sign(door.claims(kVersion1))));
  keys.serve(new_key.jwks());
  door.clock.advance(Identity::kRefreshPause);
  EXPECT_TRUE(door.authenticate(new_key.sign(door.claims(kVersion1))));
  EXPECT_EQ(keys.requests(), 2);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(door.refusal(unknown.sign(door.claims(kVersion1))), Kind::kUnauthenticated);
  EXPECT_EQ(keys.requests(), 2);
  door.clock.advance(Identity::kRefreshPause);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(door.refusal(unknown.sign(door.claims(kVersion1))), Kind::kUnauthenticated);
  EXPECT_EQ(keys.requests(), 3);
}

TEST(Identity, KeepsTheOldKeysWhenAFetchFails) {
  const TokenSigner signer(Algorithm::kEs256);
  KeyServer keys(signer.jwks());
  Door door({std::string(kIssuer), keys.url(), "", ""}, 0);
  door.add_application();
  EXPECT_TRUE(door.authenticate(signer.sign(door.claims(kVersion1))));
  for (const auto& broken : {std::string("not JSON"), std::string(R"({"keys":[]})")}) {
    keys.serve(broken);
    door.clock.advance(std::chrono::minutes(10));
    EXPECT_TRUE(door.authenticate(signer.sign(door.claims(kVersion1))));
  }
  keys.serve(signer.jwks(), 500);
  door.clock.advance(std::chrono::minutes(10));
  EXPECT_TRUE(door.authenticate(signer.sign(door.claims(kVersion1))));
  EXPECT_EQ(keys.requests(), 4);
}

TEST(Identity, IsUnavailableWhileItHasNoKeysAndSaysWhenToAskAgain) {
  const TokenSigner signer(Algorithm::kEs256);
  KeyServer keys("not JSON");
  Door door({std::string(kIssuer), keys.url(), "", ""}, 0);
  door.add_application();
  const auto token = signer.sign(door.claims(kVersion1));
  for (int i = 0; i < 10; ++i) {
    const auto found = door.authenticate(token);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, Kind::kUnavailable);
    EXPECT_EQ(found.error().retry_after, std::chrono::seconds(30));
  }
  EXPECT_EQ(keys.requests(), 1);
  keys.serve(signer.jwks());
  door.clock.advance(Identity::kRefreshPause);
  EXPECT_TRUE(door.authenticate(token));
}

Task<void> note(Identity& identity, std::string token, int& successes) {
  if (co_await identity.authenticate(std::move(token))) ++successes;
}

Task<void> all_at_once(net::Executor executor, Identity& identity, std::vector<std::string> tokens, int& successes) {
  net::TaskGroup tasks(executor);
  for (auto& token : tokens) tasks.spawn(note(identity, std::move(token), successes), "note");
  co_await tasks.wait_until_empty(std::chrono::steady_clock::now() + std::chrono::seconds(20));
  co_await tasks.stop();
}

TEST(Identity, LetsManyWaitForOneFetch) {
  const TokenSigner signer(Algorithm::kEs256);
  KeyServer keys(signer.jwks());
  Door door({std::string(kIssuer), keys.url(), "", ""}, 0);
  door.add_application();
  std::vector<std::string> tokens;
  for (int i = 0; i < 20; ++i) tokens.push_back(signer.sign(door.claims(kVersion1)));
  int successes = 0;
  net::testing::run_task(door.loops.at(0),
                         all_at_once(door.loops.at(0).get_executor(), *door.identity, std::move(tokens), successes));
  EXPECT_EQ(successes, 20);
  EXPECT_EQ(keys.requests(), 1);
  EXPECT_EQ(door.identity->fetches(), 1U);
}

}  // namespace
}  // namespace signpost::services
