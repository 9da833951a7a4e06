// SPDX-License-Identifier: Apache-2.0
#include "store/jobs.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "store/connections.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using When = model::JobRequest::When;
using enum model::JobKind;

constexpr ApplicationId kApplication(1);
constexpr Time kLease = kNow + Milliseconds(30'000);

Time at(int ms) { return kNow + Milliseconds(ms); }

class Jobs : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    must([](Tx& tx) -> Result<void> {
      TRY_VOID(insert_tenant(tx, 1));
      for (int number = 1; number <= 12; ++number) {
        TRY_VOID(connections::insert(tx, connection(number, kApplication, format("org-{}", number))));
      }
      return {};
    });
  }
  void request(std::int64_t subject, model::JobRequest wish, std::int64_t fairness_key = 0) {
    must([=, this](Tx& tx) {
      return jobs::request(tx, ConnectionId(subject), fairness_key, wish, JobRowId(++last_id_), kNow);
    });
  }
  std::vector<model::Job> claim(ClaimRequest request) {
    return must([&](Tx& tx) { return jobs::claim_due(tx, request); });
  }
  std::vector<model::Job> claim(Time now = kNow) {
    return claim(ClaimRequest{.loop = {}, .now = now, .lease_until = kLease});
  }
  static std::vector<std::int64_t> subjects(const std::vector<model::Job>& claimed) {
    std::vector<std::int64_t> result;
    for (const auto& job : claimed) result.push_back(job.subject.value());
    return result;
  }
  bool finish(const model::Job& job, model::JobState state = model::JobState::kDone) {
    return must([&](Tx& tx) { return jobs::finish(tx, job.id, job.generation, state, "it is done"); });
  }
  bool reschedule(const model::Job& job, Time not_before) {
    return must([&](Tx& tx) { return jobs::reschedule(tx, job.id, job.generation, not_before); });
  }
  model::Job find(std::int64_t subject) {
    return must([=](Tx& tx) { return jobs::list_of_connection(tx, kApplication, ConnectionId(subject)); }).at(0);
  }
  std::optional<Time> next_due(Time now, Loop loop = {}) {
    return must([=](Tx& tx) { return jobs::next_due_at(tx, loop, now); });
  }

 private:
  std::int64_t last_id_ = 0;
};
ON_BOTH_DATABASES(Jobs);

TEST_P(Jobs, AreClaimedOnceInTheOrderTheyBecameDue) {
  request(1, {.kind = kPropagation, .not_before = at(-1)});
  request(2, {.kind = kPropagation, .not_before = at(-3)}, 7);
  request(3, {.kind = kPropagation, .not_before = at(-2)});
  request(4, {.kind = kPropagation, .not_before = at(1)});
  const auto claimed = claim();
  EXPECT_THAT(subjects(claimed), ElementsAre(2, 3, 1));
  EXPECT_EQ(claimed[0].attempts, 1);
  EXPECT_EQ(claimed[0].lease_until, kLease);
  EXPECT_EQ(claimed[0].fairness_key, 7);
  EXPECT_EQ(claimed[0].state, model::JobState::kWaiting);
  EXPECT_THAT(claim(), IsEmpty());
}

TEST_P(Jobs, AConnectionHasOneOfEachKind) {
  request(1, {.kind = kPropagation, .not_before = kNow});
  request(1, {.kind = kPropagation, .not_before = kNow});
  request(1, {.kind = kClaimEnd, .not_before = kNow});
  const auto all = must([](Tx& tx) { return jobs::list_of_connection(tx, kApplication, ConnectionId(1)); });
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].kind, kClaimEnd);
  EXPECT_EQ(all[1].generation, 2);
  EXPECT_THAT(must([](Tx& tx) { return jobs::list_of_connection(tx, ApplicationId(2), ConnectionId(1)); }), IsEmpty());
}

