// SPDX-License-Identifier: Apache-2.0
#include "model/search.h"

#include <gmock/gmock.h>

namespace signpost::model {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using enum SearchStep;
using Result = StepTried::Result;

constexpr Time kStart = from_ms(1'780'000'000'000);

/// One search, its clock and what happens to it.
struct Story {
  explicit Story(std::string token = "") { search.google_token = std::move(token); }

  void begin(
      SearchRound round = {
          .generation = 1, .deployed_at = kStart, .has_indexnow = true, .has_google = true, .has_changes = true}) {
    search = decide(search, round, now);
  }
  void change_pages(std::int64_t generation) {
    begin({.generation = generation,
           .deployed_at = kStart,
           .has_indexnow = true,
           .has_google = true,
           .has_changes = true});
  }
  void tried(SearchStep step, Result result, std::string detail = "detail") {
    search = decide(search, StepTried{step, result, std::move(detail)}, now);
  }
  /// Tried in vain, and the other side wants to be left alone for so long.
  void put_off(SearchStep step, Milliseconds pause) {
    search = decide(search, StepTried{step, Result::kNotYet, "429", pause}, now);
  }
  std::optional<Time> due() const { return step_due(search, now); }
  std::optional<SearchStep> step() const { return step_of(search, now); }
  StepState state(SearchStep of) const { return search.at(of).state; }
  /// Tries the step in vain until it is given up; how long that took, and how many tries.
  std::pair<Milliseconds, int> exhaust(SearchStep of) {
    const Time from = now;
    int tries = 0;
    while (state(of) == StepState::kWaiting && tries < 1000) {
      now = std::max(now, search.at(of).not_before.value_or(now));
      tried(of, Result::kNotYet);
      ++tries;
    }
    return {now - from, tries};
  }
  Search search;
  Time now = kStart;
};

TEST(Search, SubmitsUrlsOnceTheKeyFileIsThere) {
  Story story;
  story.begin();
  EXPECT_EQ(story.step(), kKeyFile);
  story.tried(kKeyFile, Result::kNotYet);
  EXPECT_EQ(story.step(), std::nullopt);
  EXPECT_EQ(step_due(story.search, story.now), kStart + 10s);
  story.now += 10s;
  story.tried(kKeyFile, Result::kDone);
  EXPECT_EQ(story.step(), kIndexNow);
  story.tried(kIndexNow, Result::kGoesOn);
  EXPECT_EQ(story.step(), kIndexNow);
  story.tried(kIndexNow, Result::kDone);
  EXPECT_EQ(story.step(), std::nullopt);
  EXPECT_EQ(step_due(story.search, story.now), std::nullopt);
}

TEST(Search, AsksGoogleTwelveTimesInTwoMinutesBeforeAnythingElse) {
  Story story("token");
  story.begin();
  EXPECT_EQ(story.step(), kGoogleVerification);
  const auto [took, tries] = story.exhaust(kGoogleVerification);
  EXPECT_EQ(tries, 12);
  EXPECT_EQ(took, 110s);
  EXPECT_EQ(story.search.google, GoogleStatus::kNone);
  EXPECT_EQ(story.step(), kKeyFile) << "IndexNow comes in every case";
  EXPECT_EQ(story.state(kGoogleSite), StepState::kSkipped);
  EXPECT_EQ(story.state(kSitemap), StepState::kSkipped);
}

TEST(Search, SubmitsUrlsAtOnceWhenGoogleWantsToBeLeftAloneForLonger) {
  Story story("token");
  story.begin();
  story.put_off(kGoogleVerification, 1h);
  EXPECT_EQ(story.step(), kKeyFile) << "IndexNow comes in every case";
  story.tried(kKeyFile, Result::kDone);
  story.tried(kIndexNow, Result::kDone);
  EXPECT_EQ(story.step(), std::nullopt);
  EXPECT_EQ(story.due(), kStart + 1h) << "when Google is asked again";
  story.now += 1min;
  story.begin({.generation = 2, .deployed_at = kStart, .has_indexnow = true, .has_google = true, .has_changes = true});
  EXPECT_EQ(story.step(), kKeyFile) << "nor do later pages wait for it";
}

TEST(Search, WaitsForGoogleForTwoMinutesHoweverSlowItIs) {
  Story story("token");
  story.begin();
  for (int i = 0; i < 2; ++i) {
    story.put_off(kGoogleVerification, 50s);
    EXPECT_EQ(story.step(), std::nullopt) << i;
    story.now = story.due().value();
  }
  EXPECT_EQ(story.now, kStart + 100s);
  story.now += 9s;  // which its answer took
  story.tried(kGoogleVerification, Result::kNotYet);
  EXPECT_EQ(story.step(), std::nullopt);
  story.now = story.due().value();
  EXPECT_EQ(story.step(), kGoogleVerification);
  story.tried(kGoogleVerification, Result::kNotYet);
  EXPECT_EQ(story.step(), kKeyFile) << "its next poll is no sooner than two minutes after the first";
  story.now = kStart + 129s;
  EXPECT_EQ(story.step(), kGoogleVerification) << "which comes all the same";
}

TEST(Search, SubmitsTheSitemapOnceGoogleHasVerifiedTheDomain) {
  Story story("token");
  story.begin();
  story.search = decide(story.search, GoogleVerified{"verified"}, story.now);
  EXPECT_EQ(story.search.google, GoogleStatus::kVerified);
  EXPECT_EQ(story.step(), kKeyFile) << "IndexNow goes first";
  story.tried(kKeyFile, Result::kNotYet);
  EXPECT_EQ(story.step(), kGoogleSite) << "but holds nothing up";
  story.tried(kGoogleSite, Result::kDone);
  EXPECT_EQ(story.step(), kSitemap);
  story.tried(kSitemap, Result::kDone);
  EXPECT_EQ(step_due(story.search, story.now), kStart + 10s);
}

TEST(Search, WaitsForTheKeyFileForThreeDays) {
  Story story;
  story.begin();
  const auto [took, tries] = story.exhaust(kKeyFile);
  EXPECT_GE(took, 72h);
  EXPECT_LE(took, 73h);
  EXPECT_LE(tries, 100);
  EXPECT_EQ(story.state(kKeyFile), StepState::kFailed);
  EXPECT_EQ(story.state(kIndexNow), StepState::kSkipped);
  EXPECT_THAT(in_words(story.search), HasSubstr("the key file was not there"));
}

TEST(Search, GivesAnEngineThatIsDownUpAfterDays) {
  Story story;
  story.begin();
  story.tried(kKeyFile, Result::kDone);
  const auto [took, tries] = story.exhaust(kIndexNow);
  EXPECT_EQ(tries, 9);
  EXPECT_GT(took, 48h);
  EXPECT_EQ(story.state(kIndexNow), StepState::kFailed);
}

TEST(Search, LeavesAnEngineAloneForAsLongAsItWants) {
  Story story;
  story.begin();
  story.tried(kKeyFile, Result::kDone);
  story.search = decide(story.search, StepTried{kIndexNow, Result::kNotYet, "429", Milliseconds(2h)}, story.now);
  EXPECT_EQ(step_due(story.search, story.now), kStart + 2h);
  story.now += 2h;
  story.search = decide(story.search, StepTried{kIndexNow, Result::kNotYet, "429", Milliseconds(1s)}, story.now);
  EXPECT_EQ(step_due(story.search, story.now), kStart + 2h + 5min) << "never sooner than by our own schedule";
}

TEST(Search, LeavesAnEngineAloneThoughPagesChangeMeanwhile) {
  Story story;
  story.begin();
  story.tried(kKeyFile, Result::kDone);
  story.put_off(kIndexNow, 1h);
  for (int generation = 2; generation < 5; ++generation) {
    story.now += 5s;
    story.change_pages(generation);
    EXPECT_EQ(story.step(), std::nullopt);
    EXPECT_EQ(story.due(), kStart + 1h);
    EXPECT_EQ(story.search.at(kIndexNow).detail, "429") << "still why it waits";
  }
  story.now = kStart + 1h;
  EXPECT_EQ(story.step(), kKeyFile);
  story.tried(kKeyFile, Result::kDone);
  EXPECT_EQ(story.step(), kIndexNow);
}

TEST(Search, LeavesAnEngineThatDeniesTheKeyAloneThoughPagesChangeMeanwhile) {
  Story story;
  story.begin();
  story.tried(kKeyFile, Result::kDone);
  story.search = decide(story.search, KeyDenied{"403"}, story.now);
  story.now += 5s;
  story.change_pages(2);
  EXPECT_EQ(story.due(), kStart + 1min);
}

TEST(Search, LeavesAnEngineAloneThoughTheHostIsConnectedAnewMeanwhile) {
  Story story("token");
  story.begin();
  story.put_off(kGoogleVerification, 1h);
  story.tried(kKeyFile, Result::kDone);
  story.put_off(kIndexNow, 2h);
  story.now += 5min;
  story.begin(
      {.generation = 2, .deployed_at = kStart + 5min, .has_indexnow = true, .has_google = true, .has_changes = true});
  EXPECT_EQ(story.due(), kStart + 1h);
  EXPECT_EQ(story.search.at(kIndexNow).not_before, kStart + 2h);
}

TEST(Search, LooksForAKeyFileAtOnceWhenPagesChange) {
  Story story;
  story.begin();
  for (int i = 0; i < 20; ++i) {
    story.now = story.due().value();
    story.tried(kKeyFile, Result::kNotYet);
  }
  EXPECT_GT(story.due(), story.now + 1h - 1s) << "patient by now";
  story.change_pages(2);
  EXPECT_EQ(story.step(), kKeyFile);
}

TEST(Search, BacksOffHoweverOftenPagesChangeAndNeverGivesThemUp) {
  Story story;
  story.begin();
  Milliseconds pause{};
  for (int generation = 2; generation < 30; ++generation) {
    story.tried(kKeyFile, Result::kDone);
    story.tried(kIndexNow, Result::kNotYet);
    const auto next = story.search.at(kIndexNow).not_before.value() - story.now;
    EXPECT_GE(next, pause);
    pause = next;
    story.change_pages(generation);
    story.now = story.due().value();
  }
  EXPECT_EQ(pause, 2h);
  EXPECT_GT(story.exhaust(kIndexNow).first, 48h) << "what changed last has its days";
}

TEST(Search, BeginsToCountAnewOnceAnEngineHasTakenSomething) {
  Story story;
  story.begin();
  story.tried(kKeyFile, Result::kDone);
  for (int i = 0; i < 3; ++i) story.tried(kIndexNow, Result::kNotYet);
  story.tried(kIndexNow, Result::kGoesOn);
  story.tried(kIndexNow, Result::kDone);
  story.change_pages(2);
  story.tried(kKeyFile, Result::kDone);
  story.tried(kIndexNow, Result::kNotYet);
  EXPECT_EQ(story.search.at(kIndexNow).not_before, story.now + 1min);
}

TEST(Search, LooksAtAKeyFileThatWasDeniedAgain) {
  Story story;
  story.begin();
  story.tried(kKeyFile, Result::kDone);
  story.search = decide(story.search, KeyDenied{"403"}, story.now);
  EXPECT_EQ(story.step(), std::nullopt);
  story.now += 1min;
  EXPECT_EQ(story.step(), kKeyFile);
  story.tried(kKeyFile, Result::kDone);
  EXPECT_EQ(story.step(), kIndexNow);
  int denials = 1;
  while (story.state(kIndexNow) == StepState::kWaiting && denials < 100) {
    story.now = step_due(story.search, story.now).value();
    story.tried(kKeyFile, Result::kDone);
    story.search = decide(story.search, KeyDenied{"403"}, story.now);
    ++denials;
  }
  EXPECT_EQ(denials, 9) << "a few times, not for ever";
}

TEST(Search, TriesNothingAgainThatWouldNotHelp) {
  Story story;
  story.begin();
  story.tried(kKeyFile, Result::kDone);
  story.tried(kIndexNow, Result::kRefused, "malformed");
  EXPECT_EQ(story.state(kIndexNow), StepState::kFailed);
  EXPECT_EQ(step_due(story.search, story.now), std::nullopt);
  EXPECT_THAT(in_words(story.search), HasSubstr("malformed"));
}

TEST(Search, CountsNoTryThatWasNone) {
  Story story;
  story.begin();
  for (int i = 0; i < 500; ++i) story.tried(kKeyFile, Result::kUnseen);
  EXPECT_EQ(story.state(kKeyFile), StepState::kWaiting);
  EXPECT_EQ(story.search.at(kKeyFile).tries, 0);
  EXPECT_EQ(step_due(story.search, story.now), kStart + kSearchUnseenPause);
}

TEST(Search, SaysWhichSettingsAreMissing) {
  Story story("token");
  story.begin({.generation = 1, .deployed_at = kStart, .has_changes = true});
  EXPECT_TRUE(is_all_skipped(story.search));
  EXPECT_EQ(step_due(story.search, story.now), std::nullopt);
  EXPECT_THAT(in_words(story.search), HasSubstr("search.indexnow_key"));
  EXPECT_THAT(in_words(story.search), HasSubstr("search.google_credentials_file"));
}

TEST(Search, BeginsAnewOnlyWhatNewPagesNeed) {
  Story story("token");
  story.begin();
  story.exhaust(kGoogleVerification);
  story.tried(kKeyFile, Result::kDone);
  story.tried(kIndexNow, Result::kDone);
  story.begin({.generation = 2, .deployed_at = kStart, .has_indexnow = true, .has_google = true, .has_changes = true});
  EXPECT_EQ(story.step(), kKeyFile);
  EXPECT_EQ(story.state(kGoogleVerification), StepState::kFailed) << "Google is not asked for new pages";
  story.tried(kKeyFile, Result::kDone);
  story.tried(kIndexNow, Result::kDone);
  story.begin({.generation = 3, .deployed_at = kStart, .has_indexnow = true, .has_google = true});
  EXPECT_EQ(story.step(), std::nullopt) << "nothing has changed";
}

TEST(Search, BeginsWhollyAnewWithANewDeployment) {
  Story story("token");
  story.begin();
  story.search = decide(story.search, GoogleVerified{"verified"}, story.now);
  for (const auto step : {kKeyFile, kIndexNow, kGoogleSite, kSitemap}) story.tried(step, Result::kDone);
  story.begin({.generation = 2, .deployed_at = kStart + 1h, .has_indexnow = true, .has_google = true});
  EXPECT_EQ(story.state(kGoogleVerification), StepState::kDone) << "what is verified stays so";
  for (const auto step : {kKeyFile, kIndexNow, kGoogleSite, kSitemap})
    EXPECT_EQ(story.state(step), StepState::kWaiting) << name_of(step);
}

TEST(Search, KeepsAVerificationWhenTheSameTokenIsHandedOutAgain) {
  Story story;
  story.search = decide(story.search, GoogleStarted{"token"}, story.now);
  EXPECT_EQ(story.search.google, GoogleStatus::kPending);
  EXPECT_EQ(story.step(), std::nullopt) << "the domain does not lead here yet";
  story.search = decide(story.search, GoogleVerified{"verified"}, story.now);
  story.search = decide(story.search, GoogleStarted{"token"}, story.now);
  EXPECT_EQ(story.search.google, GoogleStatus::kVerified);
  story.search = decide(story.search, GoogleStarted{"other", true}, story.now);
  EXPECT_EQ(story.search.google, GoogleStatus::kPending);
  EXPECT_EQ(story.step(), kGoogleVerification);
}

TEST(Search, NamesAreReadBack) {
  for (const auto step : kSearchSteps) EXPECT_EQ(parse_search_step(name_of(step)), step);
  for (const auto state : {StepState::kWaiting, StepState::kDone, StepState::kSkipped, StepState::kFailed})
    EXPECT_EQ(parse_step_state(name_of(state)), state);
  for (const auto status : {GoogleStatus::kNone, GoogleStatus::kPending, GoogleStatus::kVerified})
    EXPECT_EQ(parse_google_status(name_of(status)), status);
  EXPECT_FALSE(parse_search_step("yandex"));
}

}  // namespace
}  // namespace signpost::model
