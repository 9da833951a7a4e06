// SPDX-License-Identifier: Apache-2.0
//
// Runs a task to its end from a test: on a loop that no thread serves, or on one of started Loops.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <optional>
#include <utility>

#include "net/loops.h"
#include "net/task.h"

namespace signpost::net::testing {

/// The test's own thread is the loop's for as long as the task takes.
template <typename T>
T run_task(Loop& loop, Task<T> task) {
  auto result = boost::asio::co_spawn(loop, std::move(task), boost::asio::use_future);
  loop.restart();
  while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) loop.run_one();
  return result.get();
}

/// Blocks the test's thread while another serves the loop.
template <typename T>
T wait_for_task(Loop& served, Task<T> task) {
  return boost::asio::co_spawn(served, std::move(task), boost::asio::use_future).get();
}

}  // namespace signpost::net::testing
