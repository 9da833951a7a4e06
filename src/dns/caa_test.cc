// SPDX-License-Identifier: Apache-2.0
#include "dns/caa.h"

#include <gmock/gmock.h>

#include <array>
#include <map>

namespace signpost::dns {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = CaaVerdict::Kind;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }
using World = std::map<std::string, std::vector<std::string>>;

std::vector<std::string> climb(CaaWalk& walk, const World& world) {
  std::vector<std::string> asked;
  while (const auto at = walk.needed()) {
    asked.push_back(at->text());
    const auto found = world.find(at->text());
    if (found == world.end()) {
      walk.tell(CaaWalk::Outcome::kNothing, {});
    } else if (found->second == std::vector<std::string>{"SERVFAIL"}) {
      walk.tell(CaaWalk::Outcome::kFailed, {});
    } else {
      walk.tell(CaaWalk::Outcome::kAnswer, found->second);
    }
  }
  return asked;
}

CaaVerdict judged(const World& world, const CaaQuestion& question, std::string_view host = "www.shop.example") {
  CaaWalk walk(name(host));
  climb(walk, world);
  return walk.judge(question);
}

const CaaQuestion kHost{{"ca.example"}};
const CaaQuestion kWildcard{{"ca.example"}, CaaQuestion::For::kWildcard};

TEST(CaaWalk, ClimbsFromTheHostToTheTopLevel) {
  CaaWalk walk(name("a.www.shop.example"));
  EXPECT_THAT(climb(walk, {}), ElementsAre("a.www.shop.example", "www.shop.example", "shop.example", "example"));
  EXPECT_EQ(walk.judge(kHost).kind, Kind::kAllowed);
}

TEST(CaaWalk, EndsWhereRecordsAre) {
  CaaWalk walk(name("a.www.shop.example"));
  EXPECT_THAT(
      climb(walk, {{"www.shop.example", {"0 iodef \"mailto:x@shop.example\""}}, {"shop.example", {"0 issue \";\""}}}),
      ElementsAre("a.www.shop.example", "www.shop.example"));
  EXPECT_EQ(walk.judge(kHost).kind, Kind::kAllowed);
}

TEST(CaaWalk, OfAWildcardBeginsAtItsBase) {
  CaaWalk walk(name("*.shop.example"));
  EXPECT_EQ(walk.needed(), name("shop.example"));
}

TEST(CaaWalk, IsOpenUntilItHasEnded) { EXPECT_EQ(CaaWalk(name("shop.example")).judge(kHost).kind, Kind::kOpen); }

TEST(CaaWalk, OfTheRootNeedsNothing) { EXPECT_TRUE(CaaWalk(name(".")).has_ended()); }

struct Case {
  std::vector<std::string> records;
  Kind host;
  Kind wildcard;
};

TEST(Caa, JudgesAsRfc8659Section4Says) {
  const std::array cases{
      Case{{R"(0 issue "ca.example")"}, Kind::kAllowed, Kind::kAllowed},
      Case{{R"(0 issue "CA.Example")"}, Kind::kAllowed, Kind::kAllowed},
      Case{{R"(0 issue "other.example")"}, Kind::kForbidden, Kind::kForbidden},
      Case{{R"(0 issue "other.example")", R"(0 issue "ca.example")"}, Kind::kAllowed, Kind::kAllowed},
      // 4.2: without a domain nobody may issue, and so says what cannot be read.
      Case{{R"(0 issue ";")"}, Kind::kForbidden, Kind::kForbidden},
      Case{{R"(0 issue "")"}, Kind::kForbidden, Kind::kForbidden},
      Case{{R"(0 issue "%%%%%")"}, Kind::kForbidden, Kind::kForbidden},
      Case{{R"(0 issue ";")", R"(0 issue "ca.example")"}, Kind::kAllowed, Kind::kAllowed},
      // 4.3: issuewild goes before issue for wildcards and is ignored for all others.
      Case{{R"(0 issue "ca.example")", R"(0 issuewild ";")"}, Kind::kAllowed, Kind::kForbidden},
      Case{{R"(0 issue "other.example")", R"(0 issuewild "ca.example")"}, Kind::kForbidden, Kind::kAllowed},
      Case{{R"(0 issuewild "other.example")"}, Kind::kAllowed, Kind::kForbidden},
      // 4.1: a tag that nobody knows forbids everything if it is critical.
      Case{{R"(0 tbs "x")"}, Kind::kAllowed, Kind::kAllowed},
      Case{{R"(128 tbs "x")", R"(0 issue "ca.example")"}, Kind::kForbidden, Kind::kForbidden},
      Case{{R"(128 issue "ca.example")"}, Kind::kAllowed, Kind::kAllowed},
      Case{{R"(0 iodef "mailto:x@shop.example")"}, Kind::kAllowed, Kind::kAllowed},
  };
  for (const auto& [records, host, wildcard] : cases) {
    const World world{{"www.shop.example", records}};
    EXPECT_EQ(judged(world, kHost).kind, host) << records.front();
    EXPECT_EQ(judged(world, kWildcard).kind, wildcard) << records.front();
  }
}

