// SPDX-License-Identifier: Apache-2.0
#include "base/clock_step.h"

#include <utility>

namespace signpost {

ClockStep::ClockStep(const Clock& clock) : clock_(clock), wall_(clock.now()), steady_(clock.steady_now()) {}

Milliseconds ClockStep::back() {
  const auto steady = clock_.steady_now();
  const auto wall = clock_.now();
  const auto passed = std::chrono::floor<Milliseconds>(steady - std::exchange(steady_, steady));
  const auto lost = passed - (wall - std::exchange(wall_, wall));
  if (lost > kTolerance) back_ += lost;
  return back_;
}

}  // namespace signpost
