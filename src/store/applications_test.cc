// SPDX-License-Identifier: Apache-2.0
//
// Applications and what administrators keep for them: secrets, members, endpoints, API keys, audit log, idempotency
// keys.
#include "store/applications.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "store/api_keys.h"
#include "store/application_secrets.h"
#include "store/audit_log.h"
#include "store/connections.h"
#include "store/deliveries.h"
#include "store/endpoints.h"
#include "store/idempotency_keys.h"
#include "store/jobs.h"
#include "store/members.h"
#include "store/observations.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Applications : public StoreContract {};
ON_BOTH_DATABASES(Applications);

TEST_P(Applications, AreReadAsTheyWereWritten) {
  const auto written = application(1);
  must([&](Tx& tx) { return applications::insert(tx, written); });
  const auto read = must([](Tx& tx) { return applications::find(tx, ApplicationId(1)); });
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, written.name);
  EXPECT_EQ(read->cname_target, written.cname_target);
  EXPECT_EQ(read->allowed_origins, written.allowed_origins);
  EXPECT_FALSE(read->supports_dkim);
  EXPECT_EQ(read->identity, written.identity);
  EXPECT_EQ(read->created_at, written.created_at);
}

TEST_P(Applications, CanLackEverythingOptional) {
  auto bare = application(1);
  bare.cname_target.reset();
  bare.allowed_origins.clear();
  bare.identity = {};
  must([&](Tx& tx) { return applications::insert(tx, bare); });
  const auto read = must([](Tx& tx) { return applications::find(tx, ApplicationId(1)); });
  EXPECT_FALSE(read->cname_target);
  EXPECT_TRUE(read->allowed_origins.empty());
  EXPECT_EQ(read->identity, model::IdentityRule{});
}

TEST_P(Applications, ChangeByUpdate) {
  must([](Tx& tx) { return applications::insert(tx, application(1)); });
  auto changed = application(1);
  changed.name = "Renamed";
  changed.allowed_origins = {"https://new.saas.example"};
  changed.supports_dkim = true;
  EXPECT_TRUE(must([&](Tx& tx) { return applications::update(tx, changed); }));
  const auto read = must([](Tx& tx) { return applications::find(tx, ApplicationId(1)); });
  EXPECT_EQ(read->name, "Renamed");
  EXPECT_THAT(read->allowed_origins, ElementsAre("https://new.saas.example"));
  EXPECT_TRUE(read->supports_dkim);
  EXPECT_FALSE(must([&](Tx& tx) { return applications::update(tx, application(2)); }));
}

TEST_P(Applications, TakeAllTheirDataWithThemAndNothingOfOthers) {
  const SystemClock clock;
  IdMaker ids(clock);
  must([&](Tx& tx) -> Result<void> {
    for (int number = 1; number <= 2; ++number) {
      const ApplicationId id(number);
      TRY_VOID(insert_tenant(tx, number));
      TRY_VOID(application_secrets::insert(tx, {SecretId(number), id, "sealed", false, std::nullopt, kNow}));
      TRY_VOID(api_keys::insert(tx, api_key(number, id)));
      TRY(idempotency_keys::insert_if_absent(tx, KeyId(number), "k", {"digest", 201, "{}", kNow}));
      const auto sample = connection(number, id, "acme", format("www{}.shop.example", number));
      TRY_VOID(connections::insert(tx, sample));
      TRY_VOID(observations::save(tx, sample.id, {"{}", kNow}));
      TRY_VOID(jobs::request(tx, sample.id, 1, {.kind = model::JobKind::kPropagation, .not_before = kNow},
                             JobRowId(number), kNow));
      TRY_VOID(insert_delivery(tx, number, sample, EndpointId(number)));
    }
    const ClaimRequest request{.loop = {}, .now = kNow, .lease_until = kNow + Milliseconds(1)};
    for (const auto& claimed : TRY(deliveries::claim_due(tx, request, ids))) {
      TRY(deliveries::finish_attempt(tx, claimed.delivery, claimed.attempt, model::DeliveryState::kPending, kNow));
    }
    return {};
  });
  EXPECT_TRUE(must([](Tx& tx) { return applications::remove(tx, ApplicationId(1)); }));
  const Rows left = must([](Tx& tx) {
    return tx.query(
        "SELECT (SELECT COUNT(*) FROM application), (SELECT COUNT(*) FROM application_secret), "
        "(SELECT COUNT(*) FROM member), (SELECT COUNT(*) FROM endpoint), (SELECT COUNT(*) FROM api_key), "
        "(SELECT COUNT(*) FROM connection), (SELECT COUNT(*) FROM connection_record), "
        "(SELECT COUNT(*) FROM observation), (SELECT COUNT(*) FROM event), (SELECT COUNT(*) FROM delivery), "
        "(SELECT COUNT(*) FROM attempt), (SELECT COUNT(*) FROM job), (SELECT COUNT(*) FROM idempotency_key)");
  });
  for (std::size_t column = 0; column < 13; ++column)
    EXPECT_EQ(left.front().integer(column), column == 6 ? 2 : 1) << column;
  EXPECT_TRUE(must([](Tx& tx) { return connections::find(tx, ApplicationId(2), ConnectionId(2)); }));
}

