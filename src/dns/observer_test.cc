// SPDX-License-Identifier: Apache-2.0
#include "dns/observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "base/text.h"
#include "dns/testing/on_loop.h"
#include "dns/testing/scripted_server.h"
#include "dns/together.h"
#include "net/task_group.h"

namespace signpost::dns {
namespace {

using testing::Behaviour;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::on_loop;
using testing::Role;
using testing::ScriptedServer;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }
net::Deadline in(Milliseconds time) { return std::chrono::steady_clock::now() + time; }

/// shop.example at ns1 (127.0.0.1) and ns2 (127.0.0.2), the zone above at 127.0.0.3, all on one port; a resolver that
/// knows the delegation.
class ObserverTest : public ::testing::Test {
 protected:
  ObserverTest() {
    for (auto* server : {&ns1, &ns2, &resolver}) server->add_zone("shop.example");
    resolver.add_zone("example");
    resolver.add("example", WireType::kNs, "a.nic.example");
    resolver.add("a.nic.example", WireType::kA, "127.0.0.3");
    resolver.add("ns1.dns.example", WireType::kA, "127.0.0.1");
    resolver.add("ns2.dns.example", WireType::kA, "127.0.0.2");
    above.add_zone("example");
    above.add("ns1.dns.example", WireType::kA, "127.0.0.1");
    above.add("ns2.dns.example", WireType::kA, "127.0.0.2");
    for (auto* server : {&resolver, &above}) {
      server->add("shop.example", WireType::kNs, "ns1.dns.example");
      server->add("shop.example", WireType::kNs, "ns2.dns.example");
    }
  }
  ~ObserverTest() override { on_loop(loop, observer.stop()); }

