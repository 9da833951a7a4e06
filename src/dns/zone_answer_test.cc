// SPDX-License-Identifier: Apache-2.0
#include "dns/zone_answer.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "dns/testing/fake_texts.h"

namespace signpost::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }

class ZoneAnswerTest : public ::testing::Test {
 protected:
  ZoneAnswerTest() {
    texts.labels["abc"] = {"first", "second"};
    for (int i = 0; i < 32; ++i) texts.labels["many"].push_back(format("{:043}", i));
  }

  std::string query(std::string_view asked, WireType type, Edns edns = Edns::kOn) {
    return encode_query({name(asked), type}, 0x1234, Recursion::kNotDesired, edns);
  }
  std::string octets_for(const std::string& query, Via via = Via::kUdp) {
    const auto reply = zone.reply(query, via);
    return reply ? reply->octets : "";
  }
  Answer reply(const std::string& query, Via via = Via::kUdp) {
    auto parsed = parse_answer(octets_for(query, via));
    if (!parsed) throw std::runtime_error(parsed.error().message);
    EXPECT_EQ(parsed->id, 0x1234);
    return *std::move(parsed);
  }
  Answer ask(std::string_view asked, WireType type) { return reply(query(asked, type)); }
  static std::vector<std::string> values(const std::vector<Rr>& rrs) {
    std::vector<std::string> all;
    for (const auto& rr : rrs) all.push_back(rr.value);
    return all;
  }
  static std::uint16_t flags_of(const std::string& octets) {
    return static_cast<std::uint16_t>(static_cast<std::uint8_t>(octets[2]) << 8 | static_cast<std::uint8_t>(octets[3]));
  }

  testing::FakeTexts texts;
  ZoneAnswer zone{testing::small_zone(), texts};
};

TEST_F(ZoneAnswerTest, TellsAllTextsOfALabelWithAuthorityForThisQuestionAlone) {
  const auto answer = ask("abc.acme.saas.example", WireType::kTxt);
  EXPECT_EQ(answer.rcode, Rcode::kNoError);
  EXPECT_TRUE(answer.authoritative);
  EXPECT_EQ(answer.question, (Question{name("abc.acme.saas.example"), WireType::kTxt}));
  EXPECT_THAT(values(answer.answer), UnorderedElementsAre("first", "second"));
  for (const auto& rr : answer.answer) {
    EXPECT_EQ(rr.ttl, 0U);
    EXPECT_EQ(rr.owner, name("abc.acme.saas.example"));
  }
}

TEST_F(ZoneAnswerTest, KeepsTheCaseOfTheQuestion) {
  auto mixed = query("abc.acme.saas.example", WireType::kTxt);
  mixed[13] = 'A';
  mixed[18] = 'C';
  const auto octets = octets_for(mixed);
  EXPECT_EQ(octets.substr(12, 23), mixed.substr(12, 23));
  EXPECT_THAT(values(reply(mixed).answer), SizeIs(2));
}

TEST_F(ZoneAnswerTest, DeniesNamesAndTypesForThisQuestionAlone) {
  for (const auto* nobody : {"nobody.acme.saas.example", "x.abc.acme.saas.example"}) {
    const auto absent = ask(nobody, WireType::kTxt);
    EXPECT_EQ(absent.rcode, Rcode::kNxDomain) << nobody;
    EXPECT_TRUE(absent.authoritative);
    EXPECT_EQ(negative_ttl(absent), 0U);
    ASSERT_THAT(absent.authority, SizeIs(1));
    EXPECT_EQ(absent.authority[0].owner, name("acme.saas.example"));
  }
  const auto empty = ask("abc.acme.saas.example", WireType::kA);
  EXPECT_EQ(empty.rcode, Rcode::kNoError);
  EXPECT_THAT(empty.answer, IsEmpty());
  EXPECT_EQ(negative_ttl(empty), 0U);
}

TEST_F(ZoneAnswerTest, TellsItsSoaAndNameServersWithTheAddressesInside) {
  const auto soa = ask("acme.saas.example", WireType::kSoa);
  EXPECT_THAT(values(soa.answer),
              ElementsAre("ns1.acme.saas.example hostmaster.acme.saas.example 7 3600 600 604800 0"));
  const auto servers = ask("acme.saas.example", WireType::kNs);
  EXPECT_THAT(values(servers.answer), ElementsAre("ns1.acme.saas.example", "ns.other.example"));
  EXPECT_THAT(values(servers.additional), ElementsAre("192.0.2.53", "2001:db8::53"));
  EXPECT_EQ(servers.additional[0].owner, name("ns1.acme.saas.example"));
  EXPECT_THAT(values(ask("ns1.acme.saas.example", WireType::kA).answer), ElementsAre("192.0.2.53"));
  EXPECT_THAT(values(ask("ns1.acme.saas.example", WireType::kAaaa).answer), ElementsAre("2001:db8::53"));
  EXPECT_EQ(ask("ns1.acme.saas.example", WireType::kTxt).rcode, Rcode::kNoError);
}

