// SPDX-License-Identifier: Apache-2.0
#include "net/source_address.h"

#include <gtest/gtest.h>

namespace signpost::net {
namespace {

TEST(SourceAddress, IsOneOfThisMachine) {
  EXPECT_TRUE(check_source_address(boost::asio::ip::make_address("127.0.0.9")));
  for (const auto* foreign : {"192.0.2.10", "2001:db8::10"}) {
    const auto refused = check_source_address(boost::asio::ip::make_address(foreign));
    ASSERT_FALSE(refused) << foreign;
    EXPECT_EQ(refused.error().kind, Kind::kUnprocessable);
    EXPECT_TRUE(refused.error().message.contains(foreign));
  }
}

}  // namespace
}  // namespace signpost::net
