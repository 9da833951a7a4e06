// SPDX-License-Identifier: Apache-2.0
#include "store/certificates.h"

#include <gmock/gmock.h>

#include "store/acme_accounts.h"
#include "store/connections.h"
#include "store/issuance_buckets.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;

model::Certificate waiting(std::int64_t number) {
  return {.id = CertificateId(number),
          .application = ApplicationId(1),
          .connection = ConnectionId(number),
          .by = model::CertificateBy::kCname,
          .names = {*DnsName::parse("www.shop.example"), *DnsName::parse("*.www.shop.example")},
          .label = std::string("label-") + std::to_string(number),
          .created_at = kNow,
          .updated_at = kNow};
}

model::CertificateOrder order() {
  return {.authority = "pebble",
          .url = "https://ca.example/order/1",
          .finalize_url = "https://ca.example/finalize/1",
          .expires_at = kNow + std::chrono::days(7),
          .step = model::OrderStep::kFinalizing,
          .challenges = {{*DnsName::parse("www.shop.example"), "https://ca.example/a/1", "https://ca.example/c/1", "x"},
                         {*DnsName::parse("www.shop.example"), "https://ca.example/a/2", "", "y"}},
          .sealed_key = std::string("\0\xff", 2),
          .placed_at = kNow,
          .busy_since = kNow + Milliseconds(2)};
}

model::HeldCertificate held() {
  return {.authority = "pebble",
          .chain_pem = "-----BEGIN CERTIFICATE-----\n",
          .sealed_key = std::string("\0\xfe", 2),
          .serial = "0a",
          .ari_id = "aYhba.AIdl",
          .not_before = kNow,
          .not_after = kNow + std::chrono::days(90),
          .issued_at = kNow,
          .revoked_at = kNow + Milliseconds(1),
          .texts = {"one", "another"}};
}

class Certificates : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    must([](Tx& tx) -> Result<void> {
      TRY_VOID(insert_tenant(tx, 1));
      TRY_VOID(insert_tenant(tx, 2));
      TRY_VOID(connections::insert(tx, connection(1, ApplicationId(1), "acme", "www.shop.example")));
      return connections::insert(tx, connection(2, ApplicationId(1), "acme", "shop.example"));
    });
  }
  void insert(const model::Certificate& certificate) {
    must([&](Tx& tx) { return certificates::insert(tx, certificate); });
  }
  std::optional<model::Certificate> find(std::int64_t application, std::int64_t id) {
    return must([&](Tx& tx) { return certificates::find(tx, ApplicationId(application), CertificateId(id)); });
  }
};
ON_BOTH_DATABASES(Certificates);

TEST_P(Certificates, AreKeptWholeWithTheirOrderAndWhatIsHeld) {
  auto certificate = waiting(1);
  insert(certificate);
  EXPECT_FALSE(find(1, 1)->order);
  EXPECT_FALSE(find(1, 1)->held);

  certificate.order = order();
  certificate.held = held();
  certificate.renew_at = kNow + std::chrono::days(60);
  certificate.ask_renewal_at = kNow + std::chrono::hours(6);
  certificate.not_before = kNow + std::chrono::minutes(1);
  certificate.unseen_since = kNow;
  certificate.missing = "add it";
  certificate.failures = 3;
  certificate.trouble = model::CertificateTrouble{"certificate_caa_forbids", "change CAA", kNow};
  EXPECT_TRUE(must([&](Tx& tx) { return certificates::update(tx, certificate, 0); }));

  const auto found = find(1, 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->names, certificate.names);
  EXPECT_EQ(found->label, "label-1");
  EXPECT_EQ(found->version, 1);
  EXPECT_EQ(found->failures, 3);
  EXPECT_EQ(found->missing, "add it");
  EXPECT_EQ(found->unseen_since, kNow);
  EXPECT_EQ(found->renew_at, certificate.renew_at);
  EXPECT_EQ(found->ask_renewal_at, certificate.ask_renewal_at);
  EXPECT_EQ(found->not_before, certificate.not_before);
  ASSERT_TRUE(found->order);
  EXPECT_EQ(found->order->challenges, certificate.order->challenges);
  EXPECT_EQ(found->order->sealed_key, certificate.order->sealed_key);
  EXPECT_EQ(found->order->step, model::OrderStep::kFinalizing);
  EXPECT_EQ(found->order->expires_at, certificate.order->expires_at);
  EXPECT_EQ(found->order->busy_since, certificate.order->busy_since);
  ASSERT_TRUE(found->held);
  EXPECT_EQ(found->held->texts, certificate.held->texts);
  EXPECT_EQ(found->held->sealed_key, certificate.held->sealed_key);
  EXPECT_EQ(found->held->ari_id, "aYhba.AIdl");
  EXPECT_EQ(found->held->revoked_at, certificate.held->revoked_at);
  ASSERT_TRUE(found->trouble);
  EXPECT_EQ(found->trouble->explanation, "change CAA");
}

TEST_P(Certificates, AreSavedOnlyByWhoReadThemLast) {
  insert(waiting(1));
  EXPECT_TRUE(must([](Tx& tx) { return certificates::update(tx, waiting(1), 0); }));
  auto late = waiting(1);
  late.order = order();
  EXPECT_FALSE(must([&](Tx& tx) { return certificates::update(tx, late, 0); }));
  EXPECT_FALSE(find(1, 1)->order);
}

TEST_P(Certificates, AreSeenByTheirApplicationAlone) {
  insert(waiting(1));
  EXPECT_FALSE(find(2, 1));
  EXPECT_TRUE(must([](Tx& tx) { return certificates::find_of_connection(tx, ApplicationId(1), ConnectionId(1)); }));
  EXPECT_FALSE(must([](Tx& tx) { return certificates::find_of_connection(tx, ApplicationId(2), ConnectionId(1)); }));
}

