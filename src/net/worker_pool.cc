// SPDX-License-Identifier: Apache-2.0
#include "net/worker_pool.h"

#include <algorithm>
#include <utility>

namespace signpost::net {

WorkerPool::WorkerPool(std::size_t threads_max, std::size_t waiting_max)
    : threads_max_(std::max<std::size_t>(threads_max, 1)), waiting_max_(waiting_max) {}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

WorkerPool::Admission WorkerPool::run(Work&& work) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= waiting_max_) return Admission::kFull;
    waiting_.push_back(std::move(work));
    if (waiting_.size() > idle_ && threads_.size() < threads_max_) threads_.emplace_back([this] { serve(); });
  }
  changed_.notify_one();
  return Admission::kTaken;
}

void WorkerPool::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [this] { return is_closing_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty()) return;
    Work work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // what it holds dies outside the lock
    lock.lock();
  }
}

}  // namespace signpost::net
