// SPDX-License-Identifier: Apache-2.0
#include "dns/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace signpost::dns {
namespace {

using ::testing::HasSubstr;

RecordObservation seen(std::vector<Verdict> verdicts) {
  RecordObservation record{DnsName::parse("www.shop.example").value(),
                           RecordType::kCname,
                           "app.saas.example",
                           "shop.example",
                           false,
                           {},
                           {},
                           {},
                           {}};
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    record.authorities.push_back(
        {format("ns{}.dns.example", i + 1), format("192.0.2.{}:53", i + 1), verdicts[i], {}, 60, 1, {}});
  }
  return record;
}
RecordObservation concluded(std::vector<Verdict> verdicts, Hint hint = Hint::kNone) {
  auto record = seen(std::move(verdicts));
  conclude(record, hint);
  return record;
}

TEST(Conclusion, IsPropagatedIfAllThatSpeakForTheZoneAgreeAndOneDoes) {
  EXPECT_TRUE(concluded({Verdict::kAgrees, Verdict::kAgrees}).propagated);
  EXPECT_TRUE(concluded({Verdict::kAgrees, Verdict::kSilent, Verdict::kLame, Verdict::kUnreachable}).propagated);
  EXPECT_FALSE(concluded({Verdict::kAgrees, Verdict::kNxDomain}).propagated);
  EXPECT_FALSE(concluded({Verdict::kAgrees, Verdict::kNoData}).propagated);
  EXPECT_FALSE(concluded({Verdict::kAgrees, Verdict::kDisagrees}).propagated);
  EXPECT_FALSE(concluded({Verdict::kSilent, Verdict::kLame}).propagated);
  EXPECT_FALSE(concluded({}).propagated);
}

TEST(Conclusion, HasAStableCause) {
  EXPECT_EQ(concluded({Verdict::kAgrees}).cause, "");
  EXPECT_EQ(concluded({Verdict::kAgrees, Verdict::kNxDomain}).cause, "servers_disagree");
  EXPECT_EQ(concluded({Verdict::kNxDomain, Verdict::kNxDomain}).cause, "name_missing");
  EXPECT_EQ(concluded({Verdict::kNxDomain, Verdict::kNoData}).cause, "type_missing");
  EXPECT_EQ(concluded({Verdict::kNoData, Verdict::kDisagrees}).cause, "other_value");
  EXPECT_EQ(concluded({Verdict::kDisagrees}, Hint::kAliasLoop).cause, "alias_loop");
  EXPECT_EQ(concluded({Verdict::kNxDomain}, Hint::kZoneIsSuffix).cause, "no_delegation");
  EXPECT_EQ(concluded({Verdict::kRefused, Verdict::kSilent}).cause, "servers_refuse");
  EXPECT_EQ(concluded({Verdict::kRefused, Verdict::kSilent, Verdict::kSilent}).cause, "servers_silent");
  EXPECT_EQ(concluded({}).cause, "servers_unreachable");
}

TEST(Conclusion, SaysWhatWasWantedWhatIsSeenAndWhatToDo) {
  const auto record = concluded({Verdict::kAgrees, Verdict::kNxDomain});
  EXPECT_THAT(record.explanation, HasSubstr("www.shop.example CNAME should be app.saas.example"));
  EXPECT_THAT(record.explanation, HasSubstr("ns2.dns.example (192.0.2.2:53) still answers no such name"));
  EXPECT_THAT(record.explanation, HasSubstr("have the change published at ns2.dns.example"));
}

TEST(Conclusion, WithoutServersTellsAMissingZoneFromResolversThatFail) {
  auto record = seen({});
  conclude_without_servers(record, Error{Kind::kNotFound, "no zone has it", {}, {}});
  EXPECT_EQ(record.cause, "no_delegation");
  conclude_without_servers(record, Error{Kind::kTimeout, "the resolver 192.0.2.1:53 gives no answer in time", {}, {}});
  EXPECT_EQ(record.cause, "resolvers_fail");
}

}  // namespace
}  // namespace signpost::dns