TEST_P(Certificates, GoWithTheirConnection) {
  insert(waiting(1));
  must([](Tx& tx) { return connections::remove(tx, ApplicationId(1), ConnectionId(1), kNow); });
  EXPECT_FALSE(find(1, 1));
}

TEST_P(Certificates, AConnectionHasOneAndALabelHasOneOwner) {
  insert(waiting(1));
  auto second = waiting(2);
  second.connection = ConnectionId(1);
  EXPECT_EQ(write([&](Tx& tx) { return certificates::insert(tx, second); }).error().kind, Kind::kConflict);
  second = waiting(2);
  second.label = "label-1";
  EXPECT_EQ(write([&](Tx& tx) { return certificates::insert(tx, second); }).error().kind, Kind::kConflict);
}

TEST_P(Certificates, AreListedNewestFirstAndByTheirEnd) {
  auto first = waiting(1);
  first.held = held();
  insert(first);
  insert(waiting(2));
  const auto list = [&](certificates::Filter filter, ApplicationId application = ApplicationId(1)) {
    return must(
        [&](Tx& tx) { return certificates::list(tx, application, filter, {.after = std::nullopt, .limit = 10}); });
  };
  ASSERT_EQ(list({}).items.size(), 2);
  EXPECT_EQ(list({}).items.front().id, CertificateId(2));
  EXPECT_EQ(list({}, ApplicationId(2)).items.size(), 0);
  ASSERT_EQ(list({kNow + std::chrono::days(91)}).items.size(), 1);
  EXPECT_EQ(list({kNow + std::chrono::days(90)}).items.size(), 0);
  const auto all =
      must([](Tx& tx) { return certificates::list_across_applications(tx, {}, {.after = std::nullopt, .limit = 1}); });
  EXPECT_EQ(all.items.size(), 1);
  EXPECT_TRUE(all.has_more);
}

TEST_P(Certificates, ForgetTheChallengesOfOrdersThatWaitAtAnAuthority) {
  auto placed = waiting(1);
  placed.order = order();
  placed.order->step = model::OrderStep::kPlaced;
  insert(placed);
  const auto found = [&] { return *find(1, 1); };
  must([&](Tx& tx) { return certificates::forget_challenges_across_applications(tx, "another"); });
  EXPECT_EQ(found().order->challenges, placed.order->challenges);
  must([&](Tx& tx) { return certificates::forget_challenges_across_applications(tx, placed.order->authority); });
  EXPECT_TRUE(found().order->challenges.empty());
  EXPECT_EQ(found().version, placed.version + 1) << "whoever is at work with it looks again";
  auto posted = found();
  posted.order->step = model::OrderStep::kPosted;
  posted.order->challenges = placed.order->challenges;
  must([&](Tx& tx) { return certificates::update(tx, posted, posted.version); });
  must([&](Tx& tx) { return certificates::forget_challenges_across_applications(tx, placed.order->authority); });
  EXPECT_EQ(found().order->challenges, placed.order->challenges);
}

TEST_P(Certificates, AnAccountOfAnAuthorityIsReplacedWhole) {
  const auto find_account = [&] { return must([](Tx& tx) { return acme_accounts::find(tx, "pebble"); }); };
  EXPECT_FALSE(find_account());
  must([](Tx& tx) { return acme_accounts::save(tx, {"pebble", "https://ca/dir", "", std::string("\0k", 2), kNow}); });
  must([](Tx& tx) {
    return acme_accounts::save(tx, {"pebble", "https://ca/dir", "https://ca/acct/1", std::string("\0k", 2), kNow});
  });
  ASSERT_TRUE(find_account());
  EXPECT_EQ(find_account()->url, "https://ca/acct/1");
  EXPECT_EQ(find_account()->sealed_key, std::string("\0k", 2));
  EXPECT_EQ(find_account()->next_sealed_key, "");
  EXPECT_FALSE(find_account()->key_changed_at);
  auto account = *find_account();
  account.next_sealed_key = std::string("\0n", 2);
  account.key_changed_at = kNow + Milliseconds(5);
  account.contact = "mailto:ops@saas.example";
  must([&](Tx& tx) { return acme_accounts::save(tx, account); });
  EXPECT_EQ(find_account()->next_sealed_key, std::string("\0n", 2));
  EXPECT_EQ(find_account()->key_changed_at, kNow + Milliseconds(5));
  EXPECT_EQ(find_account()->contact, "mailto:ops@saas.example");
}

TEST_P(Certificates, BucketsOfLimitsAreKeptUntilTheyAreFullAgain) {
  const auto find_bucket = [&](std::string_view subject) {
    return must([&](Tx& tx) { return issuance_buckets::find(tx, "pebble", "names", subject); });
  };
  EXPECT_FALSE(find_bucket("a"));
  for (const auto at : {kNow, kNow + Milliseconds(5)}) {
    must([&](Tx& tx) { return issuance_buckets::save(tx, "pebble", "names", "a", at); });
  }
  must([&](Tx& tx) { return issuance_buckets::save(tx, "pebble", "names", "b", kNow); });
  EXPECT_EQ(find_bucket("a"), kNow + Milliseconds(5));
  EXPECT_EQ(must([&](Tx& tx) { return issuance_buckets::forget_full(tx, kNow, 10); }), 1);
  EXPECT_FALSE(find_bucket("b"));
  EXPECT_TRUE(find_bucket("a"));
}

}  // namespace
}  // namespace signpost::store
