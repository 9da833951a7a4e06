// SPDX-License-Identifier: Apache-2.0
#include "cloud/percent.h"

#include <gtest/gtest.h>

namespace signpost::cloud {
namespace {

TEST(Percent, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encoded("https://www.shop.example/a b?c=%&d"),
            "https%3A%2F%2Fwww.shop.example%2Fa%20b%3Fc%3D%25%26d");
  EXPECT_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encoded("\xC3\xA9"), "%C3%A9");
}

}  // namespace
}  // namespace signpost::cloud
