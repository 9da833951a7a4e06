// SPDX-License-Identifier: Apache-2.0
//
// Ways to wait: for an instant, for a signal, for an answer from another thread.
// Values and members of what lives on a loop; the loop's thread, but for what says "any thread".
// A wait never blocks the loop, and always ends: by its deadline, or because the other side must answer.
#pragma once

#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "net/task.h"

namespace signpost::net {

/// Returns at the deadline; kUnavailable if the task was cancelled before.
Task<Result<void>> sleep_until(Deadline deadline);

/// An auto-reset flag that one coroutine of one loop waits for. Notifications before the wait count, several count as
/// one.
class Signal {
 public:
  explicit Signal(Executor executor);
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  /// Until notified or the deadline. One waiter at a time.
  Task<void> wait_until(Deadline deadline);
  /// On the loop.
  void notify();
  /// From any thread, while the loop lives; the Signal itself may die before the notification arrives.
  void notify_from_any_thread();

 private:
  // Owned by the Signal and by notifications under way from other threads.
  struct State {
    explicit State(const Executor& executor) : timer(executor) {}
    Timer timer;
    bool is_set = false;
    bool is_waiting = false;
    std::atomic<bool> is_posted{false};
  };
  static Task<void> wait(std::shared_ptr<State> state, Deadline deadline);
  static void raise(State& state);
  std::shared_ptr<State> state_;
};

namespace detail {
template <typename T>
struct HopTypes {
  using Signature = void(T);
};
template <>
struct HopTypes<void> {
  using Signature = void();
};
}  // namespace detail

/// The other end of a hop: called exactly once, from any thread, with the answer. Move-only; keeps the loop at work
/// until then. One that dies uncalled would leave its coroutine suspended for ever, so that aborts.
template <typename T>
class Resume {
 public:
  using Signature = typename detail::HopTypes<T>::Signature;
  using Handler = typename boost::asio::async_result<boost::asio::use_awaitable_t<Executor>, Signature>::handler_type;

  explicit Resume(Handler handler) : pending_(std::in_place, std::move(handler)) {}
  Resume(Resume&& other) noexcept : pending_(std::exchange(other.pending_, std::nullopt)) {}
  Resume& operator=(Resume&&) = delete;
  ~Resume() {
    if (pending_) std::abort();
  }

  template <typename... Value>
  void operator()(Value&&... value) {
    Pending pending = *std::exchange(pending_, std::nullopt);
    const auto executor = pending.work.get_executor();
    // The work guard travels with the handler: once it runs, its loop may die, and this thread must not touch it any
    // more.
    if constexpr (sizeof...(Value) == 0) {
      boost::asio::post(executor, [pending = std::move(pending)]() mutable { std::move(pending.handler)(); });
    } else {
      static_assert(sizeof...(Value) == 1);
      boost::asio::post(executor, [pending = std::move(pending), result = T(std::forward<Value>(value)...)]() mutable {
        std::move(pending.handler)(std::move(result));
      });
    }
  }

 private:
  struct Pending {
    explicit Pending(Handler h) : handler(std::move(h)), work(boost::asio::get_associated_executor(handler)) {}
    Handler handler;
    boost::asio::executor_work_guard<Executor> work;
  };
  std::optional<Pending> pending_;
};

/// Leaves the loop for an answer that another thread gives, with one post back:
/// `const int sum = co_await hop<int>([&](Resume<int> resume) { queue.push(std::move(resume)); });`, later
/// `resume(42)`. `start` runs at once on the loop. Cannot be cancelled: whoever took the Resume answers in bounded
/// time.
template <typename T, typename Start>
Task<T> hop(Start start) {
  using Token = boost::asio::use_awaitable_t<Executor>;
  return boost::asio::async_initiate<const Token&, typename detail::HopTypes<T>::Signature>(
      [start = std::move(start)](typename Resume<T>::Handler handler) mutable { start(Resume<T>(std::move(handler))); },
      use_task);
}

}  // namespace signpost::net
