// SPDX-License-Identifier: Apache-2.0
#include "services/job_runner.h"

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "base/log.h"
#include "base/text.h"
#include "store/jobs.h"
#include "store/last_run.h"

namespace signpost::services {
namespace {

using Steady = std::chrono::steady_clock;

// A handler that a test turns by hand ends by its own budget; this is only the end of all patience.
constexpr Milliseconds kRunOnceMax = std::chrono::minutes(5);
constexpr Milliseconds kDatabasePause = std::chrono::seconds(1);

Task<Result<JobOutcome>> end_as_not_configured(std::string sentence) {
  co_return JobOutcome{.ending = JobOutcome::Ending::kNotConfigured, .text = std::move(sentence)};
}

}  // namespace

std::chrono::seconds retry_pause(int failures) {
  const auto row = static_cast<std::size_t>(std::max(failures, 1)) - 1;
  return kJobRetries[std::min(row, kJobRetries.size() - 1)];
}

JobRunner::JobRunner(Storage& storage, Bell& bell, const Clock& clock, net::Loops& loops, std::size_t index,
                     Settings settings)
    : storage_(storage),
      clock_(clock),
      share_{.index = static_cast<std::int32_t>(index), .count = static_cast<std::int32_t>(loops.size())},
      settings_(settings),
      wake_(std::make_shared<net::Signal>(loops.at(index).get_executor())),
      step_(clock),
      lifelong_(loops.at(index).get_executor()),
      in_flight_(loops.at(index).get_executor()) {
  bell.on_jobs(partitions_of(share_), [wake = std::weak_ptr(wake_)] {
    if (const auto signal = wake.lock()) signal->notify_from_any_thread();
  });
}

JobRunner::JobRunner(Storage& storage, Bell& bell, const Clock& clock, net::Loops& loops, std::size_t index)
    : JobRunner(storage, bell, clock, loops, index, Settings{}) {}

JobRunner::~JobRunner() = default;

void JobRunner::on(model::JobKind kind, JobHandler handler) { handlers_[kind] = std::move(handler); }

void JobRunner::start() {
  state_ = State::kRunning;
  lifelong_.spawn(run(), "job runner");
  lifelong_.spawn(keep_leases(), "job leases");
}

Task<void> JobRunner::stop(Milliseconds budget) {
  if (state_ == State::kStopped) co_return;
  state_ = State::kStopped;
  co_await lifelong_.stop();
  co_await in_flight_.wait_until_empty(Steady::now() + budget);
  co_await in_flight_.stop();
  std::vector<model::Job> left;
  left.reserve(running_.size());
  for (const auto& [id, running] : running_) left.push_back(running.again.value_or(running.job));
  running_.clear();
  of_fairness_.clear();
  const auto given_back = co_await give_back(std::move(left));
  if (!given_back) log::warn("jobs wait for the end of their lease", {{"cause", given_back.error().message}});
}

Task<Result<std::size_t>> JobRunner::run_once() {
  auto claimed = CO_TRY(co_await claim(settings_.batch_max));
  const auto count = claimed.jobs.size();
  spawn(std::move(claimed.jobs));
  co_await in_flight_.wait_until_empty(Steady::now() + kRunOnceMax);
  co_return count;
}

Task<void> JobRunner::run() {
  const auto freed = co_await storage_.write<std::int64_t>(store::jobs::release_all_leases_across_applications);
  if (freed && *freed > 0) log::info("jobs that an earlier process had begun are due again", {{"jobs", *freed}});
  while (state_ == State::kRunning) {
    const auto begun = Steady::now();
    const auto pause = co_await turn();
    if (pause == Milliseconds{0}) continue;
    co_await wake_->wait_until(begun + pause);
    if (!co_await net::sleep_until(begun + settings_.claim_pause)) co_return;
  }
}

Task<void> JobRunner::keep_leases() {
  while (co_await net::sleep_until(Steady::now() + settings_.lease / 3)) {
    const Time now = clock_.now();
    const Time until = now + settings_.lease;
    const auto mine = leases_to_renew(now);
    const bool notes_run = share_.index == 0;
    const auto freed =
        co_await storage_.write<std::int64_t>([&mine, now, until, notes_run](store::Tx& tx) -> Result<std::int64_t> {
          for (const auto id : mine) TRY_VOID(store::jobs::renew_lease(tx, id, until));
          if (notes_run) TRY_VOID(store::last_run::note(tx, now));
          return store::jobs::release_expired_leases_across_applications(tx, now);
        });
    if (!freed) {
      log::warn("leases of jobs could not be renewed", {{"cause", freed.error().message}});
      continue;
    }
    for (const auto id : mine) {
      if (const auto found = running_.find(id); found != running_.end()) found->second.job.lease_until = until;
    }
    if (*freed == 0) continue;
    log::warn("jobs were not ended within their lease and are due again", {{"jobs", *freed}});
    wake_->notify();
  }
}

std::vector<JobRowId> JobRunner::leases_to_renew(Time now) const {
  // Most handlers end long before; only what has run for a third of its lease is written.
  const Time soon = now + settings_.lease - settings_.lease / 3;
  std::vector<JobRowId> ids;
  for (const auto& [id, running] : running_) {
    if (running.job.lease_until <= soon) ids.push_back(id);
  }
  return ids;
}

Task<Milliseconds> JobRunner::turn() {
  const auto room = settings_.in_flight_max - std::min(settings_.in_flight_max, running_.size());
  const auto limit = std::min(room, settings_.batch_max);
  has_left_due_ = limit == 0;
  if (has_left_due_) co_return settings_.poll_max;
  const Time now = clock_.now();
  const auto seasoned_room = room_for_seasoned();
  auto claimed = co_await claim(limit);
  if (!claimed) {
    log::warn("no jobs can be claimed, trying again", {{"cause", claimed.error().message}});
    co_return std::min(kDatabasePause, settings_.poll_max);
  }
  const bool is_full = claimed->jobs.size() >= limit;
  const auto seasoned = static_cast<std::size_t>(std::ranges::count_if(claimed->jobs, store::jobs::is_seasoned));
  has_left_due_ = seasoned >= seasoned_room;
  spawn(std::move(claimed->jobs));
  if (is_full) co_return Milliseconds{0};
  // One that hangs makes room by growing old.
  const auto pause_max = has_left_due_ ? std::min(settings_.slow_after, settings_.poll_max) : settings_.poll_max;
  if (!claimed->next_due_at) co_return pause_max;
  co_return std::clamp(*claimed->next_due_at - now, Milliseconds{1}, pause_max);
}

std::size_t JobRunner::room_for_seasoned() const {
  const auto young_since = Steady::now() - settings_.slow_after;
  std::size_t seasoned = 0;
  std::size_t young = 0;
  for (const auto& [id, running] : running_) {
    if (!store::jobs::is_seasoned(running.job)) continue;
    ++seasoned;
    if (running.since > young_since) ++young;
  }
  const auto room = std::min(settings_.seasoned_in_flight_max - std::min(settings_.seasoned_in_flight_max, seasoned),
                             settings_.seasoned_young_max - std::min(settings_.seasoned_young_max, young));
  // A claim costs as much for one job as for many.
  return 2 * room < std::min(settings_.seasoned_young_max, settings_.seasoned_in_flight_max) ? 0 : room;
}

std::size_t JobRunner::in_flight_max_of(std::int64_t fairness_key) const {
  if (!model::is_shared_turn(fairness_key)) return settings_.in_flight_fairness_max;
  return std::max<std::size_t>(settings_.in_flight_shared_turn_max / static_cast<std::size_t>(share_.count), 1);
}

Task<Result<void>> JobRunner::follow_clock() {
  const store::PullBack step{.loop = share_, .by = step_.back(), .now = clock_.now()};
  if (step.by == Milliseconds(0)) co_return Result<void>{};
  using UpTo = std::optional<store::jobs::PulledUpTo>;
  UpTo upto;
  do {
    upto = CO_TRY(
        co_await storage_.write<UpTo>([step, upto](store::Tx& tx) { return store::jobs::pull_back(tx, step, upto); }));
  } while (upto);
  CO_TRY_VOID(co_await storage_.write<void>([step](store::Tx& tx) { return store::last_run::note(tx, step.now); }));
  step_.made_up();
  log::warn("the clock stepped back; jobs that wait follow it", {{"seconds", step.by.count() / 1000}});
  co_return Result<void>{};
}

Task<Result<JobRunner::Claimed>> JobRunner::claim(std::size_t limit) {
  CO_TRY_VOID(co_await follow_clock());
  const Time now = clock_.now();
  const store::ClaimRequest request{.loop = share_,
                                    .now = now,
                                    .lease_until = now + settings_.lease,
                                    .limit = static_cast<std::int32_t>(limit),
                                    .in_flight_max = static_cast<std::int32_t>(settings_.in_flight_fairness_max)};
  const store::jobs::Places places{.seasoned_max = static_cast<std::int32_t>(room_for_seasoned()),
                                   .shared_turn_max = static_cast<std::int32_t>(in_flight_max_of(model::kDeadTurn))};
  co_return co_await storage_.write<Claimed>([request, places](store::Tx& tx) -> Result<Claimed> {
    auto jobs = TRY(store::jobs::claim_due(tx, request, places));
    const auto next_due_at = TRY(store::jobs::next_due_at(tx, request.loop, request.now));
    return Claimed{.jobs = std::move(jobs), .next_due_at = next_due_at};
  });
}

void JobRunner::spawn(std::vector<model::Job> jobs) {
  for (auto& job : jobs) {
    if (const auto found = running_.find(job.id); found != running_.end()) {
      found->second.again = std::move(job);
      continue;
    }
    running_.emplace(job.id, Running{.job = job, .since = Steady::now(), .again = std::nullopt});
    ++of_fairness_[job.fairness_key];
    in_flight_.spawn(handle(std::move(job)), "job");
  }
}

Task<void> JobRunner::handle(model::Job job) {
  const auto outcome = co_await run_handler(job);
  const auto settled = co_await settle(job, outcome);
  if (!settled) {
    log::warn("the end of a job could not be written, it runs again after its lease",
              {{"job", job.id.text()}, {"kind", model::name_of(job.kind)}, {"cause", settled.error().message}});
  }
  // Erased only now: what is cut off before is given back by stop().
  auto again = leave(job);
  if (!again) co_return;
  std::vector<model::Job> jobs;
  jobs.push_back(*std::move(again));
  if (co_await give_back(std::move(jobs))) wake_->notify();
}

Task<Result<JobOutcome>> JobRunner::run_handler(model::Job job) {
  const auto handler = handlers_.find(job.kind);
  if (handler == handlers_.end()) {
    co_return fail(Kind::kInternal, format("nobody handles jobs of the kind {}", model::name_of(job.kind)));
  }
  try {
    co_return co_await handler->second(std::move(job));
  } catch (const std::exception& error) {
    if (in_flight_.is_stopping()) throw;
    co_return fail(Kind::kInternal, format("the handler threw: {}", error.what()));
  }
}

Task<Result<void>> JobRunner::settle(const model::Job& job, const Result<JobOutcome>& outcome) {
  if (!outcome) {
    const Time at = retry_at(job, outcome.error());
    // A host for which nobody has answered must not hold up those that have not been tried.
    const auto turn = job.fairness_key == model::kUntriedTurn && job.kind == model::JobKind::kOriginalDns
                          ? model::kDeadTurn
                          : job.fairness_key;
    co_return co_await storage_.write<void>([job, at, turn](store::Tx& tx) -> Result<void> {
      TRY_VOID(store::jobs::reschedule_with_key(tx, job.id, job.generation, at, turn));
      return {};
    });
  }
  failures_.erase(job.id);
  auto state = model::JobState::kDone;
  switch (outcome->ending) {
    case JobOutcome::Ending::kSaved:
      co_return Result<void>{};
    case JobOutcome::Ending::kDone:
      break;
    case JobOutcome::Ending::kNotConfigured:
      state = model::JobState::kNotConfigured;
      break;
  }
  co_return co_await storage_.write<void>([job, state, text = outcome->text](store::Tx& tx) -> Result<void> {
    TRY_VOID(store::jobs::finish(tx, job.id, job.generation, state, text));
    return {};
  });
}

Time JobRunner::retry_at(const model::Job& job, const Error& error) {
  if (failures_.size() >= kFailuresMax) failures_.clear();
  const int failures = ++failures_[job.id];
  const auto pause = retry_pause(failures);
  log::warn("a job failed and is tried again", {{"job", job.id.text()},
                                                {"kind", model::name_of(job.kind)},
                                                {"connection", job.subject.text()},
                                                {"failures", failures},
                                                {"pause_s", pause.count()},
                                                {"cause", error.message}});
  return clock_.now() + pause;
}

std::optional<model::Job> JobRunner::leave(const model::Job& job) {
  std::optional<model::Job> again;
  if (auto running = running_.extract(job.id); !running.empty()) again = std::move(running.mapped().again);
  const auto count = of_fairness_.find(job.fairness_key);
  const bool was_full = count != of_fairness_.end() && count->second >= in_flight_max_of(job.fairness_key);
  if (count != of_fairness_.end() && --count->second == 0) of_fairness_.erase(count);
  // Due jobs were left behind for want of room, or this one is due again before the next poll.
  if (has_left_due_ || was_full || failures_.contains(job.id)) wake_->notify();
  return again;
}

Task<Result<void>> JobRunner::give_back(std::vector<model::Job> jobs) {
  if (jobs.empty()) co_return Result<void>{};
  co_return co_await storage_.write<void>([&jobs](store::Tx& tx) -> Result<void> {
    for (const auto& job : jobs) TRY_VOID(store::jobs::reschedule(tx, job.id, job.generation, job.not_before));
    return {};
  });
}

JobHandler not_configured(std::string sentence) {
  return [sentence = std::move(sentence)](const model::Job&) -> Task<Result<JobOutcome>> {
    return end_as_not_configured(sentence);
  };
}

}  // namespace signpost::services
