// SPDX-License-Identifier: Apache-2.0
#include "services/swept_challenge_zone.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "services/testing/fake_zone.h"
#include "services/testing/life.h"

namespace signpost::services {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::must;

class SweptChallengeZoneTest : public ::testing::Test {
 protected:
  std::size_t rows() {
    return must(life_.world.storage.read_now<std::size_t>(
        [](store::Tx& tx) -> Result<std::size_t> { return TRY(store::challenge_texts::changes_since(tx, 0)).size(); }));
  }

  testing::Life life_;
  testing::FakeZone server_;
  SweptChallengeZone zone_{server_, life_.world.storage, life_.clock};
};

TEST_F(SweptChallengeZoneTest, HasNoRowOfWhatWasWithdrawn) {
  must(life_.run(zone_.publish("abc", "one")));
  must(life_.run(zone_.publish("abc", "two")));
  EXPECT_EQ(rows(), 2);
  must(life_.run(zone_.withdraw("abc", "one")));
  EXPECT_THAT(server_.texts_of("abc"), ElementsAre("two"));
  EXPECT_EQ(rows(), 1);
}

TEST_F(SweptChallengeZoneTest, TakesAwayWhatTheServerDidNotWhenItWasAway) {
  must(life_.run(zone_.publish("abc", "one")));
  must(life_.run(zone_.publish("abc", "two")));
  server_.break_down(true);
  EXPECT_FALSE(life_.run(zone_.withdraw("abc", "one")));
  EXPECT_FALSE(life_.run(zone_.sweep()));
  server_.break_down(false);
  must(life_.run(zone_.sweep()));
  EXPECT_THAT(server_.texts_of("abc"), ElementsAre("two"));
  EXPECT_EQ(rows(), 1);
}

TEST_F(SweptChallengeZoneTest, TakesAwayWhatNobodyWithdrewByItsAge) {
  must(life_.run(zone_.publish("abc", "one")));
  life_.clock.advance(kChallengeTextAge - Milliseconds(1));
  must(life_.run(zone_.sweep()));
  EXPECT_THAT(server_.texts_of("abc"), ElementsAre("one"));
  life_.clock.advance(Milliseconds(1));
  must(life_.run(zone_.sweep()));
  EXPECT_THAT(server_.texts_of("abc"), IsEmpty());
  EXPECT_EQ(rows(), 0);
}

TEST_F(SweptChallengeZoneTest, SweepsMoreThanOneLookFinds) {
  for (int i = 0; i < store::challenge_texts::kOverMax + 1; ++i) {
    must(life_.run(zone_.publish(format("l{}", i), "one")));
  }
  life_.clock.advance(kChallengeTextAge);
  must(life_.run(zone_.sweep()));
  EXPECT_EQ(rows(), 0);
}

TEST_F(SweptChallengeZoneTest, KeepsNoRowOfWhatCanStandInNoZone) {
  EXPECT_FALSE(life_.run(zone_.publish("A B", "one")));
  EXPECT_EQ(rows(), 0);
}

}  // namespace
}  // namespace signpost::services
