// SPDX-License-Identifier: Apache-2.0
//
// Works that wait for a database thread, first come first served, up to a limit.
// Owned by a Database; any thread. Every Done is called exactly once: by the thread that took its work, or at once when
// refused.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "store/database.h"

namespace signpost::store {

class WorkQueue {
 public:
  struct Item {
    Work work;
    Done done;
  };

  explicit WorkQueue(std::size_t waiting_max) : waiting_max_(waiting_max) {}

  /// Refused with kUnavailable, retry after 1 s, when `waiting_max` wait already or after stop().
  void push(Work work, Done done);
  /// At most `count_max` of those that wait; blocks while none does. Empty: stopped and nothing is left.
  std::vector<Item> take(std::size_t count_max);
  void stop();
  std::size_t size() const;

 private:
  const std::size_t waiting_max_;
  mutable std::mutex mutex_;
  std::condition_variable is_waiting_;
  std::deque<Item> items_;
  bool is_stopped_ = false;
};

/// kUnavailable, worth another try after a second.
Error unavailable(std::string message);

/// Runs the work; an exception (a bug) becomes kInternal, and a statement that failed makes the work fail whatever it
/// returned.
Result<void> run_work(Work& work, Tx& tx);

}  // namespace signpost::store