TEST_P(Applications, AreLoadedWholeForTheSnapshot) {
  must([](Tx& tx) -> Result<void> {
    for (int number = 1; number <= 3; ++number) TRY_VOID(insert_tenant(tx, number));
    TRY_VOID(api_keys::insert(tx, api_key(1)));
    auto revoked = api_key(2);
    revoked.revoked_at = kNow;
    return api_keys::insert(tx, revoked);
  });
  EXPECT_EQ(must([](Tx& tx) { return applications::load_all_across_applications(tx); }).size(), 3u);
  EXPECT_EQ(must([](Tx& tx) { return members::load_all_across_applications(tx); }).size(), 3u);
  EXPECT_EQ(must([](Tx& tx) { return endpoints::load_all_across_applications(tx); }).size(), 3u);
  EXPECT_EQ(must([](Tx& tx) { return api_keys::load_all_across_applications(tx); }).size(), 1u);
}

TEST_P(Applications, SecretsKeepEveryByteAndComeNewestFirst) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  must([&](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    TRY_VOID(application_secrets::insert(tx, {SecretId(1), ApplicationId(1), bytes, true, std::nullopt, kNow}));
    return application_secrets::insert(tx, {SecretId(2), ApplicationId(1), "second", false, kNow, kNow});
  });
  const auto secrets = must([](Tx& tx) { return application_secrets::list(tx, ApplicationId(1)); });
  ASSERT_EQ(secrets.size(), 2u);
  EXPECT_EQ(secrets[0].id, SecretId(2));
  EXPECT_EQ(secrets[0].expires_at, kNow);
  EXPECT_EQ(secrets[1].sealed, bytes);
  EXPECT_TRUE(secrets[1].is_promoted);
  EXPECT_EQ(must([](Tx& tx) { return application_secrets::load_all_across_applications(tx); }).size(), 2u);
}

TEST_P(Applications, SecretsEndAndArePromotedOnlyByTheirOwnApplication) {
  must([&](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    TRY_VOID(insert_tenant(tx, 2));
    return application_secrets::insert(tx, {SecretId(1), ApplicationId(1), "s", false, std::nullopt, kNow});
  });
  EXPECT_FALSE(must([](Tx& tx) { return application_secrets::expire(tx, ApplicationId(2), SecretId(1), kNow); }));
  EXPECT_FALSE(must([](Tx& tx) { return application_secrets::promote(tx, ApplicationId(2), SecretId(1)); }));
  EXPECT_FALSE(must([](Tx& tx) { return application_secrets::remove(tx, ApplicationId(2), SecretId(1)); }));
  EXPECT_TRUE(must([](Tx& tx) { return application_secrets::expire(tx, ApplicationId(1), SecretId(1), kNow); }));
  EXPECT_TRUE(must([](Tx& tx) { return application_secrets::promote(tx, ApplicationId(1), SecretId(1)); }));
  const auto secret = must([](Tx& tx) { return application_secrets::list(tx, ApplicationId(1)); }).front();
  EXPECT_TRUE(secret.is_promoted);
  EXPECT_EQ(secret.expires_at, kNow);
  EXPECT_TRUE(must([](Tx& tx) { return application_secrets::remove(tx, ApplicationId(1), SecretId(1)); }));
}

