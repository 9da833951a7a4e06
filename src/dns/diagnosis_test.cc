// SPDX-License-Identifier: Apache-2.0
//
// The rules on facts made by hand; tests/zones shows them on real servers.
#include "dns/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/explanation.h"

namespace signpost::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }

net::UdpEndpoint at(int server) { return {boost::asio::ip::make_address("192.0.2." + std::to_string(server)), 53}; }

/// A zone with two servers, and what they answered.
struct Scene {
  Expectation wanted;
  std::vector<Probe> authorities = {};
  std::vector<Probe> resolvers = {};
  ZoneView zone = {
      {name("shop.example"), {{.name = name("ns1.dns.example")}, {.name = name("ns2.dns.example")}}}, {}, {}};
  Beyond beyond = {};
  std::vector<Expectation> others = {};  // of the same name and type
  TargetAddresses target = {};

  Scene(std::string_view host, RecordType type, std::string_view value)
      : wanted{name(host), type, std::string(value), std::nullopt} {}

  static Probe probe(int server, const DnsName& owner, WireType type, std::vector<std::string> values,
                     Rcode rcode = Rcode::kNoError) {
    Probe made{"ns" + std::to_string(server) + ".dns.example", at(server), {owner, type}};
    Answer answer;
    answer.authoritative = true;
    answer.rcode = rcode;
    for (const auto& value : values) answer.answer.push_back({owner, type, 300, value});
    made.exchange.outcome = Outcome::kAnswer;
    made.seen = see(answer, made.question);
    made.exchange.answer = std::move(answer);
    return made;
  }
  Scene& says(int server, std::vector<std::string> values, Rcode rcode = Rcode::kNoError) {
    authorities.push_back(probe(server, wanted.name, wire_type_of(wanted.type), std::move(values), rcode));
    return *this;
  }
  Scene& both_say(std::vector<std::string> values, Rcode rcode = Rcode::kNoError) {
    return says(1, values, rcode).says(2, values, rcode);
  }
  Scene& beside(WireType type, std::string_view value) {
    beyond.beside.push_back(probe(1, wanted.name, type, {std::string(value)}));
    return *this;
  }
  Scene& elsewhere(std::string_view owner, std::string_view value) {
    beyond.elsewhere.push_back(probe(1, name(owner), wire_type_of(wanted.type), {std::string(value)}));
    return *this;
  }

  const SpfReport* spf() const { return beyond.spf ? &*beyond.spf : nullptr; }
  std::vector<Finding> findings() const {
    std::vector group{wanted};
    std::ranges::copy(others, std::back_inserter(group));
    RecordObservation record{.name = wanted.name, .type = wanted.type, .expected = expected_text(wanted)};
    for (const auto& probe : authorities) record.authorities.push_back(report(probe, wanted, group, target, spf()));
    for (const auto& probe : resolvers) record.resolvers.push_back(report(probe, wanted, group, target));
    record.propagated = is_propagated(record);
    return diagnose({record, wanted, group, group, authorities, resolvers, zone, beyond});
  }
  std::vector<std::string> codes() const {
    std::vector<std::string> codes;
    for (const auto& finding : findings()) codes.emplace_back(name_of(finding.cause));
    return codes;
  }
};

Scene www() { return {"www.shop.example", RecordType::kCname, "app.saas.example"}; }

TEST(Diagnosis, HasNothingToSayOfARecordThatIsRight) {
  EXPECT_THAT(www().both_say({"app.saas.example"}).codes(), ElementsAre());
}

TEST(Diagnosis, SaysWhatToTypeAndWhoSaidWhat) {
  const auto findings = www().both_say({}, Rcode::kNxDomain).findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].cause, Cause::kNameMissing);
  EXPECT_EQ(findings[0].weight, Weight::kBlocks);
  EXPECT_THAT(findings[0].fix, HasSubstr("type CNAME, host www, value app.saas.example"));
  ASSERT_EQ(findings[0].evidence.size(), 2u);
  EXPECT_EQ(findings[0].evidence[0].server, "ns1.dns.example");
  EXPECT_EQ(findings[0].evidence[0].address, "192.0.2.1:53");
  EXPECT_EQ(findings[0].evidence[0].said, "NXDOMAIN for www.shop.example CNAME");
}

TEST(Diagnosis, CallsTheTopOfTheZoneAtSign) {
  Scene apex{"shop.example", RecordType::kTxt, "verify=1"};
  EXPECT_THAT(apex.both_say({}).findings().at(0).fix, HasSubstr("host @"));
}

