// SPDX-License-Identifier: Apache-2.0
#include "services/original_dns.h"

#include <gmock/gmock.h>

#include "services/proxies.h"
#include "services/testing/life.h"
#include "store/jobs.h"
#include "store/original_dns.h"

namespace signpost::services {
namespace {

using ::testing::ElementsAre;
using testing::Life;
using testing::must;

constexpr Time kNow = from_ms(1'800'000'000'000);

dns::RecordObservation record(RecordType type, dns::Verdict verdict, std::vector<std::string> values = {}) {
  dns::RecordObservation seen{.name = *DnsName::parse("www.shop.example"), .type = type};
  seen.authorities.push_back({.server = "ns1.silent.example", .address = {}, .verdict = dns::Verdict::kSilent});
  seen.authorities.push_back(
      {.server = "ns2.dns.example", .address = {}, .verdict = verdict, .values = std::move(values)});
  return seen;
}

dns::Observation observation(dns::RecordObservation cname, dns::RecordObservation a, dns::RecordObservation aaaa) {
  return {.records = {std::move(cname), std::move(a), std::move(aaaa)}};
}

using enum dns::Verdict;

TEST(OriginalDnsOf, IsTheAliasIfTheHostIsOne) {
  const auto original =
      original_of(observation(record(RecordType::kCname, kAgrees, {"cname.hosting.example"}),
                              record(RecordType::kA, kAgrees, {"192.0.2.1"}), record(RecordType::kAaaa, kNoData)),
                  kNow);
  ASSERT_TRUE(original);
  EXPECT_EQ(original->cname, "cname.hosting.example");
  EXPECT_TRUE(original->a.empty());
}

TEST(OriginalDnsOf, IsTheAddressesOtherwise) {
  const auto original = original_of(
      observation(record(RecordType::kCname, kNoData), record(RecordType::kA, kAgrees, {"192.0.2.1", "192.0.2.2"}),
                  record(RecordType::kAaaa, kAgrees, {"2001:db8::1"})),
      kNow);
  ASSERT_TRUE(original);
  EXPECT_FALSE(original->cname);
  EXPECT_THAT(original->a, ElementsAre("192.0.2.1", "192.0.2.2"));
  EXPECT_THAT(original->aaaa, ElementsAre("2001:db8::1"));
}

TEST(OriginalDnsOf, IsNothingWhereThereWasNothing) {
  const auto original =
      original_of(observation(record(RecordType::kCname, kNxDomain), record(RecordType::kA, kNxDomain),
                              record(RecordType::kAaaa, kNxDomain)),
                  kNow);
  ASSERT_TRUE(original);
  EXPECT_TRUE(original->is_empty());
}

TEST(OriginalDnsOf, IsUnknownWhileNobodySpeaksForTheZone) {
  EXPECT_FALSE(original_of(observation(record(RecordType::kCname, kRefused), record(RecordType::kA, kAgrees),
                                       record(RecordType::kAaaa, kAgrees)),
                           kNow));
  EXPECT_FALSE(original_of({}, kNow));
}

class OriginalDnsTest : public ::testing::Test {
 protected:
  std::optional<model::OriginalDns> kept(const model::Connection& connection) {
    return must(life_.world.storage.read_now<std::optional<model::OriginalDns>>(
        [&](store::Tx& tx) { return store::original_dns::find(tx, connection.application, connection.id); }));
  }
  Life life_;
};

TEST_F(OriginalDnsTest, IsLookedAtAsSoonAsTheConnectionIsMade) {
  life_.eye.publish_any(RecordType::kCname, "cname.hosting.example");
  const auto connection = must(life_.run(life_.connections.create({}, life_.wish())));
  life_.turn();
  ASSERT_TRUE(kept(connection));
  EXPECT_EQ(kept(connection)->cname, "cname.hosting.example");
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kOriginalDns).state, model::JobState::kDone);
}

TEST_F(OriginalDnsTest, TakesNoPlaceOfItsOrganization) {
  const auto connection = must(life_.run(life_.connections.create({}, life_.wish())));
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kOriginalDns).fairness_key, model::kUntriedTurn);
}

