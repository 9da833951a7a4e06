// SPDX-License-Identifier: Apache-2.0
#include "app/descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace signpost::app {
namespace {

constexpr DescriptorNeeds kNeeds{.connections = 4096, .questions = 2048, .attempts = 4352, .loops = 2};

TEST(Descriptors, AreRaisedToWhatTheSystemAllows) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = std::min<rlim_t>(256, before.rlim_max);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
  rlimit after{};
  getrlimit(RLIMIT_NOFILE, &after);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST(Descriptors, AreEnoughForAllThatIsConfigured) {
  const auto plan = plan_descriptors(65'536, kNeeds);
  EXPECT_EQ(plan.connections, 4096U);
  EXPECT_EQ(plan.short_by, 0U);
  EXPECT_EQ(plan_descriptors(plan.wanted, kNeeds).connections, 4096U);
  EXPECT_LT(plan_descriptors(plan.wanted - 1, kNeeds).connections, 4096U);
}

TEST(Descriptors, ThatAreShortLeaveClientsWhatDnsAndWebhooksDoNotNeed) {
  const auto plan = plan_descriptors(10'000, kNeeds);
  EXPECT_GT(plan.connections, 10'000U / 4);
  EXPECT_LT(plan.connections, 4096U);
  EXPECT_EQ(plan.short_by, 0U);
}

TEST(Descriptors, ThatAreVeryShortStillServeClientsAndSayWhatIsMissing) {
  const auto plan = plan_descriptors(1'024, kNeeds);
  EXPECT_EQ(plan.connections, 256U);
  EXPECT_GT(plan.short_by, 5'000U);
  EXPECT_GT(plan_descriptors(0, kNeeds).connections, 0U);
}

}  // namespace
}  // namespace signpost::app
