// SPDX-License-Identifier: Apache-2.0
//
// One coarse timer of a connection: arming it later than it already waits costs nothing, so that a busy connection sets
// no timer at all. A member of the connection; its loop only. After the deadline the action runs once, unless the
// watchdog was disarmed, moved on or dead.
#pragma once

#include <functional>
#include <memory>

#include "net/task.h"

namespace signpost::net {

class Watchdog {
 public:
  /// `on_expiry` closes the socket, typically.
  Watchdog(const Executor& executor, std::function<void()> on_expiry);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void arm(Deadline deadline);
  void disarm();
  bool has_fired() const { return state_->has_fired; }

 private:
  // Owned by the Watchdog and by the wait under way.
  struct State {
    explicit State(const Executor& executor) : timer(executor) {}
    Timer timer;
    Deadline deadline = Deadline::max();
    Deadline waits_until = Deadline::max();
    std::function<void()> on_expiry;
    bool has_fired = false;
  };
  static void wait(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;
};

}  // namespace signpost::net
