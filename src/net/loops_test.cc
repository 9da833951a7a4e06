// SPDX-License-Identifier: Apache-2.0
#include "net/loops.h"

#include <gtest/gtest.h>

#include "net/testing/run_task.h"

namespace signpost::net {
namespace {

Task<std::size_t> where(const Loops& loops) { co_return loops.here(); }

TEST(Loops, KnowWhichOfThemRunsTheCaller) {
  Loops loops(3);
  loops.start();
  for (std::size_t i = 0; i < loops.size(); ++i) EXPECT_EQ(testing::wait_for_task(loops.at(i), where(loops)), i);
  loops.stop_and_join();
}

}  // namespace
}  // namespace signpost::net
