// SPDX-License-Identifier: Apache-2.0
#include "store/deliveries.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "store/attempts.h"
#include "store/connections.h"
#include "store/endpoint_paces.h"
#include "store/endpoints.h"
#include "store/events.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr ApplicationId kApplication(1);
constexpr EndpointId kEndpoint(1);
constexpr Time kLease = kNow + Milliseconds(30'000);

class Deliveries : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    must([](Tx& tx) -> Result<void> {
      TRY_VOID(insert_tenant(tx, 1));
      TRY_VOID(endpoints::insert(tx, endpoint(2, kApplication, MemberId(1))));
      TRY_VOID(endpoints::insert(tx, endpoint(3, kApplication, MemberId(1))));
      return insert_tenant(tx, 9);
    });
  }
  /// An event and its delivery of that number; `of` numbers the connection (which need not have a row).
  void insert(std::int64_t number, std::int64_t of, EndpointId to = kEndpoint, Time due = kNow) {
    must([=](Tx& tx) { return insert_delivery(tx, number, connection(of, kApplication), to, due); });
  }
  std::vector<deliveries::ClaimedDelivery> claim(ClaimRequest request) {
    return must([&](Tx& tx) { return deliveries::claim_due(tx, request, ids_); });
  }
  std::vector<deliveries::ClaimedDelivery> claim(Time now = kNow) {
    return claim(ClaimRequest{.loop = {}, .now = now, .lease_until = now + Milliseconds(30'000)});
  }
  static std::vector<std::int64_t> numbers(const std::vector<deliveries::ClaimedDelivery>& claimed) {
    std::vector<std::int64_t> result;
    for (const auto& one : claimed) result.push_back(one.delivery.id.value());
    return result;
  }
  bool finish(const deliveries::ClaimedDelivery& claimed, model::DeliveryState state,
              std::optional<Time> next = std::nullopt) {
    auto attempt = claimed.attempt;
    attempt.ended_at = kNow;
    attempt.result = state == model::DeliveryState::kDelivered ? model::AttemptResult::kDelivered
                                                               : model::AttemptResult::kHttpStatus;
    return must([&](Tx& tx) { return deliveries::finish_attempt(tx, claimed.delivery, attempt, state, next); })
        .is_counted;
  }
  model::Delivery find(std::int64_t number) {
    return must([=](Tx& tx) { return deliveries::find(tx, kApplication, DeliveryId(number)); }).value();
  }
  std::vector<model::Attempt> attempts(std::int64_t number) {
    return must([=](Tx& tx) { return attempts::list(tx, kApplication, DeliveryId(number)); });
  }
  std::optional<Time> next_due(Time now, Loop loop = {}) {
    return must([=](Tx& tx) { return deliveries::next_due_at(tx, loop, now); });
  }
  std::int64_t release_all() {
    return must([](Tx& tx) { return deliveries::release_all_leases_across_applications(tx, kNow); });
  }

 private:
  signpost::testing::FakeClock clock_{kNow};
  IdMaker ids_{clock_};
};
ON_BOTH_DATABASES(Deliveries);

TEST_P(Deliveries, AreReadAsTheyWereWritten) {
  insert(1, 1);
  const auto read = find(1);
  const auto written = delivery(1, event(1, connection(1, kApplication)), kEndpoint);
  EXPECT_EQ(read.event, written.event);
  EXPECT_EQ(read.endpoint, written.endpoint);
  EXPECT_EQ(read.application, written.application);
  EXPECT_EQ(read.connection, written.connection);
  EXPECT_EQ(read.partition, written.partition);
  EXPECT_EQ(read.state, model::DeliveryState::kPending);
  EXPECT_EQ(read.attempts, 0);
  EXPECT_EQ(read.next_attempt_at, kNow);
  EXPECT_FALSE(read.lease_until);
  EXPECT_EQ(read.created_at, kNow);
}

TEST_P(Deliveries, AClaimBringsAllThatAnAttemptNeeds) {
  insert(1, 1);
  const auto claimed = claim();
  ASSERT_EQ(claimed.size(), 1u);
  const auto& one = claimed.front();
  EXPECT_EQ(one.delivery.attempts, 1);
  EXPECT_EQ(one.delivery.lease_until, kLease);
  EXPECT_EQ(one.attempt.number, 1);
  EXPECT_EQ(one.attempt.delivery, DeliveryId(1));
  EXPECT_EQ(one.event.body, event(1, connection(1, kApplication)).body);
  EXPECT_EQ(one.event.job_id, "job-1");
  EXPECT_EQ(one.endpoint.url, "https://hooks.saas.example/1");
  EXPECT_TRUE(one.endpoint.sends_v1);
  EXPECT_EQ(one.owner_role, model::Role::kAdmin);
  const auto open = attempts(1);
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open.front().id, one.attempt.id);
  EXPECT_EQ(open.front().result, model::AttemptResult::kOpen);
  EXPECT_EQ(find(1).lease_until, kLease);
}

TEST_P(Deliveries, AreClaimedOnlyOnceAndOnlyWhenDue) {
  insert(1, 1, kEndpoint, kNow + Milliseconds(1));
  EXPECT_THAT(claim(kNow), IsEmpty());
  EXPECT_THAT(numbers(claim(kNow + Milliseconds(1))), ElementsAre(1));
  EXPECT_THAT(claim(kNow + Milliseconds(1)), IsEmpty());
}

TEST_P(Deliveries, TheNextFirstAttemptWaitsUntilTheOneBeforeHasEnded) {
  insert(1, 1);
  insert(2, 1);
  insert(3, 1);
  const auto first = claim();
  EXPECT_THAT(numbers(first), ElementsAre(1));
  EXPECT_THAT(claim(), IsEmpty()) << "the first attempt is under way";
  // It ends without success: ended is enough.
  EXPECT_TRUE(finish(first.front(), model::DeliveryState::kPending, kNow + Milliseconds(5'000)));
  const auto second = claim();
  EXPECT_THAT(numbers(second), ElementsAre(2));
  EXPECT_TRUE(finish(second.front(), model::DeliveryState::kDelivered));
  EXPECT_THAT(numbers(claim(kNow + Milliseconds(5'000))), UnorderedElementsAre(1, 3))
      << "the retry does not hold up the third";
}

TEST_P(Deliveries, OrderIsKeptPerConnectionAndPerEndpointOnly) {
  insert(1, 1);
  insert(2, 2);
  insert(3, 1, EndpointId(2));
  EXPECT_THAT(numbers(claim()), UnorderedElementsAre(1, 2, 3));
}

TEST_P(Deliveries, ANewDeliveryAfterAllFirstAttemptsEndedIsDueAtOnce) {
  insert(1, 1);
  finish(claim().front(), model::DeliveryState::kPending, kNow + Milliseconds(5'000));
  insert(2, 1);
  EXPECT_THAT(numbers(claim()), ElementsAre(2));
}

TEST_P(Deliveries, OneThatHasBegunIsInNobodysWayAndEndsLikeAnyOther) {
  const auto of = connection(1, kApplication);
  auto begun = delivery(1, event(1, of), kEndpoint);
  begun.attempts = 1;
  begun.lease_until = kLease;
  const model::Attempt first{.id = AttemptId(7), .delivery = begun.id, .started_at = kNow};
  must([&](Tx& tx) { return events::insert(tx, event(1, of)); });
  EXPECT_TRUE(must([&](Tx& tx) { return deliveries::insert_begun(tx, begun, first); }));
  EXPECT_THAT(claim(), IsEmpty());
  ASSERT_EQ(attempts(1).size(), 1u);
  EXPECT_EQ(attempts(1).front().id, first.id);
  EXPECT_EQ(attempts(1).front().result, model::AttemptResult::kOpen);
  EXPECT_EQ(attempts(1).front().started_at, kNow);
  insert(2, 1);
  EXPECT_THAT(claim(), IsEmpty()) << "the second of the connection waits for it";
  EXPECT_TRUE(finish({.delivery = begun, .attempt = first}, model::DeliveryState::kDelivered));
  EXPECT_THAT(numbers(claim()), ElementsAre(2));
}

TEST_P(Deliveries, NoneBeginsBeforeAnotherFirstAttemptHasEnded) {
  insert(1, 1);
  const auto of = connection(1, kApplication);
  auto begun = delivery(2, event(2, of), kEndpoint);
  begun.attempts = 1;
  begun.lease_until = kLease;
  must([&](Tx& tx) { return events::insert(tx, event(2, of)); });
  EXPECT_FALSE(must([&](Tx& tx) { return deliveries::insert_begun(tx, begun, {.id = AttemptId(7)}); }));
  EXPECT_FALSE(must([](Tx& tx) { return deliveries::find(tx, kApplication, DeliveryId(2)); }));
}

TEST_P(Deliveries, AnEndpointThatPausesIsLeftAloneAndTellsWhenItResumes) {
  insert(1, 1);
  insert(2, 2, EndpointId(2));
  const Time resumes = kNow + Milliseconds(700);
  must([&](Tx& tx) { return endpoint_paces::save(tx, kEndpoint, model::EndpointPace{1, 1, kNow, resumes}); });
  EXPECT_EQ(find(1).next_attempt_at, resumes) << "what is shown is what happens";
  EXPECT_THAT(numbers(claim()), ElementsAre(2));
  EXPECT_EQ(next_due(kNow), resumes);
  EXPECT_THAT(numbers(claim(resumes)), ElementsAre(1));
}

TEST_P(Deliveries, AnEndpointWithAPaceHoldsNoMoreThanThat) {
  for (int number = 1; number <= 5; ++number) insert(number, number);
  const auto set = [&](std::optional<model::EndpointPace> pace) {
    must([&](Tx& tx) { return endpoint_paces::save(tx, kEndpoint, pace); });
  };
  set(model::EndpointPace{1, 1, kNow, kNow});
  EXPECT_EQ(claim().size(), 1u) << "one probe";
  EXPECT_THAT(claim(), IsEmpty());
  set(model::EndpointPace{2, 0, kNow, kNow});
  EXPECT_EQ(claim().size(), 1u);
  set(std::nullopt);
  EXPECT_EQ(claim().size(), 3u);
}

TEST_P(Deliveries, AnEndpointWithARateGetsAsManyASecond) {
  auto slow = endpoint(1, kApplication, MemberId(1));
  slow.rate_per_second = 20;
  must([&](Tx& tx) { return endpoints::update(tx, slow); });
  for (int number = 1; number <= 50; ++number) insert(number, number);
  std::size_t begun = 0;
  for (auto now = kNow; now < kNow + std::chrono::seconds(1); now += Milliseconds(10)) {
    begun +=
        claim({.loop = {}, .now = now, .lease_until = now + Milliseconds(30'000), .limit = 100, .in_flight_max = 90})
            .size();
    const auto next = next_due(now);
    EXPECT_TRUE(next && *next > now && *next <= now + Milliseconds(100));
  }
  EXPECT_EQ(begun, 20u);
}

TEST_P(Deliveries, AnEndpointMayHaveLessInFlightThanTheHouseAllows) {
  auto narrow = endpoint(1, kApplication, MemberId(1));
  narrow.in_flight_max = 1;
  must([&](Tx& tx) { return endpoints::update(tx, narrow); });
  for (int number = 1; number <= 3; ++number) insert(number, number);
  EXPECT_EQ(claim().size(), 1u);
  EXPECT_THAT(claim(), IsEmpty());
}

TEST_P(Deliveries, PacesAreReadAsWrittenByTheirLoopFollowTheClockAndGoWithTheirEndpoint) {
  const model::EndpointPace pace{2, 3, kNow - Milliseconds(5), kNow + Milliseconds(60'000)};
  must([&](Tx& tx) { return endpoint_paces::save(tx, kEndpoint, pace); });
  must([&](Tx& tx) { return endpoint_paces::save(tx, EndpointId(77), pace); });
  EXPECT_FALSE(must([](Tx& tx) { return endpoint_paces::find(tx, EndpointId(77)); })) << "there is no such endpoint";
  const auto loop = partition_of(kEndpoint.value()) % 2;
  const auto load = [&](std::int32_t index) {
    return must([&](Tx& tx) { return endpoint_paces::load_across_applications(tx, {index, 2}); });
  };
  ASSERT_EQ(load(loop).size(), 1u);
  EXPECT_EQ(load(loop).front().endpoint, kEndpoint);
  EXPECT_EQ(load(loop).front().pace, pace);
  EXPECT_THAT(load(1 - loop), IsEmpty());
  const PullBack step{.loop = {}, .by = Milliseconds(1'000), .now = kNow};
  must([&](Tx& tx) { return endpoint_paces::pull_back(tx, step); });
  EXPECT_EQ(load(loop).front().pace.resumes_at, pace.resumes_at - Milliseconds(1'000));
  must([](Tx& tx) { return endpoint_paces::forget(tx, kEndpoint); });
  EXPECT_THAT(load(loop), IsEmpty());
  must([&](Tx& tx) { return endpoint_paces::save(tx, kEndpoint, pace); });
  must([](Tx& tx) { return endpoints::remove(tx, kApplication, kEndpoint); });
  EXPECT_THAT(load(loop), IsEmpty());
}

TEST_P(Deliveries, NoEndpointHoldsMoreThanItsCapInFlight) {
  for (int number = 1; number <= 5; ++number) insert(number, number);
  insert(6, 6, EndpointId(2));
  ClaimRequest request{.loop = {}, .now = kNow, .lease_until = kLease, .limit = 100, .in_flight_max = 2};
  const auto first = claim(request);
  EXPECT_THAT(numbers(first), UnorderedElementsAre(1, 2, 6));
  EXPECT_THAT(claim(request), IsEmpty()) << "both are in flight still";
  finish(first.front(), model::DeliveryState::kDelivered);
  EXPECT_EQ(claim(request).size(), 1u);
}

TEST_P(Deliveries, EndpointsShareAClaimThatIsTooSmallForAll) {
  for (int number = 1; number <= 6; ++number) insert(number, number, EndpointId(1));
  insert(7, 7, EndpointId(2));
  for (int number = 8; number <= 13; ++number) insert(number, number, EndpointId(3));
  const auto claimed = claim({.loop = {}, .now = kNow, .lease_until = kLease, .limit = 6, .in_flight_max = 50});
  std::map<std::int64_t, int> per_endpoint;
  for (const auto& one : claimed) ++per_endpoint[one.delivery.endpoint.value()];
  EXPECT_EQ(claimed.size(), 6u);
  EXPECT_EQ(per_endpoint[2], 1);
  EXPECT_GE(per_endpoint[1], 2);
  EXPECT_GE(per_endpoint[3], 2);
}

TEST_P(Deliveries, ALoopClaimsOnlyItsPartitions) {
  insert(1, 1, EndpointId(1));
  insert(2, 2, EndpointId(2));
  insert(3, 3, EndpointId(3));
  std::vector<std::int64_t> all;
  for (std::int32_t index = 0; index < 2; ++index) {
    const auto claimed = claim({.loop = {index, 2}, .now = kNow, .lease_until = kLease});
    for (const auto& one : claimed) {
      EXPECT_EQ(one.delivery.partition % 2, index);
      all.push_back(one.delivery.id.value());
    }
  }
  EXPECT_THAT(all, UnorderedElementsAre(1, 2, 3));
}

TEST_P(Deliveries, AnAttemptIsSavedAsItEnded) {
  insert(1, 1);
  const auto claimed = claim().front();
  auto attempt = claimed.attempt;
  attempt.ended_at = kNow + Milliseconds(120);
  attempt.result = model::AttemptResult::kHttpStatus;
  attempt.cause = "some_cause";
  attempt.status = 503;
  attempt.detail = "the receiver answered 503";
  attempt.remote_address = "203.0.113.7:443";
  attempt.response_body = std::string("busy \0 \xFF ü", 11);
  attempt.timing = {1, 2, 3, 4, 5};
  EXPECT_TRUE(must([&](Tx& tx) {
                return deliveries::finish_attempt(tx, claimed.delivery, attempt, model::DeliveryState::kPending,
                                                  kNow + Milliseconds(5'000));
              }).is_counted);
  const auto saved = attempts(1).front();
  EXPECT_EQ(saved.ended_at, attempt.ended_at);
  EXPECT_EQ(saved.result, attempt.result);
  EXPECT_EQ(saved.cause, "some_cause");
  EXPECT_EQ(saved.status, 503);
  EXPECT_EQ(saved.detail, attempt.detail);
  EXPECT_EQ(saved.remote_address, attempt.remote_address);
  EXPECT_EQ(saved.response_body, "busy \uFFFD \uFFFD ü") << "what no text can hold is replaced";
  EXPECT_EQ(saved.timing.dns, 1);
  EXPECT_EQ(saved.timing.total, 5);
  EXPECT_EQ(find(1).next_attempt_at, kNow + Milliseconds(5'000));
  EXPECT_FALSE(find(1).lease_until);
}

TEST_P(Deliveries, AFinishedDeliveryIsNeverDueAgain) {
  insert(1, 1);
  insert(2, 2);
  const auto claimed = claim();
  finish(claimed[0], model::DeliveryState::kDelivered);
  finish(claimed[1], model::DeliveryState::kFailed);
  EXPECT_THAT(claim(kNow + std::chrono::days(30)), IsEmpty());
  EXPECT_FALSE(next_due(kNow - Milliseconds(1)));
}

TEST_P(Deliveries, ReleasedLeasesAreDueAgainAndTheInterruptedAttemptDoesNotCount) {
  insert(1, 1);
  insert(2, 1);
  const auto lost = claim();
  EXPECT_EQ(release_all(), 1);
  EXPECT_EQ(find(1).attempts, 0);
  EXPECT_EQ(attempts(1).front().result, model::AttemptResult::kInterrupted);
  EXPECT_EQ(attempts(1).front().ended_at, kNow);
  const auto again = claim();
  EXPECT_THAT(numbers(again), ElementsAre(1)) << "the second still waits behind the first";
  EXPECT_EQ(again.front().attempt.number, 1);
  EXPECT_EQ(attempts(1).size(), 2u);
  finish(again.front(), model::DeliveryState::kDelivered);
  EXPECT_THAT(numbers(claim()), ElementsAre(2));
}

TEST_P(Deliveries, ReleasedOnesAreDueAtOnceThoughTheClockSteppedBack) {
  const Time tomorrow = kNow + std::chrono::hours(24);
  insert(1, 1, kEndpoint, tomorrow);
  claim(tomorrow);
  EXPECT_EQ(release_all(), 1);
  const auto again = claim(kNow);
  ASSERT_THAT(numbers(again), ElementsAre(1));
  EXPECT_TRUE(must(
      [&](Tx& tx) { return deliveries::interrupt_attempt(tx, again.front().attempt, kNow - std::chrono::hours(24)); }));
  EXPECT_THAT(numbers(claim(kNow - std::chrono::hours(24))), ElementsAre(1));
}

TEST_P(Deliveries, TellTheLastTimeThatWasWrittenByTheGreatestId) {
  const auto last = [&] { return must([](Tx& tx) { return deliveries::last_made_across_applications(tx); }); };
  EXPECT_EQ(last().id, 0);
  insert(1, 1);
  EXPECT_EQ(last().id, 1);
  const auto claimed = claim(kNow - Milliseconds(5)).size() + claim(kNow).size();
  EXPECT_EQ(claimed, 1u);
  const auto open = last();
  EXPECT_GT(open.id, 1);
  EXPECT_EQ(open.at, kNow);
  release_all();
  EXPECT_EQ(last().id, open.id) << "the attempt has its row now";
}

TEST_P(Deliveries, AFinishThatComesAfterTheReleaseDoesNotCount) {
  insert(1, 1);
  const auto late = claim().front();
  release_all();
  EXPECT_FALSE(finish(late, model::DeliveryState::kDelivered));
  EXPECT_EQ(find(1).state, model::DeliveryState::kPending);
  EXPECT_EQ(attempts(1).front().result, model::AttemptResult::kDelivered) << "what was seen is noted";
}

TEST_P(Deliveries, OnlyExpiredLeasesAreReleasedWhileOthersRun) {
  insert(1, 1);
  insert(2, 2);
  claim({.loop = {}, .now = kNow, .lease_until = kNow + Milliseconds(10), .limit = 1});
  claim({.loop = {}, .now = kNow, .lease_until = kNow + Milliseconds(20), .limit = 1});
  EXPECT_EQ(
      must([](Tx& tx) { return deliveries::release_expired_leases_across_applications(tx, kNow + Milliseconds(10)); }),
      1);
  EXPECT_EQ(claim(kNow + Milliseconds(10)).size(), 1u);
}

TEST_P(Deliveries, AnInterruptedAttemptGivesItsDeliveryBack) {
  insert(1, 1);
  const auto claimed = claim().front();
  EXPECT_TRUE(must([&](Tx& tx) { return deliveries::interrupt_attempt(tx, claimed.attempt, kNow); }));
  EXPECT_FALSE(must([&](Tx& tx) { return deliveries::interrupt_attempt(tx, claimed.attempt, kNow); }));
  EXPECT_EQ(claim().front().attempt.number, 1);
}

TEST_P(Deliveries, SaveTheTimerFromWhatIsOverdueAndTellItTheNext) {
  EXPECT_FALSE(next_due(kNow));
  insert(1, 1, EndpointId(1), kNow);
  insert(2, 2, EndpointId(2), kNow + Milliseconds(500));
  insert(3, 3, EndpointId(1), kNow + Milliseconds(300));
  EXPECT_EQ(next_due(kNow), kNow + Milliseconds(300));
  EXPECT_EQ(next_due(kNow - Milliseconds(1)), kNow);
  EXPECT_EQ(next_due(kNow + Milliseconds(300)), kNow + Milliseconds(500));
}

TEST_P(Deliveries, GoWithTheirEndpoint) {
  insert(1, 1);
  insert(2, 1);
  const auto claimed = claim();
  must([](Tx& tx) { return endpoints::remove(tx, kApplication, kEndpoint); });
  EXPECT_FALSE(finish(claimed.front(), model::DeliveryState::kDelivered));
  EXPECT_THAT(claim(), IsEmpty());
}

TEST_P(Deliveries, StayWhenTheirConnectionGoes) {
  must([](Tx& tx) { return connections::insert(tx, connection(1, kApplication)); });
  insert(1, 1);
  must([](Tx& tx) { return connections::remove(tx, kApplication, ConnectionId(1), kNow); });
  EXPECT_THAT(numbers(claim()), ElementsAre(1));
}

TEST_P(Deliveries, AreDueAsSoonAsBeforeWhenTheClockStepsBack) {
  const Milliseconds day = std::chrono::hours(24);
  const Time due = kNow + Milliseconds(10);
  for (int number = 1; number <= 5; ++number) {
    const EndpointId to(number % 2 + 1);
    insert(number, number, to, due + day * (number / 2));
  }
  insert(6, 6, EndpointId(3), kNow - Milliseconds(10));
  const PullBack step{.loop = {}, .by = day, .now = kNow, .limit = 2};
  int batches = 0;
  std::optional<deliveries::PulledUpTo> upto;
  do {
    upto = must([&](Tx& tx) { return deliveries::pull_back(tx, step, upto); });
    ++batches;
  } while (upto && batches < 10);
  EXPECT_EQ(batches, 3) << "two, two, and the fifth";
  for (int number = 1; number <= 5; ++number)
    EXPECT_EQ(find(number).next_attempt_at, due + day * (number / 2 - 1)) << number << " once each";
  EXPECT_EQ(find(6).next_attempt_at, kNow - Milliseconds(10)) << "was due already";
}

TEST_P(Deliveries, ThatWaitForAnotherAreDueWhenItEndsThoughTheClockSteppedBack) {
  const Time tomorrow = kNow + std::chrono::hours(24);
  insert(1, 1);
  insert(2, 1, kEndpoint, tomorrow);
  finish(claim().at(0), model::DeliveryState::kDelivered);
  EXPECT_EQ(find(2).next_attempt_at, kNow);
  EXPECT_THAT(numbers(claim()), ElementsAre(2));
}

TEST_P(Deliveries, TheirDepthCountsWaitingAndInFlight) {
  insert(1, 1);
  insert(2, 1);
  insert(3, 2, EndpointId(2), kNow + Milliseconds(50));
  const auto depth = [&] { return must([](Tx& tx) { return deliveries::depth_across_applications(tx, 8); }); };
  EXPECT_EQ(depth().waiting, 3);
  EXPECT_EQ(depth().oldest_due, kNow);
  claim();
  EXPECT_EQ(depth().waiting, 2);
  EXPECT_EQ(depth().in_flight, 1);
  EXPECT_EQ(depth().oldest_due, kNow + Milliseconds(50));
}

TEST_P(Deliveries, TheOldestDueWaitsForUsAndNotForItsEndpoint) {
  const auto oldest = [&](std::int32_t in_flight_max = 8) {
    return must([=](Tx& tx) { return deliveries::depth_across_applications(tx, in_flight_max); }).oldest_due;
  };
  const auto change = [&](auto how) {
    auto changed = endpoint(1, kApplication, MemberId(1));
    how(changed);
    must([&](Tx& tx) { return endpoints::update(tx, changed); });
  };
  for (int number = 1; number <= 3; ++number) insert(number, number);
  insert(9, 9, EndpointId(2), kNow + Milliseconds(900));
  EXPECT_EQ(oldest(), kNow);
  must([](Tx& tx) { return endpoint_paces::save(tx, kEndpoint, model::EndpointPace{1, 1, kNow, kNow}); });
  EXPECT_EQ(oldest(), kNow + Milliseconds(900)) << "it has a pace";
  must([](Tx& tx) { return endpoint_paces::save(tx, kEndpoint, std::nullopt); });

  change([](auto& narrow) { narrow.in_flight_max = 1; });
  claim();
  EXPECT_EQ(oldest(), kNow + Milliseconds(900)) << "it holds as many as it wants";
  change([](auto&) {});
  EXPECT_EQ(oldest(1), kNow + Milliseconds(900)) << "it holds as many as the house allows";
  EXPECT_EQ(oldest(2), kNow) << "it has a place, so we are late";

  change([](auto& slow) { slow.rate_per_second = 10; });
  EXPECT_EQ(claim().size(), 1u);
  EXPECT_EQ(oldest(), kNow + Milliseconds(100)) << "until its turn it waits for that, then for us";
}

TEST_P(Deliveries, EndpointsThatAreEnabledAreCountedOverAllApplications) {
  const auto count = [&] { return must([](Tx& tx) { return endpoints::count_enabled_across_applications(tx); }); };
  EXPECT_EQ(count(), 4);
  must([](Tx& tx) { return endpoints::disable(tx, kApplication, EndpointId(2), model::DisabledReason::kGone, kNow); });
  EXPECT_EQ(count(), 3);
}

TEST_P(Deliveries, OfMoreThanAHundredAttemptsTheNewestAreListed) {
  insert(1, 1);
  for (std::int32_t number = 1; number <= attempts::kAttemptsMax + 5; ++number) {
    finish(claim().front(), model::DeliveryState::kPending, kNow);
  }
  const auto listed = attempts(1);
  ASSERT_EQ(listed.size(), static_cast<std::size_t>(attempts::kAttemptsMax));
  EXPECT_EQ(listed.front().number, 6);
  EXPECT_EQ(listed.back().number, attempts::kAttemptsMax + 5);
}

// ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

TEST_P(Deliveries, EventsAreReadAsTheyWereWritten) {
  auto written = event(5, connection(1, kApplication));
  written.type = model::EventType::kPropagationTimeout;
  must([&](Tx& tx) { return events::insert(tx, written); });
  const auto read = must([](Tx& tx) { return events::find(tx, kApplication, EventId(5)); });
  ASSERT_TRUE(read);
  EXPECT_EQ(read->connection, written.connection);
  EXPECT_EQ(read->job_id, written.job_id);
  EXPECT_EQ(read->type, written.type);
  EXPECT_EQ(read->sequence, 5);
  EXPECT_EQ(read->body, written.body);
  EXPECT_EQ(read->created_at, kNow);
  EXPECT_FALSE(must([](Tx& tx) { return events::find(tx, ApplicationId(9), EventId(5)); }));
}

TEST_P(Deliveries, TheLastEventOfAFlowIsTheNewest) {
  must([](Tx& tx) { return connections::insert(tx, connection(1, kApplication)); });
  insert(1, 1);
  insert(2, 1);
  insert(3, 2);
  EXPECT_EQ(must([](Tx& tx) { return events::last_of_job(tx, kApplication, "job-1"); })->id, EventId(2));
  EXPECT_FALSE(must([](Tx& tx) { return events::last_of_job(tx, ApplicationId(9), "job-1"); }));
  const auto page = must([](Tx& tx) { return events::list_of_connection(tx, kApplication, ConnectionId(1), {}); });
  EXPECT_THAT(page.items, ElementsAre(::testing::Field(&model::Event::id, EventId(2)),
                                      ::testing::Field(&model::Event::id, EventId(1))));
}

TEST_P(Deliveries, TheLastEventOfAFlowOutlivesItsConnectionUntilRetention) {
  must([](Tx& tx) { return connections::insert(tx, connection(1, kApplication)); });
  insert(1, 1);
  must([](Tx& tx) { return connections::remove(tx, kApplication, ConnectionId(1), kNow); });
  const auto last = [&] { return must([](Tx& tx) { return events::last_of_job(tx, kApplication, "job-1"); }); };
  const auto forget = [&](Time before) {
    return must([&](Tx& tx) { return connections::forget_removed_before_across_applications(tx, before, 10); });
  };
  ASSERT_TRUE(last());
  EXPECT_EQ(last()->id, EventId(1));
  EXPECT_EQ(forget(kNow), 0);
  EXPECT_TRUE(last());
  EXPECT_EQ(forget(kNow + Milliseconds(1)), 1);
  EXPECT_FALSE(last());
}

TEST_P(Deliveries, TheLastEventOfAFlowIsOfTheContractAndTheHighestOfItsSequence) {
  must([](Tx& tx) { return connections::insert(tx, connection(1, kApplication)); });
  const auto write = [&](std::int64_t id, std::int64_t sequence, model::EventType type) {
    auto one = event(id, connection(1, kApplication));
    one.sequence = sequence;
    one.type = type;
    must([&](Tx& tx) { return events::insert(tx, one); });
  };
  const auto last = [&] { return must([](Tx& tx) { return events::last_of_job(tx, kApplication, "job-1"); }); };
  for (const auto type : model::kEventTypes) {
    if (model::name_of(type).starts_with("signpost.")) write(100 + static_cast<int>(type), 9, type);
  }
  EXPECT_FALSE(last()) << "none of ours is a webhook of the contract";
  write(30, 1, model::EventType::kFlowCompleted);
  write(20, 2, model::EventType::kDomainAdded);
  ASSERT_TRUE(last());
  EXPECT_EQ(last()->sequence, 2) << "ids of two loops do not tell which came first";
}

TEST_P(Deliveries, RetentionDropsOldEventsInBatchesButNoneThatIsStillPending) {
  for (int number = 1; number <= 4; ++number) insert(number, number);
  auto claimed = claim({.loop = {}, .now = kNow, .lease_until = kLease, .limit = 3});
  for (const auto& one : claimed) finish(one, model::DeliveryState::kDelivered);
  const auto remove = [&](Time before, int limit) {
    return must([=](Tx& tx) { return events::remove_before_across_applications(tx, before, limit); });
  };
  EXPECT_EQ(remove(kNow, 10), 0) << "not older than that";
  EXPECT_EQ(remove(kNow + Milliseconds(1), 2), 2);
  EXPECT_EQ(remove(kNow + Milliseconds(1), 10), 1);
  EXPECT_EQ(remove(kNow + Milliseconds(1), 10), 0) << "the fourth is pending";
  EXPECT_TRUE(must([](Tx& tx) { return events::find(tx, kApplication, EventId(4)); }));
  EXPECT_THAT(attempts(1), IsEmpty());
}

}  // namespace
}  // namespace signpost::store