TEST_P(Jobs, ANewWishReplacesTheTimeOrTakesTheEarlier) {
  request(1, {.kind = kPropagation, .not_before = at(100)});
  request(1, {.kind = kPropagation, .not_before = at(200), .when = When::kEarlier});
  EXPECT_EQ(find(1).not_before, at(100));
  request(1, {.kind = kPropagation, .not_before = at(50), .when = When::kEarlier});
  EXPECT_EQ(find(1).not_before, at(50));
  request(1, {.kind = kPropagation, .not_before = at(300), .when = When::kReplace});
  EXPECT_EQ(find(1).not_before, at(300));
}

TEST_P(Jobs, AWishForNeverEndsTheWaitingOne) {
  request(1, {.kind = kPropagation, .not_before = kNow});
  request(1, {.kind = kPropagation, .when = When::kNever});
  EXPECT_EQ(find(1).state, model::JobState::kDone);
  EXPECT_THAT(claim(), IsEmpty());
  request(2, {.kind = kPropagation, .when = When::kNever});
  EXPECT_THAT(must([](Tx& tx) { return jobs::list_of_connection(tx, kApplication, ConnectionId(2)); }), IsEmpty());
}

TEST_P(Jobs, AFinishedOneIsOpenedAgain) {
  request(1, {.kind = kPropagation, .not_before = kNow});
  EXPECT_TRUE(finish(claim().front(), model::JobState::kNotConfigured));
  EXPECT_EQ(find(1).state, model::JobState::kNotConfigured);
  EXPECT_EQ(find(1).outcome, "it is done");
  EXPECT_FALSE(find(1).lease_until);
  EXPECT_THAT(claim(), IsEmpty());
  request(1, {.kind = kPropagation, .not_before = at(10), .when = When::kEarlier});
  EXPECT_EQ(find(1).state, model::JobState::kWaiting);
  EXPECT_EQ(find(1).not_before, at(10));
  EXPECT_EQ(find(1).attempts, 0);
  EXPECT_EQ(find(1).outcome, "");
}