  Observer::Settings settings() {
    Observer::Settings made;
    made.resolvers = {resolver.endpoint()};
    made.authority_port = ns1.port();
    made.look_max = Milliseconds{6'000};
    made.server_max = Milliseconds{500};
    made.try_max = Milliseconds{200};
    return made;
  }
  void publish(WireType type, std::string_view value, std::string_view owner = "www.shop.example") {
    ns1.add(owner, type, value);
    ns2.add(owner, type, value);
  }
  Observation observe(std::vector<Expectation> expectations, Milliseconds budget = Milliseconds{10'000}) {
    return on_loop(loop, observer.observe(std::move(expectations), in(budget)));
  }
  RecordObservation look(RecordType type, std::string_view value, std::string_view owner = "www.shop.example") {
    return observe({{name(owner), type, std::string(value), std::nullopt}}).records.at(0);
  }
  Observation observe_with(const Observer::Settings& made, std::vector<Expectation> expectations) {
    Observer other(loop.get_executor(), made, policy);
    auto seen = on_loop(loop, other.observe(std::move(expectations), in(Milliseconds{9'000})));
    on_loop(loop, other.stop());
    return seen;
  }
  static std::vector<std::string> codes(const RecordObservation& record) {
    std::vector<std::string> all;
    for (const auto& finding : record.causes) all.emplace_back(name_of(finding.cause));
    return all;
  }
  RecordObservation look_for_cname() { return look(RecordType::kCname, "app.saas.example"); }
  static Verdict verdict_of(const RecordObservation& record, std::string_view server) {
    const auto found = std::ranges::find(record.authorities, server, &ServerAnswer::server);
    EXPECT_NE(found, record.authorities.end()) << server;
    return found == record.authorities.end() ? Verdict::kUnreachable : found->verdict;
  }

  net::Loop loop{1};
  ScriptedServer ns1{loop};
  ScriptedServer ns2{loop, Role::kAuthority, "127.0.0.2", ns1.port()};
  ScriptedServer above{loop, Role::kAuthority, "127.0.0.3", ns1.port()};
  ScriptedServer resolver{loop, Role::kResolver};
  net::AddressPolicy policy{{net::Network::parse("127.0.0.0/8").value()}};
  Observer observer{loop.get_executor(), settings(), policy};
};

TEST_F(ObserverTest, SeesARecordPropagatedWhenEveryServerAgrees) {
  publish(WireType::kCname, "app.saas.example");
  const auto observation = observe({{name("www.shop.example"), RecordType::kCname, "App.Saas.example.", {}}});
  EXPECT_TRUE(observation.all_propagated());
  const auto& record = observation.records.at(0);
  EXPECT_EQ(record.zone, "shop.example");
  EXPECT_EQ(record.expected, "app.saas.example");
  EXPECT_TRUE(record.value_seen);
  EXPECT_THAT(record.cause, IsEmpty());
  ASSERT_EQ(record.authorities.size(), 2U);
  EXPECT_EQ(record.authorities[0].server, "ns1.dns.example");
  EXPECT_EQ(record.authorities[0].address, format("127.0.0.1:{}", ns1.port()));
  EXPECT_THAT(record.authorities[0].values, ElementsAre("app.saas.example"));
  EXPECT_EQ(record.authorities[0].ttl, 60U);
}

TEST_F(ObserverTest, NamesTheServerThatDoesNotHaveTheRecordYet) {
  ns1.add("www.shop.example", WireType::kCname, "app.saas.example");
  const auto record = look_for_cname();
  EXPECT_FALSE(record.propagated);
  EXPECT_TRUE(record.value_seen) << "at one of them";
  EXPECT_EQ(record.cause, "servers_disagree");
  EXPECT_EQ(verdict_of(record, "ns1.dns.example"), Verdict::kAgrees);
  EXPECT_EQ(verdict_of(record, "ns2.dns.example"), Verdict::kNxDomain);
  EXPECT_THAT(record.explanation, HasSubstr("ns2.dns.example (127.0.0.2:"));
}

TEST_F(ObserverTest, TellsAMissingNameFromAMissingTypeAndAnotherValue) {
  EXPECT_EQ(look_for_cname().cause, "name_missing");
  EXPECT_FALSE(look_for_cname().value_seen);
  publish(WireType::kMx, "10 mail.shop.example");
  EXPECT_EQ(look_for_cname().cause, "records_in_the_way");
  publish(WireType::kCname, "old.host.example");
  const auto record = look_for_cname();
  EXPECT_EQ(record.cause, "other_value");
  EXPECT_THAT(record.explanation, HasSubstr("old.host.example"));
}

TEST_F(ObserverTest, IsNotHeldBySilentRefusingFailingLameOrBabblingServers) {
  publish(WireType::kCname, "app.saas.example");
  const std::vector<std::pair<Behaviour, Verdict>> faults{
      {Behaviour::kSilent, Verdict::kSilent},      {Behaviour::kRefuses, Verdict::kRefused},
      {Behaviour::kServFails, Verdict::kServFail}, {Behaviour::kLame, Verdict::kLame},
      {Behaviour::kGarbage, Verdict::kMalformed},  {Behaviour::kWrongIdOnly, Verdict::kSilent}};
  for (const auto& [behaviour, verdict] : faults) {
    ns2.behave(behaviour);
    const auto record = look_for_cname();
    EXPECT_TRUE(record.propagated) << record.explanation;
    EXPECT_EQ(verdict_of(record, "ns2.dns.example"), verdict);
    EXPECT_THAT(record.explanation, HasSubstr("ns2.dns.example"));
  }
}

TEST_F(ObserverTest, IsNeverPropagatedByServersThatDoNotSpeakForTheZone) {
  publish(WireType::kCname, "app.saas.example");
  const std::vector<std::pair<Behaviour, std::string>> faults{{Behaviour::kSilent, "servers_silent"},
                                                              {Behaviour::kRefuses, "servers_refuse"},
                                                              {Behaviour::kServFails, "servers_fail"},
                                                              {Behaviour::kLame, "servers_lame"},
                                                              {Behaviour::kGarbage, "servers_malformed"}};
  for (const auto& [behaviour, cause] : faults) {
    ns1.behave(behaviour);
    ns2.behave(behaviour);
    const auto record = look_for_cname();
    EXPECT_FALSE(record.propagated);
    EXPECT_EQ(record.cause, cause);
    EXPECT_THAT(record.explanation, HasSubstr("No server of the zone shop.example speaks for it: ns1.dns.example"));
  }
}

TEST_F(ObserverTest, NamesWhatALyingServerDidWhileItAgrees) {
  publish(WireType::kCname, "app.saas.example");
  ns2.behave(Behaviour::kWrongIdThenRight);
  const auto record = look_for_cname();
  EXPECT_TRUE(record.propagated);
  EXPECT_THAT(record.authorities.at(1).note, HasSubstr("wrong id 3 times"));
}

TEST_F(ObserverTest, HoldsAnOldAddressBesideTheNewOneForADisagreement) {
  publish(WireType::kA, "192.0.2.1");
  ns2.add("www.shop.example", WireType::kA, "203.0.113.7");
  const auto record = look(RecordType::kA, "192.0.2.1");
  EXPECT_EQ(record.cause, "servers_disagree");
  EXPECT_THAT(record.explanation, HasSubstr("203.0.113.7"));
}

TEST_F(ObserverTest, ComparesSeveralAddressesOfANameAsOneSet) {
  publish(WireType::kA, "192.0.2.1");
  const std::vector<Expectation> both{{name("www.shop.example"), RecordType::kA, "192.0.2.1", {}},
                                      {name("www.shop.example"), RecordType::kA, "192.0.2.2", {}}};
  const auto half = observe(both);
  EXPECT_TRUE(half.records.at(0).propagated);
  EXPECT_FALSE(half.records.at(1).propagated);
  publish(WireType::kA, "192.0.2.2");
  EXPECT_TRUE(observe(both).all_propagated());
}

TEST_F(ObserverTest, ReadsAaaaTxtAndMx) {
  publish(WireType::kAaaa, "2001:db8::1");
  publish(WireType::kTxt, "verify=1");
  publish(WireType::kTxt, std::string(300, 'x'));
  publish(WireType::kMx, "10 mail.saas.example");
  const auto www = name("www.shop.example");
  EXPECT_TRUE(observe({{www, RecordType::kAaaa, "2001:db8:0::1", {}},
                       {www, RecordType::kTxt, "verify=1", {}},
                       {www, RecordType::kTxt, std::string(300, 'x'), {}},
                       {www, RecordType::kMx, "mail.saas.example", std::uint16_t{10}}})
                  .all_propagated());
}

TEST_F(ObserverTest, TakesAFlattenedApexWhoseAddressesAreTheTargets) {
  resolver.add("app.saas.example", WireType::kA, "192.0.2.1");
  resolver.add("app.saas.example", WireType::kA, "192.0.2.2");
  publish(WireType::kA, "192.0.2.2", "shop.example");
  const auto record = look(RecordType::kCname, "app.saas.example", "shop.example");
  EXPECT_TRUE(record.propagated) << record.explanation;
  EXPECT_FALSE(record.value_seen) << "everybody behind the target has these addresses";
  EXPECT_THAT(record.authorities.at(0).note, HasSubstr("flattened"));
  publish(WireType::kA, "203.0.113.7", "shop.example");
  EXPECT_EQ(look(RecordType::kCname, "app.saas.example", "shop.example").cause, "records_in_the_way");
}

TEST_F(ObserverTest, BlamesNobodyWhereTheTargetOfAFlattenedApexCouldNotBeLookedUp) {
  publish(WireType::kA, "192.0.2.2", "shop.example");
  resolver.silent_about("saas.example");
  const auto record = look(RecordType::kCname, "app.saas.example", "shop.example");
  EXPECT_FALSE(record.propagated);
  EXPECT_THAT(codes(record), ElementsAre("resolvers_fail"));
  EXPECT_EQ(verdict_of(record, "ns1.dns.example"), Verdict::kUndecided);
  EXPECT_THAT(record.explanation, HasSubstr("app.saas.example"));
}

TEST_F(ObserverTest, DoesNotCallATargetMissingThatCouldNotBeLookedUp) {
  publish(WireType::kCname, "app.saas.example");
  resolver.add("www.shop.example", WireType::kCname, "app.saas.example");
  resolver.fail_within("saas.example");
  const auto record = look_for_cname();
  EXPECT_TRUE(record.propagated);
  EXPECT_THAT(codes(record), ElementsAre());
}

TEST_F(ObserverTest, AsksForNoPartThatASlowIncludeMayHave) {
  publish(WireType::kTxt, "v=spf1 include:all.slow.example ~all", "shop.example");
  resolver.add("shop.example", WireType::kTxt, "v=spf1 include:all.slow.example ~all");
  resolver.add("all.slow.example", WireType::kTxt, "v=spf1 include:spf.saas.example ~all");
  const std::vector<Expectation> wanted{
      {name("shop.example"), RecordType::kTxt, "v=spf1 include:spf.saas.example ~all", {}}};
  EXPECT_TRUE(observe(wanted).all_propagated());
  resolver.silent_about("slow.example");
  const auto record = observe(wanted).records.at(0);
  EXPECT_FALSE(record.propagated);
  EXPECT_THAT(codes(record), ElementsAre("resolvers_fail"));
  EXPECT_THAT(record.explanation, HasSubstr("all.slow.example"));
}

TEST_F(ObserverTest, AsksForNoPartWhereItHadNoTimeToFollowAllIncludes) {
  publish(WireType::kTxt, "v=spf1 include:n0.long.example ~all", "shop.example");
  for (int i = 0; i < 30; ++i) {
    resolver.add(format("n{}.long.example", i), WireType::kTxt, format("v=spf1 include:n{}.long.example ~all", i + 1));
  }
  resolver.delay(Milliseconds{120});
  const auto record = observe({{name("shop.example"), RecordType::kTxt, "v=spf1 include:spf.saas.example ~all", {}}},
                              Milliseconds{1'500})
                          .records.at(0);
  EXPECT_EQ(record.cause, "resolvers_fail");
}

TEST_F(ObserverTest, TakesSilenceAboutCaaForAFailureOnlyOfAServerThatKeepsSilentItself) {
  publish(WireType::kA, "192.0.2.1", "a.b.www.shop.example");
  resolver.add("a.b.www.shop.example", WireType::kA, "192.0.2.1");
  resolver.silent_about("shop.example", WireType::kCaa);
  Observer::Settings made = settings();
  made.certificate_authorities = {"letsencrypt.org"};
  const std::vector<Expectation> wanted{{name("a.b.www.shop.example"), RecordType::kA, "192.0.2.1", {}}};
  const auto slow = observe_with(made, wanted);
  EXPECT_THAT(codes(slow.records.at(0)), ElementsAre());
  EXPECT_LT(slow.took_ms, 3'000) << "the names of the climb are asked at once";
  ns1.silent_about("shop.example", WireType::kCaa);
  EXPECT_THAT(codes(observe_with(made, wanted).records.at(0)), ElementsAre("caa_fails"));
}

TEST_F(ObserverTest, DoesNotHoldAnAddressThatCouldNotBeLookedUpAgainstTheServer) {
  publish(WireType::kCname, "app.saas.example");
  resolver.add("www.shop.example", WireType::kCname, "app.saas.example");
  resolver.add("app.saas.example", WireType::kA, "192.0.2.1");
  resolver.fail_within("ns2.dns.example");
  EXPECT_THAT(codes(look_for_cname()), ElementsAre());
  resolver.fail_within("dns.example");
  const auto record =
      observe_with(settings(), {{name("www.shop.example"), RecordType::kCname, "app.saas.example", {}}}).records.at(0);
  EXPECT_FALSE(record.propagated);
  EXPECT_THAT(codes(record), ElementsAre("resolvers_fail"));
  EXPECT_THAT(record.explanation, HasSubstr("ns1.dns.example"));
}

TEST_F(ObserverTest, AsksAnAddressOnceWhateverNamesItHas) {
  publish(WireType::kCname, "app.saas.example");
  resolver.add("app.saas.example", WireType::kA, "192.0.2.1");
  resolver.remove("ns2.dns.example");
  resolver.add("ns2.dns.example", WireType::kA, "127.0.0.1");
  const auto record = look_for_cname();
  EXPECT_EQ(ns1.questions("www.shop.example", WireType::kCname), 1U);
  EXPECT_EQ(verdict_of(record, "ns1.dns.example"), Verdict::kAgrees);
  EXPECT_EQ(verdict_of(record, "ns2.dns.example"), Verdict::kAgrees);
}

TEST_F(ObserverTest, TellsFromTheBeginningWhatItLooksFor) {
  publish(WireType::kCname, "app.saas.example");
  std::vector<std::pair<std::size_t, std::size_t>> counts;
  std::size_t first_records = 0;
  const Progress progress = [&](const Observation& so_far, std::size_t answered, std::size_t asked) {
    if (counts.empty()) first_records = so_far.records.size();
    counts.emplace_back(answered, asked);
  };
  on_loop(loop, observer.observe({{name("www.shop.example"), RecordType::kCname, "app.saas.example", {}}},
                                 in(Milliseconds{9'000}), progress));
  ASSERT_GT(counts.size(), 2U);
  EXPECT_EQ(counts.front(), std::pair(std::size_t{0}, std::size_t{0})) << "before anybody is asked";
  EXPECT_EQ(first_records, 1U);
}

TEST_F(ObserverTest, RemembersAZoneOnlyIfAllItsRecordsAreRight) {
  publish(WireType::kCname, "app.saas.example");
  resolver.add("app.saas.example", WireType::kA, "192.0.2.1");
  for (auto* server : {&ns1, &ns2}) {
    server->add("shop.example", WireType::kNs, "ns1.dns.example");
    server->add("shop.example", WireType::kNs, "ns2.dns.example");
  }
  const Expectation right{name("www.shop.example"), RecordType::kCname, "app.saas.example", {}};
  const Expectation missing{name("blog.shop.example"), RecordType::kCname, "app.saas.example", {}};
  const auto lookups = [&] { return resolver.questions("www.shop.example", WireType::kNs); };
  observe({right, missing});
  EXPECT_EQ(lookups(), 1U);
  EXPECT_TRUE(observe({right}).all_propagated());
  EXPECT_EQ(lookups(), 2U) << "the other record of the zone was missing";
  EXPECT_TRUE(observe({right}).all_propagated());
  EXPECT_EQ(lookups(), 2U) << "now it is remembered";
  EXPECT_FALSE(observe({missing}).all_propagated());
  observe({right});
  EXPECT_EQ(lookups(), 3U) << "a look that fails forgets every name of the zone";
}

TEST_F(ObserverTest, NamesALoopOfAliases) {
  publish(WireType::kCname, "a.shop.example");
  publish(WireType::kCname, "www.shop.example", "a.shop.example");
  const auto record = look(RecordType::kA, "192.0.2.1");
  EXPECT_FALSE(record.propagated);
  EXPECT_EQ(record.cause, "alias_loop");
}

TEST_F(ObserverTest, FollowsAliasesInsideAnAnswer) {
  publish(WireType::kCname, "a.shop.example");
  publish(WireType::kA, "192.0.2.1", "a.shop.example");
  EXPECT_TRUE(look(RecordType::kA, "192.0.2.1").propagated);
}

TEST_F(ObserverTest, NamesTheAliasThatLeadsAway) {
  publish(WireType::kCname, "elsewhere.example.net");
  const auto record = look(RecordType::kTxt, "verify=1");
  EXPECT_EQ(record.cause, "alias_in_the_way");
  EXPECT_THAT(record.explanation, HasSubstr("elsewhere.example.net"));
}

TEST_F(ObserverTest, ReadsBoundedlyFromAServerWithTenThousandRecords) {
  ns1.behave(Behaviour::kFloods);
  ns2.behave(Behaviour::kFloods);
  const auto record = look(RecordType::kA, "192.0.2.1");
  EXPECT_EQ(record.cause, "wildcard_answers");
  EXPECT_EQ(record.authorities.at(0).values.size(), kValuesMax);
  EXPECT_THAT(record.authorities.at(0).note, HasSubstr("more than 512 records"));
}

TEST_F(ObserverTest, ReadsTruncatedAnswersOverTcp) {
  publish(WireType::kCname, "app.saas.example");
  ns1.behave(Behaviour::kTruncates);
  EXPECT_TRUE(look_for_cname().propagated);
}

TEST_F(ObserverTest, ShowsTheCachesViewWhichNeverDecides) {
  publish(WireType::kCname, "app.saas.example");
  resolver.add("www.shop.example", WireType::kCname, "old.host.example");
  const auto record = look_for_cname();
  EXPECT_TRUE(record.propagated);
  ASSERT_EQ(record.resolvers.size(), 1U);
  EXPECT_EQ(record.resolvers[0].verdict, Verdict::kDisagrees);
  EXPECT_THAT(record.resolvers[0].values, ElementsAre("old.host.example"));
}

TEST_F(ObserverTest, NamesAnAddressThatThePolicyForbidsAndDoesNotAskIt) {
  publish(WireType::kCname, "app.saas.example");
  resolver.remove("ns2.dns.example");
  resolver.add("ns2.dns.example", WireType::kA, "10.0.0.53");
  const auto record = look_for_cname();
  EXPECT_TRUE(record.propagated);
  EXPECT_EQ(verdict_of(record, "ns2.dns.example"), Verdict::kUnreachable);
  EXPECT_THAT(record.authorities.at(1).note, HasSubstr("10.0.0.53 is not asked"));
}

TEST_F(ObserverTest, SaysWhenNoServerHasAnAddress) {
  resolver.remove("ns1.dns.example");
  resolver.remove("ns2.dns.example");
  EXPECT_EQ(look_for_cname().cause, "server_without_address");
}

TEST_F(ObserverTest, SharesTheAddressesOfAZoneBetweenItsRecords) {
  publish(WireType::kCname, "app.saas.example");
  publish(WireType::kTxt, "verify=1", "_check.www.shop.example");
  EXPECT_TRUE(observe({{name("www.shop.example"), RecordType::kCname, "app.saas.example", {}},
                       {name("_check.www.shop.example"), RecordType::kTxt, "verify=1", {}}})
                  .all_propagated());
  EXPECT_EQ(resolver.questions("ns1.dns.example", WireType::kA), 1U);
}

TEST_F(ObserverTest, SaysThatADomainIsNotRegistered) {
  const auto record = look(RecordType::kCname, "app.saas.example", "www.unregistered.example");
  EXPECT_EQ(record.zone, "example");
  EXPECT_EQ(record.cause, "domain_unregistered");
}

TEST_F(ObserverTest, NamesTheDeadServersThroughTheZoneAboveWhenTheResolverFails) {
  Observer::Settings made = settings();
  // As resolvers do whose questions no server of the zone answers.
  ScriptedServer second(loop, Role::kResolver);
  second.add("example", WireType::kNs, "a.nic.example");
  second.add("a.nic.example", WireType::kA, "127.0.0.3");
  made.resolvers = {second.endpoint()};
  ns1.behave(Behaviour::kSilent);
  ns2.behave(Behaviour::kSilent);
  second.fail_within("shop.example");
  Observer other(loop.get_executor(), made, policy);
  const auto observation = on_loop(
      loop,
      other.observe({{name("www.shop.example"), RecordType::kCname, "app.saas.example", {}}}, in(Milliseconds{9'000})));
  on_loop(loop, other.stop());
  const auto& record = observation.records.at(0);
  EXPECT_EQ(record.zone, "shop.example");
  EXPECT_EQ(record.cause, "servers_silent");
  EXPECT_EQ(verdict_of(record, "ns1.dns.example"), Verdict::kSilent);
}

TEST_F(ObserverTest, SaysThatTheResolversFail) {
  resolver.behave(Behaviour::kServFails);
  const auto record = look_for_cname();
  EXPECT_FALSE(record.propagated);
  EXPECT_EQ(record.cause, "resolvers_fail");
  EXPECT_THAT(record.explanation, HasSubstr("SERVFAIL"));
}

TEST_F(ObserverTest, TakesTheNextResolverWhenOneFails) {
  publish(WireType::kCname, "app.saas.example");
  ScriptedServer bad(loop, Role::kResolver);
  for (const auto behaviour : {Behaviour::kServFails, Behaviour::kSilent, Behaviour::kGarbage}) {
    bad.behave(behaviour);
    Observer::Settings made = settings();
    made.resolvers = {bad.endpoint(), resolver.endpoint()};
    Observer other(loop.get_executor(), made, policy);
    const auto observation =
        on_loop(loop, other.observe({{name("www.shop.example"), RecordType::kCname, "app.saas.example", {}}},
                                    in(Milliseconds{9'000})));
    on_loop(loop, other.stop());
    EXPECT_TRUE(observation.all_propagated()) << observation.records.at(0).explanation;
  }
}

TEST_F(ObserverTest, EndsWithinItsBudgetAndItsSizeWhateverServersDo) {
  constexpr std::array kBehaviours{Behaviour::kNormal,
                                   Behaviour::kSilent,
                                   Behaviour::kGarbage,
                                   Behaviour::kGarbageWithOurId,
                                   Behaviour::kWrongIdThenRight,
                                   Behaviour::kWrongIdOnly,
                                   Behaviour::kWrongQuestionFirst,
                                   Behaviour::kTruncates,
                                   Behaviour::kTruncatesWithoutTcp,
                                   Behaviour::kTruncatesAndHangs,
                                   Behaviour::kRefuses,
                                   Behaviour::kServFails,
                                   Behaviour::kFormErrOnEdns,
                                   Behaviour::kSilentOnEdns,
                                   Behaviour::kLame,
                                   Behaviour::kFloods,
                                   Behaviour::kStorm};
  constexpr Milliseconds kBudget{250};
  constexpr Milliseconds kSlack{400};  // of a busy machine
  std::mt19937 dice(20'261'125);
  const auto any = [&] { return kBehaviours.at(dice() % kBehaviours.size()); };
  publish(WireType::kTxt, "v=spf1 include:spf.saas.example ~all", "shop.example");
  for (int round = 0; round < 40; ++round) {
    const std::array rolled{any(), any(), round % 3 == 0 ? any() : Behaviour::kNormal};
    SCOPED_TRACE(::testing::Message() << "behaviours " << static_cast<int>(rolled[0]) << " "
                                      << static_cast<int>(rolled[1]) << " " << static_cast<int>(rolled[2]));
    ns1.behave(rolled[0]);
    ns2.behave(rolled[1]);
    resolver.behave(rolled[2]);
    const auto begun = std::chrono::steady_clock::now();
    const auto seen = observe({{name("www.shop.example"), RecordType::kCname, "app.saas.example", {}},
                               {name("www.shop.example"), RecordType::kA, "192.0.2.1", {}},
                               {name("shop.example"), RecordType::kTxt, "v=spf1 include:spf.saas.example ~all", {}}},
                              kBudget);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, kBudget + kSlack);
    ASSERT_EQ(seen.records.size(), 3U);
    for (const auto& record : seen.records) {
      EXPECT_TRUE(record.propagated || !record.causes.empty()) << "nothing is wrong without a cause";
      EXPECT_LE(record.causes.size(), kFindingsMax);
      for (const auto& finding : record.causes) EXPECT_LE(finding.evidence.size(), kEvidenceMax);
      for (const auto& answer : record.authorities) EXPECT_LE(answer.values.size(), kValuesMax);
    }
  }
}

TEST_F(ObserverTest, EndsWithinItsDeadlineWhateverIsSilent) {
  resolver.behave(Behaviour::kSilent);
  const auto start = std::chrono::steady_clock::now();
  const auto record =
      observe({{name("www.shop.example"), RecordType::kCname, "app.saas.example", {}}}, Milliseconds{120})
          .records.at(0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, Milliseconds{1'000});
  EXPECT_EQ(record.cause, "resolvers_fail");
}

TEST_F(ObserverTest, NeverAsksMoreServersThanTheLimitAndNamesTheRest) {
  publish(WireType::kCname, "app.saas.example");
  Observer::Settings made = settings();
  made.authorities_max = 1;
  Observer other(loop.get_executor(), made, policy);
  const auto observation = on_loop(
      loop,
      other.observe({{name("www.shop.example"), RecordType::kCname, "app.saas.example", {}}}, in(Milliseconds{9'000})));
  on_loop(loop, other.stop());
  EXPECT_EQ(ns2.questions(), 0U);
  EXPECT_THAT(observation.records.at(0).authorities.at(1).note, HasSubstr("over the limit of 1"));
}

TEST_F(ObserverTest, GivesServersOfOneSideNoLimitOfTheirOwn) {
  publish(WireType::kCname, "app.saas.example");
  std::vector<std::unique_ptr<ScriptedServer>> others;
  for (int i = 3; i <= 16; ++i) {
    const auto server = format("ns{}.dns.example", i);
    const auto address = format("127.0.1.{}", i);
    others.push_back(std::make_unique<ScriptedServer>(loop, Role::kAuthority, address, ns1.port()));
    others.back()->add_zone("shop.example");
    others.back()->add("www.shop.example", WireType::kCname, "app.saas.example");
    resolver.add(server, WireType::kA, address);
    above.add("shop.example", WireType::kNs, server);
    if (i <= 4) resolver.add("shop.example", WireType::kNs, server);
  }
  Observer::Settings made = settings();
  made.authorities_max = 3;
  const auto record =
      observe_with(made, {{name("www.shop.example"), RecordType::kCname, "app.saas.example", {}}}).records.at(0);
  EXPECT_EQ(std::ranges::count(record.authorities, Verdict::kAgrees, &ServerAnswer::verdict), 3);
  std::size_t questions = 0;
  for (const auto& server : others) questions += server->questions("www.shop.example", WireType::kCname);
  EXPECT_EQ(questions, 1U) << "ns1, ns2 and one more";
  std::string notes;
  for (const auto& answer : record.authorities) notes += answer.note;
  EXPECT_THAT(notes, HasSubstr("1 name servers over the limit of 3"));
  EXPECT_THAT(notes, HasSubstr("12 name servers over the limit of 3")) << "those that only the zone above names";
}

TEST_F(ObserverTest, GivesEveryServerItsFirstAddressBeforeASecond) {
  publish(WireType::kCname, "app.saas.example");
  resolver.add("ns1.dns.example", WireType::kA, "127.0.0.9");
  Observer::Settings made = settings();
  made.addresses_max = 2;
  Observer other(loop.get_executor(), made, policy);
  const auto observation = on_loop(
      loop,
      other.observe({{name("www.shop.example"), RecordType::kCname, "app.saas.example", {}}}, in(Milliseconds{9'000})));
  on_loop(loop, other.stop());
  EXPECT_TRUE(observation.all_propagated());
  EXPECT_GE(ns2.questions(), 1U);
  EXPECT_THAT(observation.records.at(0).authorities.back().note, HasSubstr("1 addresses over the limit of 2"));
}

TEST_F(ObserverTest, LooksAtNoMoreRecordsThanTheLimit) {
  publish(WireType::kCname, "app.saas.example");
  std::vector<Expectation> many(70, {name("www.shop.example"), RecordType::kCname, "app.saas.example", {}});
  const auto observation = observe(many);
  ASSERT_EQ(observation.records.size(), 70U);
  EXPECT_TRUE(observation.records.at(63).propagated);
  EXPECT_EQ(observation.records.at(64).cause, "too_many_records");
}

TEST_F(ObserverTest, SeesNothingAsPropagatedWhenNothingIsExpected) { EXPECT_FALSE(observe({}).all_propagated()); }

Task<void> observe_into(Observer& observer, std::optional<Observation>& seen) {
  std::vector<Expectation> expectations{{name("www.shop.example"), RecordType::kCname, "app.saas.example", {}}};
  seen = co_await observer.observe(std::move(expectations), in(Milliseconds{60'000}));
}
Task<void> stop_soon(Observer& observer, net::Loop& loop) {
  net::Timer timer(loop, Milliseconds{20});
  co_await timer.async_wait(net::use_task);
  co_await observer.stop();
}

TEST_F(ObserverTest, StopEndsALookEarly) {
  resolver.behave(Behaviour::kSilent);
  Observer::Settings made = settings();
  made.look_max = made.server_max = made.try_max = Milliseconds{25'000};
  Observer other(loop.get_executor(), made, policy);
  std::optional<Observation> seen;
  std::vector<Task<void>> tasks;
  tasks.push_back(observe_into(other, seen));
  tasks.push_back(stop_soon(other, loop));
  const auto start = std::chrono::steady_clock::now();
  on_loop(loop, together(std::move(tasks)));
  EXPECT_LT(std::chrono::steady_clock::now() - start, Milliseconds{5'000});
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->all_propagated());
}

Task<void> cancel_soon(net::TaskGroup& group, net::Loop& loop) {
  net::Timer timer(loop, Milliseconds{20});
  co_await timer.async_wait(net::use_task);
  co_await group.stop();
}

TEST_F(ObserverTest, ACancelledLookEndsAtOnceAndLeavesNothingBehind) {
  ns1.behave(Behaviour::kSilent);
  Observer::Settings made = settings();
  made.look_max = made.server_max = made.try_max = Milliseconds{25'000};
  Observer other(loop.get_executor(), made, policy);
  std::optional<Observation> seen;
  net::TaskGroup group(loop.get_executor());
  group.spawn(observe_into(other, seen), "look");
  const auto start = std::chrono::steady_clock::now();
  on_loop(loop, cancel_soon(group, loop));
  EXPECT_LT(std::chrono::steady_clock::now() - start, Milliseconds{5'000});
  EXPECT_FALSE(seen);
}

Task<void> look_at_one(Observer& observer, std::string owner, std::optional<Observation>& seen) {
  std::vector<Expectation> expectations{{name(owner), RecordType::kCname, "app.saas.example", {}}};
  seen = co_await observer.observe(std::move(expectations), in(Milliseconds{10'000}));
}
Task<void> look_at_many(Observer& observer, const std::vector<std::string>& names,
                        std::vector<std::optional<Observation>>& seen) {
  std::vector<Task<void>> tasks;
  for (std::size_t i = 0; i < names.size(); ++i) tasks.push_back(look_at_one(observer, names[i], seen[i]));
  co_await together(std::move(tasks));
}

TEST_F(ObserverTest, OneHealthyZoneDoesNotWaitForManyDeadOnes) {
  publish(WireType::kCname, "app.saas.example");
  // 100 zones whose only server is silent, looked at all at once with the healthy one.
  ScriptedServer dead(loop, Role::kAuthority, "127.0.0.4", ns1.port());
  dead.behave(Behaviour::kSilent);
  resolver.add("ns.dead.example", WireType::kA, "127.0.0.4");
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) {
    names.push_back(format("www.dead{}.example", i));
    resolver.add_zone(format("dead{}.example", i));
    resolver.add(format("dead{}.example", i), WireType::kNs, "ns.dead.example");
  }
  names.emplace_back("www.shop.example");
  std::vector<std::optional<Observation>> seen(names.size());
  // The test's servers share the loop with the looks, so a datagram may take long here.
  Observer::Settings made = settings();
  made.try_max = Milliseconds{400};
  made.server_max = Milliseconds{800};
  made.look_max = Milliseconds{8'000};
  Observer other(loop.get_executor(), made, policy);
  on_loop(loop, look_at_many(other, names, seen));
  on_loop(loop, other.stop());
  EXPECT_TRUE(seen.back()->all_propagated()) << seen.back()->records.at(0).explanation;
  EXPECT_LT(seen.back()->took_ms, 6'000);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_FALSE(seen[i]->all_propagated());
}

}  // namespace
}  // namespace signpost::dns
