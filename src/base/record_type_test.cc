// SPDX-License-Identifier: Apache-2.0
#include "base/record_type.h"

#include <gtest/gtest.h>

namespace signpost {
namespace {

TEST(RecordType, IsReadBackFromItsName) {
  for (const auto type : {RecordType::kA, RecordType::kAaaa, RecordType::kCname, RecordType::kTxt, RecordType::kMx}) {
    EXPECT_EQ(parse_record_type(name_of(type)), type) << name_of(type);
  }
}

TEST(RecordType, IsReadInAnyCase) {
  EXPECT_EQ(parse_record_type("cname"), RecordType::kCname);
  EXPECT_EQ(parse_record_type("Txt"), RecordType::kTxt);
  EXPECT_EQ(parse_record_type("aAaA"), RecordType::kAaaa);
}

TEST(RecordType, IsNothingForOtherText) {
  for (const auto* text : {"", " A", "AA", "CNAM", "CNAMES", "NS", "TYPE1"})
    EXPECT_FALSE(parse_record_type(text)) << text;
}

}  // namespace
}  // namespace signpost