TEST(Diagnosis, FindsTheRecordWhereAFormHasPutIt) {
  const auto doubled =
      www().both_say({}, Rcode::kNxDomain).elsewhere("www.shop.example.shop.example", "app.saas.example");
  EXPECT_THAT(doubled.codes(), ElementsAre("name_doubled"));
  EXPECT_THAT(doubled.findings()[0].fix, HasSubstr("Type www as the host"));
  EXPECT_THAT(www().both_say({}, Rcode::kNxDomain).elsewhere("shop.example", "app.saas.example").codes(),
              ElementsAre("name_misplaced"));
  EXPECT_THAT(www().both_say({}, Rcode::kNxDomain).elsewhere("shop.example", "other.example").codes(),
              ElementsAre("name_missing"))
      << "another value elsewhere is another record";
}

TEST(Diagnosis, ReadsWhatWasTypedAsTheTarget) {
  EXPECT_THAT(www().both_say({"app.saas.example.shop.example"}).codes(), ElementsAre("target_relative"));
  EXPECT_THAT(www().both_say({"192.0.2.1"}).codes(), ElementsAre("target_is_address"));
  EXPECT_THAT(www().both_say({"192.0.2.1.shop.example"}).codes(), ElementsAre("target_is_address"));
  EXPECT_THAT(www().both_say({"old.example"}).codes(), ElementsAre("other_value"));
  auto url = www().both_say({});
  for (auto& probe : url.authorities) {
    probe.exchange.answer->unreadable.push_back({url.wanted.name, WireType::kCname, 300, "https://app.saas.example/"});
  }
  EXPECT_THAT(url.codes(), ElementsAre("target_is_url"));
}

TEST(Diagnosis, SeesWhatIsInTheWay) {
  EXPECT_THAT(www().both_say({}).beside(WireType::kA, "203.0.113.7").codes(), ElementsAre("records_in_the_way"));
  auto proxied = www().both_say({}).beside(WireType::kA, "104.16.0.1");
  for (auto& probe : proxied.authorities) probe.flattened = {"104.16.0.1"};
  EXPECT_THAT(proxied.codes(), ElementsAre("proxied"));
  Scene challenge{"_acme-challenge.www.shop.example", RecordType::kCname, "x.acme.example"};
  EXPECT_THAT(challenge.both_say({}).beside(WireType::kTxt, "old").codes(), ElementsAre("challenge_shadowed"));
}

TEST(Diagnosis, HoldsAnAddressThatNobodyAskedForAgainstTheRecord) {
  Scene a{"www.shop.example", RecordType::kA, "192.0.2.10"};
  auto beside = a;
  EXPECT_THAT(beside.both_say({"192.0.2.10", "203.0.113.7"}).codes(), ElementsAre("old_address_beside"));
  const auto findings = a.both_say({"192.0.2.10"}).beside(WireType::kAaaa, "2001:db8::1").findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].cause, Cause::kStaleAaaa);
  EXPECT_EQ(findings[0].weight, Weight::kRisks);
}

TEST(Diagnosis, TellsThePreferenceOfMailFromAnotherHost) {
  Scene mx{"shop.example", RecordType::kMx, "mail.saas.example"};
  mx.wanted.priority = 10;
  auto preference = mx;
  EXPECT_THAT(preference.both_say({"20 mail.saas.example"}).codes(), ElementsAre("mx_preference"));
  auto other = mx;
  EXPECT_THAT(other.both_say({"10 mail.saas.example", "10 old.example"}).codes(), ElementsAre("mx_other_first"));
}

TEST(Diagnosis, NeverTellsToRemoveMailThatIsWanted) {
  Scene mx{"shop.example", RecordType::kMx, "mail.saas.example"};
  mx.wanted.priority = 10;
  mx.both_say({"10 mail.saas.example", "20 mail2.saas.example", "5 old.example"});
  mx.others = {{name("shop.example"), RecordType::kMx, "mail2.saas.example", std::uint16_t{20}}};
  const auto findings = mx.findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].cause, Cause::kMxOtherFirst);
  EXPECT_THAT(findings[0].fix, HasSubstr("Remove 5 old.example,"));
  EXPECT_THAT(findings[0].fix, ::testing::Not(HasSubstr("mail2")));
}

TEST(Diagnosis, LeavesMailAndTextsAtTheTopOfTheZoneAlone) {
  Scene apex{"shop.example", RecordType::kCname, "app.saas.example"};
  apex.both_say({}).beside(WireType::kA, "203.0.113.7").beside(WireType::kMx, "10 mail.example");
  const auto findings = apex.findings();
  ASSERT_EQ(findings.at(0).cause, Cause::kRecordsInTheWay);
  EXPECT_THAT(findings[0].fix, HasSubstr("A 203.0.113.7"));
  EXPECT_THAT(findings[0].fix, HasSubstr("type ALIAS"));
  EXPECT_THAT(findings[0].fix, ::testing::Not(HasSubstr("mail.example")));
}

