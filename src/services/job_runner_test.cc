// SPDX-License-Identifier: Apache-2.0
#include "services/job_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <thread>

#include "net/testing/run_task.h"
#include "net/wait.h"
#include "services/courier.h"
#include "services/testing/life.h"
#include "store/jobs.h"
#include "store/last_run.h"

namespace signpost::services {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using testing::Life;
using testing::must;

constexpr auto kPatience = seconds(20);  // only a hanging test reaches it

/// A job of this kind for a new connection, due now.
model::Connection add_job(Life& life, std::string_view host, model::JobKind kind, std::string organization = "acme") {
  const auto connection = life.create(host, organization);
  must(life.world.storage.write_now<void>([&](store::Tx& tx) {
    return store::jobs::request(tx, connection.id, fairness_key_of(connection.application, organization),
                                {.kind = kind, .not_before = life.clock.now()}, life.world.ids.make<JobRowId>(),
                                life.clock.now());
  }));
  return connection;
}

Task<Result<JobOutcome>> fail_as_the_database() { co_return fail(Kind::kUnavailable, "the disk is full"); }
Task<Result<JobOutcome>> throw_a_bug() {
  throw std::runtime_error("a bug");
  co_return JobOutcome{};
}
Task<Result<JobOutcome>> end_well() { co_return JobOutcome{.ending = JobOutcome::Ending::kDone, .text = "did it"}; }

constexpr auto kKind = model::JobKind::kSearchSubmission;

TEST(JobRunner, EndsAJobWithItsOutcome) {
  Life life;
  life.runner.on(kKind, [](const model::Job&) { return end_well(); });
  const auto connection = add_job(life, "www.shop.example", kKind);
  EXPECT_EQ(life.turn(), 1u);
  const auto job = life.job(connection.id, kKind);
  EXPECT_EQ(job.state, model::JobState::kDone);
  EXPECT_EQ(job.outcome, "did it");
  EXPECT_EQ(life.turn(), 0u);
}

TEST(JobRunner, FollowsAClockThatWasSetBackWhileNobodyRan) {
  Life life;
  life.clock.advance(std::chrono::hours(240));  // wrong, until somebody notices
  const auto connection = add_job(life, "www.shop.example", kKind);
  life.clock.advance(std::chrono::hours(1));
  must(life.world.storage.write_now<void>([&](store::Tx& tx) -> Result<void> {
    const auto claimed =
        TRY(store::jobs::claim_due(tx, {.now = life.clock.now(), .lease_until = life.clock.now() + seconds(60)}));
    EXPECT_FALSE(claimed.empty());
    for (const auto& job : claimed) {
      TRY(store::jobs::reschedule(tx, job.id, job.generation, life.clock.now() + seconds(30)));
    }
    return store::last_run::note(tx, life.clock.now());
  }));
  const auto planned = life.job(connection.id, kKind).not_before;
  life.clock.advance(-std::chrono::hours(241));
  for (int start = 0; start < 2; ++start) {
    must(net::testing::run_task(life.loops.at(0),
                                Courier::release_left_behind(life.world.storage, life.clock, life.world.ids)));
    EXPECT_EQ(life.job(connection.id, kKind).not_before, planned - std::chrono::hours(241))
        << "once, however many starts";
  }
  life.clock.advance(seconds(30));
  EXPECT_GE(life.turn(), 1u);
}

TEST(JobRunner, ShowsThatAJobIsNotConfigured) {
  Life life;
  const auto connection = add_job(life, "www.shop.example", kKind);
  life.turn();
  const auto job = life.job(connection.id, kKind);
  EXPECT_EQ(job.state, model::JobState::kNotConfigured);
  EXPECT_THAT(job.outcome, HasSubstr("no search engine is configured"));
}

TEST(JobRunner, HoldsAFailureOfOursAgainstNobody) {
  Life life;
  life.runner.on(kKind, [](const model::Job&) { return fail_as_the_database(); });
  const auto connection = add_job(life, "www.shop.example", kKind);
  must(life.world.storage.write_now<void>([&](store::Tx& tx) {
    return store::jobs::request(tx, connection.id, model::kUntriedTurn, {.kind = kKind, .not_before = life.clock.now()},
                                life.world.ids.make<JobRowId>(), life.clock.now());
  }));
  life.turn();
  EXPECT_EQ(life.job(connection.id, kKind).attempts, 1);
  EXPECT_EQ(life.job(connection.id, kKind).fairness_key, model::kUntriedTurn) << "it is not dead";
}

TEST(JobRunner, RetriesAFailedHandlerByTheTable) {
  for (auto* handler : {&fail_as_the_database, &throw_a_bug}) {
    Life life;
    int runs = 0;
    life.runner.on(kKind, [&](const model::Job&) {
      ++runs;
      return handler();
    });
    const auto connection = add_job(life, "www.shop.example", kKind);
    const Time start = life.clock.now();
    life.turn();
    EXPECT_EQ(life.job(connection.id, kKind).not_before, start + seconds(1));
    life.walk_to(start + seconds(1));
    EXPECT_EQ(life.job(connection.id, kKind).not_before, start + seconds(6));
    EXPECT_EQ(runs, 2);
    life.runner.on(kKind, [](const model::Job&) { return end_well(); });
    life.walk_to(start + seconds(6));
    EXPECT_EQ(life.job(connection.id, kKind).state, model::JobState::kDone);
  }
}

TEST(JobRunner, RepeatsTheLastPauseOfTheTable) {
  EXPECT_EQ(retry_pause(1), seconds(1));
  EXPECT_EQ(retry_pause(6), std::chrono::minutes(30));
  EXPECT_EQ(retry_pause(1'000), std::chrono::minutes(30));
}

TEST(JobRunner, ResumesAJobWhoseProcessDiedOnceItsLeaseIsOver) {
  Life life;
  int runs = 0;
  life.runner.on(kKind, [&](const model::Job&) {
    ++runs;
    return end_well();
  });
  const auto connection = add_job(life, "www.shop.example", kKind);
  // A claim whose process dies before the handler ends.
  const store::ClaimRequest request{.now = life.clock.now(), .lease_until = life.clock.now() + seconds(60)};
  const auto claimed = must(life.world.storage.write_now<std::vector<model::Job>>(
      [&](store::Tx& tx) { return store::jobs::claim_due(tx, request); }));
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(life.turn(), 0u);
  life.clock.advance(seconds(60));
  must(life.world.storage.write_now<std::int64_t>(
      [&](store::Tx& tx) { return store::jobs::release_expired_leases_across_applications(tx, life.clock.now()); }));
  EXPECT_EQ(life.turn(), 1u);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(life.job(connection.id, kKind).state, model::JobState::kDone);
}

/// A runner on its own thread; stopped at the end.
class RunningRunner {
 public:
  explicit RunningRunner(Life& life, JobRunner::Settings settings = {})
      : life_(life), loops_(1), runner_(life.world.storage, life.bell, life.clock, loops_, 0, settings) {
    set_up_handlers(runner_, {life.propagation, life.original_dns});
  }
  ~RunningRunner() { stop(Milliseconds(0)); }
  JobRunner& runner() { return runner_; }
  void start() {
    runner_.start();
    loops_.start();
  }
  void stop(Milliseconds budget) {
    if (!loops_.is_running()) return;
    net::testing::wait_for_task(loops_.at(0), runner_.stop(budget));
    loops_.stop_and_join();
    life_.let_database_rest();
  }

 private:
  Life& life_;
  net::Loops loops_;
  JobRunner runner_;
};

Task<Result<JobOutcome>> tell(std::shared_ptr<std::promise<void>> promise) {
  promise->set_value();
  return end_well();
}

TEST(RunningJobRunner, RunsANewJobAtOnceWhenTheBellRings) {
  Life life;
  auto ran = std::make_shared<std::promise<void>>();
  RunningRunner running(life, {.poll_max = std::chrono::hours(1)});
  running.runner().on(model::JobKind::kPropagation, [ran](const model::Job&) { return tell(ran); });
  const auto connection = life.create();
  running.start();
  must(life.run(life.connections.check_now({}, connection.id)));
  EXPECT_EQ(ran->get_future().wait_for(kPatience), std::future_status::ready);
  running.stop(kPatience);
  EXPECT_EQ(life.job(connection.id, model::JobKind::kPropagation).state, model::JobState::kDone);
}

TEST(RunningJobRunner, TakesUpAtStartWhatAnEarlierProcessHadBegun) {
  Life life;
  auto ran = std::make_shared<std::promise<void>>();
  add_job(life, "www.shop.example", kKind);
  const store::ClaimRequest request{.now = life.clock.now(), .lease_until = life.clock.now() + std::chrono::hours(1)};
  must(life.world.storage.write_now<std::vector<model::Job>>(
      [&](store::Tx& tx) { return store::jobs::claim_due(tx, request); }));
  RunningRunner running(life);
  running.runner().on(kKind, [ran](const model::Job&) { return tell(ran); });
  running.start();
  EXPECT_EQ(ran->get_future().wait_for(kPatience), std::future_status::ready);
}

Task<Result<JobOutcome>> hang(std::shared_ptr<std::promise<void>> started) {
  started->set_value();
  co_await net::sleep_until(std::chrono::steady_clock::now() + std::chrono::hours(1));
  co_await net::sleep_until(std::chrono::steady_clock::now() + std::chrono::hours(1));
  co_return JobOutcome{};
}

TEST(RunningJobRunner, FreesTheLeaseOfAHandlerThatItCutsOff) {
  Life life;
  auto started = std::make_shared<std::promise<void>>();
  const auto connection = add_job(life, "www.shop.example", kKind);
  RunningRunner running(life);
  running.runner().on(kKind, [started](const model::Job&) { return hang(started); });
  running.start();
  ASSERT_EQ(started->get_future().wait_for(kPatience), std::future_status::ready);
  running.stop(Milliseconds(1));
  const auto job = life.job(connection.id, kKind);
  EXPECT_EQ(job.state, model::JobState::kWaiting);
  EXPECT_FALSE(job.lease_until);
  EXPECT_EQ(life.turn(), 1u);
}

TEST(RunningJobRunner, WorksOffABacklogWiderThanItsLimits) {
  Life life;
  constexpr int kJobs = 40;
  for (int i = 0; i < kJobs; ++i)
    add_job(life, "h" + std::to_string(i) + ".shop.example", kKind, i % 2 == 0 ? "acme" : "other");
  std::atomic<int> ended = 0;
  auto all = std::make_shared<std::promise<void>>();
  // Without poll and bell: only the runner itself can see that it left due jobs behind.
  RunningRunner running(
      life, {.in_flight_max = 8, .in_flight_fairness_max = 3, .batch_max = 4, .poll_max = std::chrono::hours(1)});
  running.runner().on(kKind, [&](const model::Job&) {
    if (++ended == kJobs) all->set_value();
    return end_well();
  });
  running.start();
  EXPECT_EQ(all->get_future().wait_for(kPatience), std::future_status::ready);
}

TEST(RunningJobRunner, WorksOffASharedTurnAFewAtATime) {
  Life life;
  constexpr int kJobs = 12;
  for (int i = 0; i < kJobs; ++i) {
    const auto connection = life.create("h" + std::to_string(i) + ".shop.example");
    must(life.world.storage.write_now<void>([&](store::Tx& tx) {
      return store::jobs::request(tx, connection.id, model::kDeadTurn, {.kind = kKind, .not_before = life.clock.now()},
                                  life.world.ids.make<JobRowId>(), life.clock.now());
    }));
  }
  std::atomic<int> running_now = 0;
  std::atomic<int> most = 0;
  std::atomic<int> ended = 0;
  auto all = std::make_shared<std::promise<void>>();
  RunningRunner running(life, {.in_flight_shared_turn_max = 2, .poll_max = std::chrono::hours(1)});
  running.runner().on(kKind, [&](const model::Job&) -> Task<Result<JobOutcome>> {
    most = std::max(most.load(), ++running_now);
    co_await net::sleep_until(std::chrono::steady_clock::now());  // the others that were claimed begin
    --running_now;
    if (++ended == kJobs) all->set_value();
    co_return JobOutcome{.ending = JobOutcome::Ending::kDone, .text = "done"};
  });
  running.start();
  EXPECT_EQ(all->get_future().wait_for(kPatience), std::future_status::ready);
  EXPECT_LE(most, 2);
}

TEST(RunningJobRunner, KeepsPlacesForFreshJobsWhileSeasonedOnesHang) {
  Life life;
  std::map<ConnectionId, bool> is_seasoned;
  for (int i = 0; i < 4; ++i) is_seasoned[add_job(life, "old" + std::to_string(i) + ".shop.example", kKind).id] = true;
  for (int claims = 0; claims < store::jobs::kFreshClaims; ++claims) {
    must(life.world.storage.write_now<std::int64_t>([&](store::Tx& tx) -> Result<std::int64_t> {
      const store::ClaimRequest request{.now = life.clock.now(), .lease_until = life.clock.now() + seconds(60)};
      TRY(store::jobs::claim_due(tx, request));
      return store::jobs::release_all_leases_across_applications(tx);
    }));
  }
  add_job(life, "new.shop.example", kKind);
  auto ran = std::make_shared<std::promise<void>>();
  std::atomic<int> hanging = 0;
  RunningRunner running(life, {.in_flight_max = 3, .seasoned_in_flight_max = 2, .poll_max = std::chrono::hours(1)});
  running.runner().on(kKind, [&, ran](const model::Job& job) {
    if (!is_seasoned.contains(job.subject)) return tell(ran);
    ++hanging;
    return hang(std::make_shared<std::promise<void>>());
  });
  running.start();
  EXPECT_EQ(ran->get_future().wait_for(kPatience), std::future_status::ready);
  running.stop(Milliseconds(1));
  EXPECT_EQ(hanging, 2);
}

/// Waits for the go of another thread.
struct Gate {
  std::promise<void> entered;
  std::promise<net::Resume<int>> resume;
  std::atomic<int> runs = 0;
};
Task<Result<JobOutcome>> wait_at(Gate& gate) {
  if (++gate.runs > 1) co_return JobOutcome{.ending = JobOutcome::Ending::kDone, .text = "twice"};
  co_await net::hop<int>([&gate](net::Resume<int> resume) {
    gate.resume.set_value(std::move(resume));
    gate.entered.set_value();
  });
  co_return JobOutcome{.ending = JobOutcome::Ending::kDone, .text = "did it"};
}

TEST(RunningJobRunner, NotesThatSignpostIsAtWork) {
  Life life;
  RunningRunner running(life, {.lease = Milliseconds(30), .poll_max = Milliseconds(5)});
  running.start();
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const auto noted = [&] { return must(life.world.storage.read_now<Time>(store::last_run::noted)); };
  while (noted() != life.clock.now() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(noted(), life.clock.now());
}

TEST(RunningJobRunner, RenewsTheLeaseWhileAHandlerRuns) {
  Life life;
  Gate gate;
  const auto connection = add_job(life, "www.shop.example", kKind);
  RunningRunner running(life, {.lease = Milliseconds(30), .poll_max = Milliseconds(5)});
  running.runner().on(kKind, [&gate](const model::Job&) { return wait_at(gate); });
  running.start();
  auto resume = gate.resume.get_future().get();
  life.clock.advance(Milliseconds(20));
  const Time renewed = life.clock.now() + Milliseconds(30);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (life.job(connection.id, kKind).lease_until != renewed && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  EXPECT_EQ(life.job(connection.id, kKind).lease_until, renewed);
  EXPECT_EQ(life.job(connection.id, kKind).attempts, 1);
  std::move(resume)(1);
  running.stop(kPatience);
  EXPECT_EQ(life.job(connection.id, kKind).state, model::JobState::kDone);
}

TEST(RunningJobRunner, DoesNotRunAJobTwiceAtATimeThoughItsLeaseIsOver) {
  Life life;
  Gate gate;
  const auto connection = add_job(life, "www.shop.example", kKind);
  RunningRunner running(life, {.lease = Milliseconds(30), .poll_max = Milliseconds(5)});
  running.runner().on(kKind, [&gate](const model::Job&) { return wait_at(gate); });
  running.start();
  auto resume = gate.resume.get_future().get();
  // The clock jumps over the lease, and the runner of another loop frees it before this one renews it: each time the
  // job is due and claimed once more.
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (life.job(connection.id, kKind).attempts < 3 && std::chrono::steady_clock::now() < end) {
    life.clock.advance(seconds(1));
    must(life.world.storage.write_now<std::int64_t>(
        [&](store::Tx& tx) { return store::jobs::release_expired_leases_across_applications(tx, life.clock.now()); }));
  }
  EXPECT_GE(life.job(connection.id, kKind).attempts, 3);
  EXPECT_EQ(gate.runs, 1);
  std::move(resume)(1);
  running.stop(kPatience);
  EXPECT_EQ(gate.runs, 1);
  const auto job = life.job(connection.id, kKind);
  EXPECT_EQ(job.state, model::JobState::kDone);
  EXPECT_EQ(job.outcome, "did it");
}

}  // namespace
}  // namespace signpost::services
