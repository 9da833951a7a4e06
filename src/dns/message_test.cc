// SPDX-License-Identifier: Apache-2.0
#include "dns/message.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace signpost::dns {
namespace {

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }
std::string octets(std::string_view hex) {
  std::string dense;
  std::copy_if(hex.begin(), hex.end(), std::back_inserter(dense), [](char c) { return c != ' '; });
  return from_hex(dense).value();
}
// www.example, as a question of type A and class IN; its name stands at offset 12.
constexpr std::string_view kQuestion = "03777777 076578616d706c65 00 0001 0001 ";
std::string message(std::string_view counts, std::string_view records, std::string_view flags = "8400") {
  return octets(format("1234 {} 0001 {} {} {}", flags, counts, kQuestion, records));
}

TEST(EncodeQuery, IsExactlyTheOctetsOfRfc1035WithEdns1232) {
  const auto query = encode_query({name("www.example"), WireType::kA}, 0x1234, Recursion::kDesired, Edns::kOn);
  EXPECT_EQ(to_hex(query),
            to_hex(octets(format("1234 0100 0001 0000 0000 0001 {} 00 0029 04d0 00000000 0000", kQuestion))));
}

TEST(EncodeQuery, LeavesRecursionAndEdnsOut) {
  const auto query = encode_query({name("www.example"), WireType::kA}, 0xffff, Recursion::kNotDesired, Edns::kOff);
  EXPECT_EQ(to_hex(query), to_hex(octets(format("ffff 0000 0001 0000 0000 0000 {}", kQuestion))));
}

TEST(EncodeQuery, AsksForTheRootAndForUnderscores) {
  EXPECT_EQ(encode_query({name("."), WireType::kNs}, 1, Recursion::kNotDesired, Edns::kOff).size(), 17U);
  EXPECT_FALSE(encode_query({name("_dmarc.x.example"), WireType::kTxt}, 1, Recursion::kNotDesired, Edns::kOff).empty());
}

