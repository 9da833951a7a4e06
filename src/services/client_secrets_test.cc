// SPDX-License-Identifier: Apache-2.0
#include "services/client_secrets.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "services/endpoints.h"
#include "services/testing/office.h"
#include "store/application_secrets.h"

namespace signpost::services {
namespace {

using testing::must;
using testing::named;
using testing::Office;

std::vector<model::ApplicationSecret> secrets_of(Office& office, ApplicationId id) {
  return must(office.world.storage.read_now<std::vector<model::ApplicationSecret>>(
      [&](store::Tx& tx) { return store::application_secrets::list(tx, id); }));
}

TEST(RotateSecret, LetsTheOldOneLiveForTheOverlap) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  const auto made = must(office.rotate(id, {.overlap = std::chrono::hours(24)}));
  EXPECT_EQ(made.old_end_at, office.world.clock.now() + std::chrono::hours(24));
  auto rows = secrets_of(office, id);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].id, made.id);
  EXPECT_FALSE(rows[0].is_promoted);
  EXPECT_EQ(rows[1].expires_at, made.old_end_at);
}

TEST(RotateSecret, NeverLengthensALifeThatEndsSooner) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  must(office.rotate(id, {.overlap = std::chrono::hours(1)}));
  must(office.rotate(id, {.overlap = std::chrono::hours(24)}));
  EXPECT_EQ(secrets_of(office, id).back().expires_at, office.world.clock.now() + std::chrono::hours(1));
}

TEST(RotateSecret, WithoutOverlapEndsTheOldOneAndPromotesTheNew) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  must(office.rotate(id, {.overlap = Milliseconds(0)}));
  const auto rows = secrets_of(office, id);
  EXPECT_TRUE(rows[0].is_promoted);
  EXPECT_FALSE(rows[1].is_live(office.world.clock.now()));
}

TEST(RotateSecret, StopsAtTheMostLiveSecrets) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  for (std::size_t i = 1; i < model::kLiveSecretsMax; ++i) must(office.rotate(id, {.overlap = std::chrono::hours(24)}));
  EXPECT_EQ(office.rotate(id, {.overlap = std::chrono::hours(24)}).error().kind, Kind::kConflict);
  office.world.clock.advance(std::chrono::hours(25));
  EXPECT_TRUE(office.rotate(id, {.overlap = std::chrono::hours(24)}));
}

TEST(RotateSecret, TakesNoOverlapBeyondAWeek) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  EXPECT_EQ(office.rotate(id, {.overlap = kOverlapMax + Milliseconds(1)}).error().member, "overlap");
  EXPECT_TRUE(office.rotate(id, {.overlap = kOverlapMax}));
}

TEST(PromoteSecret, MakesTheNewestLiveOneSignAndIsIdempotent) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  const auto made = must(office.rotate(id, {.overlap = std::chrono::hours(24)}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(
        must(office.act<SecretId>([&](store::Tx& tx, const Administration& by) { return promote_secret(tx, by, id); })),
        made.id);
  }
  const auto live = model::live_secrets(secrets_of(office, id), office.world.clock.now());
  EXPECT_EQ(model::entri_secret(live)->id, made.id);
}

TEST(RotateSecret, AThirdOneDoesNotSignBeforeTheSecondHasEnded) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  const auto start = office.world.clock.now();
  const auto second = must(office.rotate(id, {.overlap = std::chrono::hours(24)}));
  office.world.clock.advance(std::chrono::hours(12));
  const auto third = must(office.rotate(id, {.overlap = std::chrono::hours(24)}));
  const auto signing_after = [&](int hours) {
    const auto live = model::live_secrets(secrets_of(office, id), start + std::chrono::hours(hours));
    return model::entri_secret(live)->id;
  };
  EXPECT_NE(signing_after(23), second.id) << "the first is promoted and lives";
  EXPECT_EQ(signing_after(24), second.id);
  EXPECT_EQ(signing_after(35), second.id);
  EXPECT_EQ(signing_after(36), third.id);
}

TEST(RotateSecret, ANewOneDoesNotSignWhileOneThatWasNeverPromotedLives) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  const auto second = must(office.rotate(id, {.overlap = std::chrono::hours(1)}));
  office.world.clock.advance(std::chrono::hours(2));
  must(office.rotate(id, {.overlap = std::chrono::hours(1)}));
  const auto live = model::live_secrets(secrets_of(office, id), office.world.clock.now());
  ASSERT_EQ(live.size(), 2U);
  EXPECT_EQ(model::entri_secret(live)->id, second.id);
}

TEST(RotateSecret, TakesAGivenOneAndShowsItToNobody) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  const std::string given = "the-client-secret-of-before";
  const auto made = must(office.rotate(id, {.overlap = Milliseconds(0), .given = given}));
  EXPECT_EQ(made.secret, "");
  const auto newest = secrets_of(office, id).front();
  EXPECT_EQ(office.master_key.unseal(*from_base64(newest.sealed), newest.id.text())->expose(), given);
}

