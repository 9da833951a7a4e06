// SPDX-License-Identifier: Apache-2.0
#include "app/toml_characters.h"

#include <gtest/gtest.h>

namespace signpost::app {
namespace {

TEST(AsciiToml, HasQuestionMarksForForeignOctetsOfComments) {
  EXPECT_EQ(to_ascii("# ü\na = 1 # é").text, "# ??\na = 1 # ??");
  EXPECT_FALSE(to_ascii("# ü\na = 1 # é").foreign_line);
  EXPECT_EQ(to_ascii("\xEF\xBB\xBF"
                     "a = 1")
                .text,
            "a = 1");
}

TEST(AsciiToml, KnowsWhatIsNoComment) {
  for (const auto* toml :
       {"", "a = '#' # ü", "a = \"\\\"#\" # ü", "a = \"\"\"\n#\"\"\"\"\"\nb = 1 # ü", "a = '''\n#'\n''' # ü",
        "a = 'C:\\' # ü", "a = \"\"\"x\\\"\"\"#\"\"\" # ü", "a = \"\" # ü", "'#' = 1 # ü"}) {
    EXPECT_FALSE(to_ascii(toml).foreign_line) << toml;
  }
}

TEST(AsciiToml, NamesTheLineOfTheFirstForeignCharacterElsewhere) {
  EXPECT_EQ(to_ascii("ü = 1").foreign_line, 1U);
  EXPECT_EQ(to_ascii("# ü\n[é]").foreign_line, 2U);
  EXPECT_EQ(to_ascii("a = \"x\"\n\nb = 'ü'").foreign_line, 3U);
  EXPECT_EQ(to_ascii("a = '''\n'\n'''\nü").foreign_line, 4U);
  EXPECT_EQ(to_ascii("a = \"open\nü").foreign_line, 2U);
  EXPECT_EQ(to_ascii(std::string_view("a = 1\n# \0", 9)).foreign_line, 2U);
}

}  // namespace
}  // namespace signpost::app
