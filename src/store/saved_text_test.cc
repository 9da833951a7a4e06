// SPDX-License-Identifier: Apache-2.0
#include "store/saved_text.h"

#include <gtest/gtest.h>

#include "store/sql.h"

namespace signpost::store {
namespace {

TEST(SavedText, ListsComeBackAsTheyWere) {
  for (const auto& items : {std::vector<std::string>{}, {""}, {"a"}, {"a", ""}, {"a,b", "\"c\"", "ü"}}) {
    EXPECT_EQ(items_of(lines_of(items).value()), items);
  }
}

TEST(SavedText, AListItemCannotHoldALineFeed) { EXPECT_EQ(lines_of({"a\nb"}).error().kind, Kind::kInvalid); }

TEST(SavedText, GoodTextIsKept) { EXPECT_EQ(storable("grüße 🌍"), "grüße 🌍"); }

TEST(SavedText, WhatNoTextCanHoldIsReplaced) {
  EXPECT_EQ(storable(std::string("a\0b", 3)), "a\uFFFDb");
  EXPECT_EQ(storable("\xFFok"), "\uFFFDok");
  EXPECT_EQ(storable("cut \xC3"), "cut \uFFFD");
  EXPECT_EQ(storable("\xF0\x9F\x8C"), "\uFFFD\uFFFD\uFFFD");
}

TEST(Sql, CountsItsParametersAndSpeaksBothDialects) {
  constexpr Sql statement = "CREATE TABLE lamp (id {key}, colour TEXT)";
  EXPECT_EQ(statement.parameters(), 0);
  EXPECT_EQ(statement.in(Dialect::kSqlite), "CREATE TABLE lamp (id INTEGER PRIMARY KEY, colour TEXT)");
  EXPECT_EQ(statement.in(Dialect::kPostgres), "CREATE TABLE lamp (id BIGINT PRIMARY KEY, colour TEXT)");
  EXPECT_EQ(Sql("SELECT $1, $2, $1").parameters(), 2);
}

// Sql("SELECT $2") or an unknown {word} does not compile: parameters must first appear in order.

}  // namespace
}  // namespace signpost::store
