// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost {
namespace {

using namespace std::literals;
using ::testing::ElementsAre;

TEST(Text, ComparesAndLowersAsciiAndLeavesTheRest) {
  EXPECT_EQ(to_lower("AbC-É"), "abc-É");
  EXPECT_TRUE(equals_ignoring_case("Host", "hOST"));
  EXPECT_FALSE(equals_ignoring_case("Host", "Hosts"));
  EXPECT_FALSE(equals_ignoring_case("É", "é"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
}

TEST(Text, IsTrimmedAtBothEnds) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \t\r\n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, IsSplitWithEmptyPartsKept) {
  EXPECT_THAT(split("a..b.", '.'), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", '.'), ElementsAre(""));
}

TEST(Integer, IsAWholeNumberAndNothingElse) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
  for (const auto* text : {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "1e3"}) {
    EXPECT_FALSE(parse_integer(text)) << text;
  }
}

TEST(Hex, IsReadInBothCasesAndWrittenInLower) {
  EXPECT_EQ(to_hex("\x00\xff\x1a"sv), "00ff1a");
  EXPECT_EQ(from_hex("00fF1A"), "\x00\xff\x1a"s);
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

TEST(Base64, HasTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, RefusesEverySecondSpelling) {
  for (const auto* text :
       {"Zg", "Zg=", "Zh==", "Zm9=", "Zm9v====", "Z===", "====", "Zm 9", "Zm-_", "=Zg=", "Zg==Zg=="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Base64Url, HasNoPaddingAndItsOwnDigits) {
  EXPECT_EQ(to_base64url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(from_base64url("-__-"), "\xfb\xff\xfe");
  EXPECT_EQ(from_base64url("Zg"), "f");
  for (const auto* text : {"Zg==", "Zh", "Zm9", "Z", "+//+", "Zg\n"}) EXPECT_FALSE(from_base64url(text)) << text;
}

TEST(Base64, IsReadBackForEveryOctetAndLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Utf8, IsValidOnlyInItsShortestForm) {
  for (const auto text : {""sv, "a"sv, "\0"sv, "é"sv, "€"sv, "😀"sv, "\xF4\x8F\xBF\xBF"sv, "\xED\x9F\xBF"sv}) {
    EXPECT_TRUE(is_valid_utf8(text)) << to_hex(text);
  }
  for (const auto text :
       {"\x80"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xE0\x80\x80"sv, "\xED\xA0\x80"sv, "\xF4\x90\x80\x80"sv,
        "\xF5\x80\x80\x80"sv, "\xC3"sv, "\xE2\x82"sv, "\xF0\x9F\x98"sv, "a\xFF"sv, "\xC3\x28"sv}) {
    EXPECT_FALSE(is_valid_utf8(text)) << to_hex(text);
  }
}

TEST(Printable, ReplacesControlsAndBrokenUtf8) {
  EXPECT_EQ(printable("a\nb\x1b[0m\x7f\x80é"), "a?b?[0m??é");
  EXPECT_EQ(printable("\xC2\x85"), "?");  // a C1 control
}

TEST(Printable, CutsOnACharacterBoundary) {
  EXPECT_EQ(printable("aéé", 4), "aé");
  EXPECT_EQ(printable("aéé", 5), "aéé");
  EXPECT_EQ(printable("abc", 0), "");
  EXPECT_EQ(printable(std::string(1'000, 'x')).size(), 200U);
}

}  // namespace
}  // namespace signpost
