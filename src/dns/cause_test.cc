// SPDX-License-Identifier: Apache-2.0
#include "dns/cause.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace signpost::dns {
namespace {

TEST(Causes, HaveStableCodesOfTheirOwn) {
  std::set<std::string_view> codes;
  for (const auto& row : causes()) {
    EXPECT_TRUE(codes.insert(row.code).second) << row.code;
    EXPECT_EQ(name_of(row.cause), row.code);
    EXPECT_EQ(parse_cause(row.code), row.cause);
    EXPECT_EQ(row.code.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << row.code;
  }
  EXPECT_FALSE(parse_cause("no_such_cause"));
}

TEST(Causes, SayInSentencesWhatTheyMeanAndWhatToDo) {
  for (const auto& row : causes()) {
    EXPECT_TRUE(row.meaning.ends_with('.')) << row.code;
    EXPECT_TRUE(row.fix.ends_with('.')) << row.code;
  }
}

TEST(Causes, AreTheirPage) {
  std::ifstream file("docs/causes.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), causes_page()) << "print it anew: build/release/signpost dns causes > docs/causes.md";
}

}  // namespace
}  // namespace signpost::dns
