// SPDX-License-Identifier: Apache-2.0
//
// Runs one task to its end on the calling thread, for start-up and for commands.
// Functions of the main thread; the loop lives as long as the call.
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

template <typename T>
T run_here(Task<T> task) {
  net::Loop loop(1);
  return run_here(loop, std::move(task));
}

}  // namespace signpost::app
