// SPDX-License-Identifier: Apache-2.0
#include "store/work_queue.h"

#include <exception>

#include "base/text.h"

namespace signpost::store {

void WorkQueue::push(Work work, Done done) {
  const char* refusal = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (is_stopped_) {
      refusal = "the database is closing: try again when the server is back";
    } else if (items_.size() >= waiting_max_) {
      refusal = "too many requests wait for the database: try again shortly";
    } else {
      items_.push_back({std::move(work), std::move(done)});
    }
  }
  if (refusal != nullptr) {
    done(std::unexpected(unavailable(refusal)));
  } else {
    is_waiting_.notify_one();
  }
}

std::vector<WorkQueue::Item> WorkQueue::take(std::size_t count_max) {
  std::unique_lock lock(mutex_);
  is_waiting_.wait(lock, [this] { return is_stopped_ || !items_.empty(); });
  std::vector<Item> taken;
  taken.reserve(std::min(count_max, items_.size()));
  while (!items_.empty() && taken.size() < count_max) {
    taken.push_back(std::move(items_.front()));
    items_.pop_front();
  }
  return taken;
}

void WorkQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  is_waiting_.notify_all();
}

std::size_t WorkQueue::size() const {
  const std::lock_guard lock(mutex_);
  return items_.size();
}

Error unavailable(std::string message) {
  return Error{Kind::kUnavailable, std::move(message), {}, std::chrono::seconds(1)};
}

Result<void> run_work(Work& work, Tx& tx) {
  Result<void> outcome;
  try {
    outcome = work(tx);
  } catch (const std::exception& bug) {
    return fail(Kind::kInternal, format("a database work ended with an exception: {}", bug.what()));
  }
  if (outcome && tx.failure()) return std::unexpected(*tx.failure());
  return outcome;
}

}  // namespace signpost::store
