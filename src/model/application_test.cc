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
  const auto none_promoted = live_secrets({old, secret(2, false), secret(3, false)}, kNow + Milliseconds(1));
  EXPECT_EQ(entri_secret(none_promoted)->id, SecretId(2)) << "the one that receivers hold";
}

TEST(Role, OnlyAdminsAndDevelopersReceiveDeliveries) {
  EXPECT_TRUE(may_receive_deliveries(Role::kAdmin));
  EXPECT_TRUE(may_receive_deliveries(Role::kDeveloper));
  EXPECT_FALSE(may_receive_deliveries(Role::kSupport));
  EXPECT_FALSE(may_receive_deliveries(Role::kViewer));
  for (const auto role : {Role::kAdmin, Role::kDeveloper, Role::kSupport, Role::kViewer})
    EXPECT_EQ(parse_role(name_of(role)), role);
}

TEST(Endpoint, IsDisabledAfterFiveDaysOfNothingButFailures) {
  EXPECT_FALSE(should_disable(kNow, kNow));
  EXPECT_FALSE(should_disable(kNow, kNow + std::chrono::hours(120) - Milliseconds(1)));
  EXPECT_TRUE(should_disable(kNow, kNow + std::chrono::hours(120)));
}

TEST(Endpoint, IsGoneWith410Alone) {
  EXPECT_TRUE(is_gone(410));
  EXPECT_FALSE(is_gone(404));
  EXPECT_FALSE(is_gone(0));
}

TEST(Endpoint, SaysWhyNothingIsSentToIt) {
  Endpoint endpoint;
  EXPECT_EQ(paused_reason(endpoint, Role::kDeveloper), "");
  EXPECT_NE(paused_reason(endpoint, Role::kSupport).find("Support"), std::string::npos);
  for (const auto& [reason, word] : {std::pair{DisabledReason::kByHand, "by hand"},
                                     {DisabledReason::kGone, "410"},
                                     {DisabledReason::kFailing, "5 days"}}) {
    endpoint.disabled_reason = reason;
    EXPECT_NE(paused_reason(endpoint, Role::kAdmin).find(word), std::string::npos) << word;
    EXPECT_EQ(parse_disabled_reason(name_of(reason)), reason);
  }
}

}  // namespace
}  // namespace signpost::model