TEST(ParseAnswer, ReadsHeaderQuestionAndAddresses) {
  const auto answer = parse_answer(message("0002 0000 0000",
                                           "c00c 0001 0001 0000003c 0004 c0000201"
                                           "c00c 001c 0001 0000003c 0010 20010db8000000000000000000000001"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->id, 0x1234);
  EXPECT_TRUE(answer->authoritative);
  EXPECT_FALSE(answer->truncated);
  EXPECT_EQ(answer->question, (Question{name("www.example"), WireType::kA}));
  ASSERT_EQ(answer->answer.size(), 2U);
  EXPECT_EQ(answer->answer[0].value, "192.0.2.1");
  EXPECT_EQ(answer->answer[0].ttl, 60U);
  EXPECT_EQ(answer->answer[1].value, "2001:db8::1");
}

TEST(ParseAnswer, JoinsTheStringsOfATxtAndKeepsTheirOctets) {
  const auto answer = parse_answer(message("0001 0000 0000", "c00c 0010 0001 00000001 0008 02 6141 00 03 20ff22"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->answer.at(0).value, "aA \xff\"");
}

TEST(ParseAnswer, WritesNamesInLowerCaseWithoutTheLastDot) {
  const auto answer = parse_answer(message("0002 0001 0000",
                                           "c00c 0005 0001 00000001 0006 03 415050 c010"
                                           "c00c 000f 0001 00000001 0008 000a 03 4d5831 c010"
                                           "c010 0006 0001 00000001 001d 026e73c010 0148c010"
                                           "00000001 00000002 00000003 00000004 00000005"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->answer.at(0).value, "app.example");
  EXPECT_EQ(answer->answer.at(1).value, "10 mx1.example");
  EXPECT_EQ(answer->authority.at(0).value, "ns.example h.example 1 2 3 4 5");
  EXPECT_EQ(answer->authority.at(0).owner, name("example"));
}

TEST(ParseAnswer, ReadsTheFourPartsOfASrv) {
  const auto answer =
      parse_answer(message("0001 0000 0000", "c00c 0021 0001 00000001 000c 000a 0005 01bb 03 415050 c010"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->answer.at(0).value, "10 5 443 app.example");
}

TEST(ParseAnswer, WritesACaaWithQuotationMarksAndItsTagInLowerCase) {
  const auto answer = parse_answer(message("0002 0000 0000",
                                           "c00c 0101 0001 00000001 000f 80 05 4973737565 63612e7822ff5c20"
                                           "c00c 0101 0001 00000001 0007 00 05 6973737565"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->answer.at(0).value, R"(128 issue "ca.x\"\255\\ ")");
  EXPECT_EQ(answer->answer.at(1).value, R"(0 issue "")");
}

TEST(ParseAnswer, SkipsACaaWhoseTagIsNone) {
  const auto answer = parse_answer(message("0001 0000 0000", "c00c 0101 0001 00000001 0005 00 02 2d2d 61"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->answer.empty());
  EXPECT_EQ(answer->skipped, 1U);
}

TEST(WireType, OfEveryRecordTypeHasItsName) {
  for (const auto type : {RecordType::kA, RecordType::kAaaa, RecordType::kCname, RecordType::kTxt, RecordType::kMx,
                          RecordType::kNs, RecordType::kCaa, RecordType::kSrv}) {
    EXPECT_EQ(name_of(wire_type_of(type)), signpost::name_of(type));
  }
}

TEST(ParseAnswer, LeavesOutNamesThatCannotBeOursAndCountsThem) {
  const auto answer = parse_answer(message("0002 0000 0000",
                                           "c00c 0005 0001 00000001 0006 03 00ff2e c010"
                                           "c00c 0001 0001 0000003c 0004 c0000201"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->skipped, 1U);
  EXPECT_EQ(answer->answer.size(), 1U);
}

TEST(ParseAnswer, JoinsTheExtendedResponseCode) {
  const auto answer = parse_answer(message("0000 0000 0001", "00 0029 04d0 01000000 0000"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->rcode, Rcode::kBadVers);
  EXPECT_TRUE(answer->additional.empty());
}

TEST(ParseAnswer, KeepsNoMoreRecordsThanTheLimitAndSaysSo) {
  std::string records;
  for (int i = 0; i < 600; ++i) records += format("c00c 0001 0001 00000001 0004 c612{:04x}", i);
  const auto answer = parse_answer(message("0258 0000 0000", records));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->over_limit);
  EXPECT_EQ(answer->answer.size(), kRrsMax);
}

TEST(ParseAnswer, UsesOnlyTheHeadOfATruncatedMessage) {
  const auto answer = parse_answer(message("0001 0000 0000", "c00c 0001 0001 0000", "8600"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->truncated);
  EXPECT_TRUE(answer->answer.empty());
}

TEST(ParseAnswer, RefusesWhatIsNoAnswer) {
  EXPECT_FALSE(parse_answer(""));
  EXPECT_FALSE(parse_answer("short"));
  EXPECT_FALSE(parse_answer(message("0000 0000 0000", "", "0100")));                               // a query
  EXPECT_FALSE(parse_answer(message("0000 0000 0000", "", "a000")));                               // a status answer
  EXPECT_FALSE(parse_answer(message("0001 0000 0000", "")));                                       // promises a record
  EXPECT_FALSE(parse_answer(message("0001 0000 0000", "c01d 0001 0001 0000003c 0004 c0000201")));  // points at itself
  EXPECT_FALSE(parse_answer(message("0001 0000 0000", "c00c 0001 0001 0000003c 00ff c0000201")));  // overruns
  EXPECT_FALSE(parse_answer(std::string(kMessageBytesMax + 1, '\0')));
}

TEST(ParseAnswer, RefusesEveryTruncationOfAGoodMessageOrKeepsItsLimits) {
  const auto whole = message("0001 0000 0000", "c00c 000f 0001 00000001 0008 000a 03 4d5831 c010");
  ASSERT_TRUE(parse_answer(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(parse_answer(whole.substr(0, size))) << size;
}

}  // namespace
}  // namespace signpost::dns
