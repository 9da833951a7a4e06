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

TEST(Comparison, OfATxtSaysHowItIsSpoiled) {
  const auto expected = record(RecordType::kTxt, "token=0123456789");
  EXPECT_THAT(judged(expected, {"\"token=0123456789\""}).note, HasSubstr("quotation marks"));
  EXPECT_THAT(judged(expected, {"token=0123456789 "}).note, HasSubstr("blanks"));
  EXPECT_THAT(judged(expected, {"token=01234"}).note, HasSubstr("beginning"));
  EXPECT_THAT(judged(expected, {"56789", "token=01234"}).note, HasSubstr("split"));
  EXPECT_EQ(judged(expected, {"56789", "token=01234"}).verdict, Verdict::kDisagrees);
  EXPECT_EQ(judged(expected, {}).verdict, Verdict::kNoData);
}

TEST(Comparison, OfAnSpfRecordNeedsWhatIsWantedInExactlyOne) {
  const std::string wanted = "v=spf1 include:spf.saas.example ~all";
  for (const auto& [seen, verdict, note] : std::vector<std::tuple<std::vector<std::string>, Verdict, const char*>>{
           {{"hello", "v=spf1 include:_spf.other.example include:spf.saas.example -all"}, Verdict::kAgrees, ""},
           {{"v=spf1 mx -all"}, Verdict::kDisagrees, "without include:spf.saas.example"},
           {{"v=spf1 -all include:spf.saas.example"}, Verdict::kDisagrees, "behind the all"},
           {{"v=spf1 mx -all", wanted}, Verdict::kDisagrees, "2 SPF records"},  // RFC 7208 4.5
           {{"v=spf1 ip4:x include:spf.saas.example"}, Verdict::kDisagrees, "ip4:x"},
           {{"\"" + wanted + "\""}, Verdict::kDisagrees, "quotation marks"},
           {{"hello"}, Verdict::kDisagrees, ""},
           {{}, Verdict::kNoData, ""}}) {
    const auto judgement = judged(record(RecordType::kTxt, wanted), seen);
    EXPECT_EQ(name_of(judgement.verdict), name_of(verdict)) << note;
    EXPECT_THAT(judgement.note, HasSubstr(note));
  }
}

TEST(Comparison, OfAnSpfRecordTakesWhatItsWalkHasFound) {
  const auto expected = record(RecordType::kTxt, "v=spf1 include:spf.saas.example ~all");
  const auto there = seen({"v=spf1 include:all.shop.example -all"});
  auto walk = begin_spf_walk(expected, there);
  ASSERT_TRUE(walk);
  EXPECT_THAT(walk->needed(), testing::ElementsAre(name("all.shop.example")));
  EXPECT_EQ(judge(expected, std::span(&expected, 1), there).verdict, Verdict::kDisagrees);
  const std::vector<std::string> texts{"v=spf1 include:spf.saas.example -all"};
  walk->tell(name("all.shop.example"), SpfWalk::Outcome::kAnswer, texts);
  const auto report = walk->report();
  EXPECT_EQ(judge(expected, std::span(&expected, 1), there, &report).verdict, Verdict::kAgrees);
}

TEST(Comparison, WalksOnlyFromOneValidSpfRecordToAWantedOne) {
  const auto expected = record(RecordType::kTxt, "v=spf1 include:spf.saas.example ~all");
  EXPECT_TRUE(begin_spf_walk(expected, seen({"v=spf1 -all"}))->has_ended());
  EXPECT_FALSE(begin_spf_walk(expected, seen({})));
  EXPECT_FALSE(begin_spf_walk(expected, seen({"v=spf1 a", "v=spf1 mx"})));
  EXPECT_FALSE(begin_spf_walk(expected, seen({"v=spf1 ip4:x"})));
  EXPECT_FALSE(begin_spf_walk(record(RecordType::kTxt, "hello"), seen({"v=spf1 a"})));
  EXPECT_FALSE(begin_spf_walk(record(RecordType::kTxt, std::nullopt), seen({"v=spf1 a"})));
}

