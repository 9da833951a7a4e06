// SPDX-License-Identifier: Apache-2.0
#include "services/courier.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "store/audit_log.h"
#include "store/jobs.h"
#include "store/last_run.h"

namespace signpost::services {
namespace {

namespace deliveries = store::deliveries;
namespace endpoint_paces = store::endpoint_paces;
using std::chrono::steady_clock;

constexpr Milliseconds kFailurePause{100};  // after the database failed; doubles up to kFailurePauseMax
constexpr Milliseconds kFailurePauseMax{2'000};
constexpr Milliseconds kClockTolerance{2'000};   // wall and monotonic time may differ by this over one lease
constexpr Milliseconds kLastTurnBudget{10'000};  // for the turn under way when the courier stops
constexpr std::size_t kDetailBytesMax = 500;

model::AttemptResult result_of(const net::PostOutcome& outcome) {
  using Failure = net::PostOutcome::Failure;
  switch (outcome.failure) {
    case Failure::kNone:
      return model::is_success(outcome.status) ? model::AttemptResult::kDelivered : model::AttemptResult::kHttpStatus;
    case Failure::kDns:
      return model::AttemptResult::kDns;
    case Failure::kConnect:
      return model::AttemptResult::kConnect;
    case Failure::kTls:
      return model::AttemptResult::kTls;
    case Failure::kTimeout:
      return model::AttemptResult::kTimeout;
    case Failure::kProtocol:
      return model::AttemptResult::kProtocol;
    case Failure::kRefusedAddress:
      return model::AttemptResult::kRefusedAddress;
    case Failure::kReset:
      return model::AttemptResult::kReset;
  }
  return model::AttemptResult::kInternal;
}

/// What the receiver sent, fit for the database: UTF-8 without U+0000, whole characters, at most `bytes_max`.
std::string storable(std::string_view text, std::size_t bytes_max) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 1;
    while (length <= 4 && !is_valid_utf8(text.substr(at, length))) ++length;
    const bool is_character = length <= 4 && text[at] != '\0';
    if (length > 4) length = 1;
    if (kept.size() + length > bytes_max) break;
    kept += is_character ? text.substr(at, length) : std::string_view("?");
    at += length;
  }
  return kept;
}

std::string sentence_of(const net::PostOutcome& outcome) {
  if (outcome.failure != net::PostOutcome::Failure::kNone) return storable(outcome.detail, kDetailBytesMax);
  auto sentence = format("answered {} {}", outcome.status, net::reason_of(outcome.status));
  if (outcome.status >= 300 && outcome.status < 400) {
    sentence += "; redirects are not followed";
    if (!outcome.location.empty()) sentence += " (Location: " + printable(outcome.location) + ")";
  }
  if (!outcome.detail.empty()) sentence += "; " + outcome.detail;
  return storable(sentence, kDetailBytesMax);
}

std::int32_t to_int(Milliseconds length) {
  return static_cast<std::int32_t>(std::min<std::int64_t>(length.count(), 1'000'000'000));
}

/// -1 where it did not come to that: a connection that was reused or never made, a response that never began.
model::Attempt::Timing timing_of(const net::PostOutcome& outcome) {
  model::Attempt::Timing timing;
  timing.total = to_int(outcome.timing.total);
  if (!outcome.reused_connection || outcome.retried_on_new_connection) {
    if (outcome.failure != net::PostOutcome::Failure::kDns) timing.dns = to_int(outcome.timing.dns);
    if (!outcome.remote_address.empty()) timing.connect = to_int(outcome.timing.connect);
    if (outcome.timing.tls.count() > 0) timing.tls = to_int(outcome.timing.tls);
  }
  if (outcome.status != 0) timing.first_byte = to_int(outcome.timing.first_byte);
  return timing;
}

/// In [-1, 1].
double jitter_of(crypto::Random& random) { return static_cast<double>(random.below(2001)) / 1000.0 - 1.0; }

bool is_passing(const Error& error) { return error.kind == Kind::kUnavailable || error.kind == Kind::kTimeout; }

/// Standard Webhooks: a receiver may ask in a header what 410 asks for.
bool wants_no_more(const net::PostOutcome& outcome) { return equals_ignoring_case(trim(outcome.wish), "disable"); }

Result<void> pull_back_jobs(store::Tx& tx, const store::PullBack& step) {
  // A job that an earlier process had begun waits like the others.
  TRY(store::jobs::release_all_leases_across_applications(tx));
  std::optional<store::jobs::PulledUpTo> upto;
  do {
    upto = TRY(store::jobs::pull_back(tx, step, upto));
  } while (upto);
  return {};
}

/// The clock may have been set back while nobody ran: what waits then waits as long as it would have, from the last
/// time that is written. The line in the audit log is the next such time, so that it is not made up for twice.
Result<void> follow_clock_since_last_run(store::Tx& tx, Time now, IdMaker& ids) {
  const auto last = TRY(deliveries::last_made_across_applications(tx));
  ids.start_after(last.id);
  const Time last_at = std::max(last.at, TRY(store::last_run::noted(tx)));
  TRY_VOID(store::last_run::note(tx, now));
  const store::PullBack step{.loop = {}, .by = last_at - now, .now = now};
  if (step.by <= ClockStep::kTolerance) return {};
  TRY_VOID(pull_back_jobs(tx, step));
  std::optional<deliveries::PulledUpTo> upto;
  do {
    upto = TRY(deliveries::pull_back(tx, step, upto));
  } while (upto);
  TRY_VOID(endpoint_paces::pull_back(tx, step));
  log::warn("the clock stepped back since the last run; webhooks and jobs that wait follow it",
            {{"seconds", step.by.count() / 1000}});
  return store::audit_log::insert(
      tx, {ids.make<AuditId>(), std::nullopt, "courier", "clock.follow", "",
           format("the clock had stepped back by {} seconds since the last run", step.by.count() / 1000), now});
}

EndpointNews::Answer answer_of(const net::PostOutcome& outcome) {
  if (outcome.failure != net::PostOutcome::Failure::kNone) return EndpointNews::Answer::kFailed;
  if (model::is_success(outcome.status)) return EndpointNews::Answer::kTaken;
  return model::is_gone(outcome.status) ? EndpointNews::Answer::kGone : EndpointNews::Answer::kFailed;
}

}  // namespace

void DurationCounts::note(Milliseconds took) {
  const auto bound = std::ranges::lower_bound(kBoundsMs, took.count());
  counts_[static_cast<std::size_t>(bound - kBoundsMs.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_ms_.fetch_add(static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0)), std::memory_order_relaxed);
}

struct Courier::TurnInput {
  std::vector<Ended> ended;
  store::ClaimRequest claim;
  bool releases = false;
  bool reads_paces = false;
};

struct Courier::TurnAnswer {
  std::vector<deliveries::ClaimedDelivery> claimed;
  std::vector<std::shared_ptr<Place>> places;                                    // of each
  std::vector<std::pair<EndpointId, std::optional<model::EndpointPace>>> paces;  // that have changed
  std::optional<std::vector<endpoint_paces::EndpointWithPace>> all_paces;
  bool is_next_free = false;
  std::optional<Time> next_due;
  std::int64_t released = 0;
};

Courier::Courier(Storage& storage, Bell& bell, const Clock& clock, IdMaker& ids, crypto::Random& random,
                 SecretSource& secrets, net::PostSender& sender, CourierCounters& counters, net::Loops& loops,
                 std::size_t index, Settings settings)
    : storage_(storage),
      clock_(clock),
      ids_(ids),
      random_(random),
      secrets_(secrets),
      sender_(sender),
      counters_(counters),
      share_{static_cast<std::int32_t>(index), static_cast<std::int32_t>(loops.size())},
      settings_(std::move(settings)),
      lifelong_(loops.at(index).get_executor()),
      attempts_(loops.at(index).get_executor()),
      wake_(std::make_shared<Wake>(loops.at(index).get_executor())),
      handed_(std::make_shared<net::Signal>(loops.at(index).get_executor())),
      desk_(
          std::make_shared<HandoverDesk>(HandoverDesk::Settings{settings_.in_flight_per_endpoint_max, settings_.lease},
                                         [signal = std::weak_ptr(handed_)] {
                                           if (const auto handed = signal.lock()) handed->notify_from_any_thread();
                                         })),
      paces_read_at_(steady_clock::now()),
      step_(clock),
      released_at_(steady_clock::now()),
      released_wall_at_(clock.now()) {
  bell.on_deliveries([wake = std::weak_ptr(wake_)] {
    const auto rung = wake.lock();
    if (!rung) return;
    rung->has_rung = true;
    rung->signal.notify_from_any_thread();
  });
  bell.handover().add(desk_);
}

Courier::~Courier() = default;

Task<Result<std::int64_t>> Courier::release_left_behind(Storage& storage, const Clock& clock, IdMaker& ids) {
  const auto now = clock.now();
  co_return co_await storage.write<std::int64_t>([now, &ids](store::Tx& tx) -> Result<std::int64_t> {
    const auto released = TRY(deliveries::release_all_leases_across_applications(tx, now));
    TRY_VOID(follow_clock_since_last_run(tx, now, ids));
    return released;
  });
}

void Courier::start() {
  if (state_ != State::kIdle) return;
  state_ = State::kRunning;
  lifelong_.spawn(run(), "courier");
  lifelong_.spawn(receive(), "courier handover");
  if (share_.index == 0) lifelong_.spawn(watch_depth(), "courier depth");
}

Task<void> Courier::stop(Milliseconds budget) {
  if (state_ == State::kStopped) co_return;
  if (state_ == State::kRunning) state_ = State::kDraining;  // run() goes on saving what ends
  desk_->close();
  co_await attempts_.wait_until_empty(steady_clock::now() + budget);
  co_await attempts_.stop();
  state_ = State::kStopped;
  wake_->signal.notify();
  co_await lifelong_.stop();  // a turn under way is a hop, which ends as it does
  take_handed();
  if (const auto saved = co_await hand_back(); !saved) {
    log::warn("webhook attempts stay open until the next start",
              {{"attempts", in_flight_.size()}, {"reason", saved.error().message}});
  }
}

Task<Result<std::size_t>> Courier::run_once() {
  const auto claimed = CO_TRY(co_await turn(Claiming::kYes));
  co_await attempts_.wait_until_empty(steady_clock::now() + settings_.attempt_budget + kLastTurnBudget);
  CO_TRY(co_await turn(Claiming::kNo));
  co_return claimed;
}

// ── turns ───────────────────────────────────────────────────────────────────────────────────────────────────

Task<void> Courier::run() {
  bool has_paces = false;
  while (state_ != State::kStopped) {
    Result<void> done;
    if (!has_paces) done = co_await load_paces();
    has_paces = has_paces || done.has_value();
    if (done) {
      const auto claiming = state_ == State::kRunning && wants_claim() ? Claiming::kYes : Claiming::kNo;
      if (auto turned = co_await turn(claiming); !turned) done = std::unexpected(std::move(turned).error());
    }
    if (!done) {
      on_turn_failed(done.error());
      wake_->has_rung = true;
      const auto pause = std::min(kFailurePause * (1 << std::min(failures_ - 1, 5)), kFailurePauseMax);
      if (const auto slept = co_await net::sleep_until(steady_clock::now() + pause); !slept) co_return;
      continue;
    }
    failures_ = 0;
    if (state_ == State::kRunning) desk_->set_room(capacity());
    note_slow();
    if ((is_more_due_ || is_room_new_) && state_ == State::kRunning && capacity() > 0) continue;
    if (state_ != State::kStopped) co_await wake_->signal.wait_until(next_turn_at());
  }
}

/// What was begun where its event was written.
Task<void> Courier::receive() {
  while (state_ == State::kRunning) {
    take_handed();
    co_await handed_->wait_until(net::Deadline::max());
  }
}

void Courier::take_handed() {
  for (auto& begun : desk_->take()) spawn(std::move(begun.claimed), std::move(begun.place));
}

Task<Result<void>> Courier::load_paces() {
  using Paces = std::vector<endpoint_paces::EndpointWithPace>;
  const auto paces = CO_TRY(co_await storage_.read<Paces>(
      [share = share_](store::Tx& tx) { return endpoint_paces::load_across_applications(tx, share); }));
  note_paces(paces);
  co_return Result<void>{};
}

/// Of all endpoints that have one: others were removed, or repaired by hand.
void Courier::note_paces(const std::vector<endpoint_paces::EndpointWithPace>& paces) {
  paces_read_at_ = steady_clock::now();
  std::unordered_set<EndpointId> gone = paced_;
  for (const auto& one : paces) {
    gone.erase(one.endpoint);
    set_paced(one.endpoint, true);
  }
  for (const auto endpoint : gone) set_paced(endpoint, false);
}

void Courier::set_paced(EndpointId endpoint, bool has_pace) {
  const bool is_change = has_pace ? paced_.insert(endpoint).second : paced_.erase(endpoint) > 0;
  if (is_change) counters_.paced += has_pace ? 1 : -1;
  desk_->set_paced(endpoint, has_pace);
}

/// A look at what is due costs a little for each endpoint that waits: only when there may be something new.
bool Courier::wants_claim() {
  const bool has_rung = wake_->has_rung.exchange(false);
  const bool is_due = next_due_ && *next_due_ <= clock_.now();
  const bool was_long_ago = steady_clock::now() - claimed_at_ >= settings_.poll_max;
  return has_rung || is_due || was_long_ago || is_more_due_ || is_room_new_;
}

void Courier::on_turn_failed(const Error& error) {
  if (failures_++ == 0)
    log::error("the courier cannot reach the database and tries again", {{"reason", error.message}});
}

Task<Result<void>> Courier::follow_clock() {
  if (const auto back = step_.back(); !following_ && back > Milliseconds(0)) {
    following_.emplace(Following{.step = {.loop = share_, .by = back, .now = clock_.now()}});
    step_.made_up();  // another step is followed after this one
  }
  if (!following_) co_return Result<void>{};
  const auto step = following_->step;
  using UpTo = std::optional<deliveries::PulledUpTo>;
  while (!following_->have_deliveries) {
    following_->upto = CO_TRY(co_await storage_.write<UpTo>(
        [step, upto = following_->upto](store::Tx& tx) { return deliveries::pull_back(tx, step, upto); }));
    following_->have_deliveries = !following_->upto;
  }
  CO_TRY_VOID(co_await storage_.write<void>([step](store::Tx& tx) { return endpoint_paces::pull_back(tx, step); }));
  following_.reset();
  wake_->has_rung = true;
  log::warn("the clock stepped back; webhooks that wait follow it", {{"seconds", step.by.count() / 1000}});
  co_return Result<void>{};
}

/// One transaction: what has ended is saved, and as much as there is room for is claimed. Returns how many attempts it
/// began.
Task<Result<std::size_t>> Courier::turn(Claiming claiming) {
  CO_TRY_VOID(co_await follow_clock());
  // Owned by this coroutine and by the work, which may run after a cancellation.
  const auto input = std::make_shared<TurnInput>();
  input->ended = std::exchange(ended_, {});
  const auto now = clock_.now();
  const auto room = claiming == Claiming::kYes ? capacity() : 0;
  const auto limit = std::min(room, static_cast<std::size_t>(settings_.batch_max));
  input->claim = {share_, now, now + settings_.lease, static_cast<std::int32_t>(limit),
                  settings_.in_flight_per_endpoint_max};
  input->releases = claiming == Claiming::kYes && is_time_to_release();
  // The courier alone gives paces, but they go with their endpoint, and with its repair.
  input->reads_paces = limit > 0 && !paced_.empty() && steady_clock::now() - paces_read_at_ >= settings_.poll_max;
  if (claiming == Claiming::kYes) {
    is_more_due_ = limit == 0;
    is_room_new_ = false;
  }
  if (limit == 0 && input->ended.empty()) co_return 0;
  if (limit > 0) desk_->begin_claim();

  auto answer =
      co_await storage_.write<TurnAnswer>([input, ids = &ids_, desk = desk_](store::Tx& tx) -> Result<TurnAnswer> {
        TurnAnswer given;
        for (const auto& one : input->ended) TRY_VOID(save(tx, one, *ids, input->claim.in_flight_max, given));
        if (input->releases)
          given.released = TRY(deliveries::release_expired_leases_across_applications(tx, input->claim.now));
        if (input->claim.limit == 0) return given;
        if (input->reads_paces) given.all_paces = TRY(endpoint_paces::load_across_applications(tx, input->claim.loop));
        given.claimed = TRY(deliveries::claim_due(tx, input->claim, *ids));
        // Here, so that an event that is written next finds them taken.
        for (const auto& one : given.claimed) given.places.push_back(desk->occupy(one.endpoint));
        if (static_cast<std::int32_t>(given.claimed.size()) < input->claim.limit) {
          given.next_due = TRY(deliveries::next_due_at(tx, input->claim.loop, input->claim.now));
        }
        return given;
      });
  if (!answer) {
    is_more_due_ = is_more_due_ || claiming == Claiming::kYes;
    if (!is_passing(answer.error()) && !input->ended.empty()) {
      co_await save_one_by_one(std::move(input->ended));
    } else {
      std::ranges::move(input->ended, std::back_inserter(ended_));
    }
    co_return std::unexpected(std::move(answer).error());
  }
  if (answer->released > 0)
    log::warn("webhook attempts outlived their lease and are repeated", {{"attempts", answer->released}});
  const auto begun = answer->claimed.size();
  if (limit > 0) {
    is_more_due_ = begun == limit;
    next_due_ = answer->next_due;
    claimed_at_ = steady_clock::now();
    desk_->end_claim(answer->claimed, is_more_due_);
  }
  note_saved(input->ended, *answer);
  if (answer->all_paces) note_paces(*answer->all_paces);
  for (std::size_t i = 0; i < begun; ++i) spawn(std::move(answer->claimed[i]), std::move(answer->places[i]));
  co_return begun;
}

/// The attempt, what becomes of its delivery, and what it says about the endpoint: its health and its pace. What is no
/// longer in our hands has been, or will be, told by whoever has it.
Result<void> Courier::save(store::Tx& tx, const Ended& one, IdMaker& ids, std::int32_t in_flight_max,
                           TurnAnswer& answer) {
  const auto finished = TRY(deliveries::finish_attempt(tx, one.delivery, one.attempt, one.state, one.next_attempt_at));
  if (!finished.is_counted) return {};
  answer.is_next_free |= finished.is_next_free;
  TRY_VOID(note(tx, one.news, ids));
  if (!one.is_paced && model::pace_sign_of(one.attempt) != model::PaceSign::kOverrun) return {};
  const auto before = TRY(endpoint_paces::find(tx, one.delivery.endpoint));
  const auto allowed = std::min(in_flight_max, one.in_flight_max.value_or(in_flight_max));
  const auto after = model::pace_after(before, one.attempt, one.retry_after, allowed);
  if (after == before && (before || !one.is_paced)) return {};
  if (after != before) TRY_VOID(endpoint_paces::save(tx, one.delivery.endpoint, after));
  answer.paces.emplace_back(one.delivery.endpoint, after);
  return {};
}

/// What ended changes what may be begun next, and when.
void Courier::note_saved(const std::vector<Ended>& saved, const TurnAnswer& answer) {
  is_room_new_ = is_room_new_ || answer.is_next_free;
  for (const auto& one : saved) {
    if (one.next_attempt_at) look_again_at(*one.next_attempt_at);
    is_room_new_ = is_room_new_ || one.is_paced;
  }
  for (const auto& [endpoint, pace] : answer.paces) {
    set_paced(endpoint, pace.has_value());
    if (pace) look_again_at(pace->resumes_at);
    is_room_new_ = is_room_new_ || !pace;
  }
}

void Courier::look_again_at(Time time) { next_due_ = next_due_ ? std::min(*next_due_, time) : time; }

/// After a transaction that failed for what it holds: one bad row must not keep the others from being saved.
Task<void> Courier::save_one_by_one(std::vector<Ended> ended) {
  for (auto& one : ended) {
    const auto shared = std::make_shared<const Ended>(one);  // the work's and ours
    const auto saved = co_await storage_.write<TurnAnswer>(
        [shared, ids = &ids_, max = settings_.in_flight_per_endpoint_max](store::Tx& tx) -> Result<TurnAnswer> {
          TurnAnswer given;
          TRY_VOID(save(tx, *shared, *ids, max, given));
          return given;
        });
    if (saved) {
      note_saved({*shared}, *saved);
      continue;
    }
    if (is_passing(saved.error())) {
      ended_.push_back(std::move(one));
    } else {
      log::error("the end of a webhook attempt cannot be saved: it is repeated when its lease is over",
                 {{"delivery", one.attempt.delivery.text()}, {"reason", saved.error().message}});
    }
  }
}

/// What ended after the last turn is saved, and what did not end is due at once for the next start.
Task<Result<void>> Courier::hand_back() {
  if (ended_.empty() && in_flight_.empty()) co_return Result<void>{};
  std::vector<model::Attempt> interrupted;
  interrupted.reserve(in_flight_.size());
  for (const auto& entry : in_flight_) interrupted.push_back(entry.second.attempt);
  const auto now = clock_.now();
  auto saved =
      co_await storage_.write<void>([ended = ended_, interrupted, now, ids = &ids_,
                                     max = settings_.in_flight_per_endpoint_max](store::Tx& tx) -> Result<void> {
        TurnAnswer ignored;
        for (const auto& one : ended) TRY_VOID(save(tx, one, *ids, max, ignored));
        for (const auto& one : interrupted) TRY(deliveries::interrupt_attempt(tx, one, now));
        return {};
      });
  if (!saved) co_return saved;
  counters_.in_flight -= static_cast<std::int64_t>(in_flight_.size());
  counters_.attempts[static_cast<std::size_t>(model::AttemptResult::kInterrupted)] += in_flight_.size();
  in_flight_.clear();
  ended_.clear();
  co_return saved;
}

std::size_t Courier::slow_count() const {
  const auto slow_since = steady_clock::now() - settings_.slow_after;
  return static_cast<std::size_t>(
      std::ranges::count_if(in_flight_, [&](const auto& entry) { return entry.second.since <= slow_since; }));
}

void Courier::note_slow() {
  const auto slow = static_cast<std::int64_t>(slow_count());
  counters_.slow += slow - std::exchange(slow_noted_, slow);
}

std::size_t Courier::capacity() const {
  const auto slow = slow_count();
  const auto young = in_flight_.size() - slow + ended_.size();
  const auto too_many_slow = slow > settings_.slow_in_flight_max ? slow - settings_.slow_in_flight_max : 0;
  return settings_.in_flight_max - std::min(settings_.in_flight_max, young + too_many_slow);
}

net::Deadline Courier::next_turn_at() const {
  const auto now = steady_clock::now();
  auto at = now + settings_.poll_max;
  if (next_due_)
    at = std::min<net::Deadline>(at, now + std::clamp(*next_due_ - clock_.now(), Milliseconds(0), settings_.poll_max));
  if (!is_more_due_ || state_ != State::kRunning) return at;
  // There was no room. An attempt that ends wakes us; one that hangs makes room by growing old.
  const auto slow_since = now - settings_.slow_after;
  for (const auto& entry : in_flight_) {
    if (entry.second.since > slow_since) at = std::min<net::Deadline>(at, entry.second.since + settings_.slow_after);
  }
  return at;
}

/// Once a lease, and never after the wall clock jumped: attempts in flight would look as if they had outlived theirs.
bool Courier::is_time_to_release() {
  const auto now = steady_clock::now();
  if (now - released_at_ < settings_.lease) return false;
  const auto wall_now = clock_.now();
  const auto difference = (wall_now - released_wall_at_) - std::chrono::duration_cast<Milliseconds>(now - released_at_);
  released_at_ = now;
  released_wall_at_ = wall_now;
  return std::chrono::abs(difference) < kClockTolerance;
}

Task<void> Courier::watch_depth() {
  while (state_ != State::kStopped) {
    const auto depth = co_await storage_.read<store::QueueDepth>(
        [in_flight_max = settings_.in_flight_per_endpoint_max](store::Tx& tx) {
          return deliveries::depth_across_applications(tx, in_flight_max);
        });
    if (depth) {
      const auto now = clock_.now();
      counters_.waiting = depth->waiting;
      counters_.oldest_due_age_ms =
          depth->oldest_due && *depth->oldest_due < now ? (now - *depth->oldest_due).count() : 0;
    }
    if (const auto slept = co_await net::sleep_until(steady_clock::now() + kDepthPause); !slept) co_return;
  }
}

// ── attempts ────────────────────────────────────────────────────────────────────────────────────────────────

void Courier::spawn(deliveries::ClaimedDelivery claimed, std::shared_ptr<Place> place) {
  in_flight_.insert_or_assign(claimed.attempt.id, InFlight{claimed.attempt, steady_clock::now(), std::move(place)});
  ++counters_.in_flight;
  // Claimed by the turn that was under way when stop began: handed back unsent.
  if (state_ == State::kDraining || state_ == State::kStopped) return;
  attempts_.spawn(attempt(std::move(claimed)), "webhook attempt");
}

Task<void> Courier::attempt(deliveries::ClaimedDelivery claimed) {
  const auto& endpoint = claimed.endpoint;
  if (auto reason = model::paused_reason(endpoint, claimed.owner_role); !reason.empty()) {
    Ended ended{.delivery = claimed.delivery, .attempt = claimed.attempt, .state = model::DeliveryState::kFailed};
    ended.attempt.result = model::AttemptResult::kInterrupted;
    ended.attempt.detail = "not sent: " + reason;
    end(claimed, std::move(ended));
    co_return;
  }
  Ended trouble{.delivery = claimed.delivery, .attempt = claimed.attempt};
  trouble.attempt.result = model::AttemptResult::kInternal;
  auto secrets = secrets_.secrets_for(endpoint);
  if (!secrets && co_await secrets_.reload()) secrets = secrets_.secrets_for(endpoint);
  auto own_headers = secrets_.headers_for(endpoint);
  auto url = net::Url::parse(endpoint.url);
  if (!secrets) trouble.attempt.detail = "not sent: there is no live client secret to sign with";
  if (!own_headers) trouble.attempt.detail = "not sent: " + own_headers.error().message;
  if (!url) trouble.attempt.detail = "not sent: " + url.error().message;
  if (secrets && own_headers && url) {
    try {
      const auto budget = std::min<Milliseconds>(endpoint.timeout, settings_.attempt_budget);
      const auto outcome =
          co_await sender_.post(*std::move(url), headers_for(claimed, *secrets, *std::move(own_headers)),
                                claimed.event.body, steady_clock::now() + budget);
      // Broken off by stop(): it stays in flight, to be handed back.
      if (attempts_.is_stopping() && outcome.failure != net::PostOutcome::Failure::kNone) co_return;
      end(claimed, outcome);
      co_return;
    } catch (const std::exception& error) {
      if (attempts_.is_stopping()) throw;
      log::error("a webhook attempt failed unexpectedly",
                 {{"delivery", claimed.delivery.id.text()}, {"reason", error.what()}});
      trouble.attempt.detail = "an error of ours";
    }
  }
  schedule(trouble, claimed);
  end(claimed, std::move(trouble));
}

std::vector<net::Header> Courier::headers_for(const deliveries::ClaimedDelivery& claimed, const SigningSecrets& secrets,
                                              std::vector<net::Header> own) const {
  const auto& endpoint = claimed.endpoint;
  auto headers = sign({endpoint.sends_v1, endpoint.v1_covers_body, endpoint.v2_is_hmac}, secrets, claimed.event.job_id,
                      claimed.event.id.text(), claimed.event.body, clock_.now());
  headers.push_back({"Content-Type", "application/json"});
  headers.push_back({"User-Agent", settings_.user_agent});
  headers.push_back({"webhook-attempt", std::to_string(claimed.attempt.number)});
  if (claimed.delivery.replays > 0) headers.push_back({"Signpost-Replay", "true"});
  std::ranges::move(own, std::back_inserter(headers));
  return headers;
}

void Courier::end(const deliveries::ClaimedDelivery& claimed, const net::PostOutcome& outcome) {
  Ended ended{.delivery = claimed.delivery, .attempt = claimed.attempt};
  auto& attempt = ended.attempt;
  attempt.result = result_of(outcome);
  if (outcome.status != 0) attempt.status = outcome.status;
  attempt.cause = outcome.cause;
  attempt.detail = sentence_of(outcome);
  attempt.remote_address = storable(outcome.remote_address, kDetailBytesMax);
  attempt.response_body = storable(outcome.response_body, model::kResponseKeptBytesMax);
  attempt.timing = timing_of(outcome);
  ended.news.answer = answer_of(outcome);
  ended.news.wants_no_more = wants_no_more(outcome);
  const bool is_given_up = ended.news.wants_no_more || equals_ignoring_case(trim(outcome.wish), "abort-message");
  switch (ended.news.answer) {
    case EndpointNews::Answer::kTaken:
      ended.state = model::DeliveryState::kDelivered;
      break;
    case EndpointNews::Answer::kGone:
      ended.state = model::DeliveryState::kFailed;
      break;
    case EndpointNews::Answer::kFailed:
    case EndpointNews::Answer::kNothing:
      ended.retry_after = model::parse_retry_after(outcome.retry_after, clock_.now());
      if (is_given_up) {
        ended.state = model::DeliveryState::kFailed;
      } else {
        schedule(ended, claimed);
      }
      break;
  }
  end(claimed, std::move(ended));
}

void Courier::schedule(Ended& ended, const deliveries::ClaimedDelivery& claimed) const {
  const auto made = ended.attempt.number - claimed.delivery.attempts_before;  // since it was last asked for
  ended.next_attempt_at =
      model::next_attempt(claimed.endpoint.schedule, made, clock_.now(), jitter_of(random_), ended.retry_after);
  ended.state = ended.next_attempt_at ? model::DeliveryState::kPending : model::DeliveryState::kFailed;
}

void Courier::end(const deliveries::ClaimedDelivery& claimed, Ended ended) {
  const auto now = clock_.now();
  const auto endpoint = claimed.delivery.endpoint;
  ended.attempt.ended_at = now;
  ended.is_paced = paced_.contains(endpoint);
  ended.in_flight_max = claimed.endpoint.in_flight_max;
  counters_.attempt_took.note(now - ended.attempt.started_at);
  auto& news = ended.news;
  news.application = claimed.delivery.application;
  news.endpoint = claimed.endpoint.id;
  news.failing_since = claimed.endpoint.failing_since;
  if (news.answer == EndpointNews::Answer::kTaken) news.has_failed_since = failed_.erase(endpoint) > 0;
  news.at = now;
  if (news.answer == EndpointNews::Answer::kFailed || news.answer == EndpointNews::Answer::kGone) {
    news.detail = ended.attempt.detail;
    if (ended.state == model::DeliveryState::kFailed) news.given_up = claimed.delivery.id;
    if (!news.failing_since) failed_.insert(endpoint);
  }
  ++counters_.attempts[static_cast<std::size_t>(ended.attempt.result)];
  --counters_.in_flight;
  if (ended.state == model::DeliveryState::kDelivered) {
    ++counters_.delivered;
    counters_.delivered_after.note(now - claimed.event.created_at);
  }
  if (ended.state == model::DeliveryState::kFailed) {
    ++counters_.failed;
    ++counters_.failed_by[static_cast<std::size_t>(ended.attempt.result)];
    log::warn("a webhook could not be delivered and is kept as failed",
              {{"delivery", claimed.delivery.id.text()},
               {"event", claimed.event.id.text()},
               {"endpoint", claimed.endpoint.id.text()},
               {"application", claimed.delivery.application.text()},
               {"attempts", ended.attempt.number},
               {"result", model::name_of(ended.attempt.result)},
               {"detail", ended.attempt.detail}});
  }
  is_room_new_ = is_room_new_ || desk_->has_backlog(endpoint);
  in_flight_.erase(ended.attempt.id);
  ended_.push_back(std::move(ended));
  wake_->signal.notify();
}

}  // namespace signpost::services
