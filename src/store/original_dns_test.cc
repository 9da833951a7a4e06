// SPDX-License-Identifier: Apache-2.0
#include "store/original_dns.h"

#include <gmock/gmock.h>

#include "store/connections.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;

class OriginalDns : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    must([](Tx& tx) -> Result<void> {
      TRY_VOID(insert_tenant(tx, 1));
      TRY_VOID(insert_tenant(tx, 2));
      return connections::insert(tx, connection(1, ApplicationId(1)));
    });
  }
  bool keep(const model::OriginalDns& original) {
    return must([&](Tx& tx) { return original_dns::keep(tx, ConnectionId(1), original); });
  }
  std::optional<model::OriginalDns> find(std::int64_t application = 1) {
    return must([&](Tx& tx) { return original_dns::find(tx, ApplicationId(application), ConnectionId(1)); });
  }
};
ON_BOTH_DATABASES(OriginalDns);

TEST_P(OriginalDns, IsKeptOnceForEver) {
  const model::OriginalDns first{"cname.hosting.example", {}, {}, kNow};
  EXPECT_FALSE(find());
  EXPECT_TRUE(keep(first));
  EXPECT_FALSE(keep({std::nullopt, {"192.0.2.1"}, {"2001:db8::1"}, kNow + Milliseconds(1)}));
  EXPECT_EQ(find(), first);
}

TEST_P(OriginalDns, IsKeptWithAllAddressesAndSeenByItsApplicationAlone) {
  const model::OriginalDns original{std::nullopt, {"192.0.2.1", "192.0.2.2"}, {"2001:db8::1"}, kNow};
  keep(original);
  EXPECT_EQ(find(), original);
  EXPECT_FALSE(find(2));
}

TEST_P(OriginalDns, GoesWithItsConnection) {
  keep({"cname.hosting.example", {}, {}, kNow});
  must([](Tx& tx) { return connections::remove(tx, ApplicationId(1), ConnectionId(1), kNow); });
  EXPECT_FALSE(find());
}

}  // namespace
}  // namespace signpost::store
