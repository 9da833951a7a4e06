// SPDX-License-Identifier: Apache-2.0
//
// Carries events to endpoints: takes deliveries that have begun (services/handover.h), claims those that are due, signs
// and sends them, writes how each attempt ended and what that says about its endpoint's pace (model/endpoint_pace.h).
// Owned by app/wiring, one per loop for the partitions of that loop; every call on that loop; `stop` is awaited before
// it dies. No request leaves before its open attempt is committed, and an attempt that did not come to its end is
// repeated with the same bytes.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/clock_step.h"
#include "crypto/random.h"
#include "model/delivery.h"
#include "net/loops.h"
#include "net/post_sender.h"
#include "net/task_group.h"
#include "net/wait.h"
#include "services/bell.h"
#include "services/endpoint_health.h"
#include "services/storage.h"
#include "services/webhook_signature.h"
#include "store/deliveries.h"
#include "store/endpoint_paces.h"

namespace signpost::services {

/// Who knows the client secrets. Any thread.
class SecretSource {
 public:
  SecretSource() = default;
  virtual ~SecretSource() = default;
  SecretSource(const SecretSource&) = delete;
  SecretSource& operator=(const SecretSource&) = delete;
  /// As of now; nothing for an unknown application or one without a live secret.
  virtual std::optional<SigningSecrets> secrets_of(ApplicationId application) const = 0;
  /// What signs for this endpoint: its own secrets if it has some, else the application's.
  virtual std::optional<SigningSecrets> secrets_for(const model::Endpoint& endpoint) const {
    return secrets_of(endpoint.application);
  }
  /// The endpoint's own headers, opened. kUnprocessable if one does not open.
  virtual Result<std::vector<net::Header>> headers_for(const model::Endpoint& /*endpoint*/) const {
    return std::vector<net::Header>{};
  }
  /// Looks again for what another process may have written a moment ago: a new application's first event must not wait.
  virtual Task<Result<void>> reload() { co_return Result<void>{}; }
};

/// How long something took, for metrics. Any thread.
class DurationCounts {
 public:
  static constexpr std::array<std::int64_t, 14> kBoundsMs{1,   2,   5,     10,    25,     50,     100,
                                                          250, 500, 1'000, 5'000, 15'000, 60'000, 600'000};
  void note(Milliseconds took);
  /// At most `kBoundsMs[i]`; the last one: longer than all. Not cumulative.
  std::uint64_t count(std::size_t i) const { return counts_[i].load(std::memory_order_relaxed); }
  std::uint64_t sum_ms() const { return sum_ms_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<std::uint64_t>, kBoundsMs.size() + 1> counts_{};
  std::atomic<std::uint64_t> sum_ms_{0};
};

/// For metrics; shared by the couriers of all loops. Any thread.
struct CourierCounters {
  static constexpr std::size_t kResults = static_cast<std::size_t>(model::AttemptResult::kInternal) + 1;
  std::array<std::atomic<std::uint64_t>, kResults> attempts{};   // ended, by AttemptResult
  std::atomic<std::uint64_t> delivered{0};                       // deliveries
  std::atomic<std::uint64_t> failed{0};                          // deliveries, after the last retry
  std::array<std::atomic<std::uint64_t>, kResults> failed_by{};  // the same, by the result of the last attempt
  std::atomic<std::int64_t> in_flight{0};                        // attempts
  std::atomic<std::int64_t> slow{0};                             // of them, older than slow_after, as of the last look
  std::atomic<std::int64_t> paced{0};                            // endpoints that are sent to more slowly
  DurationCounts delivered_after;                                // from the event to the answer that counts
  DurationCounts attempt_took;                                   // every attempt that ended
  std::atomic<std::int64_t> waiting{0};                          // deliveries, as of the last look (kDepthPause)
  std::atomic<std::int64_t> oldest_due_age_ms{0};  // how long the longest overdue delivery has been due; 0 if none is
};

class Courier {
 public:
  struct Settings {
    std::int32_t in_flight_per_endpoint_max = 8;  // of one endpoint at a time
    std::size_t in_flight_max = 256;              // attempts of this loop at a time that are younger than slow_after
    // Those that hang move out of the way of the others, up to this many of this loop; what is over takes the room of
    // young ones. It bounds memory (about 16 KiB each) and sockets.
    std::size_t slow_in_flight_max = 2048;
    Milliseconds slow_after{1'000};
    std::int32_t batch_max = 64;                       // rows of one claim
    Milliseconds attempt_budget = model::kTimeoutMax;  // at most, whatever timeout the endpoint has
    Milliseconds lease{60'000};                        // longer than attempt_budget and a slow disk together
    Milliseconds poll_max = kBellHorizon;              // real time; so a jump of the clock is noticed within it
    std::string user_agent = "Signpost";
  };
  static constexpr Milliseconds kDepthPause{10'000};

  /// For the partitions of `loops.at(index)`. Registers at the bell. Everything given outlives the courier.
  Courier(Storage& storage, Bell& bell, const Clock& clock, IdMaker& ids, crypto::Random& random, SecretSource& secrets,
          net::PostSender& sender, CourierCounters& counters, net::Loops& loops, std::size_t index, Settings settings);
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  /// Once per process, before the first courier starts: attempts that an earlier process left open end as interrupted,
  /// and their deliveries are due at once. Returns how many. If the clock was set back since, `ids` go on growing, and
  /// what waits is due as soon as it would have been.
  static Task<Result<std::int64_t>> release_left_behind(Storage& storage, const Clock& clock, IdMaker& ids);

  /// Works until stop.
  void start();

  /// Claims nothing more, gives the attempts in flight `budget`, cancels the rest and hands their deliveries back, due
  /// at once. If even that cannot be written, they stay open until release_left_behind. Idempotent.
  Task<void> stop(Milliseconds budget);

  /// One claim and its attempts to their end: how many ran. What start() repeats; tests turn it by hand, without
  /// start().
  Task<Result<std::size_t>> run_once();

 private:
  /// How an attempt ended and what becomes of its delivery.
  struct Ended {
    model::Delivery delivery;
    model::Attempt attempt;
    model::DeliveryState state = model::DeliveryState::kPending;
    std::optional<Time> next_attempt_at;
    std::optional<std::chrono::seconds> retry_after;
    std::optional<std::int32_t> in_flight_max{};  // the endpoint's own
    bool is_paced = false;
    EndpointNews news{};
  };
  struct InFlight {
    model::Attempt attempt;
    std::chrono::steady_clock::time_point since;
    std::shared_ptr<Place> place;
  };
  /// Rung by the bell; it may outlive the courier, so both own it.
  struct Wake {
    explicit Wake(const net::Executor& executor) : signal(executor) {}
    net::Signal signal;
    std::atomic<bool> has_rung{true};
  };
  struct TurnInput;
  struct TurnAnswer;
  enum class Claiming { kYes, kNo };
  static Result<void> save(store::Tx& tx, const Ended& one, IdMaker& ids, std::int32_t in_flight_max,
                           TurnAnswer& answer);

  Task<void> run();
  Task<void> receive();
  Task<void> watch_depth();
  Task<Result<void>> load_paces();
  void note_paces(const std::vector<store::endpoint_paces::EndpointWithPace>& paces);
  void set_paced(EndpointId endpoint, bool has_pace);
  bool wants_claim();
  Task<Result<std::size_t>> turn(Claiming claiming);
  /// After the wall clock stepped back: retries are due as soon as they would have been. One that fails goes on where
  /// it was.
  Task<Result<void>> follow_clock();
  Task<void> save_one_by_one(std::vector<Ended> ended);
  Task<Result<void>> hand_back();
  Task<void> attempt(store::deliveries::ClaimedDelivery claimed);
  void spawn(store::deliveries::ClaimedDelivery claimed, std::shared_ptr<Place> place);
  void take_handed();
  void note_saved(const std::vector<Ended>& saved, const TurnAnswer& answer);
  void look_again_at(Time time);
  void end(const store::deliveries::ClaimedDelivery& claimed, const net::PostOutcome& outcome);
  void end(const store::deliveries::ClaimedDelivery& claimed, Ended ended);
  void on_turn_failed(const Error& error);

  std::vector<net::Header> headers_for(const store::deliveries::ClaimedDelivery& claimed, const SigningSecrets& secrets,
                                       std::vector<net::Header> own) const;
  void schedule(Ended& ended, const store::deliveries::ClaimedDelivery& claimed) const;
  std::size_t slow_count() const;
  void note_slow();
  std::size_t capacity() const;
  net::Deadline next_turn_at() const;
  bool is_time_to_release();

  Storage& storage_;
  const Clock& clock_;
  IdMaker& ids_;
  crypto::Random& random_;
  SecretSource& secrets_;
  net::PostSender& sender_;
  CourierCounters& counters_;
  const store::Loop share_;
  const Settings settings_;

  net::TaskGroup lifelong_;  // run, receive and watch_depth
  net::TaskGroup attempts_;  // one task per claimed delivery
  // Owned by the courier, and by the callbacks of bell and desk while they ring: those may outlive the loop, the
  // signals' timers may not.
  std::shared_ptr<Wake> wake_;
  std::shared_ptr<net::Signal> handed_;
  std::shared_ptr<HandoverDesk> desk_;  // and of the handover's
  std::unordered_map<AttemptId, InFlight> in_flight_;
  std::unordered_set<EndpointId> paced_;
  std::chrono::steady_clock::time_point paces_read_at_;
  // To which an attempt failed when its claim had not read of a run of failures: those under way beside it have not
  // either.
  std::unordered_set<EndpointId> failed_;
  std::vector<Ended> ended_;  // not yet saved; still counted as in flight
  std::optional<Time> next_due_;
  bool is_more_due_ = false;  // the last claim was full
  bool is_room_new_ = false;  // an endpoint that held all it might, or a connection's order, lets another one go
  std::chrono::steady_clock::time_point claimed_at_;
  int failures_ = 0;             // of the database, in a row
  std::int64_t slow_noted_ = 0;  // of mine in counters_.slow
  ClockStep step_;
  /// A step of the clock that not all have followed yet.
  struct Following {
    store::PullBack step;
    std::optional<store::deliveries::PulledUpTo> upto{};
    bool have_deliveries = false;
  };
  std::optional<Following> following_;
  std::chrono::steady_clock::time_point released_at_;
  Time released_wall_at_{};
  enum class State { kIdle, kRunning, kDraining, kStopped } state_ = State::kIdle;
};

}  // namespace signpost::services
