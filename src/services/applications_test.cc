// SPDX-License-Identifier: Apache-2.0
#include "services/applications.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/testing/fake_random.h"
#include "services/endpoints.h"
#include "services/testing/webhook_world.h"
#include "store/application_secrets.h"
#include "store/audit_log.h"
#include "store/members.h"

namespace signpost::services {
namespace {

using testing::must;

struct Office {
  testing::WebhookWorld world;
  crypto::testing::FakeRandom random;
  crypto::MasterKey master_key = must(crypto::MasterKey::from_text(std::string(64, 'a')));

  template <typename T>
  Result<T> act(std::function<Result<T>(store::Tx&, const Administration&)> work) {
    const Administration by{master_key, random, world.ids, world.clock.now(), "test"};
    return world.storage.write_now<T>([&](store::Tx& tx) { return work(tx, by); });
  }
  Result<NewApplication> create(ApplicationWish wish) {
    return act<NewApplication>(
        [&](store::Tx& tx, const Administration& by) { return create_application(tx, by, wish); });
  }
  Result<NewSecret> rotate(ApplicationId id, Milliseconds overlap) {
    return act<NewSecret>([&](store::Tx& tx, const Administration& by) { return rotate_secret(tx, by, id, overlap); });
  }
  std::vector<model::ApplicationSecret> secrets(ApplicationId id) {
    return must(world.storage.read_now<std::vector<model::ApplicationSecret>>(
        [&](store::Tx& tx) { return store::application_secrets::list(tx, id); }));
  }
  std::string member_refused(ApplicationWish wish) {
    const auto made = create(std::move(wish));
    if (made) return "none";
    EXPECT_EQ(made.error().kind, Kind::kUnprocessable);
    return made.error().member;
  }
};

ApplicationWish named(std::string name) {
  return {.name = std::move(name), .webhook_url = {}, .cname_target = {}, .allowed_origins = {}, .identity = {}};
}

TEST(Applications, OfOneIssuerAreToldApartByAudiences) {
  Office office;
  auto any = named("takes any");
  any.identity.issuer = "https://idp.example";
  const auto first = must(office.create(any));
  const auto second = office.create(any);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Kind::kConflict);
  EXPECT_EQ(second.error().member, "identity.audiences");
  EXPECT_NE(second.error().message.find(first.application.id.text()), std::string::npos) << second.error().message;
  auto precise = any;
  precise.identity.audiences = {"mobile"};
  const auto mobile = must(office.create(precise));
  const auto change = [&](ApplicationId id, const ApplicationChange& to) {
    return office.act<model::Application>(
        [&](store::Tx& tx, const Administration& by) { return update_application(tx, by, id, to); });
  };
  ApplicationChange to_any;
  to_any.identity = any.identity;
  EXPECT_EQ(change(mobile.application.id, to_any).error().kind, Kind::kConflict);
  EXPECT_TRUE(change(first.application.id, to_any)) << "it stays what it is";
  auto elsewhere = any;
  elsewhere.identity.issuer = "https://other.example";
  EXPECT_TRUE(office.create(elsewhere));
  EXPECT_TRUE(office.create(named("without an issuer")));
  EXPECT_TRUE(office.create(named("another without an issuer")));
}

TEST(Applications, BeginWithAnOwnerASealedSecretAndAnEndpoint) {
  Office office;
  auto wish = named("SaaS");
  wish.webhook_url = "https://hooks.saas.example/in";
  const auto made = must(office.create(wish));
  ASSERT_TRUE(made.endpoint);
  const auto members = must(office.world.storage.read_now<std::vector<model::Member>>(
      [&](store::Tx& tx) { return store::members::list(tx, made.application.id); }));
  ASSERT_EQ(members.size(), 1U);
  EXPECT_EQ(members[0].role, model::Role::kAdmin);
  EXPECT_EQ(made.endpoint->owner, members[0].id);
  const auto rows = office.secrets(made.application.id);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(rows[0].is_promoted);
  EXPECT_EQ(made.secret.substr(0, 6), "whsec_");
  EXPECT_EQ(from_base64(made.secret.substr(6)).value().size(), 32U);
  EXPECT_FALSE(rows[0].sealed.contains(made.secret.substr(6)));
  EXPECT_EQ(must(office.master_key.unseal(from_base64(rows[0].sealed).value(), rows[0].id.text())).expose(),
            made.secret);
}

TEST(Applications, KeepOriginsAsBrowsersSendThem) {
  Office office;
  auto wish = named("SaaS");
  wish.allowed_origins = {"https://App.Saas.example:443", "http://localhost:3000", "https://app.saas.example"};
  EXPECT_EQ(must(office.create(wish)).application.allowed_origins,
            (std::vector<std::string>{"https://app.saas.example", "http://localhost:3000"}));
}

TEST(Applications, NameTheMemberThatIsWrong) {
  Office office;
  EXPECT_EQ(office.member_refused(named("")), "name");
  EXPECT_EQ(office.member_refused(named("two\nlines")), "name");
  EXPECT_EQ(office.member_refused(named(std::string(101, 'x'))), "name");
  auto wish = named("SaaS");
  wish.allowed_origins = {"https://app.saas.example", "https://app.saas.example/path"};
  EXPECT_EQ(office.member_refused(wish), "allowed_origins[1]");
  wish.allowed_origins = {"*"};
  EXPECT_EQ(office.member_refused(wish), "allowed_origins[0]");
  wish = named("SaaS");
  wish.webhook_url = "ftp://hooks.saas.example";
  EXPECT_EQ(office.member_refused(wish), "webhook_url");
  wish = named("SaaS");
  wish.cname_target = "not a name";
  EXPECT_EQ(office.member_refused(wish), "cname_target");
  wish = named("SaaS");
  wish.identity.audiences = {"without issuer"};
  EXPECT_EQ(office.member_refused(wish), "identity.issuer");
}

TEST(Applications, CountCharactersOfANameNotBytes) {
  Office office;
  std::string name;
  for (int i = 0; i < 100; ++i) name += "ü";
  EXPECT_TRUE(office.create(named(name)));
}

TEST(RotateSecret, LetsTheOldOneLiveForTheOverlap) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  const auto made = must(office.rotate(id, std::chrono::hours(24)));
  EXPECT_EQ(made.old_end_at, office.world.clock.now() + std::chrono::hours(24));
  auto rows = office.secrets(id);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].id, made.id);
  EXPECT_FALSE(rows[0].is_promoted);
  EXPECT_EQ(rows[1].expires_at, made.old_end_at);
}

