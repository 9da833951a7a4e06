// SPDX-License-Identifier: Apache-2.0
#include "store/received_webhooks.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "store/applications.h"
#include "store/entri_receivers.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;

class ReceivedWebhooks : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    must([](Tx& tx) -> Result<void> {
      TRY_VOID(insert_tenant(tx, 1));
      return insert_tenant(tx, 2);
    });
  }
  bool take(std::int64_t application, std::string_view key, Time at = kNow) {
    return must([&](Tx& tx) { return received_webhooks::insert_if_absent(tx, ApplicationId(application), key, at); });
  }
};
ON_BOTH_DATABASES(ReceivedWebhooks);

TEST_P(ReceivedWebhooks, AreTakenOnceByEachApplication) {
  EXPECT_TRUE(take(1, "a"));
  EXPECT_FALSE(take(1, "a"));
  EXPECT_TRUE(take(1, "b"));
  EXPECT_TRUE(take(2, "a"));
}

TEST_P(ReceivedWebhooks, AreForgottenByAgeInBatches) {
  for (int i = 0; i < 5; ++i) take(1, format("{}", i), kNow + Milliseconds(i));
  const auto remove = [&](std::int32_t limit) {
    return must([&](Tx& tx) {
      return received_webhooks::remove_before_across_applications(tx, kNow + Milliseconds(3), limit);
    });
  };
  EXPECT_EQ(remove(2), 2);
  EXPECT_EQ(remove(2), 1);
  EXPECT_EQ(remove(2), 0);
  EXPECT_TRUE(take(1, "2"));
  EXPECT_FALSE(take(1, "3"));
}

TEST_P(ReceivedWebhooks, ReceiversAreKeptWholeAndGoWithTheirApplication) {
  const model::EntriReceiver receiver{.sealed_secret = std::string("\0\xff", 2),
                                      .form = model::EntriForm::kHmac,
                                      .allows_v1 = true,
                                      .source_addresses = {"3.14.77.245/32", "2001:db8::/32"},
                                      .updated_at = kNow};
  must([&](Tx& tx) { return entri_receivers::save(tx, ApplicationId(1), {}); });
  must([&](Tx& tx) { return entri_receivers::save(tx, ApplicationId(1), receiver); });
  const auto read = must([](Tx& tx) { return entri_receivers::find(tx, ApplicationId(1)); });
  ASSERT_TRUE(read);
  EXPECT_EQ(read->sealed_secret, receiver.sealed_secret);
  EXPECT_EQ(read->form, receiver.form);
  EXPECT_TRUE(read->allows_v1);
  EXPECT_EQ(read->source_addresses, receiver.source_addresses);
  EXPECT_EQ(read->updated_at, kNow);
  EXPECT_EQ(must([](Tx& tx) { return entri_receivers::load_all_across_applications(tx); }).size(), 1u);
  take(1, "a");
  must([](Tx& tx) { return applications::remove(tx, ApplicationId(1)); });
  EXPECT_FALSE(must([](Tx& tx) { return entri_receivers::find(tx, ApplicationId(1)); }));
  must([](Tx& tx) { return insert_tenant(tx, 1); });
  EXPECT_TRUE(take(1, "a"));
  EXPECT_FALSE(must([](Tx& tx) { return entri_receivers::remove(tx, ApplicationId(1)); }));
}

}  // namespace
}  // namespace signpost::store
