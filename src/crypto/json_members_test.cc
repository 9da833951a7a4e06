// SPDX-License-Identifier: Apache-2.0
#include "crypto/json_members.h"

#include <gtest/gtest.h>

namespace signpost::crypto {
namespace {

TEST(JsonMembers, AreCountedInEveryObject) {
  EXPECT_EQ(count_members_written("{}"), 0U);
  EXPECT_EQ(count_members_written(R"({"a":1,"a":2})"), 2U);
  EXPECT_EQ(count_members_written(R"({"a":{"b":[{"c":1},{"c":2}]}})"), 4U);
}

TEST(JsonMembers, AreNotTheColonsOfStrings) {
  EXPECT_EQ(count_members_written(R"({"a:b":"c:d"})"), 1U);
  EXPECT_EQ(count_members_written(R"({"a\":":"\\","b":":\\\""})"), 2U);
}

}  // namespace
}  // namespace signpost::crypto
