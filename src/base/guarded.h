// SPDX-License-Identifier: Apache-2.0
//
// A value that can only be reached through its lock.
// Owned by whoever holds it; any thread. No lock is ever held over a co_await: `with` takes a plain function.
#pragma once

#include <mutex>
#include <utility>

namespace signpost {

template <typename T>
class Guarded {
 public:
  template <typename... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}
  template <typename Work>
  decltype(auto) with(Work&& work) {
    const std::lock_guard lock(mutex_);
    return std::forward<Work>(work)(value_);
  }
  template <typename Work>
  decltype(auto) with(Work&& work) const {
    const std::lock_guard lock(mutex_);
    return std::forward<Work>(work)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace signpost
