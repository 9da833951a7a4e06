// SPDX-License-Identifier: Apache-2.0
//
// A clock whose hands the test turns. Any thread.
// Turned forward, time has passed; turned backward, the wall time has stepped back and the steady time stands.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/clock.h"

namespace signpost::testing {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(Time start = from_ms(1'800'000'000'000)) : ms_(to_ms(start)) {}
  Time now() const override { return from_ms(ms_.load()); }
  std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::time_point(Milliseconds(steady_ms_.load()));
  }
  void advance(Milliseconds by) {
    ms_ += by.count();
    pass(by.count());
  }
  void set(Time time) { pass(to_ms(time) - ms_.exchange(to_ms(time))); }

 private:
  void pass(std::int64_t ms) { steady_ms_ += std::max<std::int64_t>(ms, 0); }

  std::atomic<std::int64_t> ms_;
  std::atomic<std::int64_t> steady_ms_{0};
};

}  // namespace signpost::testing