TEST_F(ZoneAnswerTest, KnowsThatANameExistsBelowWhichANameServerIs) {
  const ZoneAnswer deep({name("acme.example"), {{name("a.ns.acme.example"), {}}}}, texts);
  const auto reply = deep.reply(query("ns.acme.example", WireType::kTxt), Via::kUdp);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->rcode, Rcode::kNoError);
  EXPECT_EQ(deep.reply(query("b.ns.acme.example", WireType::kTxt), Via::kUdp)->rcode, Rcode::kNxDomain);
}

TEST_F(ZoneAnswerTest, RefusesOtherZonesClassesAndTransfers) {
  for (const auto* other : {"saas.example", "xacme.saas.example", "example", ".", "abc.acme.saas.example.com"}) {
    const auto answer = ask(other, WireType::kTxt);
    EXPECT_EQ(answer.rcode, Rcode::kRefused) << other;
    EXPECT_FALSE(answer.authoritative);
    EXPECT_TRUE(answer.question) << "so that the client knows what was refused";
  }
  for (const std::uint16_t transfer : {251, 252})
    EXPECT_EQ(ask("acme.saas.example", static_cast<WireType>(transfer)).rcode, Rcode::kRefused);
  auto chaos = query("acme.saas.example", WireType::kTxt);
  chaos[chaos.size() - 12] = 3;  // the class stands before OPT's eleven octets
  EXPECT_EQ(zone.reply(chaos, Via::kUdp)->rcode, Rcode::kRefused);
}

TEST_F(ZoneAnswerTest, ImplementsQueriesAlone) {
  for (const int opcode : {1, 2, 4, 5, 6, 15}) {
    auto other = query("acme.saas.example", WireType::kSoa);
    other[2] = static_cast<char>(opcode << 3);
    const auto octets = octets_for(other);
    ASSERT_EQ(octets.size(), 12U) << opcode;
    EXPECT_EQ(flags_of(octets), 0x8000 | opcode << 11 | 4) << opcode;
  }
  for (const std::uint16_t meta : {249, 250, 253, 254, 128})
    EXPECT_EQ(ask("acme.saas.example", static_cast<WireType>(meta)).rcode, Rcode::kNotImp) << meta;
  EXPECT_EQ(ask("acme.saas.example", WireType::kOpt).rcode, Rcode::kFormErr);
}

TEST_F(ZoneAnswerTest, NeverAnswersAnAnswerOrAStump) {
  auto response = query("abc.acme.saas.example", WireType::kTxt);
  response[2] = static_cast<char>(0x80);
  EXPECT_FALSE(zone.reply(response, Via::kUdp));
  EXPECT_FALSE(zone.come_by_tcp(response));
  EXPECT_FALSE(zone.reply(response.substr(0, 11), Via::kUdp));
  EXPECT_FALSE(zone.reply("", Via::kTcp));
}

TEST_F(ZoneAnswerTest, SaysThatABrokenQueryIsBroken) {
  const auto whole = query("abc.acme.saas.example", WireType::kTxt);
  for (std::size_t size = 12; size < whole.size(); ++size) {
    EXPECT_EQ(zone.reply(whole.substr(0, size), Via::kUdp)->rcode, Rcode::kFormErr) << size;
  }
  EXPECT_EQ(zone.reply(whole + "x", Via::kUdp)->rcode, Rcode::kFormErr);
  auto several = whole;
  several[5] = 2;
  EXPECT_EQ(zone.reply(several, Via::kUdp)->rcode, Rcode::kFormErr);
  auto none = whole;
  none[5] = 0;
  EXPECT_EQ(zone.reply(none, Via::kUdp)->rcode, Rcode::kFormErr);
  auto pointing = whole;
  pointing[12] = static_cast<char>(0xC0);
  EXPECT_EQ(zone.reply(pointing, Via::kUdp)->rcode, Rcode::kFormErr);
  auto second_opt = whole + whole.substr(whole.size() - 11);
  second_opt[11] = 2;
  EXPECT_EQ(zone.reply(second_opt, Via::kUdp)->rcode, Rcode::kFormErr);
}

TEST_F(ZoneAnswerTest, QueriesHaveLimits) {
  const auto with = [](const std::string& asked, std::size_t records) {
    auto octets = from_hex("123400000001000000000000").value() + asked + std::string("\0\20\0\1", 4);
    octets[11] = static_cast<char>(records);
    for (std::size_t i = 0; i < records; ++i) octets += std::string("\0\0\1\0\1\0\0\0\0\0\0", 11);
    return octets;
  };
  const std::string longest = std::string("\77") + std::string(63, 'a');
  const auto fits = longest + longest + longest + std::string("\75") + std::string(61, 'a') + std::string(1, '\0');
  ASSERT_EQ(fits.size(), 255U);
  EXPECT_EQ(zone.reply(with(fits, 0), Via::kTcp)->rcode, Rcode::kRefused);
  EXPECT_EQ(zone.reply(with(longest + fits, 0), Via::kTcp)->rcode, Rcode::kFormErr);
  EXPECT_EQ(zone.reply(with(fits, 64), Via::kTcp)->rcode, Rcode::kRefused);
  EXPECT_EQ(zone.reply(with(fits, 65), Via::kTcp)->rcode, Rcode::kFormErr);
}