TEST(Diagnosis, FindsNothingWhereAWildcardAnswersEverywhere) {
  auto scene = www().both_say({}).beside(WireType::kA, "192.0.2.1");
  scene.elsewhere("www.shop.example.shop.example", "app.saas.example");
  scene.beyond.wildcard = Scene::probe(1, name("signpost-1.shop.example"), WireType::kCname, {"app.saas.example"});
  EXPECT_THAT(scene.codes(), ElementsAre("records_in_the_way"));
}

TEST(Diagnosis, SaysTheSameInWhicheverOrderServersAnswer) {
  Scene first{"shop.example", RecordType::kTxt, "saas-verification=0123456789abcdef"};
  auto second = first;
  first.says(1, {"\"saas-verification=0123456789abcdef\""}).says(2, {}, Rcode::kNxDomain);
  second.says(2, {}, Rcode::kNxDomain).says(1, {"\"saas-verification=0123456789abcdef\""});
  EXPECT_THAT(first.codes(), ElementsAre("txt_quoted"));
  EXPECT_EQ(first.codes(), second.codes());
}

TEST(Diagnosis, HasNothingAgainstIpv6OfANameOfWhichNothingIsWanted) {
  Scene any{"app.saas.example", RecordType::kA, ""};
  any.wanted.value.reset();
  EXPECT_THAT(any.both_say({"192.0.2.10"}).beside(WireType::kAaaa, "2001:db8::1").codes(), ElementsAre());
}

TEST(Diagnosis, ReadsWhatANameServerRecordOfADomainSays) {
  Scene ns{"shop.example", RecordType::kNs, "ns1.saas.example"};
  ns.zone.delegation.zone = name("example");
  const auto findings = ns.both_say({"ns1.old.example"}).findings();
  ASSERT_EQ(findings.at(0).cause, Cause::kOtherValue);
  EXPECT_THAT(findings[0].fix, HasSubstr("at the registrar"));
}

TEST(Diagnosis, TellsThatTheRegistryHasForgottenADomainThatStillAnswers) {
  auto scene = www().both_say({"app.saas.example"});
  scene.zone.above = Above{name("example"), "a.nic.example", "192.0.2.99:53", true, {}, {}, {}};
  EXPECT_THAT(scene.codes(), ElementsAre("domain_unregistered"));
  EXPECT_EQ(scene.findings()[0].weight, Weight::kRisks);
}

TEST(Diagnosis, NamesEveryAuthorityThatCaaForbidsAndWhereTheRecordBelongs) {
  auto scene = www().both_say({"app.saas.example"});
  CaaVerdict verdict{.kind = CaaVerdict::Kind::kForbidden,
                     .property = "0 issue \";\"",
                     .found_at = name("shop.example"),
                     .sentence = "nobody may"};
  scene.beyond.caa = {{"ca.example", verdict}, {"other.example", verdict}};
  const auto findings = scene.findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_THAT(findings[0].fix, HasSubstr("host @, value 0 issue \"ca.example\", and value 0 issue \"other.example\""));
  scene.beyond.caa[0].verdict.property = "128 future \"x\"";
  EXPECT_THAT(scene.findings()[0].fix, HasSubstr("Remove the CAA record 128 future"));
}

TEST(Diagnosis, KnowsTheShapesOfASpoiltText) {
  Scene txt{"shop.example", RecordType::kTxt, "saas-verification=0123456789abcdef"};
  const auto of = [&](std::vector<std::string> values) {
    auto scene = txt;
    return scene.both_say(std::move(values)).codes();
  };
  EXPECT_THAT(of({"\"saas-verification=0123456789abcdef\""}), ElementsAre("txt_quoted"));
  EXPECT_THAT(of({"saas-verification=0123456789abcdef "}), ElementsAre("txt_padded"));
  EXPECT_THAT(of({"saas-verification=01234567"}), ElementsAre("txt_cut"));
  EXPECT_THAT(of({"89abcdef", "saas-verification=01234567"}), ElementsAre("txt_split"));
  EXPECT_THAT(of({"something else"}), ElementsAre("other_value"));
}

