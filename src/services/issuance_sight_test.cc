// SPDX-License-Identifier: Apache-2.0
#include "services/issuance_sight.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "dns/testing/on_loop.h"
#include "dns/testing/scripted_server.h"

namespace signpost::services {
namespace {

using dns::WireType;
using dns::testing::Behaviour;
using dns::testing::on_loop;
using dns::testing::Role;
using dns::testing::ScriptedServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Verdict = dns::CaaVerdict::Kind;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }
constexpr auto kChallenge = "_acme-challenge.www.shop.example";

/// shop.example at ns1 and ns2, acme.saas.example and other.example at ns3 and ns4, all on one port; a resolver that is
/// told the delegations.
class IssuanceSightTest : public ::testing::Test {
 protected:
  IssuanceSightTest() {
    resolver.add_zone("example");
    for (auto* server : {&ns1, &ns2, &resolver}) server->add_zone("shop.example");
    for (auto* server : {&ns3, &ns4, &resolver}) {
      server->add_zone("acme.saas.example");
      server->add_zone("other.example");
    }
    for (int i = 1; i <= 4; ++i) resolver.add(format("ns{}.dns.example", i), WireType::kA, format("127.0.0.{}", i));
    for (const auto* server : {"ns1.dns.example", "ns2.dns.example"})
      resolver.add("shop.example", WireType::kNs, server);
    for (const auto* server : {"ns3.dns.example", "ns4.dns.example"}) {
      resolver.add("acme.saas.example", WireType::kNs, server);
      resolver.add("other.example", WireType::kNs, server);
    }
  }
  ~IssuanceSightTest() override { on_loop(loop, observer.stop()); }

