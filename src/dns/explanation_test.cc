// SPDX-License-Identifier: Apache-2.0
#include "dns/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::dns {
namespace {

using ::testing::HasSubstr;

RecordObservation seen(std::vector<Verdict> verdicts) {
  RecordObservation record{.name = DnsName::parse("www.shop.example").value(),
                           .type = RecordType::kCname,
                           .expected = "app.saas.example",
                           .zone = "shop.example"};
  int number = 0;
  for (const auto verdict : verdicts) {
    record.authorities.push_back(
        {"ns" + std::to_string(++number) + ".dns.example", "192.0.2.1:53", verdict, {}, 0, 0, {}});
  }
  return record;
}

TEST(Propagated, MeansThatEveryServerThatSpeaksAgreesAndAtLeastOneSpeaks) {
  using enum Verdict;
  EXPECT_TRUE(is_propagated(seen({kAgrees})));
  EXPECT_TRUE(is_propagated(seen({kAgrees, kSilent, kLame, kRefused, kServFail, kMalformed, kUnreachable})));
  EXPECT_FALSE(is_propagated(seen({})));
  EXPECT_FALSE(is_propagated(seen({kSilent, kLame})));
  for (const auto other : {kDisagrees, kNxDomain, kNoData}) EXPECT_FALSE(is_propagated(seen({kAgrees, other})));
}

TEST(Explanation, OfAPropagatedRecordNamesWhoDidNotAnswer) {
  auto record = seen({Verdict::kAgrees, Verdict::kSilent});
  record.propagated = true;
  explain(record, {{Cause::kServersSilent, Weight::kRisks, "One is silent.", "Mend it.", {}}});
  EXPECT_EQ(record.cause, "");
  EXPECT_EQ(record.causes.size(), 1u);
  EXPECT_EQ(record.explanation,
            "www.shop.example CNAME is app.saas.example at the one answering server address of the zone shop.example; "
            "no answer that counts from ns2.dns.example (192.0.2.1:53).");
}

TEST(Explanation, OfAnotherIsTheFirstFindingAndItsFix) {
  auto record = seen({Verdict::kNxDomain});
  explain(record, {{Cause::kNameMissing, Weight::kBlocks, "There is no such name.", "Add it.", {}},
                   {Cause::kStaleAaaa, Weight::kRisks, "An AAAA.", "Remove it.", {}}});
  EXPECT_EQ(record.cause, "name_missing");
  EXPECT_EQ(record.explanation, "There is no such name. Add it.");
}

TEST(Explanation, TellsAMissingZoneFromResolversThatFail) {
  const auto record = seen({});
  EXPECT_EQ(without_servers(record, Error{Kind::kNotFound, "no zone", {}, {}}).cause, Cause::kNoDelegation);
  const auto silence = without_servers(record, Error{Kind::kTimeout, "silence", {}, {}});
  EXPECT_EQ(silence.cause, Cause::kResolversFail);
  EXPECT_THAT(silence.fix, HasSubstr("registrar"));
  const auto ours = without_servers(record, Error{Kind::kNetwork, "there is no way to the resolver", {}, {}});
  EXPECT_EQ(ours.cause, Cause::kResolversFail);
  EXPECT_THAT(ours.fix, HasSubstr("dns.resolvers"));
}

}  // namespace
}  // namespace signpost::dns
