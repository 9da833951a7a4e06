// SPDX-License-Identifier: Apache-2.0
#include "base/guarded.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace signpost {
namespace {

TEST(Guarded, LosesNoChangeOfManyThreads) {
  Guarded<int> count(0);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&count] {
        for (int k = 0; k < 5'000; ++k) count.with([](int& value) { ++value; });
      });
    }
  }
  EXPECT_EQ(count.with([](int value) { return value; }), 20'000);
}

TEST(Guarded, HandsOutAReferenceThatAConstHolderCannotChange) {
  const Guarded<std::string> text("abc");
  const bool is_const =
      text.with([](auto& value) { return std::is_const_v<std::remove_reference_t<decltype(value)>>; });
  EXPECT_TRUE(is_const);
  EXPECT_EQ(text.with([](const std::string& value) { return value.size(); }), 3U);
}

}  // namespace
}  // namespace signpost
