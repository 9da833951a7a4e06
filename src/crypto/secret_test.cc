// SPDX-License-Identifier: Apache-2.0
#include "crypto/secret.h"

#include <gtest/gtest.h>
#include "base/text.h"

#include <concepts>
#include <memory>
#include <new>
#include <ostream>
#include <string_view>

namespace signpost::crypto {
namespace {

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Streamable<Secret> && !fmt::is_formattable<Secret>::value && !std::equality_comparable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string> && !std::is_convertible_v<std::string, Secret>);

TEST(Secret, ShowsItsTextOnlyWhenExposed) {
  const Secret secret("hush");
  EXPECT_EQ(secret.expose(), "hush");
  EXPECT_FALSE(secret.is_empty());
  EXPECT_TRUE(Secret().is_empty());
}

TEST(Secret, LeavesNothingWhereItWasMovedFrom) {
  Secret from("a text long enough to live on the heap");
  const Secret to(std::move(from));
  EXPECT_TRUE(from.is_empty());  // NOLINT: that is the question
  EXPECT_EQ(to.expose(), "a text long enough to live on the heap");
  Secret assigned("old");
  assigned = to;
  EXPECT_EQ(assigned.expose(), to.expose());
}

TEST(Secret, WipesItsMemoryWhenItEnds) {
  alignas(Secret) unsigned char room[sizeof(Secret)] = {};
  const std::string_view memory(reinterpret_cast<const char*>(room), sizeof room);
  auto* const secret = new (room) Secret("short");  // short texts live inside the object
  ASSERT_NE(memory.find("short"), memory.npos);
  std::destroy_at(secret);
  EXPECT_EQ(memory.find("hort"), memory.npos);
}

TEST(ConstantTime, EqualsOnlyTheSameText) {
  EXPECT_TRUE(equals_in_constant_time("", {}));
  EXPECT_TRUE(equals_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equals_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equals_in_constant_time("abc", "ab"));
  EXPECT_FALSE(equals_in_constant_time("abc", ""));
  EXPECT_FALSE(equals_in_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

}  // namespace
}  // namespace signpost::crypto
