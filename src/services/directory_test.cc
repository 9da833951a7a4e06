// SPDX-License-Identifier: Apache-2.0
#include "services/directory.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/testing/fake_random.h"
#include "net/testing/run_task.h"
#include "services/applications.h"
#include "services/client_secrets.h"
#include "services/endpoint_headers.h"
#include "services/keys.h"
#include "services/testing/webhook_world.h"
#include "store/application_secrets.h"
#include "store/endpoints.h"
#include "store/members.h"

namespace signpost::services {
namespace {

using testing::must;

struct Reception {
  ~Reception() { world.database.stop(); }  // its threads still hold the loop when an answer has arrived
  testing::WebhookWorld world;
  crypto::testing::FakeRandom random;
  crypto::MasterKey master_key = must(crypto::MasterKey::from_text(std::string(64, 'a')));
  net::Loops loops{1};
  Directory directory{world.storage, master_key, world.clock};

  /// As another process does it: the directory is not told.
  template <typename T>
  T act(std::function<Result<T>(store::Tx&, const Administration&)> work) {
    const Administration by{master_key, random, world.ids, world.clock.now(), "test"};
    return must(world.storage.write_now<T>([&](store::Tx& tx) { return work(tx, by); }));
  }
  NewApplication create(ApplicationWish wish) {
    return act<NewApplication>(
        [&](store::Tx& tx, const Administration& by) { return create_application(tx, by, wish); });
  }
  NewKey create_key_of(std::optional<ApplicationId> application) {
    return act<NewKey>([&](store::Tx& tx, const Administration& by) { return create_key(tx, by, "key", application); });
  }
  MemberId owner_of(ApplicationId id) {
    return must(world.storage.read_now<std::vector<model::Member>>(
                    [&](store::Tx& tx) { return store::members::list(tx, id); }))
        .at(0)
        .id;
  }
  void reload() { must(net::testing::run_task(loops.at(0), directory.reload())); }
  const model::ApiKey* authenticate(std::string_view text) {
    kept = directory.snapshot();
    return authenticate_key(*kept, text);
  }
  std::shared_ptr<const DirectorySnapshot> kept;
};

ApplicationWish saas() {
  return {.name = "SaaS",
          .webhook_url = {},
          .cname_target = {},
          .allowed_origins = {"https://app.saas.example"},
          .identity = {"https://clerk.saas.example", {"web"}}};
}

TEST(Directory, IsEmptyBeforeTheFirstReload) {
  const Reception reception;
  EXPECT_EQ(reception.directory.snapshot()->size(), 0U);
}

TEST(Directory, SeesWhatAnotherProcessHasChanged) {
  Reception reception;
  reception.reload();
  const auto id = reception.create(saas()).application.id;
  EXPECT_EQ(reception.directory.snapshot()->find(id), nullptr);
  reception.reload();
  const auto snapshot = reception.directory.snapshot();
  ASSERT_NE(snapshot->find(id), nullptr);
  EXPECT_EQ(snapshot->of_issuer("https://clerk.saas.example").size(), 1U);
  EXPECT_TRUE(snapshot->is_allowed_origin("https://app.saas.example"));
  EXPECT_FALSE(snapshot->is_allowed_origin("https://other.example"));
}

TEST(Directory, LoadsNothingWhileTheRevisionStands) {
  Reception reception;
  reception.create(saas());
  reception.reload();
  const auto before = reception.directory.snapshot();
  reception.reload();
  EXPECT_EQ(reception.directory.snapshot(), before);
}

TEST(Directory, SignsWithTheOldSecretUntilTheOverlapEnds) {
  Reception reception;
  const auto made = reception.create(saas());
  const auto id = made.application.id;
  const auto rotated = reception.act<NewSecret>([&](store::Tx& tx, const Administration& by) {
    return rotate_secret(tx, by, id, {.overlap = std::chrono::hours(1)});
  });
  reception.reload();
  auto secrets = reception.directory.secrets_of(id);
  ASSERT_TRUE(secrets);
  EXPECT_EQ(secrets->entri, made.secret);
  EXPECT_EQ(secrets->live_newest_first, (std::vector<std::string>{rotated.secret, made.secret}));
  reception.world.clock.advance(std::chrono::hours(1));  // no reload: time alone ends a secret
  secrets = reception.directory.secrets_of(id);
  EXPECT_EQ(secrets->entri, rotated.secret);
  EXPECT_EQ(secrets->live_newest_first, std::vector<std::string>{rotated.secret});
}

TEST(Directory, SignsWithTheSecondSecretOfThreeOnceTheFirstHasEnded) {
  Reception reception;
  const auto id = reception.create(saas()).application.id;
  const auto rotated = [&] {
    return reception.act<NewSecret>([&](store::Tx& tx, const Administration& by) {
      return rotate_secret(tx, by, id, {.overlap = std::chrono::hours(24)});
    });
  };
  const auto second = rotated();
  reception.world.clock.advance(std::chrono::hours(12));
  const auto third = rotated();
  reception.reload();
  reception.world.clock.advance(std::chrono::hours(12));
  EXPECT_EQ(reception.directory.secrets_of(id)->entri, second.secret);
  reception.world.clock.advance(std::chrono::hours(12));
  EXPECT_EQ(reception.directory.secrets_of(id)->entri, third.secret);
}

TEST(Directory, SignsForAnEndpointWithItsOwnSecretsIfItHasSome) {
  Reception reception;
  const auto made = reception.create(saas());
  model::Endpoint endpoint;
  endpoint.id = EndpointId(7);
  endpoint.application = made.application.id;
  endpoint.owner = reception.owner_of(made.application.id);
  endpoint.url = "https://hooks.saas.example/";
  reception.act<void>([&](store::Tx& tx, const Administration& by) -> Result<void> {
    TRY_VOID(store::endpoints::insert(tx, endpoint));
    const SecretId id(9);
    return store::application_secrets::insert(
        tx, {id, endpoint.application, to_base64(by.master_key.seal("own", id.text())), true, std::nullopt, by.now,
             endpoint.id});
  });
  reception.reload();
  EXPECT_EQ(reception.directory.secrets_for(endpoint)->entri, made.secret);
  endpoint.has_own_secret = true;
  EXPECT_EQ(reception.directory.secrets_for(endpoint)->entri, "own");
  EXPECT_EQ(reception.directory.secrets_of(endpoint.application)->entri, made.secret);
  endpoint.id = EndpointId(8);
  EXPECT_FALSE(reception.directory.secrets_for(endpoint))
      << "never signed with a secret that the receiver does not have";
}

TEST(Directory, OpensTheHeadersOfAnEndpoint) {
  Reception reception;
  model::Endpoint endpoint;
  endpoint.id = EndpointId(7);
  endpoint.headers = must(sealed_headers({{"X-Tenant", "hush"}}, endpoint.id, reception.master_key));
  EXPECT_EQ(reception.directory.headers_for(endpoint)->at(0).value, "hush");
}

TEST(Directory, HasNoSecretsOfAnUnknownApplication) {
  Reception reception;
  reception.reload();
  EXPECT_FALSE(reception.directory.secrets_of(ApplicationId(1)));
}

TEST(Keys, AreKnownByDigestUntilRevoked) {
  Reception reception;
  const auto made = reception.create_key_of(std::nullopt);
  reception.reload();
  EXPECT_EQ(made.text.size(), 67U);
  ASSERT_NE(reception.authenticate(made.text), nullptr);
  EXPECT_EQ(reception.authenticate(made.text)->id, made.key.id);
  EXPECT_EQ(reception.authenticate(made.key.digest), nullptr);
  EXPECT_EQ(reception.authenticate(made.text.substr(0, 66)), nullptr);
  EXPECT_EQ(reception.authenticate(""), nullptr);
  reception.act<void>([&](store::Tx& tx, const Administration& by) { return revoke_key(tx, by, made.key.id); });
  reception.reload();
  EXPECT_EQ(reception.authenticate(made.text), nullptr);
}

TEST(Keys, EndWithTheirApplication) {
  Reception reception;
  const auto id = reception.create(saas()).application.id;
  const auto made = reception.create_key_of(id);
  reception.reload();
  ASSERT_NE(reception.authenticate(made.text), nullptr);
  reception.act<void>([&](store::Tx& tx, const Administration& by) { return remove_application(tx, by, id); });
  reception.reload();
  EXPECT_EQ(reception.authenticate(made.text), nullptr);
}

}  // namespace
}  // namespace signpost::services
