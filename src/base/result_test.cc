// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace signpost {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Kind::kUnprocessable, "odd", "number");
  return number / 2;
}
Result<std::string> quarter(int number) {
  const int once = TRY(half(number));
  return std::to_string(TRY(half(once)));
}
Result<void> check(int number) {
  TRY_VOID(half(number));
  return {};
}

TEST(Result, TryUnwrapsAValue) { EXPECT_EQ(quarter(8), "2"); }

TEST(Result, TryReturnsTheFirstErrorWithEverythingInIt) {
  const auto result = quarter(6);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::kUnprocessable);
  EXPECT_EQ(result.error().message, "odd");
  EXPECT_EQ(result.error().member, "number");
  EXPECT_FALSE(result.error().retry_after);
}

TEST(Result, TryVoidPassesErrorsOn) {
  EXPECT_TRUE(check(2));
  EXPECT_FALSE(check(1));
}

TEST(Result, TryMovesWhatCannotBeCopied) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto use = [&]() -> Result<int> {
    const auto owned = TRY(make());
    return *owned;
  };
  EXPECT_EQ(use(), 7);
}

TEST(Result, EveryKindHasItsOwnName) {
  std::set<std::string> names;
  const int last = static_cast<int>(Kind::kInternal);
  for (int kind = 0; kind <= last; ++kind) names.insert(name_of(static_cast<Kind>(kind)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
  EXPECT_STREQ(name_of(Kind::kConflict), "conflict");
}

}  // namespace
}  // namespace signpost
