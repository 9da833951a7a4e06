// SPDX-License-Identifier: Apache-2.0
#include "dns/authorities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "dns/testing/on_loop.h"
#include "dns/testing/scripted_server.h"

namespace signpost::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::on_loop;
using testing::Role;
using testing::ScriptedServer;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }
net::Deadline in(Milliseconds time) { return std::chrono::steady_clock::now() + time; }

class AuthoritiesTest : public ::testing::Test {
 protected:
  AuthoritiesTest() {
    for (const auto* zone : {"example", "shop.example"}) server.add_zone(zone);
    server.add("example", WireType::kNs, "a.nic.example");
    server.add("a.nic.example", WireType::kA, "127.0.0.1");
    server.add("shop.example", WireType::kNs, "ns1.dns.example");
    server.add("ns1.dns.example", WireType::kA, "127.0.0.1");
    server.add("ns1.dns.example", WireType::kAaaa, "2001:db8::53");
  }
  ~AuthoritiesTest() override { on_loop(loop, transport.stop()); }
  Result<Cut> cut(std::string_view of) {
    return on_loop(loop, authorities.find_cut(name(of), in(Milliseconds{2'000})));
  }
  Transport::Settings fast() {
    Transport::Settings made;
    made.try_max = Milliseconds{150};
    return made;
  }

  net::Loop loop{1};
  ScriptedServer server{loop, Role::kResolver};
  ScriptedServer above{loop, Role::kAuthority};
  net::AddressPolicy policy{{net::Network::parse("127.0.0.0/8").value()}};
  Transport transport{loop.get_executor(), fast()};
  Resolver resolver{transport, {.servers = {server.endpoint()}}};
  Authorities authorities{transport, resolver, policy, {.port = above.port()}};
};

TEST_F(AuthoritiesTest, FindsTheZoneOfItsApexAndOfNamesBelow) {
  EXPECT_EQ(cut("shop.example")->zone, name("shop.example"));
  EXPECT_EQ(cut("www.shop.example")->zone, name("shop.example"));
  EXPECT_EQ(cut("_acme-challenge.a.b.c.shop.example")->zone, name("shop.example"));
  EXPECT_THAT(cut("www.shop.example")->servers, ElementsAre(name("ns1.dns.example")));
}

TEST_F(AuthoritiesTest, SkipsTheLabelsBetweenByTheSoaOfTheNegativeAnswer) {
  EXPECT_TRUE(cut("a.b.c.d.shop.example"));
  EXPECT_EQ(server.questions(), 2U);
}

TEST_F(AuthoritiesTest, IsNotLedAstrayByAnAliasAtTheName) {
  server.add_zone("saas.example");
  server.add("saas.example", WireType::kNs, "ns.saas.example");
  server.add("www.shop.example", WireType::kCname, "saas.example");
  EXPECT_EQ(cut("www.shop.example")->zone, name("shop.example"));
}

TEST_F(AuthoritiesTest, FindsADelegationBelowTheDomain) {
  server.add_zone("eu.shop.example");
  server.add("eu.shop.example", WireType::kNs, "ns.eu.example");
  EXPECT_EQ(cut("www.eu.shop.example")->zone, name("eu.shop.example"));
}

TEST_F(AuthoritiesTest, AsksForTheNameAloneWhereTheWayUpLeadsIntoAKnownZone) {
  const Cut shop{name("shop.example"), {name("ns1.dns.example")}, {}};
  const auto known = [&](const DnsName& other) {
    return other == name("a.shop.example") || other == shop.zone ? std::optional(shop) : std::nullopt;
  };
  const auto cut_knowing = [&](std::string_view of) {
    return on_loop(loop, authorities.find_cut(name(of), in(Milliseconds{2'000}), known));
  };
  server.add("_acme-challenge.a.shop.example", WireType::kCname, "x.acme.example");
  EXPECT_EQ(cut_knowing("_acme-challenge.a.shop.example")->zone, shop.zone);
  EXPECT_EQ(server.questions(), 1U);
  server.add_zone("eu.shop.example");
  server.add("eu.shop.example", WireType::kNs, "ns.eu.example");
  EXPECT_EQ(cut_knowing("eu.shop.example")->zone, name("eu.shop.example")) << "a zone of its own is seen";
}

TEST_F(AuthoritiesTest, TakesNoKnownZoneWhereAnAnswerNamesADeeperOne) {
  const Cut shop{name("shop.example"), {name("ns1.dns.example")}, {}};
  const auto known = [&](const DnsName& other) {
    return other == name("a.shop.example") ? std::optional(shop) : std::nullopt;
  };
  server.add_zone("a.shop.example");
  server.add("a.shop.example", WireType::kNs, "ns.a.example");
  const auto found = on_loop(loop, authorities.find_cut(name("x.y.a.shop.example"), in(Milliseconds{2'000}), known));
  EXPECT_EQ(found->zone, name("a.shop.example")) << "it was delegated a moment ago";
}

TEST_F(AuthoritiesTest, TrustsNoKnownZoneWhereTheResolversFail) {
  server.fail_within("a.shop.example");
  above.behave(testing::Behaviour::kServFails);
  const Cut shop{name("shop.example"), {name("ns1.dns.example")}, {}};
  const auto known = [&](const DnsName& other) { return other == shop.zone ? std::optional(shop) : std::nullopt; };
  const auto found = on_loop(loop, authorities.find_cut(name("x.a.shop.example"), in(Milliseconds{2'000}), known));
  ASSERT_TRUE(found);
  EXPECT_GT(server.questions("shop.example", WireType::kNs), 0U);
}

TEST_F(AuthoritiesTest, AsksNothingBetweenTwoNamesForWhichNobodyAnswers) {
  server.fail_within("shop.example");
  above.behave(testing::Behaviour::kServFails);
  EXPECT_FALSE(cut("_acme-challenge.a.b.shop.example"));
  for (const auto* between : {"a.b.shop.example", "b.shop.example"}) {
    EXPECT_EQ(server.questions(between, WireType::kNs), 0U) << between;
  }
}

TEST_F(AuthoritiesTest, SaysThatThereIsNoZoneAtAll) {
  const auto found = cut("www.nowhere.test");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, Kind::kNotFound);
}

TEST_F(AuthoritiesTest, AsksTheZoneAboveForItsReferralWhereTheResolversFail) {
  server.fail_within("shop.example");
  above.add_zone("example");
  above.add("shop.example", WireType::kNs, "ns9.dns.example");
  above.add("ns9.dns.example", WireType::kA, "127.0.0.9");
  const auto found = cut("www.shop.example");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->zone, name("shop.example"));
  const auto delegation = on_loop(loop, authorities.find_servers(*found, in(Milliseconds{2'000})));
  ASSERT_EQ(delegation.servers.size(), 1U);
  EXPECT_EQ(delegation.servers[0].addresses.at(0).address().to_string(), "127.0.0.9");
}

TEST_F(AuthoritiesTest, SaysWhyTheResolversFailWhereTheZoneAboveFailsToo) {
  server.fail_within("shop.example");
  above.behave(testing::Behaviour::kServFails);
  const auto found = cut("www.shop.example");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("SERVFAIL"));
}

TEST_F(AuthoritiesTest, NamesADeadZoneWhoseNameServersTheResolversStillKnow) {
  server.fail_within("www.shop.example");
  above.behave(testing::Behaviour::kSilent);
  const auto found = cut("www.shop.example");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->zone, name("shop.example"));
}

TEST_F(AuthoritiesTest, WaitsForASilentRegistryOnce) {
  above.behave(testing::Behaviour::kSilent);
  EXPECT_FALSE(on_loop(loop, authorities.look_from_above(name("shop.example"), in(Milliseconds{2'000}))));
  const auto asked = above.questions();
  EXPECT_GT(asked, 0U);
  EXPECT_FALSE(on_loop(loop, authorities.look_from_above(name("shop.example"), in(Milliseconds{2'000}))));
  EXPECT_EQ(above.questions(), asked) << "it is left out for a while";
}

TEST_F(AuthoritiesTest, VetsEveryAddress) {
  const auto delegation = on_loop(loop, authorities.find_servers(*cut("shop.example"), in(Milliseconds{2'000})));
  ASSERT_EQ(delegation.servers.size(), 1U);
  EXPECT_EQ(delegation.servers[0].addresses.size(), 1U);
  EXPECT_THAT(delegation.servers[0].note, HasSubstr("2001:db8::53 is not asked"));
}

TEST_F(AuthoritiesTest, TellsAnAddressThatCouldNotBeLookedUpFromNone) {
  const Cut two{name("shop.example"), {name("ns.broken.example"), name("ns.nowhere.test")}, {}};
  server.fail_within("broken.example");
  const auto delegation = on_loop(loop, authorities.find_servers(two, in(Milliseconds{2'000})));
  EXPECT_EQ(delegation.servers.at(0).lack, Authority::Lack::kUnknown);
  EXPECT_THAT(delegation.servers.at(0).note, HasSubstr("SERVFAIL"));
  EXPECT_EQ(delegation.servers.at(1).lack, Authority::Lack::kNone);
}

TEST_F(AuthoritiesTest, KeepsBothLimitsForServersThatAreFoundLater) {
  Authorities few{transport, resolver, policy, {.port = above.port(), .authorities_max = 3, .addresses_max = 3}};
  for (int i = 1; i <= 4; ++i) {
    server.add(format("n{}.dns.example", i), WireType::kA, format("127.0.1.{}", i));
    server.add(format("n{}.dns.example", i), WireType::kA, format("127.0.2.{}", i));
  }
  const auto n = [](int number) { return name(format("n{}.dns.example", number)); };
  const auto known = on_loop(loop, few.find_servers({name("shop.example"), {n(1)}, {}}, in(Milliseconds{2'000})));
  EXPECT_EQ(count_addresses(known), 2U);
  const auto more = on_loop(
      loop, few.find_more_servers({name("shop.example"), {n(2), n(3), n(4)}, {}}, known, in(Milliseconds{2'000})));
  ASSERT_EQ(more.servers.size(), 3U);
  EXPECT_EQ(count_addresses(more), 1U);
  EXPECT_THAT(more.servers[2].note, HasSubstr("1 name servers over the limit of 3"));
}

TEST_F(AuthoritiesTest, DoesNotRememberThatItHadNoTimeForTheZoneAbove) {
  above.add_zone("example");
  above.add("shop.example", WireType::kNs, "ns1.dns.example");
  server.behave(testing::Behaviour::kSilent);
  EXPECT_FALSE(on_loop(loop, authorities.look_from_above(name("shop.example"), in(Milliseconds{50}))));
  server.behave(testing::Behaviour::kNormal);
  EXPECT_TRUE(on_loop(loop, authorities.look_from_above(name("shop.example"), in(Milliseconds{2'000}))));
}

TEST_F(AuthoritiesTest, KeepsOnlyTheGlueOfTheServersThatAreNamed) {
  above.add_zone("example");
  above.add("shop.example", WireType::kNs, "ns9.dns.example");
  above.add("ns9.dns.example", WireType::kA, "127.0.0.9");
  const auto said = on_loop(loop, authorities.look_from_above(name("shop.example"), in(Milliseconds{2'000})));
  ASSERT_TRUE(said);
  EXPECT_TRUE(said->has_said_keys);
  for (const auto& [owner, addresses] : said->glue) EXPECT_EQ(owner, name("ns9.dns.example"));
}

}  // namespace
}  // namespace signpost::dns