TEST_F(OriginalDnsTest, WaitsAmongTheDeadOnceNobodyHasAnswered) {
  life_.eye.blind("servers_silent");
  const auto connection = must(life_.run(life_.connections.create({}, life_.wish())));
  life_.turn();
  const auto job = life_.job(connection.id, model::JobKind::kOriginalDns);
  EXPECT_EQ(job.state, model::JobState::kWaiting);
  EXPECT_EQ(job.fairness_key, model::kDeadTurn) << "hosts that nobody has looked at go before it";
}

TEST_F(OriginalDnsTest, GivesWhatWaitsForTheHostItsOwnTurnBack) {
  const auto connection = must(life_.run(life_.connections.create({}, life_.wish())));
  must(life_.world.storage.write_now<void>([&](store::Tx& tx) {
    return store::jobs::request(tx, connection.id, model::kUntriedTurn,
                                {model::JobKind::kCertificate, life_.clock.now() + std::chrono::hours(1)},
                                life_.world.ids.make<JobRowId>(), life_.clock.now());
  }));
  life_.turn();
  ASSERT_EQ(life_.job(connection.id, model::JobKind::kOriginalDns).state, model::JobState::kDone);
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kCertificate).fairness_key,
            fairness_key_of(connection.application, connection.organization));
}

TEST_F(OriginalDnsTest, IsNotTakenFromUs) {
  life_.eye.publish_any(RecordType::kCname, "app.saas.example");
  const auto connection = must(life_.run(life_.connections.create({}, life_.wish())));
  life_.turn();
  EXPECT_FALSE(kept(connection));
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kOriginalDns).state, model::JobState::kDone);
}

TEST_F(OriginalDnsTest, IsNoneWhereItLedToTheDistributionThatServesNow) {
  auto connection = life_.create();
  const model::OriginalDns original{"d1.cloudfront.net", {}, {}, life_.clock.now()};
  model::Distribution distribution{.host = connection.host};
  EXPECT_FALSE(leads_to_us(original, connection, &distribution));
  distribution.domain_name = "d1.cloudfront.net";
  EXPECT_TRUE(leads_to_us(original, connection, &distribution));
}

TEST_F(OriginalDnsTest, IsNoneWhereItLedToARecordThatWasOfferedLater) {
  auto wish = life_.wish();
  const auto connection = must(life_.run(life_.connections.create({}, wish)));
  must(life_.world.storage.write_now<bool>([&](store::Tx& tx) {
    return store::original_dns::keep(tx, connection.id, {connection.records.front().value, {}, {}, life_.clock.now()});
  }));
  const auto proxy =
      must(life_.run(Proxies(life_.world.storage).find(connection.application, connection.organization, {})));
  ASSERT_TRUE(proxy);
  EXPECT_FALSE(proxy->original);
}

TEST_F(OriginalDnsTest, IsLookedForAgainWhileNobodyAnswers) {
  life_.eye.blind("servers_silent");
  const auto connection = must(life_.run(life_.connections.create({}, life_.wish())));
  life_.turn();
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kOriginalDns).state, model::JobState::kWaiting);
  life_.eye.blind("");
  life_.eye.publish_any(RecordType::kCname, "cname.hosting.example");
  life_.walk_to(life_.clock.now() + std::chrono::minutes(1));
  EXPECT_TRUE(kept(connection));
}

TEST_F(OriginalDnsTest, IsGivenUpWhenNobodyEverAnswers) {
  life_.eye.blind("servers_silent");
  const auto connection = must(life_.run(life_.connections.create({}, life_.wish())));
  life_.walk_to(life_.clock.now() + std::chrono::hours(24));
  const auto job = life_.job(connection.id, model::JobKind::kOriginalDns);
  EXPECT_EQ(job.state, model::JobState::kDone);
  EXPECT_EQ(job.attempts, kOriginalLooksMax);
  EXPECT_FALSE(kept(connection));
  must(life_.run(life_.connections.check_now({}, connection.id)));
  EXPECT_EQ(life_.job(connection.id, model::JobKind::kPropagation).fairness_key, model::kDoubtedTurn)
      << "the next look at it is likely to be long";
}

}  // namespace
}  // namespace signpost::services
