// SPDX-License-Identifier: Apache-2.0
#include "net/cdn_loop.h"

#include <gtest/gtest.h>

namespace signpost::net {
namespace {

TEST(CdnLoop, CountsOurOwnMembersOfAllFields) {
  EXPECT_EQ(count_hops({}), 0u);
  EXPECT_EQ(count_hops({{"cdn-loop", "signpost"}}), 1u);
  EXPECT_EQ(
      count_hops({{"CDN-Loop", "other; v=1, Signpost ;i=\"a\",signpost"}, {"X", "signpost"}, {"CDN-Loop", "signpost"}}),
      3u);
  EXPECT_EQ(count_hops({{"CDN-Loop", "signposts, not-signpost, , ;signpost"}}), 0u);
}

}  // namespace
}  // namespace signpost::net