TEST(Comparison, OfADmarcRecordHoldsItsTagsAgainstTheOnlyOne) {
  const Expectation expected{name("_dmarc.shop.example"), RecordType::kTxt, "v=DMARC1; p=quarantine", std::nullopt};
  EXPECT_EQ(judged(expected, {"v=DMARC1;p=reject;rua=mailto:x@shop.example"}).verdict, Verdict::kAgrees);
  EXPECT_THAT(judged(expected, {"v=DMARC1; p=none"}).note, HasSubstr("p is none instead of quarantine"));
  EXPECT_THAT(judged(expected, {"v=DMARC1; p=reject", "v=DMARC1; p=none"}).note, HasSubstr("2 DMARC records"));
  EXPECT_EQ(judged(expected, {"v=DMARC1; p=foo"}).verdict, Verdict::kDisagrees);
  EXPECT_EQ(judged(expected, {"hello"}).verdict, Verdict::kDisagrees);
  EXPECT_EQ(judged(expected, {}).verdict, Verdict::kNoData);
}

TEST(Comparison, OfADkimKeyNeedsTheSameKeyAndNoOther) {
  const Expectation expected{name("s1._domainkey.shop.example"), RecordType::kTxt, "v=DKIM1; k=rsa; p=AAAABBBB",
                             std::nullopt};
  EXPECT_EQ(judged(expected, {"hello", "v=DKIM1;p=AAAA BBBB"}).verdict, Verdict::kAgrees);
  EXPECT_THAT(judged(expected, {"v=DKIM1; p=CCCC"}).note, HasSubstr("another key"));
  EXPECT_THAT(judged(expected, {"v=DKIM1; p="}).note, HasSubstr("revoked"));
  EXPECT_THAT(judged(expected, {"v=DKIM1; k=rsa; p=AAAA"}).note, HasSubstr("beginning"));
  // RFC 6376 3.6.2.2
  EXPECT_EQ(judged(expected, {"v=DKIM1; p=AAAABBBB", "v=DKIM1; p=CCCC"}).verdict, Verdict::kDisagrees);
  EXPECT_EQ(judged(expected, {}).verdict, Verdict::kNoData);
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

TEST(Comparison, OfNameServersHoldsEachAgainstTheWholeSet) {
  const std::vector group{record(RecordType::kNs, "ns1.saas.example."), record(RecordType::kNs, "NS2.saas.example")};
  EXPECT_EQ(judge(group[0], group, seen({"ns1.saas.example", "ns2.saas.example"})).verdict, Verdict::kAgrees);
  EXPECT_EQ(judge(group[1], group, seen({"ns1.saas.example"})).verdict, Verdict::kDisagrees);
  const auto old = judge(group[0], group, seen({"ns1.saas.example", "ns2.saas.example", "ns.old.example"}));
  EXPECT_EQ(old.verdict, Verdict::kDisagrees);
  EXPECT_THAT(old.note, HasSubstr("ns.old.example"));
}

TEST(Comparison, OfACaaFindsThePropertyAmongOthers) {
  const auto expected = record(RecordType::kCaa, "0 issue ca.example; b=2;a=1");
  EXPECT_EQ(judged(expected, {R"(0 iodef "mailto:x@shop.example")", R"(0 issue "CA.example ; a = 1; b=2")"}).verdict,
            Verdict::kAgrees);
  EXPECT_EQ(judged(expected, {R"(0 issue "ca.example")"}).verdict, Verdict::kDisagrees);
  EXPECT_EQ(judged(expected, {R"(128 issue "ca.example; a=1; b=2")"}).verdict, Verdict::kDisagrees);
  EXPECT_EQ(judged(expected, {}).verdict, Verdict::kNoData);
}

TEST(Comparison, OfASrvNeedsAllFourParts) {
  const auto expected = record(RecordType::kSrv, "10 5 443 App.Saas.Example.");
  EXPECT_EQ(judged(expected, {"20 5 443 b.saas.example", "10 5 443 app.saas.example"}).verdict, Verdict::kAgrees);
  for (const auto* other : {"11 5 443 app.saas.example", "10 6 443 app.saas.example", "10 5 80 app.saas.example",
                            "10 5 443 b.saas.example"}) {
    EXPECT_EQ(judged(expected, {other}).verdict, Verdict::kDisagrees) << other;
  }
}

TEST(Seen, TakesTheNameServersOfAReferral) {
  Answer answer;
  answer.authority.push_back({name("app.shop.example"), WireType::kNs, 60, "ns1.saas.example"});
  EXPECT_THAT(see(answer, {name("app.shop.example"), WireType::kNs}).values, testing::ElementsAre("ns1.saas.example"));
  EXPECT_TRUE(see(answer, {name("x.app.shop.example"), WireType::kNs}).values.empty());
}

TEST(Comparison, WithoutAValueTakesAny) {
  EXPECT_EQ(judged(record(RecordType::kTxt, std::nullopt), {"x"}).verdict, Verdict::kAgrees);
  EXPECT_EQ(judged(record(RecordType::kTxt, std::nullopt), {}).verdict, Verdict::kNoData);
  EXPECT_EQ(expected_text(record(RecordType::kTxt, std::nullopt)), "any value");
}

TEST(Comparison, OfAFlattenedNameNeedsANonEmptySubsetOfTheTargetsAddresses) {
  const TargetAddresses target{.known = {"192.0.2.1", "192.0.2.2"}};
  const std::vector<std::string> some{"192.0.2.2"};
  const std::vector<std::string> others{"192.0.2.2", "203.0.113.7"};
  EXPECT_EQ(judge_flattened(some, target).verdict, Verdict::kAgrees);
  EXPECT_EQ(judge_flattened(others, target).verdict, Verdict::kDisagrees);
  EXPECT_EQ(judge_flattened({}, target).verdict, Verdict::kNoData);
  EXPECT_EQ(judge_flattened(some, {}).verdict, Verdict::kDisagrees);
}

TEST(Comparison, DoesNotDecideOnAFlattenedNameByATargetThatCouldNotBeLookedUp) {
  const std::vector<std::string> v4{"192.0.2.2"};
  const std::vector<std::string> both{"192.0.2.2", "2001:db8::2"};
  EXPECT_EQ(judge_flattened(v4, {.lacks_v4 = true, .lacks_v6 = true}).verdict, Verdict::kUndecided);
  const TargetAddresses half{.known = {"192.0.2.2"}, .lacks_v6 = true};
  EXPECT_EQ(judge_flattened(v4, half).verdict, Verdict::kAgrees);
  EXPECT_EQ(judge_flattened(both, half).verdict, Verdict::kUndecided);
  const std::vector<std::string> other{"203.0.113.7", "2001:db8::2"};
  EXPECT_EQ(judge_flattened(other, half).verdict, Verdict::kDisagrees) << "all of the family are known";
}

TEST(Comparison, DoesNotDecideOnAnSpfRecordWithAnIncludeThatCouldNotBeLookedUp) {
  const auto expected = record(RecordType::kTxt, "v=spf1 include:spf.saas.example ~all");
  const auto there = seen({"v=spf1 include:slow.example include:other.example -all"});
  auto walk = begin_spf_walk(expected, there);
  walk->tell(name("slow.example"), SpfWalk::Outcome::kFailed, {});
  const auto undecided = walk->report();
  EXPECT_EQ(judge(expected, std::span(&expected, 1), there, &undecided).verdict, Verdict::kUndecided);
  const std::vector<std::string> texts{"v=spf1 include:spf.saas.example -all"};
  walk->tell(name("other.example"), SpfWalk::Outcome::kAnswer, texts);
  const auto found = walk->report();
  EXPECT_EQ(judge(expected, std::span(&expected, 1), there, &found).verdict, Verdict::kAgrees)
      << "what was found needs no other include";
}

TEST(Comparison, SaysThatAnIncludeWithMacrosMayHideWhatIsMissing) {
  const auto expected = record(RecordType::kTxt, "v=spf1 include:spf.saas.example ~all");
  const auto there = seen({"v=spf1 include:%{i}.spf.example -all"});
  const auto report = begin_spf_walk(expected, there)->report();
  const auto judgement = judge(expected, std::span(&expected, 1), there, &report);
  EXPECT_EQ(judgement.verdict, Verdict::kDisagrees);
  EXPECT_THAT(judgement.note, testing::HasSubstr("include:%{i}.spf.example depends on the mail"));
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
