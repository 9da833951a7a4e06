// SPDX-License-Identifier: Apache-2.0
#include "services/retention.h"

#include <gtest/gtest.h>

#include "net/loops.h"
#include "net/testing/run_task.h"
#include "services/testing/webhook_world.h"
#include "store/api_keys.h"
#include "store/authorizations.h"
#include "store/connections.h"
#include "store/deliveries.h"
#include "store/idempotency_keys.h"
#include "store/issuance_buckets.h"
#include "store/received_webhooks.h"

namespace signpost::services {
namespace {

class RetentionTest : public ::testing::Test {
 protected:
  ~RetentionTest() override { world_.database.stop(); }  // its threads wake the loop
  std::size_t sweep(Retention::Settings settings = {}) {
    Retention retention(world_.storage, world_.clock, loops_.at(0).get_executor(), settings);
    return testing::must(net::testing::run_task(loops_.at(0), retention.sweep_once()));
  }
  void keep_answer(std::string_view key) {
    if (!key_.is_set()) {
      key_ = world_.ids.make<KeyId>();
      testing::must(world_.storage.write_now<void>([&](store::Tx& tx) {
        return store::api_keys::insert(
            tx, {.id = key_, .name = "ci", .digest = std::string(64, '0'), .created_at = world_.clock.now()});
      }));
    }
    testing::must(world_.storage.write_now<bool>([&](store::Tx& tx) {
      return store::idempotency_keys::insert_if_absent(tx, key_, key,
                                                       {.request_digest = "d", .created_at = world_.clock.now()});
    }));
  }
  testing::WebhookWorld world_;
  net::Loops loops_{1};
  KeyId key_;
};

TEST_F(RetentionTest, DropsEventsOnlyWhenTheyAreOldEnough) {
  auto connection = world_.connection();
  world_.publish(connection);
  world_.clock.advance(std::chrono::days(90));
  EXPECT_EQ(sweep(), 0u);
  world_.clock.advance(Milliseconds(1));
  EXPECT_EQ(sweep(), 1u);
  EXPECT_TRUE(world_.events_of(connection).empty());
}

TEST_F(RetentionTest, ForgetsARemovedConnectionAsLateAsItsEvents) {
  auto connection = world_.connection();
  world_.publish(connection);
  EXPECT_TRUE(testing::must(world_.storage.write_now<bool>([&](store::Tx& tx) -> Result<bool> {
    TRY_VOID(store::connections::insert(tx, connection));
    return store::connections::remove(tx, world_.application.id, connection.id, world_.clock.now());
  })));
  world_.clock.advance(std::chrono::days(90));
  EXPECT_EQ(sweep(), 0u);
  world_.clock.advance(Milliseconds(1));
  EXPECT_EQ(sweep(), 2u) << "the event, and whose flow it was";
  EXPECT_EQ(sweep(), 0u);
}

TEST_F(RetentionTest, KeepsAnEventWhoseDeliveryIsStillPending) {
  world_.add_endpoint("https://hooks.saas.example/");
  auto connection = world_.connection();
  world_.publish(connection);
  world_.clock.advance(std::chrono::days(365));
  EXPECT_EQ(sweep(), 0u);
  EXPECT_EQ(world_.events_of(connection).size(), 1u);
}

TEST_F(RetentionTest, ForgetsWhatWasUsedUpOfAnAuthoritysLimitsOnceItIsFullAgainInBatches) {
  for (const auto* subject : {"a.example", "b.example", "c.example"}) {
    testing::must(world_.storage.write_now<void>([&](store::Tx& tx) {
      return store::issuance_buckets::save(tx, "first", "domain", subject, world_.clock.now() + std::chrono::hours(1));
    }));
  }
  EXPECT_EQ(sweep(), 0u);
  world_.clock.advance(std::chrono::hours(1));
  EXPECT_EQ(sweep({.batch_max = 2}), 2u);
  EXPECT_EQ(sweep({.batch_max = 2}), 1u);
  EXPECT_EQ(sweep(), 0u);
}

TEST_F(RetentionTest, DropsIdempotencyKeysAfterADay) {
  keep_answer("first");
  world_.clock.advance(std::chrono::days(1));
  keep_answer("second");
  world_.clock.advance(Milliseconds(1));
  EXPECT_EQ(sweep(), 1u);
  EXPECT_EQ(sweep(), 0u);
}

TEST_F(RetentionTest, DropsLinesOfTheAuditLogByTheirOwnAge) {
  testing::must(world_.storage.write_now<void>([&](store::Tx& tx) {
    return store::audit_log::insert(tx, {world_.ids.make<AuditId>(), world_.application.id, "test", "key.create",
                                         "key_x", "made", world_.clock.now()});
  }));
  world_.clock.advance(std::chrono::days(730));
  EXPECT_EQ(sweep(), 0u);
  world_.clock.advance(Milliseconds(1));
  EXPECT_EQ(sweep(), 1u);
  EXPECT_TRUE(world_.audit_log().empty());
}

TEST_F(RetentionTest, ForgetsWhoHadAnAuthorizationOnceNoAuthorityMayReuseIt) {
  testing::must(world_.storage.write_now<void>([&](store::Tx& tx) {
    return store::authorizations::note(tx, "https://ca.example/authz/1", world_.application.id, "acme", true,
                                       world_.clock.now());
  }));
  world_.clock.advance(std::chrono::days(398));
  EXPECT_EQ(sweep(), 0u);
  world_.clock.advance(Milliseconds(1));
  EXPECT_EQ(sweep(), 1u);
}

TEST_F(RetentionTest, DropsAttemptsBeforeTheirEvents) {
  world_.add_endpoint("https://hooks.saas.example/");
  auto connection = world_.connection();
  world_.publish(connection);
  const auto now = world_.clock.now();
  testing::must(world_.storage.write_now<void>([&](store::Tx& tx) -> Result<void> {
    for (const auto& claimed :
         TRY(store::deliveries::claim_due(tx, {.loop = {}, .now = now, .lease_until = now}, world_.ids))) {
      auto attempt = claimed.attempt;
      attempt.ended_at = now;
      TRY(store::deliveries::finish_attempt(tx, claimed.delivery, attempt, model::DeliveryState::kDelivered,
                                            std::nullopt));
    }
    return {};
  }));
  const auto delivery = world_.deliveries().front();
  world_.clock.advance(std::chrono::days(30));
  EXPECT_EQ(sweep(), 0u);
  EXPECT_EQ(world_.attempts_of(delivery).size(), 1u);
  world_.clock.advance(Milliseconds(1));
  EXPECT_EQ(sweep(), 1u);
  EXPECT_TRUE(world_.attempts_of(delivery).empty());
  EXPECT_EQ(world_.events_of(connection).size(), 1u);
}

TEST_F(RetentionTest, ForgetsWebhooksThatWereTakenAfterADay) {
  const auto take = [&] {
    return testing::must(world_.storage.write_now<bool>([&](store::Tx& tx) {
      return store::received_webhooks::insert_if_absent(tx, world_.application.id, "key", world_.clock.now());
    }));
  };
  EXPECT_TRUE(take());
  world_.clock.advance(std::chrono::days(1));
  EXPECT_EQ(sweep(), 0u);
  EXPECT_FALSE(take());
  world_.clock.advance(Milliseconds(1));
  EXPECT_EQ(sweep(), 1u);
  EXPECT_TRUE(take());
}

TEST_F(RetentionTest, TakesNoMoreThanOneBatchInATransaction) {
  auto connection = world_.connection();
  for (int i = 0; i < 5; ++i) world_.publish(connection);
  world_.clock.advance(std::chrono::days(91));
  const Retention::Settings settings{.batch_max = 2};
  EXPECT_EQ(sweep(settings), 2u);
  EXPECT_EQ(sweep(settings), 2u);
  EXPECT_EQ(sweep(settings), 1u);
  EXPECT_EQ(sweep(settings), 0u);
}

}  // namespace
}  // namespace signpost::services