TEST_P(Applications, EventsFanOutOnlyToEnabledEndpointsOfThoseWhoMayReceive) {
  must([&](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    TRY_VOID(members::insert(tx, member(2, ApplicationId(1), model::Role::kDeveloper)));
    TRY_VOID(members::insert(tx, member(3, ApplicationId(1), model::Role::kSupport)));
    TRY_VOID(members::insert(tx, member(4, ApplicationId(1), model::Role::kViewer)));
    for (int number = 2; number <= 4; ++number) {
      TRY_VOID(endpoints::insert(tx, endpoint(number, ApplicationId(1), MemberId(number))));
    }
    auto disabled = endpoint(5, ApplicationId(1), MemberId(1));
    disabled.is_enabled = false;
    return endpoints::insert(tx, disabled);
  });
  const auto receiving = must([](Tx& tx) { return endpoints::list_receiving(tx, ApplicationId(1)); });
  EXPECT_THAT(receiving, ElementsAre(::testing::Field(&model::Endpoint::id, EndpointId(1)),
                                     ::testing::Field(&model::Endpoint::id, EndpointId(2))));
  EXPECT_EQ(must([](Tx& tx) { return endpoints::list_of_application(tx, ApplicationId(1)); }).size(), 5u);
}

TEST_P(Applications, EndpointsKeepTheirOptions) {
  auto written = endpoint(9, ApplicationId(1), MemberId(1));
  written.event_types = {"domain.added", "signpost.connection.deployed"};
  written.sends_v1 = false;
  written.v1_covers_body = true;
  written.v2_is_hmac = true;
  must([&](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    return endpoints::insert(tx, written);
  });
  const auto read = must([](Tx& tx) { return endpoints::find(tx, ApplicationId(1), EndpointId(9)); });
  ASSERT_TRUE(read);
  EXPECT_EQ(read->event_types, written.event_types);
  EXPECT_TRUE(read->is_enabled && !read->sends_v1 && read->v1_covers_body && read->v2_is_hmac);
  auto changed = *read;
  changed.url = "https://elsewhere.saas.example/";
  changed.is_enabled = false;
  EXPECT_TRUE(must([&](Tx& tx) { return endpoints::update(tx, changed); }));
  const auto again = must([](Tx& tx) { return endpoints::find(tx, ApplicationId(1), EndpointId(9)); });
  EXPECT_EQ(again->url, changed.url);
  EXPECT_FALSE(again->is_enabled);
  EXPECT_FALSE(must([](Tx& tx) { return endpoints::find(tx, ApplicationId(2), EndpointId(9)); }));
  EXPECT_TRUE(must([](Tx& tx) { return endpoints::remove(tx, ApplicationId(1), EndpointId(9)); }));
}

TEST_P(Applications, EndpointsKeepWhatAnAttemptNeeds) {
  auto written = endpoint(9, ApplicationId(1), MemberId(1));
  written.timeout = std::chrono::seconds(30);
  written.schedule = model::RetrySchedule::kExtended;
  written.headers = {{"Authorization", "c2VhbGVk"}, {"X-Tenant", "c2VhbGVkIHRvbw=="}};
  written.has_own_secret = true;
  written.rate_per_second = 50;
  written.in_flight_max = 2;
  must([&](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    return endpoints::insert(tx, written);
  });
  const auto same = [](const model::Endpoint& a, const model::Endpoint& b) {
    return a.timeout == b.timeout && a.schedule == b.schedule && a.headers == b.headers &&
           a.has_own_secret == b.has_own_secret && a.rate_per_second == b.rate_per_second &&
           a.in_flight_max == b.in_flight_max && a.disabled_reason == b.disabled_reason &&
           a.disabled_at == b.disabled_at && a.failing_since == b.failing_since;
  };
  const auto read = [&] { return *must([](Tx& tx) { return endpoints::find(tx, ApplicationId(1), EndpointId(9)); }); };
  EXPECT_TRUE(same(read(), written));
  written.headers.clear();
  written.rate_per_second.reset();
  written.in_flight_max.reset();
  written.disabled_reason = model::DisabledReason::kByHand;
  written.disabled_at = kNow;
  written.failing_since = kNow;
  EXPECT_TRUE(must([&](Tx& tx) { return endpoints::update(tx, written); }));
  EXPECT_TRUE(same(read(), written));
}

TEST_P(Applications, AnEndpointsRunOfFailuresBeginsOnceAndEndsWithASuccess) {
  must([](Tx& tx) { return insert_tenant(tx, 1); });
  const auto since = [&] {
    return must([](Tx& tx) { return endpoints::find(tx, ApplicationId(1), EndpointId(1)); })->failing_since;
  };
  EXPECT_FALSE(since());
  const auto fail_at = [&](Time time) {
    must([time](Tx& tx) { return endpoints::note_failing_since(tx, ApplicationId(1), EndpointId(1), time); });
  };
  fail_at(kNow);
  fail_at(kNow + Milliseconds(1));
  EXPECT_EQ(since(), kNow);
  must([](Tx& tx) { return endpoints::note_recovered(tx, ApplicationId(1), EndpointId(1)); });
  EXPECT_FALSE(since());
}

