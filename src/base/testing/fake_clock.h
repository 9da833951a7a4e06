// SPDX-License-Identifier: Apache-2.0
//
// A clock whose hands the test turns. Any thread.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace signpost::testing {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(Time start = from_ms(1'800'000'000'000)) : ms_(to_ms(start)) {}
  Time now() const override { return from_ms(ms_.load()); }
  void advance(Milliseconds by) { ms_ += by.count(); }
  void set(Time time) { ms_ = to_ms(time); }

 private:
  std::atomic<std::int64_t> ms_;
};

}  // namespace signpost::testing
