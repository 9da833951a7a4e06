// SPDX-License-Identifier: Apache-2.0
//
// Tasks with one owner, who can stop them and wait until they have ended.
// Owned by the object whose members the tasks use; all calls on its one loop.
// A task never outlives its group: the destructor aborts if one is left, because it could not wait for it.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <cstddef>
#include <exception>
#include <list>
#include <vector>

#include "net/task.h"
#include "net/wait.h"

namespace signpost::net {

class TaskGroup {
 public:
  explicit TaskGroup(Executor executor);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts the task: on the loop it runs at once up to its first wait. `name` must be a literal: the log shows it if
  /// an exception escapes (a bug of ours, unless it is operation_aborted). A group that is stopping drops the task
  /// unstarted.
  void spawn(Task<void> task, const char* name);

  /// Cancels every task (waits inside end with operation_aborted, and the co_await after that throws) and waits until
  /// all have ended. A task that is in a hop<T>() ends when the hop does. Not to be awaited by a task of the group
  /// itself.
  Task<void> stop();

  /// Waits until no task is left, without cancelling any, but at most until the deadline.
  Task<void> wait_until_empty(Deadline deadline);

  bool is_stopping() const { return is_stopping_; }
  std::size_t size() const { return running_.size(); }
  const Executor& executor() const { return executor_; }

 private:
  struct Entry {
    boost::asio::cancellation_signal signal;
    const char* name;
  };
  void on_end(std::list<Entry>::iterator entry, const std::exception_ptr& error);

  Executor executor_;
  std::list<Entry> running_;
  std::list<Entry> ended_;        // kept until the next spawn: a signal may not die inside its own task's completion
  std::vector<Signal*> waiters_;  // for the last task to end
  bool is_stopping_ = false;
};

}  // namespace signpost::net
