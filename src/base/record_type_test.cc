// SPDX-License-Identifier: Apache-2.0
#include "base/record_type.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace signpost {
namespace {

constexpr std::initializer_list<RecordType> kAll{RecordType::kA,   RecordType::kAaaa, RecordType::kCname,
                                                 RecordType::kTxt, RecordType::kMx,   RecordType::kNs,
                                                 RecordType::kCaa, RecordType::kSrv};

TEST(RecordType, IsReadBackFromItsName) {
  for (const auto type : kAll) {
    EXPECT_EQ(parse_record_type(name_of(type)), type) << name_of(type);
  }
}

TEST(RecordType, IsNamedInTheListThatPeopleRead) {
  std::string names;
  for (const auto type : kAll)
    names += (names.empty() ? "" : type == RecordType::kSrv ? " or " : ", ") + std::string(name_of(type));
  EXPECT_EQ(names, kRecordTypeNames);
}

TEST(RecordType, IsReadInAnyCase) {
  EXPECT_EQ(parse_record_type("cname"), RecordType::kCname);
  EXPECT_EQ(parse_record_type("Txt"), RecordType::kTxt);
  EXPECT_EQ(parse_record_type("aAaA"), RecordType::kAaaa);
}

TEST(RecordType, IsNothingForOtherText) {
  for (const auto* text : {"", " A", "AA", "CNAM", "CNAMES", "NSS", "TYPE1"})
    EXPECT_FALSE(parse_record_type(text)) << text;
}

}  // namespace
}  // namespace signpost
