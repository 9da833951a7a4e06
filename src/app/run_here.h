// SPDX-License-Identifier: Apache-2.0
//
// Runs one task to its end on the calling thread, for start-up and for commands.
// Functions of the main thread.
#pragma once

#include <optional>
#include <utility>

#include "net/task.h"
#include "net/task_group.h"

namespace signpost::app {

namespace detail {
template <typename T>
Task<void> keep(Task<T> task, std::optional<T>& answer) {
  answer.emplace(co_await std::move(task));
}
template <typename T>
Task<void> keep_and_stop(Task<T> task, std::optional<T>& answer, net::Loop& loop) {
  // Whatever else the loop has to do.
  struct Stop {
    net::Loop& loop;
    ~Stop() { loop.stop(); }
  } const stop{loop};
  answer.emplace(co_await std::move(task));
}
}  // namespace detail

/// The task may use only what lives on this loop or on none. An exception in it is a bug and ends in
/// std::bad_optional_access.
template <typename T>
T run_here(net::Loop& loop, Task<T> task) {
  std::optional<T> answer;
  net::TaskGroup group(loop.get_executor());
  group.spawn(detail::keep(std::move(task), answer), "start-up");
  loop.restart();
  loop.run();
  return std::move(answer).value();
}

/// The same on a loop of the house before it is started: for tasks that other threads resume. Such a thread may still
/// be busy with the loop when the task has gone on, so the loop must live longer than the call.
template <typename T>
T run_ahead(net::Loop& loop, Task<T> task) {
  std::optional<T> answer;
  net::TaskGroup group(loop.get_executor());
  group.spawn(detail::keep_and_stop(std::move(task), answer, loop), "start-up");
  loop.restart();
  loop.run();
  loop.restart();
  return std::move(answer).value();
}

}  // namespace signpost::app