TEST_P(Applications, AnEndpointIsDisabledOnceAndByItsOwnApplication) {
  must([](Tx& tx) { return insert_tenant(tx, 1); });
  const auto disable = [&](std::int64_t application) {
    return must([application](Tx& tx) {
      return endpoints::disable(tx, ApplicationId(application), EndpointId(1), model::DisabledReason::kGone, kNow);
    });
  };
  EXPECT_FALSE(disable(2));
  EXPECT_TRUE(disable(1));
  EXPECT_FALSE(disable(1)) << "the first reason stands";
  const auto read = must([](Tx& tx) { return endpoints::find(tx, ApplicationId(1), EndpointId(1)); });
  EXPECT_FALSE(read->is_enabled);
  EXPECT_EQ(read->disabled_reason, model::DisabledReason::kGone);
  EXPECT_EQ(read->disabled_at, kNow);
}

TEST_P(Applications, SecretsOfAnEndpointAreItsOwnAndGoWithIt) {
  must([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    TRY_VOID(application_secrets::insert(tx, {SecretId(1), ApplicationId(1), "s", true, std::nullopt, kNow}));
    return application_secrets::insert(tx,
                                       {SecretId(2), ApplicationId(1), "own", true, std::nullopt, kNow, EndpointId(1)});
  });
  const auto of_application = must([](Tx& tx) { return application_secrets::list(tx, ApplicationId(1)); });
  ASSERT_EQ(of_application.size(), 1u);
  EXPECT_EQ(of_application[0].id, SecretId(1));
  const auto own =
      must([](Tx& tx) { return application_secrets::list_of_endpoint(tx, ApplicationId(1), EndpointId(1)); });
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(own[0].endpoint, EndpointId(1));
  EXPECT_TRUE(must([](Tx& tx) { return endpoints::remove(tx, ApplicationId(1), EndpointId(1)); }));
  EXPECT_EQ(must([](Tx& tx) { return application_secrets::load_all_across_applications(tx); }).size(), 1u);
}

TEST_P(Applications, MembersKeepTheirMailAddress) {
  must([](Tx& tx) { return insert_tenant(tx, 1); });
  auto changed = member(1, ApplicationId(1));
  changed.email = MailAddress::parse("ops@saas.example").value();
  EXPECT_TRUE(must([&](Tx& tx) { return members::update(tx, changed); }));
  const auto read = [&] {
    return must([](Tx& tx) { return members::find(tx, ApplicationId(1), MemberId(1)); })->email;
  };
  EXPECT_EQ(read(), changed.email);
  changed.email.reset();
  EXPECT_TRUE(must([&](Tx& tx) { return members::update(tx, changed); }));
  EXPECT_FALSE(read());
}

TEST_P(Applications, AMemberWhoOwnsAnEndpointStays) {
  must([](Tx& tx) { return insert_tenant(tx, 1); });
  const auto removed = write([](Tx& tx) { return members::remove(tx, ApplicationId(1), MemberId(1)); });
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().kind, Kind::kConflict);
  EXPECT_THAT(removed.error().message, HasSubstr(EndpointId(1).text()));
  must([](Tx& tx) { return endpoints::remove(tx, ApplicationId(1), EndpointId(1)); });
  EXPECT_TRUE(must([](Tx& tx) { return members::remove(tx, ApplicationId(1), MemberId(1)); }));
}

TEST_P(Applications, MembersChangeTheirRole) {
  must([](Tx& tx) { return insert_tenant(tx, 1); });
  EXPECT_TRUE(must([](Tx& tx) { return members::update(tx, member(1, ApplicationId(1), model::Role::kViewer)); }));
  EXPECT_EQ(must([](Tx& tx) { return members::find(tx, ApplicationId(1), MemberId(1)); })->role, model::Role::kViewer);
  EXPECT_EQ(must([](Tx& tx) { return members::list(tx, ApplicationId(1)); }).size(), 1u);
}