TEST(Caa, ThatForbidsNamesPropertyAndPlace) {
  const auto verdict = judged({{"shop.example", {R"(0 issue "other.example")"}}}, kHost);
  EXPECT_EQ(verdict.property, R"(0 issue "other.example")");
  EXPECT_EQ(verdict.found_at, name("shop.example"));
  EXPECT_TRUE(verdict.is_inherited);
  EXPECT_FALSE(verdict.alias);
  EXPECT_EQ(verdict.sentence, R"(0 issue "other.example" at shop.example does not allow ca.example)");
}

TEST(Caa, OfAnAliasNamesWhereItReallyStands) {
  CaaWalk walk(name("www.shop.example"));
  const std::vector<std::string> records{R"(0 issue "other.example")"};
  walk.tell(CaaWalk::Outcome::kAnswer, records, name("app.saas.example"));
  const auto verdict = walk.judge(kHost);
  EXPECT_EQ(verdict.kind, Kind::kForbidden);
  EXPECT_EQ(verdict.alias, name("app.saas.example"));
  EXPECT_FALSE(verdict.is_inherited);
  EXPECT_THAT(verdict.sentence, HasSubstr("www.shop.example (an alias for app.saas.example)"));
}

TEST(Caa, OfAnAliasWithoutRecordsIsSoughtAboveTheName) {
  // RFC 8659 3: the climb goes up from the name itself, not from the alias's target.
  CaaWalk walk(name("www.shop.example"));
  walk.tell(CaaWalk::Outcome::kAnswer, {}, name("app.saas.example"));
  EXPECT_EQ(walk.needed(), name("shop.example"));
  const std::vector<std::string> records{R"(0 issue "ca.example")"};
  walk.tell(CaaWalk::Outcome::kAnswer, records);
  EXPECT_FALSE(walk.judge(kHost).alias);
}

TEST(Caa, ThatCannotBeLookedUpFailsEvenIfRecordsStandAbove) {
  const auto verdict =
      judged({{"www.shop.example", {"SERVFAIL"}}, {"shop.example", {R"(0 issue "ca.example")"}}}, kHost);
  EXPECT_EQ(verdict.kind, Kind::kFailed);
  EXPECT_EQ(verdict.found_at, name("www.shop.example"));
}

TEST(Caa, AllowsAnyOfAnAuthoritysDomains) {
  const World world{{"shop.example", {R"(0 issue "amazontrust.com")"}}};
  EXPECT_EQ(judged(world, {{"amazon.com", "amazontrust.com"}}).kind, Kind::kAllowed);
}

TEST(Caa, HoldsParametersAgainstMethodAndAccount) {
  const World world{
      {"shop.example",
       {R"(0 issue "ca.example; validationmethods=http-01,tls-alpn-01; accounturi=https://ca.example/1")"}}};
  EXPECT_EQ(judged(world, kHost).kind, Kind::kAllowed);
  const auto with = [&](std::string method, std::string account) {
    return judged(world, {{"ca.example"}, CaaQuestion::For::kHost, std::move(method), std::move(account)}).kind;
  };
  EXPECT_EQ(with("http-01", "https://ca.example/1"), Kind::kAllowed);  // RFC 8657 3 and 4
  EXPECT_EQ(with("dns-01", ""), Kind::kForbidden);
  EXPECT_EQ(with("", "https://ca.example/2"), Kind::kForbidden);
}

}  // namespace
}  // namespace signpost::dns
