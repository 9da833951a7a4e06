// SPDX-License-Identifier: Apache-2.0
#include "net/watchdog.h"

#include <utility>

namespace signpost::net {

Watchdog::Watchdog(const Executor& executor, std::function<void()> on_expiry)
    : state_(std::make_shared<State>(executor)) {
  state_->on_expiry = std::move(on_expiry);
}

Watchdog::~Watchdog() {
  state_->on_expiry = nullptr;
  state_->deadline = Deadline::max();
  state_->timer.cancel();
}

void Watchdog::arm(Deadline deadline) {
  state_->deadline = deadline;
  if (state_->waits_until <= deadline) return;  // it looks again when that wait ends
  state_->waits_until = deadline;
  state_->timer.expires_at(deadline);
  wait(state_);
}

void Watchdog::disarm() { state_->deadline = Deadline::max(); }

void Watchdog::wait(const std::shared_ptr<State>& state) {
  state->timer.async_wait([state](const boost::system::error_code& error) {
    if (error) return;  // moved to an earlier instant, or dead
    state->waits_until = Deadline::max();
    if (state->deadline == Deadline::max()) return;
    if (state->deadline > std::chrono::steady_clock::now()) {
      state->waits_until = state->deadline;
      state->timer.expires_at(state->deadline);
      return wait(state);
    }
    state->has_fired = true;
    if (state->on_expiry) state->on_expiry();
  });
}

}  // namespace signpost::net
