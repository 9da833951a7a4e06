// SPDX-License-Identifier: Apache-2.0
#include "store/authorizations.h"

#include <gtest/gtest.h>

#include "store/certificates.h"
#include "store/connections.h"
#include "store/migrations.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;

constexpr std::string_view kUrl = "https://ca.example/authz/1";

class Authorizations : public StoreContract {
 protected:
  void note(std::int64_t application, std::string_view organization, bool is_pending, Time at = kNow) {
    must([&](Tx& tx) {
      return authorizations::note(tx, kUrl, ApplicationId(application), organization, is_pending, at);
    });
  }
  authorizations::Past past(std::int64_t application, std::string_view organization) {
    return must([&](Tx& tx) { return authorizations::find(tx, kUrl, ApplicationId(application), organization); });
  }
};
ON_BOTH_DATABASES(Authorizations);

TEST_P(Authorizations, AreOfWhoeverHadThem) {
  EXPECT_FALSE(past(1, "acme").is_of_another);
  note(1, "acme", true);
  EXPECT_FALSE(past(1, "acme").is_of_another);
  EXPECT_TRUE(past(1, "beta").is_of_another);
  EXPECT_TRUE(past(2, "acme").is_of_another) << "an organization of the same name in another application";
  note(1, "beta", true);
  EXPECT_TRUE(past(1, "acme").is_of_another);
}

TEST_P(Authorizations, KeepWhatWasKnownFirst) {
  EXPECT_FALSE(past(1, "acme").was_pending);
  note(1, "acme", true);
  note(1, "acme", false);
  EXPECT_TRUE(past(1, "acme").was_pending);
  note(1, "beta", false);
  EXPECT_FALSE(past(1, "beta").was_pending);
}

TEST_P(Authorizations, AreForgottenByWhenTheyWereHadLastInBatches) {
  note(1, "acme", true, kNow - Milliseconds(5));
  note(1, "beta", true, kNow - Milliseconds(5));
  note(1, "gamma", true, kNow - Milliseconds(5));
  note(1, "gamma", true, kNow);
  const auto remove = [&](std::int32_t limit) {
    return must([&](Tx& tx) { return authorizations::remove_before_across_applications(tx, kNow, limit); });
  };
  EXPECT_EQ(remove(1), 1);
  EXPECT_EQ(remove(5), 1);
  EXPECT_EQ(remove(5), 0);
  EXPECT_TRUE(past(1, "gamma").was_pending);
}

TEST_P(Authorizations, OfOrdersThatStoodBeforeTheTableAreKnown) {
  must([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    for (const Sql sql : {Sql("DELETE FROM schema_migration WHERE number >= 13"), Sql("DROP TABLE had_authorization")})
      TRY(tx.execute(sql));
    auto holder = connection(1, ApplicationId(1));
    holder.organization = "acme";
    TRY_VOID(connections::insert(tx, holder));
    model::Certificate certificate{.id = CertificateId(1), .application = ApplicationId(1), .connection = holder.id};
    const auto name = *DnsName::parse(holder.host.text());
    certificate.names = {name};
    certificate.label = "label-1";
    certificate.order = model::CertificateOrder{.authority = "first"};
    certificate.order->challenges = {{name, std::string(kUrl), "https://ca.example/chall/1", "text"}};
    TRY_VOID(certificates::insert(tx, certificate));
    TRY(certificates::update(tx, certificate, certificate.version));
    return migrate(tx, kNow, migrations().first(13));
  });
  EXPECT_TRUE(past(1, "acme").was_pending);
  EXPECT_TRUE(past(1, "beta").is_of_another);
}

}  // namespace
}  // namespace signpost::store
