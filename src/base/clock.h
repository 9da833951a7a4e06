// SPDX-License-Identifier: Apache-2.0
//
// The only door to the real time, so that tests can turn its hands.
// Owned by app/wiring (SystemClock) or a test (testing::FakeClock); any thread; must outlive its users.
#pragma once

#include <chrono>

#include "base/time.h"

namespace signpost {

class Clock {
 public:
  Clock() = default;
  virtual ~Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  /// Wall time. May jump, also backwards: schedules that must not storm compare and clamp.
  virtual Time now() const = 0;
  /// Time that only goes forward, from no date in particular. Against it a step of the wall time can be seen.
  virtual std::chrono::steady_clock::time_point steady_now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()); }
  std::chrono::steady_clock::time_point steady_now() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace signpost