TEST(Diagnosis, MergesWhatAnSpfRecordLacks) {
  Scene spf{"shop.example", RecordType::kTxt, "v=spf1 include:spf.saas.example ~all"};
  auto lacking = spf;
  const auto findings = lacking.both_say({"v=spf1 include:other.example -all"}).findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].cause, Cause::kSpfPartMissing);
  EXPECT_THAT(findings[0].fix, HasSubstr("value v=spf1 include:other.example include:spf.saas.example -all"));
  auto twice = spf;
  EXPECT_THAT(twice.both_say({"v=spf1 include:other.example -all", "v=spf1 include:spf.saas.example ~all"}).codes(),
              ElementsAre("spf_twice"));
}

TEST(Diagnosis, WritesOneSpfRecordThatDoesWhatAllWereMeantTo) {
  Scene spf{"shop.example", RecordType::kTxt, "v=spf1 include:spf.saas.example ~all"};
  const auto fix_of = [&](std::vector<std::string> records) {
    auto scene = spf;
    return scene.both_say(std::move(records)).findings().at(0).fix;
  };
  EXPECT_THAT(fix_of({"v=spf1 a ~all", "v=spf1 redirect=other.example"}),
              HasSubstr("value v=spf1 a include:other.example include:spf.saas.example ~all."));
  EXPECT_THAT(fix_of({"v=spf1 a ~all", "v=spf1 mx -all"}),
              HasSubstr("value v=spf1 a mx include:spf.saas.example -all."));
  Scene none{"shop.example", RecordType::kTxt, "v=spf1 -all"};
  EXPECT_THAT(none.both_say({"v=spf1 include:other.example ~all"}).findings().at(0).fix,
              HasSubstr("value v=spf1 include:other.example -all."));
}

TEST(Diagnosis, TellsLagFromServersThatWillNeverAgree) {
  const auto with_serials = [](std::string_view first, std::string_view second) {
    auto scene = www().says(1, {"app.saas.example"}).says(2, {}, Rcode::kNxDomain);
    for (int server = 1; server <= 2; ++server) {
      scene.beyond.serials.push_back(Scene::probe(
          server, name("shop.example"), WireType::kSoa,
          {"ns1.dns.example h.dns.example " + std::string(server == 1 ? first : second) + " 60 60 60 60"}));
    }
    return scene.codes();
  };
  EXPECT_THAT(with_serials("8", "7"), ElementsAre("serials_lag"));
  EXPECT_THAT(with_serials("1", "4294967295"), ElementsAre("serials_lag")) << "serials wrap around (RFC 1982)";
  EXPECT_THAT(with_serials("7", "7"), ElementsAre("servers_disagree"));
  EXPECT_THAT(with_serials("7", "8"), ElementsAre("servers_disagree")) << "the newer zone is without the record";
}

TEST(Diagnosis, NamesARecordAtServersThatNobodyAsks) {
  auto scene = www().says(1, {}, Rcode::kNxDomain).says(2, {"app.saas.example"});
  scene.zone.above = Above{name("example"), "a.nic.example", "192.0.2.99:53", false, {name("ns1.dns.example")}, {}, {}};
  scene.zone.own = {name("ns1.dns.example"), name("ns2.dns.example")};
  EXPECT_THAT(scene.codes(), ElementsAre("not_delegated_here", "delegation_differs"));
}

TEST(Diagnosis, BlamesAWildcardOnlyForWhatItAnswers) {
  auto scene = www().both_say({"park.example"});
  scene.beyond.wildcard = Scene::probe(1, name("signpost-1.shop.example"), WireType::kCname, {"park.example"});
  EXPECT_THAT(scene.codes(), ElementsAre("wildcard_answers"));
  scene.beyond.wildcard = Scene::probe(1, name("signpost-1.shop.example"), WireType::kCname, {"other.example"});
  EXPECT_THAT(scene.codes(), ElementsAre("other_value"));
}

TEST(Diagnosis, WeighsASilentServerByTheOthers) {
  Probe silent{"ns2.dns.example", at(2), {name("www.shop.example"), WireType::kCname}};
  silent.exchange.outcome = Outcome::kSilent;
  auto one = www().says(1, {"app.saas.example"});
  one.authorities.push_back(silent);
  EXPECT_THAT(one.codes(), ElementsAre("servers_silent"));
  EXPECT_EQ(one.findings()[0].weight, Weight::kRisks);
  auto all = www();
  all.authorities = {silent};
  EXPECT_EQ(all.findings()[0].weight, Weight::kBlocks);
}

