// SPDX-License-Identifier: Apache-2.0
//
// Works off due jobs: claims them in batches, runs their handlers on its loop, writes how they ended.
// Owned by app/wiring, one per loop for the partitions of that loop; every call on that loop; `stop` is awaited before
// it dies. A job is a row until its end is committed: a crash at any point means that it is claimed again, at the next
// start or once its lease is over. A lease is renewed while its handler runs. No job runs twice at a time in this
// process, not even when the clock jumps over a lease.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/clock_step.h"
#include "model/job.h"
#include "net/loops.h"
#include "net/task_group.h"
#include "net/wait.h"
#include "services/bell.h"
#include "services/storage.h"
#include "store/claim.h"

namespace signpost::services {

/// How a handler's run went. An error instead of an outcome is retried by kJobRetries.
struct JobOutcome {
  enum class Ending {
    kSaved,          // the handler has written the job's end or next time itself, in the transaction of its effect
    kDone,           // over; `text` says how
    kNotConfigured,  // over, because a setting that it needs is not there; `text` says which
  };
  Ending ending = Ending::kSaved;
  std::string text;  // a sentence, shown as the job's `outcome`
};
using JobHandler = std::function<Task<Result<JobOutcome>>(model::Job)>;

// A failed handler is our trouble (disk full, a bug), hardly ever the customer's: soon at first, then patient; the last
// row repeats.
inline constexpr std::array<std::chrono::seconds, 6> kJobRetries{std::chrono::seconds(1),  std::chrono::seconds(5),
                                                                 std::chrono::seconds(30), std::chrono::minutes(2),
                                                                 std::chrono::minutes(10), std::chrono::minutes(30)};
/// The pause after failure number `failures` (1 = the first).
std::chrono::seconds retry_pause(int failures);

class JobRunner {
 public:
  struct Settings {
    std::size_t in_flight_max = 512;  // handlers of this loop at a time
    // Of them, for jobs that are not fresh: the other places stay free. Those that began less than slow_after ago want
    // the processor, so they are few; the others only wait for somebody's server.
    std::size_t seasoned_in_flight_max = 384;
    std::size_t seasoned_young_max = 48;
    Milliseconds slow_after{1'000};
    std::size_t in_flight_fairness_max = 64;  // of one organization
    // Of one shared turn, of all loops together but one a loop at least. Each asks resolvers for what they cannot have,
    // which holds a place there for half a minute: some forty such questions a second are too many for one thread of
    // Unbound as it comes.
    std::size_t in_flight_shared_turn_max = 6;
    std::size_t batch_max = 128;           // jobs of one claim
    Milliseconds lease{60'000};            // how long the jobs of a dead process wait
    Milliseconds poll_max = kBellHorizon;  // real time; so a jump of the clock is noticed within it
    Milliseconds claim_pause{10};          // real time; bells that ring within it share one claim
  };

  /// For the partitions of `loops.at(index)`. Registers at the bell, which may also ring after the runner's death.
  JobRunner(Storage& storage, Bell& bell, const Clock& clock, net::Loops& loops, std::size_t index, Settings settings);
  JobRunner(Storage& storage, Bell& bell, const Clock& clock, net::Loops& loops, std::size_t index);
  ~JobRunner();

  /// One handler a kind, all of them before start.
  void on(model::JobKind kind, JobHandler handler);

  /// Frees the leases that an earlier process left behind, then works until stop.
  void start();

  /// Claims nothing more, gives the handlers in flight `budget`, cancels the rest and frees their leases. Idempotent.
  Task<void> stop(Milliseconds budget);

  /// One claim and its handlers to their end: how many there were. What start() repeats; for tests, instead of start().
  Task<Result<std::size_t>> run_once();

 private:
  struct Claimed {
    std::vector<model::Job> jobs;
    std::optional<Time> next_due_at;
  };
  struct Running {
    model::Job job;
    std::chrono::steady_clock::time_point since;
    // The same job claimed once more, because the clock jumped over its lease: it is not run twice, but given back
    // afterwards.
    std::optional<model::Job> again;
  };

  Task<void> run();
  /// Renews the leases of what runs here, frees those of the dead, and notes that Signpost is at work; three times a
  /// lease.
  Task<void> keep_leases();
  std::vector<JobRowId> leases_to_renew(Time now) const;
  /// One claim; how long the next may wait.
  Task<Milliseconds> turn();
  Task<Result<Claimed>> claim(std::size_t limit);
  std::size_t room_for_seasoned() const;
  std::size_t in_flight_max_of(std::int64_t fairness_key) const;
  /// After the wall clock stepped back: jobs are due as soon as they would have been.
  Task<Result<void>> follow_clock();
  void spawn(std::vector<model::Job> jobs);
  Task<void> handle(model::Job job);
  Task<Result<JobOutcome>> run_handler(model::Job job);
  Task<Result<void>> settle(const model::Job& job, const Result<JobOutcome>& outcome);
  Task<Result<void>> give_back(std::vector<model::Job> jobs);
  Time retry_at(const model::Job& job, const Error& error);
  std::optional<model::Job> leave(const model::Job& job);

  Storage& storage_;
  const Clock& clock_;
  const store::Loop share_;
  const Settings settings_;
  std::map<model::JobKind, JobHandler> handlers_;
  // Watched by the bell's callback, which may outlive it.
  const std::shared_ptr<net::Signal> wake_;
  std::unordered_map<JobRowId, Running> running_;              // at most in_flight_max
  std::unordered_map<std::int64_t, std::size_t> of_fairness_;  // of running_
  std::unordered_map<JobRowId, int> failures_;                 // since the last success, at most kFailuresMax
  bool has_left_due_ = false;                                  // the last claim took less than there was
  ClockStep step_;
  enum class State { kIdle, kRunning, kStopped } state_ = State::kIdle;
  net::TaskGroup lifelong_;   // run and keep_leases
  net::TaskGroup in_flight_;  // one task per claimed job
};

/// Forgotten failures only make a retry sooner.
constexpr std::size_t kFailuresMax = 10'000;

/// The handler of a kind whose settings do not exist: ends the job visibly as kNotConfigured.
JobHandler not_configured(std::string sentence);

}  // namespace signpost::services
