// SPDX-License-Identifier: Apache-2.0
//
// A few threads for calls that block (the system's resolver, libcurl), with a bounded queue before them.
// Owned by the class that blocks; any thread. A thread begins when a work finds none that is free. The destructor runs
// what still waits, with is_closing() true, and joins.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace signpost::net {

class WorkerPool {
 public:
  using Work = std::move_only_function<void()>;
  enum class Admission { kTaken, kFull };

  WorkerPool(std::size_t threads_max, std::size_t waiting_max);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Moves from `work` only if it is taken.
  Admission run(Work&& work);
  /// For works to answer at once instead of beginning something slow.
  bool is_closing() const { return is_closing_.load(); }

 private:
  void serve();
  const std::size_t threads_max_;
  const std::size_t waiting_max_;
  std::atomic<bool> is_closing_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> waiting_;
  std::size_t idle_ = 0;  // threads that wait for a work
  std::vector<std::thread> threads_;
};

}  // namespace signpost::net