TEST_F(ZoneAnswerTest, KnowsVersionZeroOfEdns) {
  auto later = query("abc.acme.saas.example", WireType::kTxt);
  later[later.size() - 5] = 1;
  const auto answer = reply(later);
  EXPECT_EQ(answer.rcode, Rcode::kBadVers);
  EXPECT_THAT(answer.answer, IsEmpty());
  const auto octets = octets_for(later);
  EXPECT_EQ(octets[octets.size() - 5], 0) << "the version that it knows";
}

TEST_F(ZoneAnswerTest, SendsDnssecRecursionAndCheckingFlagsBackAndClaimsNothing) {
  auto asking = query("abc.acme.saas.example", WireType::kTxt);
  asking[2] = static_cast<char>(0x03);                  // RD, TC
  asking[3] = static_cast<char>(0xF0);                  // RA, Z, AD, CD
  asking[asking.size() - 4] = static_cast<char>(0x80);  // DO
  asking[asking.size() - 3] = static_cast<char>(0x7F);
  const auto octets = octets_for(asking);
  EXPECT_EQ(flags_of(octets), 0x8000 | 0x0400 | 0x0100 | 0x0010);
  EXPECT_EQ(octets.substr(octets.size() - 4), std::string("\x80\x00\x00\x00", 4));
}

TEST_F(ZoneAnswerTest, LeavesEdnsOutForWhoHasNone) {
  const auto plain = query("abc.acme.saas.example", WireType::kTxt, Edns::kOff);
  EXPECT_EQ(octets_for(plain).substr(10, 2), std::string(2, '\0'));
  EXPECT_THAT(values(reply(plain).answer), SizeIs(2));
}

TEST_F(ZoneAnswerTest, OptionsOfEdnsAreIgnored) {
  auto with_cookie = query("abc.acme.saas.example", WireType::kTxt);
  with_cookie[with_cookie.size() - 1] = 12;
  with_cookie += from_hex("000a00080102030405060708").value();
  EXPECT_THAT(values(reply(with_cookie).answer), SizeIs(2));
}

TEST_F(ZoneAnswerTest, LongSetsGoByTcp) {
  for (const auto edns : {Edns::kOn, Edns::kOff}) {
    const auto asking = query("many.acme.saas.example", WireType::kTxt, edns);
    const auto by_udp = zone.reply(asking, Via::kUdp);
    ASSERT_TRUE(by_udp);
    EXPECT_TRUE(by_udp->is_truncated);
    EXPECT_LE(by_udp->octets.size(), asking.size());
    EXPECT_TRUE(reply(asking).truncated);
    EXPECT_THAT(reply(asking, Via::kTcp).answer, SizeIs(32));
  }
}

TEST_F(ZoneAnswerTest, ClientsMayWantLessThanEverybodyTakesButGetThat) {
  auto small = query("abc.acme.saas.example", WireType::kTxt);
  small[small.size() - 8] = 0;
  small[small.size() - 7] = 1;
  EXPECT_THAT(values(reply(small).answer), SizeIs(2));
}

TEST_F(ZoneAnswerTest, AddressesOfNameServersAreLeftOutWhereTheyDoNotFit) {
  Zone wide{name("acme.saas.example"), {}};
  for (int i = 0; i < 13; ++i) {
    wide.name_servers.push_back(
        {name(format("ns{}.acme.saas.example", i)),
         {boost::asio::ip::make_address("192.0.2.53"), boost::asio::ip::make_address("2001:db8::53")}});
  }
  const ZoneAnswer many(wide, texts);
  const auto reply = many.reply(query("acme.saas.example", WireType::kNs, Edns::kOff), Via::kUdp);
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->is_truncated);
  EXPECT_LE(reply->octets.size(), 512U);
  const auto answer = parse_answer(reply->octets);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_THAT(answer->answer, SizeIs(13));
  EXPECT_THAT(answer->additional, IsEmpty());
}

TEST_F(ZoneAnswerTest, AnyIsToldOneSetOnly) {
  const auto any = static_cast<WireType>(255);
  EXPECT_THAT(values(ask("abc.acme.saas.example", any).answer), SizeIs(2));
  EXPECT_THAT(ask("acme.saas.example", any).answer, SizeIs(1));
  EXPECT_THAT(values(ask("ns1.acme.saas.example", any).answer), ElementsAre("192.0.2.53"));
}

TEST_F(ZoneAnswerTest, ComeByTcpIsNoLongerThanTheQuestion) {
  const auto asking = query("abc.acme.saas.example", WireType::kTxt);
  const auto reply = zone.come_by_tcp(asking);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->is_truncated);
  EXPECT_EQ(reply->octets.size(), asking.size());
  const auto answer = parse_answer(reply->octets);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->truncated);
}

TEST_F(ZoneAnswerTest, TextsLongerThanAStringAreSplit) {
  texts.labels["long"] = {std::string(300, 'x')};
  EXPECT_THAT(values(ask("long.acme.saas.example", WireType::kTxt).answer), ElementsAre(std::string(300, 'x')));
}

}  // namespace
}  // namespace signpost::dns
