// SPDX-License-Identifier: Apache-2.0
//
// Runs one coroutine of a test to its end on the test's loop, servers of the same loop included.
// Test only; the test's thread. Throws what the coroutine throws, and after half a minute.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>
#include <stdexcept>

#include "net/task.h"

namespace signpost::dns::testing {

inline void on_loop(net::Loop& loop, Task<void> task) {
  std::exception_ptr thrown;
  bool is_done = false;
  loop.restart();
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error) {
    thrown = error;
    is_done = true;
    loop.stop();
  });
  loop.run_for(std::chrono::seconds(30));
  if (thrown) std::rethrow_exception(thrown);
  if (!is_done) throw std::runtime_error("the task did not end in half a minute");
}

template <typename T>
Task<void> keep(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}

template <typename T>
T on_loop(net::Loop& loop, Task<T> task) {
  std::optional<T> result;
  on_loop(loop, keep(std::move(task), result));
  return *std::move(result);
}

}  // namespace signpost::dns::testing