TEST(RotateSecret, RefusesASecretThatCouldBeGuessed) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  const auto refused = [&](std::string given) {
    const auto made = office.rotate(id, {.overlap = Milliseconds(0), .given = given});
    if (made) return false;
    EXPECT_EQ(made.error().kind, Kind::kUnprocessable);
    EXPECT_EQ(made.error().member, "secret");
    EXPECT_TRUE(given.size() < 8 || !made.error().message.contains(given));
    return true;
  };
  EXPECT_TRUE(refused(std::string(23, 's')));
  EXPECT_FALSE(refused(std::string(24, 's')));
  EXPECT_FALSE(refused(std::string(256, 's')));
  EXPECT_TRUE(refused(std::string(257, 's')));
  EXPECT_TRUE(refused(std::string(30, 's') + " with blanks"));
  EXPECT_TRUE(refused(std::string(30, 's') + "ü"));
  EXPECT_TRUE(refused("whsec_" + to_base64(std::string(23, 'k'))));
  EXPECT_FALSE(refused("whsec_" + to_base64(std::string(24, 'k'))));
  EXPECT_FALSE(refused("whsec_" + to_base64(std::string(64, 'k'))));
  EXPECT_TRUE(refused("whsec_" + to_base64(std::string(65, 'k'))));
  EXPECT_TRUE(refused("whsec_not base64 but long enough to be taken for it"));
}

struct EndpointOffice : Office {
  ApplicationId application = must(create(named("SaaS"))).application.id;
  EndpointId endpoint = must(act<EndpointView>([&](store::Tx& tx, const Administration& by) {
                          return create_endpoint(tx, by, application, {.url = "https://hooks.saas.example/"});
                        })).endpoint.id;

  Result<NewSecret> rotate_own(SecretWish wish = {}) {
    return act<NewSecret>([&](store::Tx& tx, const Administration& by) {
      return rotate_endpoint_secret(tx, by, application, endpoint, wish);
    });
  }
  std::vector<model::ApplicationSecret> own() {
    return must(world.storage.read_now<std::vector<model::ApplicationSecret>>(
        [&](store::Tx& tx) { return store::application_secrets::list_of_endpoint(tx, application, endpoint); }));
  }
  model::Endpoint read() {
    return must(world.storage.read_now<EndpointView>(
                    [&](store::Tx& tx) { return find_endpoint(tx, application, endpoint); }))
        .endpoint;
  }
};

TEST(EndpointSecret, TheFirstSignsAtOnceAndLaterOnesBesideTheOld) {
  EndpointOffice office;
  EXPECT_FALSE(office.read().has_own_secret);
  const auto first = must(office.rotate_own());
  EXPECT_TRUE(first.secret.starts_with("whsec_"));
  EXPECT_FALSE(first.old_end_at);
  EXPECT_TRUE(office.read().has_own_secret);
  const auto second = must(office.rotate_own({.overlap = std::chrono::hours(1)}));
  EXPECT_EQ(second.old_end_at, office.world.clock.now() + std::chrono::hours(1));
  const auto live = model::live_secrets(office.own(), office.world.clock.now());
  ASSERT_EQ(live.size(), 2U);
  EXPECT_EQ(live[0].id, second.id);
  EXPECT_EQ(model::entri_secret(live)->id, first.id);
  const auto later = model::live_secrets(office.own(), office.world.clock.now() + std::chrono::hours(1));
  ASSERT_EQ(later.size(), 1U) << "to the second";
  EXPECT_EQ(model::entri_secret(later)->id, second.id);
  EXPECT_EQ(secrets_of(office, office.application).size(), 1U) << "the application's are its own";
}

TEST(EndpointSecret, AThirdOneDoesNotSignBeforeTheSecondHasEnded) {
  EndpointOffice office;
  must(office.rotate_own());
  const auto second = must(office.rotate_own({.overlap = std::chrono::hours(24)}));
  const auto start = office.world.clock.now();
  office.world.clock.advance(std::chrono::hours(12));
  const auto third = must(office.rotate_own({.overlap = std::chrono::hours(24)}));
  const auto signing_after = [&](int hours) {
    return model::entri_secret(model::live_secrets(office.own(), start + std::chrono::hours(hours)))->id;
  };
  EXPECT_EQ(signing_after(24), second.id);
  EXPECT_EQ(signing_after(36), third.id);
}

TEST(EndpointSecret, CanBeGivenUpForTheApplications) {
  EndpointOffice office;
  must(office.rotate_own());
  for (int i = 0; i < 2; ++i) {
    must(office.act<void>([&](store::Tx& tx, const Administration& by) {
      return remove_endpoint_secrets(tx, by, office.application, office.endpoint);
    }));
  }
  EXPECT_FALSE(office.read().has_own_secret);
  EXPECT_TRUE(office.own().empty());
}

TEST(EndpointSecret, OfOthersIsNotFound) {
  EndpointOffice office;
  const auto other = must(office.create(named("Other"))).application.id;
  const auto rotated = office.act<NewSecret>([&](store::Tx& tx, const Administration& by) {
    return rotate_endpoint_secret(tx, by, other, office.endpoint, {});
  });
  EXPECT_EQ(rotated.error().kind, Kind::kNotFound);
}

}  // namespace
}  // namespace signpost::services
