// SPDX-License-Identifier: Apache-2.0
#include "dns/spf_walk.h"

#include <gmock/gmock.h>

#include <map>

#include "base/text.h"

namespace signpost::dns {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Kind = SpfProblem::Kind;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }
SpfAt at_shop(std::string_view text) { return {name("shop.example"), SpfRecord::parse(text).value()}; }

/// name -> its TXT values; a name that is not there does not exist; "SERVFAIL" fails.
using World = std::map<std::string, std::vector<std::string>>;

std::size_t walk(SpfWalk& walk, const World& world) {
  std::size_t told = 0;
  while (!walk.has_ended()) {
    for (const auto& domain : walk.needed()) {
      ++told;
      const auto found = world.find(domain.text());
      if (found == world.end()) {
        walk.tell(domain, SpfWalk::Outcome::kNothing, {});
      } else {
        const bool fails = found->second == std::vector<std::string>{"SERVFAIL"};
        walk.tell(domain, fails ? SpfWalk::Outcome::kFailed : SpfWalk::Outcome::kAnswer, found->second);
      }
    }
  }
  return told;
}

SpfReport walked(std::string_view wanted, std::string_view seen, const World& world = {}) {
  SpfWalk steps(at_shop(wanted), at_shop(seen));
  walk(steps, world);
  return steps.report();
}

std::vector<Kind> kinds(const SpfReport& report) {
  std::vector<Kind> kinds;
  for (const auto& problem : report.problems) kinds.push_back(problem.kind);
  return kinds;
}

TEST(SpfWalk, NeedsTheIncludesOfTheRecordFirst) {
  const SpfWalk steps(at_shop("v=spf1 mx"), at_shop("v=spf1 include:b.example include:a.example redirect=c.example"));
  EXPECT_THAT(steps.needed(), UnorderedElementsAre(name("a.example"), name("b.example"), name("c.example")));
}

TEST(SpfWalk, NeedsNothingThatIsNeverReached) {
  const SpfWalk steps(at_shop("v=spf1 mx"), at_shop("v=spf1 ~all include:a.example redirect=b.example"));
  EXPECT_TRUE(steps.has_ended());
}

TEST(SpfWalk, FindsAWantedPartThroughNestedIncludes) {
  const World world{{"one.example", {"hello", "v=spf1 include:two.example ~all"}},
                    {"two.example", {"v=spf1 ip4:192.0.2.0/24 include:spf.saas.example -all"}},
                    {"spf.saas.example", {"v=spf1 ip4:203.0.113.0/24 -all"}}};
  const auto report =
      walked("v=spf1 include:spf.saas.example ip4:192.0.2.7 -all", "v=spf1 include:one.example -all", world);
  EXPECT_THAT(report.missing, IsEmpty());
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.lookups, 3);
}

TEST(SpfWalk, FindsAWantedPartThroughARedirect) {
  const World world{{"spf.shop.example", {"v=spf1 mx include:spf.saas.example -all"}},
                    {"spf.saas.example", {"v=spf1 -all"}}};
  EXPECT_THAT(walked("v=spf1 include:spf.saas.example", "v=spf1 redirect=spf.shop.example", world).missing, IsEmpty());
}

TEST(SpfWalk, CountsAnMxOfAnIncludedRecordForThatDomain) {
  const World world{{"one.example", {"v=spf1 mx -all"}}};
  EXPECT_EQ(shown(walked("v=spf1 mx", "v=spf1 include:one.example", world).missing), "mx");
  EXPECT_EQ(shown(walked("v=spf1 mx:one.example", "v=spf1 include:one.example", world).missing), "");
}

TEST(SpfWalk, FindsNothingThroughAnIncludeThatDoesNotPass) {
  const World world{{"one.example", {"v=spf1 ip4:192.0.2.1 -all"}}};
  EXPECT_EQ(walked("v=spf1 ip4:192.0.2.1", "v=spf1 -include:one.example", world).missing.size(), 1U);
}

TEST(SpfWalk, FindsNoRefusalThroughAnInclude) {
  const World world{{"one.example", {"v=spf1 -ip4:192.0.2.1 mx"}}};
  EXPECT_EQ(walked("v=spf1 -ip4:192.0.2.1", "v=spf1 include:one.example", world).missing.size(), 1U);
}

TEST(SpfWalk, CountsWhatRfc7208Section464Counts) {
  // include, a, mx, ptr, exists and redirect; not all, ip4, ip6 and exp.
  const World world{{"one.example", {"v=spf1 a mx ptr -all"}}, {"two.example", {"v=spf1 ip4:192.0.2.1 exp=x.example"}}};
  const auto report = walked(
      "v=spf1 mx", "v=spf1 include:one.example a mx ip6:2001:db8::1 exists:%{i}.x.example redirect=two.example", world);
  EXPECT_EQ(report.lookups, 8);
  EXPECT_THAT(report.problems, IsEmpty());
}

TEST(SpfWalk, CountsADomainAsOftenAsItIsIncluded) {
  const World world{{"one.example", {"v=spf1 include:three.example"}},
                    {"two.example", {"v=spf1 include:three.example"}},
                    {"three.example", {"v=spf1 a mx a:x.example"}}};
  EXPECT_EQ(walked("v=spf1 mx", "v=spf1 mx include:one.example include:two.example", world).lookups, 11);
}

