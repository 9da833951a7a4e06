// SPDX-License-Identifier: Apache-2.0
//
// Where in the order of ids a time lies, so that a list ordered by id can be narrowed by time without another index.
// Pure; any thread. Ids run ahead of a clock that was set back: leave room, and compare the row's own time as well.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace signpost {

/// No id that an IdMaker made before `time` is this great, and none that it made since is less. 0 for times before
/// 2024.
std::int64_t first_id_at(Time time);

/// What a clock may have been set back while ids went on.
constexpr Milliseconds kIdTimeSlack = std::chrono::hours(1);

}  // namespace signpost
