// SPDX-License-Identifier: Apache-2.0
#include "services/challenge_zone.h"

#include <gmock/gmock.h>

#include <set>

#include "base/text.h"
#include "services/testing/life.h"

namespace signpost::services {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ChallengeZoneTest : public ::testing::Test {
 protected:
  void must(Task<Result<void>> task) {
    const auto done = life.run(std::move(task));
    ASSERT_TRUE(done) << done.error().message;
  }

  testing::Life life;
  StoredChallengeZone zone{DnsName::parse("acme.saas.example").value(), life.world.storage, life.clock};
  StoredChallengeZone other{zone.name(), life.world.storage, life.clock};  // of another process
};

TEST_F(ChallengeZoneTest, AnswersWithWhatWasPublishedAtOnceAndAddsValuesToEachOther) {
  must(zone.publish("abc", "one"));
  EXPECT_THAT(zone.texts_of("abc"), ElementsAre("one"));
  must(zone.publish("abc", "two"));
  EXPECT_THAT(zone.texts_of("abc"), UnorderedElementsAre("one", "two"));
  EXPECT_THAT(zone.texts_of("abd"), IsEmpty());
  EXPECT_EQ(zone.size(), 1U);
}

TEST_F(ChallengeZoneTest, WithdrawsExactlyOneValue) {
  must(zone.publish("abc", "one"));
  must(zone.publish("abc", "two"));
  must(zone.withdraw("abc", "one"));
  EXPECT_THAT(zone.texts_of("abc"), ElementsAre("two"));
  must(zone.withdraw("abc", "never-there"));
  EXPECT_THAT(zone.texts_of("abc"), ElementsAre("two"));
}

TEST_F(ChallengeZoneTest, PublishesAgainWhatWasWithdrawn) {
  must(zone.publish("abc", "one"));
  must(zone.withdraw("abc", "one"));
  must(zone.publish("abc", "one"));
  EXPECT_THAT(zone.texts_of("abc"), ElementsAre("one"));
}

TEST_F(ChallengeZoneTest, LearnsFromOtherProcesses) {
  must(zone.publish("abc", "one"));
  must(other.reload());
  EXPECT_THAT(other.texts_of("abc"), ElementsAre("one"));
  const auto serial = other.serial();
  must(zone.withdraw("abc", "one"));
  must(other.reload());
  EXPECT_THAT(other.texts_of("abc"), IsEmpty());
  EXPECT_GT(other.serial(), serial);
}

TEST_F(ChallengeZoneTest, LearnsMoreThanOneReadTells) {
  const auto written = life.run(life.world.storage.write<void>([&](store::Tx& tx) -> Result<void> {
    for (int i = 0; i < 2 * store::challenge_texts::kChangesMax; ++i)
      TRY_VOID(zone.publish_in(tx, format("label-{}", i), "x"));
    return {};
  }));
  ASSERT_TRUE(written) << written.error().message;
  must(zone.reload());
  EXPECT_EQ(zone.size(), 2U * store::challenge_texts::kChangesMax);
}

TEST_F(ChallengeZoneTest, PublishesWithTheTransactionOfTheCallerOrNotAtAll) {
  const auto failed = life.run(life.world.storage.write<void>([&](store::Tx& tx) -> Result<void> {
    TRY_VOID(zone.publish_in(tx, "abc", "one"));
    return fail(Kind::kConflict, "somebody was first");
  }));
  EXPECT_FALSE(failed);
  must(zone.reload());
  EXPECT_THAT(zone.texts_of("abc"), IsEmpty());
}

TEST_F(ChallengeZoneTest, ForgetsWhatNobodyWithdraws) {
  must(zone.publish("abc", "one"));
  life.clock.advance(kChallengeTextAge);
  EXPECT_THAT(zone.texts_of("abc"), IsEmpty());
  EXPECT_EQ(zone.size(), 0U);
}

TEST_F(ChallengeZoneTest, RefusesWhatCannotStandInAZone) {
  for (const auto* label : {"", "a.b", "A", "a b", "ä"}) {
    const auto done = life.run(zone.publish(label, "value"));
    ASSERT_FALSE(done) << label;
    EXPECT_EQ(done.error().kind, Kind::kUnprocessable);
  }
  EXPECT_FALSE(life.run(zone.publish(std::string(64, 'a'), "value")));
  must(zone.publish(std::string(63, 'a'), std::string(255, 'v')));
  for (const auto& value : {std::string(), std::string(256, 'v'), std::string("a b"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(life.run(zone.publish("abc", value)));
  }
}

TEST_F(ChallengeZoneTest, LabelsAreLongAndNeverTheSame) {
  std::set<std::string> labels;
  for (int i = 0; i < 100; ++i) labels.insert(make_challenge_label(life.random));
  EXPECT_EQ(labels.size(), 100U);
  for (const auto& label : labels) EXPECT_EQ(label.size(), 26U);
  EXPECT_EQ(challenge_target(zone.name(), "abc").text(), "abc.acme.saas.example");
}

}  // namespace
}  // namespace signpost::services
