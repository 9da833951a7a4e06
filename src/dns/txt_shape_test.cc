// SPDX-License-Identifier: Apache-2.0
#include "dns/txt_shape.h"

#include <gmock/gmock.h>

#include <array>

namespace signpost::dns {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TxtFinding found(std::string_view wanted, std::vector<std::string> seen) { return find_shape(wanted, seen); }

struct OfOne {
  const char* seen;
  TxtShape shape;
};
// Wanted: v=abc; key=0123456789
constexpr std::array kOfOne{
    OfOne{"v=abc; key=0123456789", TxtShape::kEqual},
    OfOne{"\"v=abc; key=0123456789\"", TxtShape::kQuoted},
    OfOne{"\"v=abc; \" \"key=0123456789\"", TxtShape::kQuoted},
    OfOne{"\" v=abc; key=0123456789 \"", TxtShape::kQuoted},
    OfOne{"v=abc; key=0123456789\"", TxtShape::kQuoted},
    OfOne{" v=abc; key=0123456789", TxtShape::kPadded},
    OfOne{"v=abc; key=0123456789\t", TxtShape::kPadded},
    OfOne{"v=abc;  key=01234 56789", TxtShape::kPadded},
    OfOne{"v=abc;key=0123456789", TxtShape::kPadded},
    OfOne{"v=abc; key=012345678", TxtShape::kCut},
    OfOne{"v=abc; k", TxtShape::kCut},
    OfOne{"v=abc;", TxtShape::kOther},
    OfOne{"", TxtShape::kOther},
    OfOne{"v=abc; key=01234567890", TxtShape::kOther},
    OfOne{"V=ABC; key=0123456789", TxtShape::kOther},
};

TEST(TxtShape, OfOneValueIsNamed) {
  for (const auto& [seen, shape] : kOfOne) {
    const auto finding = found("v=abc; key=0123456789", {"v=spf1 -all", seen});
    EXPECT_EQ(name_of(finding.shape), name_of(shape)) << seen;
    if (shape != TxtShape::kOther) EXPECT_THAT(finding.seen, ElementsAre(seen));
  }
}

TEST(TxtShape, IsEqualWhateverStandsBesideIt) {
  EXPECT_EQ(found("v=abc", {"\"v=abc\"", " v=abc", "v=abc"}).shape, TxtShape::kEqual);
}

TEST(TxtShape, OfPiecesInSeveralRecordsIsSplitInAnyOrder) {
  const auto finding = found("v=DKIM1; p=aaaabbbbcccc", {"bbbbcccc", "other", "v=DKIM1; p=aaaa"});
  EXPECT_EQ(finding.shape, TxtShape::kSplit);
  EXPECT_THAT(finding.seen, ElementsAre("v=DKIM1; p=aaaa", "bbbbcccc"));
}

TEST(TxtShape, OfThePiecesButOneIsCut) {
  EXPECT_EQ(found("v=DKIM1; p=aaaabbbbcccc", {"v=DKIM1; p=aaaa", "cccc"}).shape, TxtShape::kCut);
}

TEST(TxtShape, UsesNoPieceTwice) { EXPECT_EQ(found("abcabc", {"abc"}).shape, TxtShape::kOther); }

TEST(TxtShape, WithQuotationMarksOfItsOwnIsNotQuoted) {
  EXPECT_EQ(found("say \"x\"", {"say \"x\""}).shape, TxtShape::kEqual);
  EXPECT_EQ(found("say \"x\"", {"say  \"x\""}).shape, TxtShape::kPadded);
  EXPECT_EQ(found("say \"x\"", {"\"say \"x\"\""}).shape, TxtShape::kQuoted);
}

TEST(TxtShape, OfHostilePiecesIsFoundWithinItsSteps) {
  std::vector<std::string> seen;
  for (std::size_t i = 1; i <= 500; ++i) seen.emplace_back(i, 'a');
  EXPECT_EQ(found(std::string(2'000, 'a') + 'b', seen).shape, TxtShape::kCut);
}

TEST(TxtShape, OfNothingIsOther) {
  EXPECT_EQ(found("v=abc", {}).shape, TxtShape::kOther);
  EXPECT_THAT(found("v=abc", {}).seen, IsEmpty());
}

}  // namespace
}  // namespace signpost::dns