TEST_P(Applications, KeysAreFoundByDigestAndRevokedOnce) {
  must([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    TRY_VOID(api_keys::insert(tx, api_key(1)));
    return api_keys::insert(tx, api_key(2, ApplicationId(1)));
  });
  const auto find = [&](std::int64_t number) {
    return must([number](Tx& tx) { return api_keys::find_by_digest_across_applications(tx, api_key(number).digest); });
  };
  EXPECT_FALSE(find(1)->application);
  EXPECT_EQ(find(2)->application, ApplicationId(1));
  EXPECT_FALSE(find(3));
  EXPECT_FALSE(must([](Tx& tx) { return api_keys::revoke(tx, ApplicationId(1), KeyId(1), kNow); })) << "an admin key";
  EXPECT_TRUE(must([](Tx& tx) { return api_keys::revoke(tx, ApplicationId(1), KeyId(2), kNow); }));
  EXPECT_FALSE(must([](Tx& tx) { return api_keys::revoke_across_applications(tx, KeyId(2), kNow); })) << "once";
  EXPECT_TRUE(must([](Tx& tx) { return api_keys::revoke_across_applications(tx, KeyId(1), kNow); }));
  EXPECT_EQ(find(2)->revoked_at, kNow);
  EXPECT_EQ(must([](Tx& tx) { return api_keys::list(tx, ApplicationId(1), {}); }).items.size(), 1u);
  EXPECT_EQ(must([](Tx& tx) { return api_keys::list_across_applications(tx, {}); }).items.size(), 2u);
}

TEST_P(Applications, AnAnswerIsKeptUnderItsIdempotencyKeyOnce) {
  must([](Tx& tx) -> Result<void> {
    TRY_VOID(api_keys::insert(tx, api_key(1)));
    return api_keys::insert(tx, api_key(2));
  });
  const auto insert = [&](KeyId scope, int status) {
    return must(
        [=](Tx& tx) { return idempotency_keys::insert_if_absent(tx, scope, "k-1", {"digest", status, "body", kNow}); });
  };
  EXPECT_TRUE(insert(KeyId(1), 201));
  EXPECT_FALSE(insert(KeyId(1), 500)) << "the first answer stands";
  EXPECT_TRUE(insert(KeyId(2), 0)) << "another key of the API is another scope";
  EXPECT_EQ(must([](Tx& tx) { return idempotency_keys::find(tx, KeyId(1), "k-1"); })->status, 201);
  EXPECT_FALSE(must([](Tx& tx) { return idempotency_keys::complete(tx, KeyId(1), "k-1", 200, ""); }));
  EXPECT_TRUE(must([](Tx& tx) { return idempotency_keys::complete(tx, KeyId(2), "k-1", 202, "done"); }));
  EXPECT_EQ(must([](Tx& tx) { return idempotency_keys::find(tx, KeyId(2), "k-1"); })->body, "done");
  EXPECT_TRUE(must([](Tx& tx) { return idempotency_keys::remove(tx, KeyId(2), "k-1"); }));
}

TEST_P(Applications, OldIdempotencyKeysGoInSmallBatches) {
  must([](Tx& tx) -> Result<void> {
    TRY_VOID(api_keys::insert(tx, api_key(1)));
    for (int i = 0; i < 5; ++i) {
      TRY(idempotency_keys::insert_if_absent(tx, KeyId(1), format("k-{}", i), {"d", 200, "", kNow + Milliseconds(i)}));
    }
    return {};
  });
  const auto remove = [&] {
    return must(
        [](Tx& tx) { return idempotency_keys::remove_before_across_applications(tx, kNow + Milliseconds(3), 2); });
  };
  EXPECT_EQ(remove(), 2);
  EXPECT_EQ(remove(), 1);
  EXPECT_EQ(remove(), 0);
  EXPECT_TRUE(must([](Tx& tx) { return idempotency_keys::find(tx, KeyId(1), "k-3"); }));
}

TEST_P(Applications, TheAuditLogOutlivesThem) {
  must([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    TRY_VOID(audit_log::insert(tx, {AuditId(1), ApplicationId(1), "cli", "application.create", "app_x", "made", kNow}));
    TRY_VOID(audit_log::insert(tx, {AuditId(2), std::nullopt, "cli", "key.create", "key_x", "made", kNow}));
    TRY(applications::remove(tx, ApplicationId(1)));
    return {};
  });
  const auto entries = must([](Tx& tx) { return audit_log::list(tx, ApplicationId(1), {}); });
  ASSERT_EQ(entries.items.size(), 1u);
  EXPECT_EQ(entries.items.front().action, "application.create");
  EXPECT_EQ(must([](Tx& tx) { return audit_log::list_across_applications(tx, {}); }).items.size(), 2u);
  EXPECT_EQ(must([](Tx& tx) { return audit_log::remove_before_across_applications(tx, kNow + Milliseconds(1), 1); }),
            1);
  EXPECT_TRUE(must([](Tx& tx) { return audit_log::list(tx, ApplicationId(1), {}); }).items.empty());
}

}  // namespace
}  // namespace signpost::store