TEST(RotateSecret, NeverLengthensALifeThatEndsSooner) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  must(office.rotate(id, std::chrono::hours(1)));
  must(office.rotate(id, std::chrono::hours(24)));
  EXPECT_EQ(office.secrets(id).back().expires_at, office.world.clock.now() + std::chrono::hours(1));
}

TEST(RotateSecret, WithoutOverlapEndsTheOldOneAndPromotesTheNew) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  must(office.rotate(id, Milliseconds(0)));
  const auto rows = office.secrets(id);
  EXPECT_TRUE(rows[0].is_promoted);
  EXPECT_FALSE(rows[1].is_live(office.world.clock.now()));
}

TEST(RotateSecret, StopsAtTheMostLiveSecrets) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  for (std::size_t i = 1; i < model::kLiveSecretsMax; ++i) must(office.rotate(id, std::chrono::hours(24)));
  EXPECT_EQ(office.rotate(id, std::chrono::hours(24)).error().kind, Kind::kConflict);
  office.world.clock.advance(std::chrono::hours(25));
  EXPECT_TRUE(office.rotate(id, std::chrono::hours(24)));
}

TEST(RotateSecret, TakesNoOverlapBeyondAWeek) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  EXPECT_EQ(office.rotate(id, kOverlapMax + Milliseconds(1)).error().member, "overlap");
  EXPECT_TRUE(office.rotate(id, kOverlapMax));
}

TEST(PromoteSecret, MakesTheNewestLiveOneSignAndIsIdempotent) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  const auto made = must(office.rotate(id, std::chrono::hours(24)));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(
        must(office.act<SecretId>([&](store::Tx& tx, const Administration& by) { return promote_secret(tx, by, id); })),
        made.id);
  }
  const auto live = model::live_secrets(office.secrets(id), office.world.clock.now());
  EXPECT_EQ(model::entri_secret(live)->id, made.id);
}

TEST(Endpoints, StopAtTheirMost) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  const auto add = [&] {
    return office.act<model::Endpoint>([&](store::Tx& tx, const Administration& by) {
      return create_endpoint(tx, by, id, {.url = "https://hooks.saas.example/in", .event_types = {}});
    });
  };
  for (std::size_t i = 0; i < model::kEndpointsMax; ++i) must(add());
  EXPECT_EQ(add().error().kind, Kind::kConflict);
}

TEST(Endpoints, TakeOnlyKnownEventTypes) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  const auto made = office.act<model::Endpoint>([&](store::Tx& tx, const Administration& by) {
    return create_endpoint(
        tx, by, id, {.url = "https://hooks.saas.example/in", .event_types = {"domain.added", "domain.propagated"}});
  });
  EXPECT_EQ(made.error().member, "event_types[1]");
}

TEST(AuditLog, TellsEveryActAndNoSecret) {
  Office office;
  const auto made = must(office.create(named("SaaS")));
  const auto id = made.application.id;
  const auto rotated = must(office.rotate(id, std::chrono::hours(1)));
  must(office.act<void>([&](store::Tx& tx, const Administration& by) { return remove_application(tx, by, id); }));
  const auto page = must(office.world.storage.read_now<store::Page<store::audit_log::Entry>>(
      [&](store::Tx& tx) { return store::audit_log::list_across_applications(tx, {}); }));
  std::vector<std::string> actions;
  for (const auto& entry : page.items) {
    actions.push_back(entry.action);
    EXPECT_EQ(entry.actor, "test");
    EXPECT_FALSE(entry.detail.contains(made.secret) || entry.detail.contains(rotated.secret));
  }
  EXPECT_EQ(actions, (std::vector<std::string>{"application.delete", "secret.rotate", "application.create"}));
}

}  // namespace
}  // namespace signpost::services
