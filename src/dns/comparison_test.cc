// SPDX-License-Identifier: Apache-2.0
#include "dns/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace signpost::dns {
namespace {

using testing::HasSubstr;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }
Expectation record(RecordType type, std::optional<std::string> value, std::optional<std::uint16_t> priority = {}) {
  return {name("www.shop.example"), type, std::move(value), priority};
}
Seen seen(std::vector<std::string> values) { return {std::move(values), 60, {}, Seen::Chain::kEnded}; }
Judgement judged(const Expectation& expected, std::vector<std::string> values) {
  return judge(expected, std::span(&expected, 1), seen(std::move(values)));
}
Answer chain(int links) {
  Answer answer;
  for (int i = 0; i < links; ++i) {
    answer.answer.push_back({name(format("a{}.example", i)), WireType::kCname, 60, format("a{}.example", i + 1)});
  }
  answer.answer.push_back({name(format("a{}.example", links)), WireType::kA, 30, "192.0.2.1"});
  return answer;
}

TEST(Comparison, OfAnAddressAgreesWithExactlyThatAddress) {
  EXPECT_EQ(judged(record(RecordType::kA, "192.0.2.1"), {"192.0.2.1"}).verdict, Verdict::kAgrees);
  EXPECT_EQ(judged(record(RecordType::kA, "192.0.2.1"), {"192.0.2.9"}).verdict, Verdict::kDisagrees);
  EXPECT_EQ(judged(record(RecordType::kA, "192.0.2.1"), {}).verdict, Verdict::kNoData);
}

TEST(Comparison, OfAnAddressDisagreesWhileTheOldOneIsThereTooAndNamesIt) {
  const auto judgement = judged(record(RecordType::kA, "192.0.2.1"), {"192.0.2.1", "203.0.113.7"});
  EXPECT_EQ(judgement.verdict, Verdict::kDisagrees);
  EXPECT_THAT(judgement.note, HasSubstr("203.0.113.7"));
}

TEST(Comparison, OfSeveralAddressesHoldsEachAgainstTheWholeSet) {
  const std::vector group{record(RecordType::kA, "192.0.2.1"), record(RecordType::kA, "192.0.2.2")};
  EXPECT_EQ(judge(group[0], group, seen({"192.0.2.2", "192.0.2.1"})).verdict, Verdict::kAgrees);
  EXPECT_EQ(judge(group[1], group, seen({"192.0.2.2", "192.0.2.1"})).verdict, Verdict::kAgrees);
  EXPECT_EQ(judge(group[0], group, seen({"192.0.2.1"})).verdict, Verdict::kAgrees);
  EXPECT_EQ(judge(group[1], group, seen({"192.0.2.1"})).verdict, Verdict::kDisagrees);
}

TEST(Comparison, OfAnIpv6AddressIgnoresHowItIsWritten) {
  EXPECT_EQ(judged(record(RecordType::kAaaa, "2001:DB8:0:0::1"), {"2001:db8::1"}).verdict, Verdict::kAgrees);
}

TEST(Comparison, OfACnameIgnoresCaseAndTheLastDot) {
  EXPECT_EQ(judged(record(RecordType::kCname, "App.Saas.Example."), {"app.saas.example"}).verdict, Verdict::kAgrees);
  EXPECT_EQ(judged(record(RecordType::kCname, "app.saas.example"), {"app.other.example"}).verdict, Verdict::kDisagrees);
}

TEST(Comparison, OfATxtFindsItAmongOthersExactly) {
  const auto expected = record(RecordType::kTxt, "v=abc DEF");
  EXPECT_EQ(judged(expected, {"v=spf1 -all", "v=abc DEF"}).verdict, Verdict::kAgrees);
  EXPECT_EQ(judged(expected, {"v=abc def"}).verdict, Verdict::kDisagrees);
}

TEST(Comparison, OfAnMxNeedsHostAndPreference) {
  const auto expected = record(RecordType::kMx, "Mail.Example.", 10);
  EXPECT_EQ(judged(expected, {"10 mail.example"}).verdict, Verdict::kAgrees);
  EXPECT_EQ(judged(expected, {"20 mail.example"}).verdict, Verdict::kDisagrees);
  EXPECT_EQ(judged(record(RecordType::kMx, "mail.example"), {"20 mail.example"}).verdict, Verdict::kAgrees);
}

TEST(Comparison, OfAnMxTakesWorseOnesBesideItAsBackups) {
  const auto expected = record(RecordType::kMx, "mail.example", 10);
  EXPECT_EQ(judged(expected, {"10 mail.example", "50 backup.example"}).verdict, Verdict::kAgrees);
  EXPECT_EQ(judged(expected, {"10 mail.example", "5 old.example"}).verdict, Verdict::kDisagrees);
}

TEST(Comparison, WithoutAValueTakesAny) {
  EXPECT_EQ(judged(record(RecordType::kTxt, std::nullopt), {"x"}).verdict, Verdict::kAgrees);
  EXPECT_EQ(judged(record(RecordType::kTxt, std::nullopt), {}).verdict, Verdict::kNoData);
  EXPECT_EQ(expected_text(record(RecordType::kTxt, std::nullopt)), "any value");
}

TEST(Comparison, OfAFlattenedNameNeedsANonEmptySubsetOfTheTargetsAddresses) {
  const std::vector<std::string> target{"192.0.2.1", "192.0.2.2"};
  const std::vector<std::string> some{"192.0.2.2"};
  const std::vector<std::string> others{"192.0.2.2", "203.0.113.7"};
  EXPECT_EQ(judge_flattened(some, target).verdict, Verdict::kAgrees);
  EXPECT_EQ(judge_flattened(others, target).verdict, Verdict::kDisagrees);
  EXPECT_EQ(judge_flattened({}, target).verdict, Verdict::kNoData);
  EXPECT_EQ(judge_flattened(some, {}).verdict, Verdict::kDisagrees);
}

TEST(Seen, FollowsTheAliasesOfAnAnswer) {
  const auto found = see(chain(8), {name("a0.example"), WireType::kA});
  EXPECT_THAT(found.values, testing::ElementsAre("192.0.2.1"));
  EXPECT_EQ(found.aliases.size(), 8U);
  EXPECT_EQ(found.ttl, 30U);
}

TEST(Seen, StopsAfterEightAliases) {
  const auto found = see(chain(9), {name("a0.example"), WireType::kA});
  EXPECT_TRUE(found.values.empty());
  EXPECT_EQ(found.chain, Seen::Chain::kTooLong);
}

TEST(Seen, DetectsALoopOfAliases) {
  Answer answer;
  answer.answer.push_back({name("a.example"), WireType::kCname, 60, "b.example"});
  answer.answer.push_back({name("b.example"), WireType::kCname, 60, "a.example"});
  EXPECT_EQ(see(answer, {name("a.example"), WireType::kA}).chain, Seen::Chain::kLoops);
}

TEST(Seen, IgnoresRecordsOfOtherNames) {
  Answer answer;
  answer.answer.push_back({name("evil.example"), WireType::kA, 60, "203.0.113.7"});
  EXPECT_TRUE(see(answer, {name("a.example"), WireType::kA}).values.empty());
}

}  // namespace
}  // namespace signpost::dns
