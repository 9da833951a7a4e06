// SPDX-License-Identifier: Apache-2.0
#include "net/wait.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/log.h"

namespace signpost::net {

Task<Result<void>> sleep_until(Deadline deadline) {
  Timer timer(co_await boost::asio::this_coro::executor, deadline);
  const auto [error] = co_await timer.async_wait(boost::asio::as_tuple(use_task));
  if (error) co_return fail(Kind::kUnavailable, "the wait was cancelled");
  co_return Result<void>{};
}

Signal::Signal(Executor executor) : state_(std::make_shared<State>(executor)) {}

Task<void> Signal::wait_until(Deadline deadline) { return wait(state_, deadline); }

Task<void> Signal::wait(std::shared_ptr<State> state, Deadline deadline) {
  if (state->is_waiting) {
    log::error("a signal has two waiters");
    std::abort();
  }
  if (!state->is_set) {
    state->is_waiting = true;
    state->timer.expires_at(deadline);
    co_await state->timer.async_wait(boost::asio::as_tuple(use_task));
    state->is_waiting = false;
  }
  state->is_set = false;
}

void Signal::raise(State& state) {
  state.is_set = true;
  if (state.is_waiting) state.timer.cancel();
}

void Signal::notify() { raise(*state_); }

void Signal::notify_from_any_thread() {
  if (state_->is_posted.exchange(true)) return;
  boost::asio::post(state_->timer.get_executor(), [state = state_] {
    state->is_posted = false;
    raise(*state);
  });
}

}  // namespace signpost::net
