// SPDX-License-Identifier: Apache-2.0
#include "base/caa_property.h"

#include <gmock/gmock.h>

#include <array>

#include "base/text.h"

namespace signpost {
namespace {

using ::testing::HasSubstr;

TEST(CaaProperty, IsReadWithOrWithoutQuotationMarks) {
  for (const auto* text : {"0 issue \"ca.example\"", "0 issue ca.example", "  0  ISSUE\t\"ca.example\" "}) {
    EXPECT_EQ(CaaProperty::parse(text), (CaaProperty{0, "issue", "ca.example"})) << text;
  }
  EXPECT_EQ(CaaProperty::parse("0 issue ca.example; a=b")->value, "ca.example; a=b");
}

TEST(CaaProperty, ReadsBackWhatItPrintsWhateverTheOctetsAre) {
  for (const auto* value : {"", "a b", "say \"x\"", "back\\slash", "\xff\x01", "\\255"}) {
    const CaaProperty property{128, "iodef", value};
    EXPECT_EQ(CaaProperty::parse(property.text()), property) << property.text();
  }
}

TEST(CaaProperty, OfAnotherFormIsRefused) {
  for (const auto* text :
       {"", "0", "0 issue", "x issue \"a\"", "256 issue \"a\"", "-1 issue \"a\"", "0 is-sue \"a\"", "0 issue \"a",
        "0 issue \"a\" b", "0 issue a\"b", "0 issue \"\\2\"", "0 issue \"\\999\"", "0 abcdefghijklmnop \"a\""}) {
    EXPECT_FALSE(CaaProperty::parse(text)) << text;
  }
}

struct Issue {
  const char* value;
  const char* text;  // nullptr: malformed
};
// RFC 8659 4.2, with the examples there.
constexpr std::array kIssues{
    Issue{"ca1.example.net", "ca1.example.net"},
    Issue{" CA1.Example.net ", "ca1.example.net"},
    Issue{"ca1.example.net; account=230123", "ca1.example.net; account=230123"},
    Issue{"ca1.example.net;b=2;A=1", "ca1.example.net; a=1; b=2"},
    Issue{"ca1.example.net; a = x=y ;", "ca1.example.net; a=x=y"},
    Issue{"ca1.example.net; policy=ev", "ca1.example.net; policy=ev"},
    Issue{"ca1.example.net; a=", "ca1.example.net; a="},
    Issue{";", ";"},
    Issue{"", ";"},
    Issue{"; a=1; b=2", ";a=1; b=2"},
    Issue{"%%%%%", nullptr},
    Issue{"https://ca1.example.net", nullptr},
    Issue{"ca1.example.net.", nullptr},
    Issue{"ca1..net", nullptr},
    Issue{"-ca1.example.net", nullptr},
    Issue{"ca1.example.net ca2.example.net", nullptr},
    Issue{"ca1.example.net; policy", nullptr},
    Issue{"ca1.example.net; ; a=1", nullptr},
    Issue{"ca1.example.net; a=x y", nullptr},
};

TEST(CaaIssuer, IsADomainAndItsParameters) {
  for (const auto& [value, text] : kIssues) {
    const auto issuer = CaaIssuer::parse(value);
    ASSERT_EQ(issuer.has_value(), text != nullptr) << value;
    if (!issuer) continue;
    EXPECT_EQ(issuer->text(), text);
    EXPECT_EQ(CaaIssuer::parse(issuer->text()), issuer) << value;
  }
}

TEST(CaaProperty, MeansTheSameWhateverTheOrderOfItsParameters) {
  const auto means_the_same = [](const char* a, const char* b) {
    return CaaProperty::parse(a)->means_the_same_as(*CaaProperty::parse(b));
  };
  EXPECT_TRUE(means_the_same("0 issue \"ca.example;a=1;b=2\"", "0 issue \"CA.example; b=2; a=1\""));
  EXPECT_TRUE(means_the_same("0 issue \"\"", "0 issue \";\""));
  EXPECT_FALSE(means_the_same("0 issue \"ca.example\"", "128 issue \"ca.example\""));
  EXPECT_FALSE(means_the_same("0 issue \"ca.example\"", "0 issuewild \"ca.example\""));
  EXPECT_FALSE(means_the_same("0 iodef \"mailto:A@x.example\"", "0 iodef \"mailto:a@x.example\""));
}

TEST(CaaProperty, ThatNoAuthorityWouldReadIsRefusedAtTheDoor) {
  EXPECT_EQ(check_caa("128 issue \"CA.example;a=1\"")->text(), "128 issue \"ca.example; a=1\"");
  EXPECT_TRUE(check_caa("0 issue \";\""));
  for (const auto& [text, says] : {std::pair{"1 issue \"ca.example\"", "0 or 128"},
                                   {"0 issuer \"ca.example\"", "not a tag"},
                                   {"0 issue \"https://ca.example\"", "domain alone"},
                                   {"0 issue \"Let's Encrypt\"", "domain alone"},
                                   {"0 iodef \"security@shop.example\"", "mailto:"},
                                   {"ca.example", "such as 0 issue \"letsencrypt.org\""}}) {
    const auto property = check_caa(text);
    ASSERT_FALSE(property) << text;
    EXPECT_THAT(property.error().message, HasSubstr(says));
  }
}

}  // namespace
}  // namespace signpost
