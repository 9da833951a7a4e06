// SPDX-License-Identifier: Apache-2.0
//
// The loops of the process: one io_context and one thread each, and nothing of ours ever runs on two of them at once.
// Owned by app/wiring or a test; built and stopped by one thread, `at` from any. Everything that lives on a loop is
// stopped before stop_and_join and destroyed before the Loops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "net/task.h"

namespace signpost::net {

class Loops {
 public:
  /// `count` loops (at least 1); none runs before start().
  explicit Loops(std::size_t count);
  ~Loops();
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;

  Loop& at(std::size_t index) { return *loops_.at(index); }
  std::size_t size() const { return loops_.size(); }
  /// Which of them runs the caller; only on a loop.
  std::size_t here() const;
  /// The loop that works on rows of this partition.
  Loop& of_partition(std::int16_t partition) { return *loops_[static_cast<std::size_t>(partition) % loops_.size()]; }

  /// One thread per loop; they run until stop_and_join even if there is nothing to do.
  void start();
  bool is_running() const { return !threads_.empty(); }
  /// Ends every loop after the handler it is in. What is still suspended never resumes: stop the groups first.
  /// Idempotent.
  void stop_and_join();

 private:
  using WorkGuard = boost::asio::executor_work_guard<Executor>;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<WorkGuard> guards_;
  std::vector<std::thread> threads_;
};

}  // namespace signpost::net
