// SPDX-License-Identifier: Apache-2.0
#include "model/application.h"

#include <gtest/gtest.h>

namespace signpost::model {
namespace {

constexpr Time kNow = from_ms(1'800'000'000'000);

ApplicationSecret secret(std::int64_t id, bool promoted, std::optional<Time> expires = {}) {
  return {.id = SecretId(id),
          .application = ApplicationId(1),
          .sealed = "",
          .is_promoted = promoted,
          .expires_at = expires,
          .created_at = kNow};
}

TEST(ApplicationSecrets, AreListedNewestFirstWithoutTheExpired) {
  const auto live =
      live_secrets({secret(1, true, kNow), secret(2, true, kNow + Milliseconds(1)), secret(3, false)}, kNow);
  ASSERT_EQ(live.size(), 2u);
  EXPECT_EQ(live[0].id, SecretId(3));
  EXPECT_EQ(live[1].id, SecretId(2));
}

TEST(ApplicationSecrets, EntriHeadersKeepTheOldOneUntilTheNewIsPromotedOrTheOldExpires) {
  const auto old = secret(1, true, kNow + Milliseconds(1));
  EXPECT_EQ(entri_secret(live_secrets({old, secret(2, false)}, kNow))->id, SecretId(1));
  EXPECT_EQ(entri_secret(live_secrets({old, secret(2, true)}, kNow))->id, SecretId(2));
  const auto later = live_secrets({old, secret(2, false)}, kNow + Milliseconds(1));
  EXPECT_EQ(entri_secret(later)->id, SecretId(2));
  EXPECT_EQ(entri_secret({}), nullptr);
}

TEST(Role, OnlyAdminsAndDevelopersReceiveDeliveries) {
  EXPECT_TRUE(may_receive_deliveries(Role::kAdmin));
  EXPECT_TRUE(may_receive_deliveries(Role::kDeveloper));
  EXPECT_FALSE(may_receive_deliveries(Role::kSupport));
  EXPECT_FALSE(may_receive_deliveries(Role::kViewer));
  for (const auto role : {Role::kAdmin, Role::kDeveloper, Role::kSupport, Role::kViewer})
    EXPECT_EQ(parse_role(name_of(role)), role);
}

}  // namespace
}  // namespace signpost::model
