// SPDX-License-Identifier: Apache-2.0
#include "services/amazon_sight.h"

#include <gmock/gmock.h>

#include "base/testing/fake_clock.h"
#include "net/testing/run_task.h"
#include "services/testing/fake_eye.h"

namespace signpost::services {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

/// Remembers what it was asked.
class AskedSight final : public IssuanceSight {
 public:
  Task<ChallengeSight> challenge(ChallengeWish) override { co_return ChallengeSight{}; }
  Task<dns::CaaVerdict> caa(CaaWish wish) override {
    asked = std::move(wish);
    co_return dns::CaaVerdict{.kind = dns::CaaVerdict::Kind::kForbidden};
  }
  std::optional<CaaWish> asked;
};

struct AmazonSightTest : ::testing::Test {
  signpost::testing::FakeClock clock;
  net::Loop loop{1};
  AskedSight issuance;
  testing::FakeEye eye{clock};
  ObserverAmazonSight sight{issuance, eye};

  dns::RecordObservation look(model::ValidationRecord record) {
    return *net::testing::run_task(loop, boxed(sight.validation(std::move(record))));
  }
  template <typename T>
  static Task<std::optional<T>> boxed(Task<T> task) {
    co_return std::optional<T>(std::in_place, co_await std::move(task));
  }
};

TEST_F(AmazonSightTest, AsksWhetherAnyOfAmazonsNamesMayIssueHoweverItProves) {
  const auto verdict = net::testing::run_task(loop, boxed(sight.caa(HostName::parse("www.shop.example").value())));
  EXPECT_EQ(verdict->kind, dns::CaaVerdict::Kind::kForbidden);
  EXPECT_THAT(issuance.asked->issuers, Contains("amazon.com"));
  EXPECT_EQ(issuance.asked->issuers.size(), kAmazonIssuers.size());
  EXPECT_THAT(issuance.asked->account, IsEmpty());
  EXPECT_THAT(issuance.asked->method, IsEmpty()) << "validationmethods is ACME's (RFC 8657)";
}

TEST_F(AmazonSightTest, SeesTheRecordWithItsValueAlone) {
  const model::ValidationRecord record{"_ab.www.shop.example", "_cd.acm-validations.aws"};
  EXPECT_FALSE(look(record).propagated);
  eye.publish(DnsName::parse(record.name).value(), RecordType::kCname, "_other.acm-validations.aws");
  EXPECT_FALSE(look(record).propagated);
  eye.publish(DnsName::parse(record.name).value(), RecordType::kCname, record.value);
  EXPECT_TRUE(look(record).propagated);
}

TEST_F(AmazonSightTest, SaysOfWhatIsNoNameThatItIsNone) {
  const auto seen = look({"_ab..www", "_cd.acm-validations.aws"});
  EXPECT_FALSE(seen.propagated);
  EXPECT_EQ(seen.cause, "malformed");
}

}  // namespace
}  // namespace signpost::services