TEST(Diagnosis, BlamesNobodyForATargetThatWeCouldNotLookUp) {
  auto flat = www().both_say({}).beside(WireType::kA, "192.0.2.10");
  for (auto& probe : flat.authorities) probe.flattened = {"192.0.2.10"};
  EXPECT_THAT(flat.codes(), ElementsAre("records_in_the_way"));
  flat.target = {.known = {}, .lacks_v4 = true, .lacks_v6 = true};
  flat.beyond.target_unknown = "the resolver 192.0.2.53:53 gives no answer in time";
  const auto findings = flat.findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].cause, Cause::kResolversFail);
  EXPECT_THAT(findings[0].text, HasSubstr("app.saas.example is not known"));
  EXPECT_THAT(findings[0].text, HasSubstr("gives no answer in time"));
}

TEST(Diagnosis, AsksForNoPartThatAnIncludeMayHaveWhichWeCouldNotLookUp) {
  Scene spf{"shop.example", RecordType::kTxt, "v=spf1 include:spf.saas.example ~all"};
  spf.both_say({"v=spf1 include:slow.example -all"});
  auto walk = begin_spf_walk(spf.wanted, spf.authorities[0].seen);
  walk->tell(name("slow.example"), SpfWalk::Outcome::kFailed, {});
  spf.beyond.spf = walk->report();
  const auto findings = spf.findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].cause, Cause::kResolversFail);
  EXPECT_THAT(findings[0].text, HasSubstr("slow.example"));
}

TEST(Diagnosis, DoesNotBlameAServerThatHadNoTurn) {
  auto scene = www().says(1, {"app.saas.example"});
  scene.authorities.push_back(Probe{"ns2.dns.example", at(2), {name("www.shop.example"), WireType::kCname}});
  EXPECT_THAT(scene.codes(), ElementsAre());
}

TEST(Diagnosis, DoesNotCallAnAddressMissingThatCouldNotBeLookedUp) {
  auto one = www().says(1, {"app.saas.example"});
  one.zone.delegation.servers[1].lack = Authority::Lack::kUnknown;
  one.zone.delegation.servers[1].note = "its address is not to be had: SERVFAIL";
  EXPECT_THAT(one.codes(), ElementsAre());
  auto none = www();
  none.zone.delegation = one.zone.delegation;
  EXPECT_THAT(none.codes(), ElementsAre("resolvers_fail"));
  EXPECT_THAT(none.findings()[0].text, HasSubstr("ns2.dns.example"));
  none.zone.delegation.servers[0].lack = Authority::Lack::kNone;
  EXPECT_THAT(none.codes(), ElementsAre("resolvers_fail", "server_without_address"));
}

/// A record that a resolver refuses, and what it said when it was asked again.
Scene refused(Rcode checked) {
  Scene scene{"www.shop.example", RecordType::kA, "192.0.2.10"};
  scene.both_say({"192.0.2.10"});
  const auto at_resolver = [&](Rcode rcode, Recursion recursion) {
    auto probe = Scene::probe(9, scene.wanted.name, WireType::kA, {}, rcode);
    probe.recursion = recursion;
    return probe;
  };
  scene.resolvers = {at_resolver(Rcode::kServFail, Recursion::kDesired)};
  scene.beyond.unchecked = {at_resolver(Rcode::kNoError, Recursion::kUnchecked)};
  scene.beyond.checked = {at_resolver(checked, Recursion::kDesired)};
  return scene;
}

TEST(Diagnosis, CallsSignaturesWrongOnlyWhereAResolverRefusesTwice) {
  EXPECT_THAT(refused(Rcode::kServFail).codes(), ElementsAre("dnssec_bogus"));
  EXPECT_THAT(refused(Rcode::kNoError).codes(), ElementsAre()) << "the failure has passed";
}

TEST(Diagnosis, DoesNotCallTheSignaturesOfAnUnsignedZoneWrong) {
  auto unsigned_zone = refused(Rcode::kServFail);
  unsigned_zone.zone.above = Above{name("example"), "a.nic.example", "192.0.2.99:53", false, {}, {}, {}, true};
  EXPECT_THAT(unsigned_zone.codes(), ElementsAre());
  unsigned_zone.zone.above->has_said_keys = false;
  EXPECT_THAT(unsigned_zone.codes(), ElementsAre("dnssec_bogus")) << "the registry did not say";
}

TEST(Diagnosis, KnowsHowLongACacheKeepsTheOldAnswer) {
  auto scene = www().both_say({"app.saas.example"});
  auto old = Scene::probe(9, name("www.shop.example"), WireType::kCname, {"old.example"});
  old.recursion = Recursion::kDesired;
  scene.resolvers = {old};
  const auto findings = scene.findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].cause, Cause::kCachesOld);
  EXPECT_EQ(findings[0].weight, Weight::kPasses);
  EXPECT_THAT(findings[0].fix, HasSubstr("within 5 min"));
}

}  // namespace
}  // namespace signpost::dns
