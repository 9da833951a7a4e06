// SPDX-License-Identifier: Apache-2.0
#include "model/propagation_schedule.h"

#include <algorithm>

namespace signpost::model {

std::optional<Time> next_look(Time started, Time now) {
  const Milliseconds elapsed = std::max(now - started, Milliseconds{0});
  if (elapsed >= kPropagationLimit) return std::nullopt;
  // Looks stand at fixed distances from the start, so an extra look in between moves none of them.
  Milliseconds offset{0};
  Milliseconds pause = kDensePause;
  while (offset <= elapsed) {
    if (offset >= kDensePhase) pause = offset == kDensePhase ? kFirstSparsePause : pause * 2;
    offset += pause;
  }
  const Milliseconds due = std::min(offset, kPropagationLimit);
  return now < started ? now + due : started + due;
}

bool is_over(Time started, Time now) { return now - started >= kPropagationLimit; }

}  // namespace signpost::model
