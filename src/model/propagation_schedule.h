// SPDX-License-Identifier: Apache-2.0
//
// When to look at DNS while records spread: data and pure functions.
#pragma once

#include <optional>

#include "base/time.h"

namespace signpost::model {

// Dense at first: most records are visible within two minutes. The rest is the contract's doubling, cut at 72 h
// (seed 001, "Propagation retries").
constexpr Milliseconds kDensePause = std::chrono::seconds(10);
constexpr Milliseconds kDensePhase = std::chrono::minutes(2);
constexpr Milliseconds kFirstSparsePause = std::chrono::minutes(1);
constexpr Milliseconds kPropagationLimit = std::chrono::hours(72);

/// The first scheduled look after `now` for a clock started at `started`; nothing once the last look, exactly at 72 h,
/// is past. Missed looks are not made up for. A clock that stepped back before `started` counts as just started.
std::optional<Time> next_look(Time started, Time now);

/// The look of now is the last one: 72 h have passed.
bool is_over(Time started, Time now);

}  // namespace signpost::model