TEST(SpfWalk, SaysThatTenLookupsAreTheMost) {
  const auto ten = walked("v=spf1 a", "v=spf1 a a a a a a a a a a");
  EXPECT_EQ(ten.lookups, 10);
  EXPECT_THAT(ten.problems, IsEmpty());
  const auto eleven = walked("v=spf1 a", "v=spf1 a a a a a a a a a a mx");
  EXPECT_THAT(kinds(eleven), ElementsAre(Kind::kTooManyLookups));
  EXPECT_THAT(eleven.problems[0].sentence, HasSubstr("11"));
}

TEST(SpfWalk, SaysThatAnIncludedDomainHasNoRecord) {
  const auto report = walked("v=spf1 include:one.example", "v=spf1 include:one.example include:two.example",
                             {{"two.example", {"hello"}}});
  EXPECT_THAT(kinds(report), ElementsAre(Kind::kIncludeWithoutSpf, Kind::kIncludeWithoutSpf));
  EXPECT_EQ(report.problems[0].at, name("one.example"));
  EXPECT_THAT(report.problems[0].sentence, HasSubstr("one.example has no SPF record"));
  EXPECT_EQ(report.void_lookups, 1);  // two.example has TXT records
}

TEST(SpfWalk, SaysThatMoreThanTwoLookupsFindNothing) {
  const auto report = walked("v=spf1 a", "v=spf1 include:a.example include:b.example include:c.example");
  EXPECT_EQ(report.void_lookups, 3);
  EXPECT_THAT(kinds(report), testing::Contains(Kind::kTooManyVoidLookups));
}

TEST(SpfWalk, SaysThatAnIncludedDomainHasTwoRecordsOrABrokenOne) {
  const auto report = walked("v=spf1 a", "v=spf1 include:one.example include:two.example",
                             {{"one.example", {"v=spf1 a", "v=spf1 mx"}}, {"two.example", {"v=spf1 ip4:x"}}});
  EXPECT_THAT(kinds(report), ElementsAre(Kind::kTwoRecords, Kind::kInvalid));
  EXPECT_THAT(report.problems[1].sentence, HasSubstr("ip4:x"));
}

TEST(SpfWalk, SaysThatALookupFailed) {
  EXPECT_THAT(kinds(walked("v=spf1 a", "v=spf1 include:one.example", {{"one.example", {"SERVFAIL"}}})),
              ElementsAre(Kind::kLookupFailed));
}

TEST(SpfWalk, SaysThatIncludesRunInALoop) {
  const World world{{"one.example", {"v=spf1 include:two.example"}}, {"two.example", {"v=spf1 include:one.example"}}};
  EXPECT_THAT(kinds(walked("v=spf1 a", "v=spf1 include:one.example", world)), ElementsAre(Kind::kLoop));
  EXPECT_THAT(kinds(walked("v=spf1 a", "v=spf1 include:shop.example")), ElementsAre(Kind::kLoop));
}

TEST(SpfWalk, DoesNotTakeADomainThatIsIncludedTwiceForALoop) {
  const World world{{"one.example", {"v=spf1 include:two.example"}}, {"two.example", {"v=spf1 a"}}};
  EXPECT_THAT(kinds(walked("v=spf1 a", "v=spf1 include:two.example include:one.example", world)), IsEmpty());
}

TEST(SpfWalk, EndsWithinItsNamesWhateverRecordsSay) {
  World world;
  for (int i = 0; i < 200; ++i) {
    world[format("s{}.example", i)] = {
        format("v=spf1 include:s{}.example include:s{}.example include:s{}.example", i + 1, i + 2, i + 3)};
  }
  SpfWalk steps(at_shop("v=spf1 a"), at_shop("v=spf1 include:s0.example"));
  EXPECT_LT(walk(steps, world), kSpfNamesMax);
  const auto report = steps.report();
  EXPECT_EQ(report.lookups, kSpfLookupsCounted);
  EXPECT_THAT(kinds(report), ElementsAre(Kind::kTooManyLookups, Kind::kTooManyNames));
}

TEST(SpfWalk, DoesNotFollowMacros) {
  const auto report = walked("v=spf1 a", "v=spf1 a include:%{d}.spf.example");
  EXPECT_EQ(shown(report.not_followed), "include:%{d}.spf.example");
  EXPECT_EQ(report.lookups, 2);
}

TEST(SpfWalk, DoesNotListenToWhatItHasNotAskedFor) {
  SpfWalk steps(at_shop("v=spf1 a"), at_shop("v=spf1 include:one.example"));
  const std::vector<std::string> texts{"v=spf1 a:shop.example"};
  steps.tell(name("evil.example"), SpfWalk::Outcome::kAnswer, texts);
  steps.tell(name("shop.example"), SpfWalk::Outcome::kAnswer, texts);
  EXPECT_THAT(steps.needed(), ElementsAre(name("one.example")));
  EXPECT_EQ(steps.report().missing.size(), 1U);
}

}  // namespace
}  // namespace signpost::dns
