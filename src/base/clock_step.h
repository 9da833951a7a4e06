// SPDX-License-Identifier: Apache-2.0
//
// How far the wall clock has stepped back against the steady one, so that whoever waits for times of before can follow.
// Owned by who waits; its thread; the clock outlives it.
// A step forward is no matter: what became due is due. A slow correction of a clock stays below kTolerance.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace signpost {

class ClockStep {
 public:
  static constexpr Milliseconds kTolerance = std::chrono::seconds(1);  // between two calls of back()

  explicit ClockStep(const Clock& clock);

  /// What has not been made up for; 0 while the clock runs as it should. Called every few seconds.
  Milliseconds back();
  /// Everybody who waits has followed, as far as back() said last.
  void made_up() { back_ = Milliseconds(0); }

 private:
  const Clock& clock_;
  Time wall_;
  std::chrono::steady_clock::time_point steady_;
  Milliseconds back_{0};
};

}  // namespace signpost