TEST_P(Jobs, AWishThatComesWhileItRunsOutlivesItsFinish) {
  request(1, {.kind = kPropagation, .not_before = kNow});
  const auto running = claim().front();
  request(1, {.kind = kPropagation, .not_before = at(500)});
  request(1, {.kind = kPropagation, .not_before = at(400), .when = When::kEarlier});
  EXPECT_THAT(claim(at(1'000)), IsEmpty()) << "not twice at the same time";
  EXPECT_FALSE(finish(running));
  EXPECT_EQ(find(1).state, model::JobState::kWaiting);
  EXPECT_EQ(find(1).not_before, at(400));
  EXPECT_THAT(subjects(claim(at(400))), ElementsAre(1));
}

TEST_P(Jobs, ACheckSoonWhileItRunsIsNotSwallowedByTheRunThatBeganBefore) {
  request(1, {.kind = kPropagation, .not_before = at(-1'000)});
  const auto running = claim().front();
  request(1, {.kind = kPropagation, .not_before = at(5), .when = When::kEarlier});
  EXPECT_FALSE(reschedule(running, at(60'000)));
  EXPECT_EQ(find(1).not_before, at(5));
}

TEST_P(Jobs, AWishForNeverWhileItRunsKeepsItFromComingBack) {
  request(1, {.kind = kPropagation, .not_before = kNow});
  const auto running = claim().front();
  request(1, {.kind = kPropagation, .when = When::kNever});
  EXPECT_FALSE(reschedule(running, at(10)));
  EXPECT_EQ(find(1).state, model::JobState::kDone);
  EXPECT_THAT(claim(at(10'000)), IsEmpty());
}

TEST_P(Jobs, AreRescheduledByTheRunItself) {
  request(1, {.kind = kPropagation, .not_before = kNow});
  EXPECT_TRUE(reschedule(claim().front(), at(250)));
  EXPECT_THAT(claim(at(249)), IsEmpty());
  EXPECT_EQ(claim(at(250)).at(0).attempts, 2);
}

TEST_P(Jobs, OneKeyCannotStarveAnother) {
  for (int subject = 1; subject <= 9; ++subject) request(subject, {.kind = kPropagation, .not_before = at(-100)}, 1);
  request(10, {.kind = kPropagation, .not_before = at(-2)}, 2);
  request(11, {.kind = kPropagation, .not_before = at(-1)}, 3);
  const auto claimed = claim({.loop = {}, .now = kNow, .lease_until = kLease, .limit = 4, .in_flight_max = 8});
  std::map<std::int64_t, int> per_key;
  for (const auto& job : claimed) ++per_key[job.fairness_key];
  EXPECT_EQ(per_key[1], 2);
  EXPECT_EQ(per_key[2], 1);
  EXPECT_EQ(per_key[3], 1);
}

TEST_P(Jobs, NoKeyHoldsMoreThanItsCapInFlight) {
  for (int subject = 1; subject <= 5; ++subject) request(subject, {.kind = kPropagation, .not_before = kNow}, 1);
  const ClaimRequest two{.loop = {}, .now = kNow, .lease_until = kLease, .limit = 100, .in_flight_max = 2};
  const auto first = claim(two);
  EXPECT_EQ(first.size(), 2u);
  EXPECT_THAT(claim(two), IsEmpty());
  finish(first.front());
  EXPECT_EQ(claim(two).size(), 1u);
}

TEST_P(Jobs, ALoopClaimsOnlyItsPartitions) {
  for (int subject = 1; subject <= 8; ++subject) request(subject, {.kind = kPropagation, .not_before = kNow}, subject);
  std::size_t claimed = 0;
  for (std::int32_t index = 0; index < 3; ++index) {
    for (const auto& job : claim({.loop = {index, 3}, .now = kNow, .lease_until = kLease})) {
      EXPECT_EQ(partition_of(job.subject.value()) % 3, index);
      ++claimed;
    }
  }
  EXPECT_EQ(claimed, 8u);
}

TEST_P(Jobs, ReleasedLeasesAreDueAgain) {
  request(1, {.kind = kPropagation, .not_before = kNow});
  request(2, {.kind = kPropagation, .not_before = kNow});
  request(3, {.kind = kPropagation, .not_before = kNow});
  claim();
  request(2, {.kind = kPropagation, .not_before = at(100)});
  request(3, {.kind = kPropagation, .when = When::kNever});
  EXPECT_EQ(must([](Tx& tx) { return jobs::release_all_leases_across_applications(tx); }), 3);
  EXPECT_THAT(subjects(claim()), ElementsAre(1)) << "the others have a newer wish";
  EXPECT_THAT(subjects(claim(at(100))), ElementsAre(2));
}

TEST_P(Jobs, OnlyExpiredLeasesAreReleasedWhileOthersRun) {
  request(1, {.kind = kPropagation, .not_before = kNow}, 1);
  request(2, {.kind = kPropagation, .not_before = kNow}, 2);
  claim({.loop = {}, .now = kNow, .lease_until = at(10), .limit = 1});
  claim({.loop = {}, .now = kNow, .lease_until = at(20), .limit = 1});
  EXPECT_EQ(must([](Tx& tx) { return jobs::release_expired_leases_across_applications(tx, at(10)); }), 1);
}

class JobsOfTwoLanes : public Jobs {
 protected:
  /// Due jobs of these connections, each with an organization of its own, that were claimed kFreshClaims times.
  void season(int first, int last) {
    for (int subject = first; subject <= last; ++subject)
      request(subject, {.kind = kPropagation, .not_before = at(-9)}, subject);
    for (int claims = 0; claims < jobs::kFreshClaims; ++claims) {
      for (const auto& job : claim()) reschedule(job, at(-9));
    }
  }
  std::vector<std::int64_t> claim_at_most(std::int32_t limit, std::int32_t seasoned_max = 100) {
    const ClaimRequest request{.loop = {}, .now = kNow, .lease_until = kLease, .limit = limit};
    return subjects(must([&](Tx& tx) { return jobs::claim_due(tx, request, {.seasoned_max = seasoned_max}); }));
  }
};
ON_BOTH_DATABASES(JobsOfTwoLanes);

TEST_P(JobsOfTwoLanes, FreshOnesGoFirst) {
  season(1, 4);
  for (int subject = 5; subject <= 7; ++subject)
    request(subject, {.kind = kPropagation, .not_before = at(-1)}, subject);
  EXPECT_THAT(claim_at_most(3), ElementsAre(5, 6, 7)) << "though all others became due before them";
  EXPECT_THAT(claim_at_most(9), ElementsAre(1, 2, 3, 4));
}

TEST_P(JobsOfTwoLanes, WhatIsAskedForAnewIsFresh) {
  season(1, 2);
  request(2, {.kind = kPropagation, .not_before = kNow, .when = When::kEarlier}, 2);
  EXPECT_THAT(claim_at_most(1), ElementsAre(2));
}

TEST_P(JobsOfTwoLanes, AFloodOfFreshOnesLeavesTheOthersAQuarter) {
  season(1, 3);
  for (int subject = 4; subject <= 12; ++subject)
    request(subject, {.kind = kPropagation, .not_before = at(-20)}, subject);
  const auto claimed = claim_at_most(8);
  EXPECT_EQ(claimed.size(), 8u);
  EXPECT_EQ(std::ranges::count_if(claimed, [](auto subject) { return subject <= 3; }), 2);
}

TEST_P(JobsOfTwoLanes, TheOthersTakeNoMoreThanTheirPlaces) {
  season(1, 5);
  request(6, {.kind = kPropagation, .not_before = kNow}, 6);
  EXPECT_THAT(claim_at_most(10, 2), ElementsAre(1, 2, 6));
  EXPECT_THAT(claim_at_most(10, 0), IsEmpty());
}

TEST_P(Jobs, AChangedFairnessKeyCountsFromTheNextTurn) {
  request(1, {.kind = kPropagation, .not_before = kNow}, 7);
  request(2, {.kind = kPropagation, .not_before = kNow}, 8);
  for (const auto& job : claim()) {
    EXPECT_TRUE(must([&](Tx& tx) { return jobs::reschedule_with_key(tx, job.id, job.generation, at(1), 0); }));
  }
  const ClaimRequest one{.loop = {}, .now = at(1), .lease_until = at(60), .limit = 100, .in_flight_max = 1};
  const auto claimed = claim(one);
  ASSERT_EQ(claimed.size(), 1u) << "they share one turn now";
  EXPECT_EQ(claimed[0].fairness_key, 0);
  const auto late = [&](Tx& tx) {
    return jobs::reschedule_with_key(tx, claimed[0].id, claimed[0].generation - 1, at(9), 5);
  };
  EXPECT_FALSE(must(late)) << "a newer wish goes first";
}

TEST_P(JobsOfTwoLanes, ThoseOfASharedTurnHoldOnlyItsPlaces) {
  for (int subject = 1; subject <= 5; ++subject)
    request(subject, {.kind = kPropagation, .not_before = at(-20)}, model::kDeadTurn);
  request(6, {.kind = kPropagation, .not_before = at(-20)}, model::kDoubtedTurn);
  request(7, {.kind = kPropagation, .not_before = at(-1)}, 7);
  const auto claim_two_each = [&] {
    const ClaimRequest request{.loop = {}, .now = kNow, .lease_until = kLease, .limit = 160};
    return must([&](Tx& tx) { return jobs::claim_due(tx, request, {.shared_turn_max = 2}); });
  };
  const auto claimed = claim_two_each();
  EXPECT_EQ(claimed.size(), 4u);
  EXPECT_EQ(std::ranges::count(claimed, model::kDeadTurn, &model::Job::fairness_key), 2);
  EXPECT_EQ(std::ranges::count(claimed, model::kDoubtedTurn, &model::Job::fairness_key), 1);
  EXPECT_THAT(claim_two_each(), IsEmpty());
  reschedule(*std::ranges::find(claimed, model::kDeadTurn, &model::Job::fairness_key), at(60));
  EXPECT_EQ(claim_two_each().size(), 1u);
}

TEST_P(JobsOfTwoLanes, OfTheDeadTheLongestDueGoesFirstAndOfTheUntriedTheYoungest) {
  const auto next = [&] {
    const ClaimRequest request{.loop = {}, .now = kNow, .lease_until = kLease, .limit = 1};
    auto claimed = must([&](Tx& tx) { return jobs::claim_due(tx, request); });
    reschedule(claimed.at(0), at(-1));
    return claimed[0].subject.value();
  };
  for (int subject = 1; subject <= 3; ++subject)
    request(subject, {.kind = kPropagation, .not_before = at(subject - 10)}, model::kDeadTurn);
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(next(), 2) << "the one that was claimed is due again, and waits behind those that were not";
  for (int subject = 4; subject <= 6; ++subject)
    request(subject, {.kind = kPropagation, .not_before = at(subject - 10)}, model::kUntriedTurn);
  EXPECT_EQ(next(), 6);
}

TEST_P(JobsOfTwoLanes, LeaveTheSharedTurnsAlsoInFlight) {
  request(1, {.kind = kPropagation, .not_before = kNow}, model::kDoubtedTurn);
  request(2, {.kind = kPropagation, .not_before = kNow}, model::kDoubtedTurn);
  claim();
  must([](Tx& tx) { return jobs::leave_shared_turns(tx, ConnectionId(1), 77); });
  EXPECT_EQ(find(1).fairness_key, 77);
  EXPECT_TRUE(find(1).lease_until);
  EXPECT_EQ(find(2).fairness_key, model::kDoubtedTurn);
}

TEST_P(JobsOfTwoLanes, ASeasonedCrowdFillsTheWholeClaim) {
  season(1, 12);
  EXPECT_EQ(claim_at_most(10).size(), 10u);
}

TEST_P(JobsOfTwoLanes, ALoopHasItsOwnPlacesOfASharedTurn) {
  for (int subject = 1; subject <= 12; ++subject)
    request(subject, {.kind = kPropagation, .not_before = kNow}, model::kDeadTurn);
  for (std::int32_t index = 0; index < 2; ++index) {
    const ClaimRequest request{.loop = {index, 2}, .now = kNow, .lease_until = kLease};
    EXPECT_EQ(must([&](Tx& tx) { return jobs::claim_due(tx, request, {.shared_turn_max = 2}); }).size(), 2u);
  }
}

TEST_P(JobsOfTwoLanes, AFloodOfFreshOnesLeavesTheSharedTurnsAFewPlaces) {
  must([](Tx& tx) -> Result<void> {
    for (int number = 13; number <= 40; ++number) {
      TRY_VOID(connections::insert(tx, connection(number, kApplication, format("org-{}", number))));
    }
    return {};
  });
  for (int subject = 1; subject <= 40; ++subject)
    request(subject, {.kind = kPropagation, .not_before = kNow}, subject == 1 ? model::kUntriedTurn : subject);
  EXPECT_THAT(claim_at_most(16), ::testing::Contains(1));
}

TEST_P(JobsOfTwoLanes, ThoseOfASharedTurnAreNeverSeasoned) {
  request(1, {.kind = kPropagation, .not_before = at(-9)}, model::kDeadTurn);
  for (int claims = 0; claims < 2 * jobs::kFreshClaims; ++claims) reschedule(claim().at(0), at(-9));
  const ClaimRequest request{.loop = {}, .now = kNow, .lease_until = kLease};
  const auto claimed = must([&](Tx& tx) { return jobs::claim_due(tx, request, {.seasoned_max = 0}); });
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_FALSE(jobs::is_seasoned(claimed[0]));
}

TEST_P(Jobs, OfOneKeyAreClaimedYoungestFirstWhileTheyAreFresh) {
  for (int subject = 1; subject <= 4; ++subject)
    request(subject, {.kind = kPropagation, .not_before = at(subject - 10)});
  const auto next = [&] { return claim({.loop = {}, .now = kNow, .lease_until = kLease, .limit = 1}).at(0).subject; };
  EXPECT_EQ(next(), find(4).subject) << "who has asked just now";
  EXPECT_EQ(next(), find(3).subject);
}

TEST_P(Jobs, ARenewedLeaseOutlivesItsFirstEnd) {
  request(1, {.kind = kPropagation, .not_before = kNow});
  const auto claimed = claim({.loop = {}, .now = kNow, .lease_until = at(10)});
  EXPECT_TRUE(must([&](Tx& tx) { return jobs::renew_lease(tx, claimed[0].id, at(20)); }));
  EXPECT_EQ(must([](Tx& tx) { return jobs::release_expired_leases_across_applications(tx, at(19)); }), 0);
  EXPECT_EQ(must([](Tx& tx) { return jobs::release_expired_leases_across_applications(tx, at(20)); }), 1);
  EXPECT_FALSE(must([&](Tx& tx) { return jobs::renew_lease(tx, claimed[0].id, at(30)); })) << "nobody runs it";
}

TEST_P(Jobs, AreDueAsSoonAsBeforeWhenTheClockStepsBack) {
  const Milliseconds day = std::chrono::hours(24);
  for (int subject = 1; subject <= 5; ++subject)
    request(subject, {.kind = kPropagation, .not_before = at(10) + day * (subject / 2)});
  request(6, {.kind = kPropagation, .not_before = at(-20)});
  request(7, {.kind = kPropagation, .not_before = at(-10)});
  const auto running = claim({.loop = {}, .now = kNow, .lease_until = kLease, .limit = 1});
  request(7, {.kind = kPropagation, .not_before = at(30) + day});
  const PullBack step{.loop = {}, .by = day, .now = kNow, .limit = 2};
  int batches = 0;
  std::optional<jobs::PulledUpTo> upto;
  do {
    upto = must([&](Tx& tx) { return jobs::pull_back(tx, step, upto); });
    ++batches;
  } while (upto && batches < 10);
  EXPECT_EQ(batches, 3) << "two, two, and the fifth";
  for (int subject = 1; subject <= 5; ++subject)
    EXPECT_EQ(find(subject).not_before, at(10) + day * (subject / 2 - 1)) << subject << " once each";
  EXPECT_EQ(find(6).not_before, at(-20)) << "was due already";
  EXPECT_FALSE(reschedule(running.at(0), at(0)));
  EXPECT_EQ(find(7).not_before, at(30)) << "a wish that waits for the end of its job as well";
}

TEST_P(Jobs, OfOtherLoopsAreNotPulledBack) {
  for (int subject = 1; subject <= 8; ++subject) request(subject, {.kind = kPropagation, .not_before = at(1'010)});
  must([](Tx& tx) {
    return jobs::pull_back(tx, {.loop = {1, 2}, .by = Milliseconds(1'000), .now = kNow}, std::nullopt);
  });
  for (int subject = 1; subject <= 8; ++subject)
    EXPECT_EQ(find(subject).not_before, partition_of(subject) % 2 == 1 ? at(10) : at(1'010));
}

TEST_P(Jobs, TellTheTimerTheNextTime) {
  EXPECT_FALSE(next_due(kNow));
  request(1, {.kind = kPropagation, .not_before = at(-5)});
  request(2, {.kind = kPropagation, .not_before = at(300)});
  request(3, {.kind = kPropagation, .not_before = at(200)});
  EXPECT_EQ(next_due(kNow), at(200));
  const Loop loop{partition_of(2) % 2, 2};
  EXPECT_EQ(next_due(at(200), loop), at(300));
}

TEST_P(Jobs, TheirDepthCountsWaitingAndInFlight) {
  request(1, {.kind = kPropagation, .not_before = at(-5)});
  request(2, {.kind = kPropagation, .not_before = at(300)});
  const auto depth = [&] { return must([](Tx& tx) { return jobs::depth_across_applications(tx); }); };
  EXPECT_EQ(depth().waiting, 2);
  EXPECT_EQ(depth().oldest_due, at(-5));
  claim();
  EXPECT_EQ(depth().waiting, 1);
  EXPECT_EQ(depth().in_flight, 1);
}

TEST_P(Jobs, OfAConnectionThatIsGoneCannotBeRequested) {
  const auto result = write([](Tx& tx) {
    return jobs::request(tx, ConnectionId(99), 0, {.kind = kPropagation, .not_before = kNow}, JobRowId(99), kNow);
  });
  EXPECT_EQ(result.error().kind, Kind::kNotFound);
}

}  // namespace
}  // namespace signpost::store
