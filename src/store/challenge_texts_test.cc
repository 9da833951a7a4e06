// SPDX-License-Identifier: Apache-2.0
#include "store/challenge_texts.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "base/text.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;
using challenge_texts::ChallengeText;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Time kNow = from_ms(1'000'000);
constexpr Time kLater = from_ms(2'000'000);

class ChallengeTexts : public StoreContract {
 protected:
  void publish(std::string_view label, std::string_view value, Time expires_at = kLater) {
    must([&](Tx& tx) { return challenge_texts::publish(tx, label, value, kNow, expires_at); });
  }
  void withdraw(std::string_view label, std::string_view value, Time now = kNow) {
    must([&](Tx& tx) { return challenge_texts::withdraw(tx, label, value, now); });
  }
  std::vector<ChallengeText> changes(std::int64_t since = 0) {
    return must([&](Tx& tx) { return challenge_texts::changes_since(tx, since); });
  }
  std::vector<std::string> values(const std::vector<ChallengeText>& texts, Time now = kNow) {
    std::vector<std::string> live;
    for (const auto& text : texts) {
      if (text.expires_at > now) live.push_back(text.label + "=" + text.value);
    }
    return live;
  }
};

TEST_P(ChallengeTexts, OfOneLabelAreAddedToEachOther) {
  publish("a", "one");
  publish("a", "two");
  publish("b", "one");
  EXPECT_THAT(values(changes()), ElementsAre("a=one", "a=two", "b=one"));
}

TEST_P(ChallengeTexts, AreToldFromARevisionOn) {
  publish("a", "one");
  const auto known = changes().back().revision;
  EXPECT_THAT(changes(known), IsEmpty());
  publish("a", "two");
  EXPECT_THAT(values(changes(known)), ElementsAre("a=two"));
}

TEST_P(ChallengeTexts, ThatAreOverAreFoundAndForgottenUnlessTheyAreToStandAgain) {
  publish("a", "one");
  publish("a", "two");
  publish("b", "one", kNow);
  const auto over = [&](Time now) {
    std::vector<std::string> found;
    for (const auto& text : must([&](Tx& tx) { return challenge_texts::over(tx, now); }))
      found.push_back(text.label + "=" + text.value);
    return found;
  };
  const auto forget = [&](std::string_view label, std::string_view value) {
    return must([&](Tx& tx) { return challenge_texts::forget(tx, label, value, kNow); });
  };
  EXPECT_THAT(over(kNow), ElementsAre("b=one"));
  withdraw("a", "one");
  EXPECT_THAT(over(kLater), SizeIs(3));
  publish("a", "one");
  EXPECT_FALSE(forget("a", "one"));
  EXPECT_TRUE(forget("b", "one"));
  EXPECT_FALSE(forget("b", "one"));
  EXPECT_THAT(values(changes()), ::testing::UnorderedElementsAre("a=one", "a=two"));
}

TEST_P(ChallengeTexts, ThatAreWithdrawnAreToldAsOver) {
  publish("a", "one");
  publish("a", "two");
  const auto known = changes().back().revision;
  withdraw("a", "one");
  const auto told = changes(known);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].value, "one");
  EXPECT_EQ(told[0].expires_at, kNow);
  EXPECT_THAT(values(changes()), ElementsAre("a=two"));
}

TEST_P(ChallengeTexts, ThatStandNowhereCanBeWithdrawn) {
  withdraw("a", "one");
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_P(ChallengeTexts, PublishedAgainStandUntilTheLaterTime) {
  publish("a", "one", kLater);
  publish("a", "one", kNow + Milliseconds(1));
  ASSERT_THAT(changes(), SizeIs(1));
  EXPECT_EQ(changes()[0].expires_at, kLater);
}

TEST_P(ChallengeTexts, OfOneLabelAreLimited) {
  for (std::int64_t i = 0; i < challenge_texts::kTextsPerLabelMax; ++i) publish("a", format("value {}", i));
  const auto over = write([&](Tx& tx) { return challenge_texts::publish(tx, "a", "one more", kNow, kLater); });
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().kind, Kind::kConflict);
  publish("a", "value 0");  // stands there already
  publish("b", "one");
  withdraw("a", "value 0");
  publish("a", "one more", kLater);
}

TEST_P(ChallengeTexts, AreToldInPortions) {
  must([&](Tx& tx) -> Result<void> {
    for (std::int32_t i = 0; i < challenge_texts::kChangesMax + 1; ++i)
      TRY_VOID(challenge_texts::publish(tx, format("label-{}", i), "x", kNow, kLater));
    return {};
  });
  const auto first = changes();
  ASSERT_THAT(first, SizeIs(challenge_texts::kChangesMax));
  EXPECT_THAT(changes(first.back().revision), SizeIs(1));
}

TEST_P(ChallengeTexts, ThatAreLongOverAreForgotten) {
  publish("a", "old", kNow + Milliseconds(1));
  publish("a", "new", kLater);
  EXPECT_EQ(must([&](Tx& tx) { return challenge_texts::drop(tx, kNow + Milliseconds(1), 10); }), 1);
  EXPECT_THAT(values(changes()), ElementsAre("a=new"));
}

TEST_P(ChallengeTexts, ArePublishedByManyAtOnceAndNoneIsMissed) {
  constexpr int kThreads = 8;
  constexpr int kEach = 25;
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        const auto label = format("label-{}-{}", thread, i);
        const auto done = write([&](Tx& tx) { return challenge_texts::publish(tx, label, "value", kNow, kLater); });
        if (!done) ++failed;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  const auto told = changes();
  ASSERT_THAT(told, SizeIs(kThreads * kEach));
  for (std::size_t i = 1; i < told.size(); ++i) EXPECT_EQ(told[i].revision, told[i - 1].revision + 1);
}

ON_BOTH_DATABASES(ChallengeTexts);

}  // namespace
}  // namespace signpost::store
