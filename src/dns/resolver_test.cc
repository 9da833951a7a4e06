// SPDX-License-Identifier: Apache-2.0
#include "dns/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "dns/testing/on_loop.h"
#include "dns/testing/scripted_server.h"

namespace signpost::dns {
namespace {

using testing::Behaviour;
using ::testing::ElementsAre;
using testing::on_loop;
using testing::Role;
using testing::ScriptedServer;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }
net::Deadline in(Milliseconds time) { return std::chrono::steady_clock::now() + time; }
net::IpAddress ip(std::string_view text) { return boost::asio::ip::make_address(text); }

class ResolverTest : public ::testing::Test {
 protected:
  ResolverTest() {
    for (auto* server : {&first, &second}) {
      server->add("ns.example", WireType::kA, "192.0.2.1");
      server->add("ns.example", WireType::kAaaa, "2001:db8::1");
    }
  }
  ~ResolverTest() override { on_loop(loop, transport.stop()); }
  Transport::Settings fast() {
    Transport::Settings made;
    made.try_max = Milliseconds{150};
    return made;
  }
  Result<std::vector<net::IpAddress>> addresses(Resolver& asked, std::string_view host) {
    return on_loop(loop, asked.addresses_of(name(host), in(Milliseconds{2'000})));
  }

  net::Loop loop{1};
  ScriptedServer first{loop, Role::kResolver};
  ScriptedServer second{loop, Role::kResolver};
  Transport transport{loop.get_executor(), fast()};
  Resolver resolver{transport, {.servers = {first.endpoint(), second.endpoint()}}};
};

TEST_F(ResolverTest, FindsAddressesOfBothFamilies) {
  EXPECT_THAT(addresses(resolver, "ns.example").value(), ElementsAre(ip("192.0.2.1"), ip("2001:db8::1")));
  EXPECT_EQ(second.questions(), 0U);
}

TEST_F(ResolverTest, FollowsAliases) {
  first.add("alias.example", WireType::kCname, "ns.example");
  EXPECT_EQ(addresses(resolver, "alias.example").value().size(), 2U);
}

TEST_F(ResolverTest, FindsNoAddressOfANameThatDoesNotExist) {
  EXPECT_TRUE(addresses(resolver, "nowhere.example").value().empty());
}

TEST_F(ResolverTest, KeepsAddressesForTheirTimeToLive) {
  EXPECT_TRUE(addresses(resolver, "ns.example"));
  const auto asked = first.questions();
  EXPECT_TRUE(addresses(resolver, "ns.example"));
  EXPECT_EQ(first.questions(), asked);
}

TEST_F(ResolverTest, KeepsNothingWhoseTimeToLiveIsZero) {
  first.add("brief.example", WireType::kA, "192.0.2.2", 0);
  EXPECT_TRUE(addresses(resolver, "brief.example"));
  EXPECT_TRUE(addresses(resolver, "brief.example"));
  EXPECT_EQ(first.questions("brief.example", WireType::kA), 2U);
}

TEST_F(ResolverTest, KeepsNoMoreNamesThanTheLimit) {
  Resolver small(transport, {.servers = {first.endpoint()}, .cache_entries_max = 1});
  first.add("a.example", WireType::kA, "192.0.2.2");
  EXPECT_TRUE(addresses(small, "a.example"));
  EXPECT_TRUE(addresses(small, "ns.example"));
  EXPECT_TRUE(addresses(small, "a.example"));
  EXPECT_EQ(first.questions("a.example", WireType::kA), 2U);
}

TEST_F(ResolverTest, StaysWithTheResolverThatAnswered) {
  first.behave(Behaviour::kRefuses);
  EXPECT_TRUE(on_loop(loop, resolver.ask({name("ns.example"), WireType::kA}, in(Milliseconds{2'000}))));
  EXPECT_TRUE(on_loop(loop, resolver.ask({name("ns.example"), WireType::kA}, in(Milliseconds{2'000}))));
  EXPECT_EQ(first.questions(), 2U) << "with EDNS and, because it refuses, without";
}

TEST_F(ResolverTest, SaysWhyWhenAllFail) {
  first.behave(Behaviour::kSilent);
  second.behave(Behaviour::kServFails);
  const auto answer = on_loop(loop, resolver.ask({name("ns.example"), WireType::kA}, in(Milliseconds{500})));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::kProtocol);
  EXPECT_THAT(answer.error().message, ::testing::HasSubstr("SERVFAIL"));
}

TEST_F(ResolverTest, SaysThatNoneIsConfigured) {
  Resolver none(transport, {});
  const auto answer = on_loop(loop, none.ask({name("ns.example"), WireType::kA}, in(Milliseconds{500})));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::kUnavailable);
}

TEST_F(ResolverTest, JoinsWhatAllResolversSeeOfATarget) {
  second.remove("ns.example", WireType::kA);
  second.add("ns.example", WireType::kA, "192.0.2.7");
  const auto seen = on_loop(loop, resolver.all_addresses_of(name("ns.example"), in(Milliseconds{2'000})));
  EXPECT_THAT(seen.found, ::testing::UnorderedElementsAre(ip("192.0.2.1"), ip("192.0.2.7"), ip("2001:db8::1")));
  EXPECT_FALSE(seen.lacks_v4 || seen.lacks_v6);
}

TEST_F(ResolverTest, DoesNotTakeAFailedLookUpOfATargetForATargetWithoutAddresses) {
  first.behave(Behaviour::kSilent);
  second.behave(Behaviour::kServFails);
  const auto seen = on_loop(loop, resolver.all_addresses_of(name("ns.example"), in(Milliseconds{2'000})));
  EXPECT_TRUE(seen.found.empty());
  EXPECT_TRUE(seen.lacks_v4 && seen.lacks_v6);
  EXPECT_THAT(seen.reason, ::testing::HasSubstr("SERVFAIL"));
  second.behave(Behaviour::kNormal);
  const auto one = on_loop(loop, resolver.all_addresses_of(name("nowhere.example"), in(Milliseconds{2'000})));
  EXPECT_FALSE(one.lacks_v4 || one.lacks_v6) << "one has answered: there are none";
}

}  // namespace
}  // namespace signpost::dns