  dns::Observer::Settings settings() {
    dns::Observer::Settings made;
    made.resolvers = {resolver.endpoint()};
    made.authority_port = ns1.port();
    made.look_max = Milliseconds{4'000};
    made.server_max = Milliseconds{500};
    made.try_max = Milliseconds{200};
    return made;
  }
  void customers(std::string_view owner, WireType type, std::string_view value) {
    ns1.add(owner, type, value);
    ns2.add(owner, type, value);
  }
  void ours(std::string_view owner, WireType type, std::string_view value) {
    ns3.add(owner, type, value);
    ns4.add(owner, type, value);
  }
  ChallengeSight look(std::vector<std::string> values = {"value"},
                      std::optional<DnsName> target = name("abc.acme.saas.example")) {
    return on_loop(
        loop, sight.challenge({HostName::parse("www.shop.example").value(), std::move(values), std::move(target)}));
  }
  dns::CaaVerdict caa(dns::CaaQuestion::For kind = dns::CaaQuestion::For::kHost, std::string account = "") {
    return on_loop(loop,
                   sight.caa({HostName::parse("www.shop.example").value(), kind, {"ca.example"}, std::move(account)}));
  }

  net::Loop loop{1};
  ScriptedServer ns1{loop};
  ScriptedServer ns2{loop, Role::kAuthority, "127.0.0.2", ns1.port()};
  ScriptedServer ns3{loop, Role::kAuthority, "127.0.0.3", ns1.port()};
  ScriptedServer ns4{loop, Role::kAuthority, "127.0.0.4", ns1.port()};
  ScriptedServer resolver{loop, Role::kResolver};
  net::AddressPolicy policy{{net::Network::parse("127.0.0.0/8").value()}};
  dns::Observer observer{loop.get_executor(), settings(), policy};
  ObserverEye eye{observer, Milliseconds{4'000}};
  ObserverSight sight{eye, observer, {}};
};

TEST_F(IssuanceSightTest, SeesAChallengeThatIsDelegatedToUs) {
  customers(kChallenge, WireType::kCname, "abc.acme.saas.example");
  ours("abc.acme.saas.example", WireType::kTxt, "value");
  const auto seen = look();
  EXPECT_TRUE(seen.is_visible) << seen.explanation;
  EXPECT_TRUE(seen.is_delegated);
  EXPECT_THAT(seen.cause, IsEmpty());
  EXPECT_THAT(seen.ends, ElementsAre(name("abc.acme.saas.example")));
  EXPECT_FALSE(seen.was_unseen);
}

TEST_F(IssuanceSightTest, WaitsForTheLastServerOfTheZoneThatIsPointedTo) {
  customers(kChallenge, WireType::kCname, "abc.acme.saas.example");
  ns3.add("abc.acme.saas.example", WireType::kTxt, "value");
  // What a resolver holds never decides.
  resolver.add("abc.acme.saas.example", WireType::kTxt, "value");
  const auto seen = look();
  EXPECT_FALSE(seen.is_visible);
  EXPECT_TRUE(seen.is_delegated);
  EXPECT_THAT(seen.cause, ::testing::Not(IsEmpty()));
  EXPECT_THAT(seen.explanation, HasSubstr("abc.acme.saas.example"));
}

TEST_F(IssuanceSightTest, WantsAllValues) {
  customers(kChallenge, WireType::kCname, "abc.acme.saas.example");
  ours("abc.acme.saas.example", WireType::kTxt, "value");
  EXPECT_FALSE(look({"value", "second"}).is_visible);
  ours("abc.acme.saas.example", WireType::kTxt, "second");
  EXPECT_TRUE(look({"value", "second"}).is_visible);
}

TEST_F(IssuanceSightTest, LooksAtTheValuesAloneWhereTheDelegationHasJustBeenSeen) {
  const ChallengeWish wish{HostName::parse("www.shop.example").value(), {"value"}, name("abc.acme.saas.example"), true};
  EXPECT_FALSE(on_loop(loop, sight.challenge(wish)).is_visible);
  ours("abc.acme.saas.example", WireType::kTxt, "value");
  const auto seen = on_loop(loop, sight.challenge(wish));
  EXPECT_TRUE(seen.is_visible) << seen.explanation;
  EXPECT_THAT(seen.ends, ElementsAre(name("abc.acme.saas.example")));
  EXPECT_EQ(seen.observation.records.size(), 1U);
}

TEST_F(IssuanceSightTest, SeesWhichServerOfTheCustomerHasNoDelegationYet) {
  ns1.add(kChallenge, WireType::kCname, "abc.acme.saas.example");
  ours("abc.acme.saas.example", WireType::kTxt, "value");
  const auto seen = look();
  EXPECT_FALSE(seen.is_visible);
  EXPECT_FALSE(seen.is_delegated);
  EXPECT_EQ(seen.cause, "servers_disagree");
  EXPECT_THAT(seen.ends, UnorderedElementsAre(name(kChallenge), name("abc.acme.saas.example")));
}

TEST_F(IssuanceSightTest, SaysThatThereIsNoDelegation) {
  ours("abc.acme.saas.example", WireType::kTxt, "value");
  const auto seen = look();
  EXPECT_FALSE(seen.is_visible);
  EXPECT_FALSE(seen.is_delegated);
  EXPECT_EQ(seen.cause, "name_missing");
  EXPECT_THAT(seen.explanation, HasSubstr(kChallenge));
}

TEST_F(IssuanceSightTest, FollowsADelegationOverAnotherZone) {
  customers(kChallenge, WireType::kCname, "x.other.example");
  ours("x.other.example", WireType::kCname, "abc.acme.saas.example");
  ours("abc.acme.saas.example", WireType::kTxt, "value");
  const auto seen = look();
  EXPECT_TRUE(seen.is_visible) << seen.explanation;
  EXPECT_TRUE(seen.is_delegated);
  EXPECT_THAT(seen.cause, IsEmpty());
}

TEST_F(IssuanceSightTest, SaysThatADelegationLeadsElsewhere) {
  customers(kChallenge, WireType::kCname, "x.other.example");
  ours("abc.acme.saas.example", WireType::kTxt, "value");
  const auto seen = look();
  EXPECT_FALSE(seen.is_visible);
  EXPECT_FALSE(seen.is_delegated);
  EXPECT_EQ(seen.cause, "other_value");
  EXPECT_THAT(seen.ends, ElementsAre(name("x.other.example")));
}

TEST_F(IssuanceSightTest, FollowsTheDelegationOfAPlainTextToEveryServerOfItsEnd) {
  customers(kChallenge, WireType::kCname, "x.other.example");
  ns3.add("x.other.example", WireType::kTxt, "value");
  resolver.add("x.other.example", WireType::kTxt, "value");
  const auto early = look({"value"}, {});
  EXPECT_FALSE(early.is_visible);
  EXPECT_THAT(early.ends, ElementsAre(name("x.other.example")));
  ns4.add("x.other.example", WireType::kTxt, "value");
  EXPECT_TRUE(look({"value"}, {}).is_visible);
}

TEST_F(IssuanceSightTest, SeesAPlainTextAtEveryServer) {
  ns1.add(kChallenge, WireType::kTxt, "value");
  EXPECT_FALSE(look({"value"}, {}).is_visible);
  ns2.add(kChallenge, WireType::kTxt, "value");
  const auto seen = look({"value"}, {});
  EXPECT_TRUE(seen.is_visible) << seen.explanation;
  EXPECT_FALSE(seen.is_delegated);
  EXPECT_THAT(seen.cause, IsEmpty());
}

TEST_F(IssuanceSightTest, FollowsADelegationByNameServers) {
  for (auto* server : {&ns1, &ns2, &resolver})
    for (const auto* to : {"ns3.dns.example", "ns4.dns.example"}) server->add(kChallenge, WireType::kNs, to);
  for (auto* server : {&ns3, &ns4, &resolver}) server->add_zone(kChallenge);
  ns3.add(kChallenge, WireType::kTxt, "value");
  EXPECT_FALSE(look({"value"}, {}).is_visible);
  ns4.add(kChallenge, WireType::kTxt, "value");
  const auto seen = look({"value"}, {});
  EXPECT_TRUE(seen.is_visible) << seen.explanation;
}

TEST_F(IssuanceSightTest, AliasesInACircleEnd) {
  customers(kChallenge, WireType::kCname, "x.other.example");
  ours("x.other.example", WireType::kCname, "y.other.example");
  ours("y.other.example", WireType::kCname, "x.other.example");
  const auto seen = look();
  EXPECT_FALSE(seen.is_visible);
  EXPECT_EQ(seen.cause, "alias_loop");
}

TEST_F(IssuanceSightTest, AliasesWithoutEndEnd) {
  customers(kChallenge, WireType::kCname, "x0.other.example");
  for (int i = 0; i < 20; ++i)
    ours(format("x{}.other.example", i), WireType::kCname, format("x{}.other.example", i + 1));
  EXPECT_EQ(look().cause, "alias_chain_long");
}

TEST_F(IssuanceSightTest, BlamesNobodyWhereOurResolversFail) {
  resolver.behave(Behaviour::kSilent);
  const auto seen = look();
  EXPECT_FALSE(seen.is_visible);
  EXPECT_TRUE(seen.was_unseen);
}

TEST_F(IssuanceSightTest, AHostThatIsTooLongIsSaidToBe) {
  const std::string label(61, 'a');
  const auto host = HostName::parse(format("{0}.{0}.{0}.{1}.example", label, std::string(50, 'b'))).value();
  const auto seen = on_loop(loop, sight.challenge({host, {"value"}, name("abc.acme.saas.example")}));
  EXPECT_FALSE(seen.is_visible);
  EXPECT_EQ(seen.cause, "name_too_long");
  EXPECT_THAT(seen.explanation, HasSubstr("237"));
}

TEST_F(IssuanceSightTest, LooksAtTheDelegationAlone) {
  customers(kChallenge, WireType::kCname, "abc.acme.saas.example");
  const auto seen = look({});
  EXPECT_TRUE(seen.is_delegated);
  EXPECT_FALSE(seen.is_visible);
  EXPECT_THAT(seen.cause, IsEmpty());
}

/// Everything is there, at one server, with this finding beside it.
class FindingEye final : public DnsEye {
 public:
  Task<dns::Observation> observe(std::vector<dns::Expectation> expectations) override {
    dns::Observation seen;
    for (const auto& wanted : expectations) {
      dns::RecordObservation record{.name = wanted.name, .type = wanted.type};
      record.propagated = record.value_seen = true;
      record.authorities.push_back({.server = "ns1.dns.example",
                                    .address = {},
                                    .verdict = dns::Verdict::kAgrees,
                                    .values = {wanted.value.value_or("")}});
      record.causes.push_back(
          {dns::Cause::kDnssecBogus, dns::Weight::kRisks, "Signatures are wrong.", "Sign again.", {}});
      seen.records.push_back(std::move(record));
    }
    co_return seen;
  }
};

TEST_F(IssuanceSightTest, SaysThatAValidatingAuthorityWillNotBelieveWhatIsVisible) {
  FindingEye finding_eye;
  ObserverSight with_finding(finding_eye, observer, {});
  const auto seen = on_loop(
      loop,
      with_finding.challenge({HostName::parse("www.shop.example").value(), {"value"}, name("abc.acme.saas.example")}));
  EXPECT_TRUE(seen.is_visible);
  EXPECT_EQ(seen.risk, "dnssec_bogus");
  EXPECT_EQ(seen.risk_explanation, "Signatures are wrong. Sign again.");
}

// ── CAA ─────────────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(IssuanceSightTest, CaaOfNobodyAllows) { EXPECT_EQ(caa().kind, Verdict::kAllowed); }

TEST_F(IssuanceSightTest, CaaOfTheZoneAboveTheNameCounts) {
  for (auto* server : {&ns1, &ns2, &resolver}) server->add("shop.example", WireType::kCaa, "0 issue \"other.example\"");
  const auto verdict = caa();
  EXPECT_EQ(verdict.kind, Verdict::kForbidden);
  EXPECT_TRUE(verdict.is_inherited);
  EXPECT_THAT(verdict.sentence, HasSubstr("other.example"));
}

TEST_F(IssuanceSightTest, CaaOfAWildcardMayDiffer) {
  for (auto* server : {&ns1, &ns2, &resolver}) {
    server->add("shop.example", WireType::kCaa, "0 issue \"ca.example\"");
    server->add("shop.example", WireType::kCaa, "0 issuewild \";\"");
  }
  EXPECT_EQ(caa().kind, Verdict::kAllowed);
  EXPECT_EQ(caa(dns::CaaQuestion::For::kWildcard).kind, Verdict::kForbidden);
}

TEST_F(IssuanceSightTest, CaaMayNameTheAccountAndTheMethod) {
  for (auto* server : {&ns1, &ns2, &resolver}) {
    server->add("shop.example", WireType::kCaa,
                "0 issue \"ca.example; accounturi=https://ca.example/1; validationmethods=dns-01\"");
  }
  EXPECT_EQ(caa(dns::CaaQuestion::For::kHost, "https://ca.example/1").kind, Verdict::kAllowed);
  EXPECT_EQ(caa(dns::CaaQuestion::For::kHost, "https://ca.example/2").kind, Verdict::kForbidden);
}

TEST_F(IssuanceSightTest, CaaThatACacheStillHoldsForbidsNothing) {
  resolver.add("shop.example", WireType::kCaa, "0 issue \"other.example\"");
  for (auto* server : {&ns1, &ns2}) server->add("shop.example", WireType::kCaa, "0 issue \"ca.example\"");
  EXPECT_EQ(caa().kind, Verdict::kAllowed);
}

TEST_F(IssuanceSightTest, CaaThatFailsForbids) {
  resolver.fail_within("www.shop.example");
  EXPECT_EQ(caa().kind, Verdict::kFailed);
}

TEST_F(IssuanceSightTest, CaaThatWeCannotLookUpIsOpen) {
  resolver.behave(Behaviour::kSilent);
  const auto verdict = caa();
  EXPECT_EQ(verdict.kind, Verdict::kOpen);
  EXPECT_THAT(verdict.sentence, HasSubstr("www.shop.example"));
}

}  // namespace
}  // namespace signpost::services
