// SPDX-License-Identifier: Apache-2.0
//
// Time: a point is whole milliseconds since 1970 (what the database stores), a length is milliseconds.
// Values; any thread. Only clock.h reads the real time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signpost {

using Milliseconds = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Milliseconds>;

constexpr std::int64_t to_ms(Time time) { return time.time_since_epoch().count(); }
constexpr Time from_ms(std::int64_t ms) { return Time{Milliseconds{ms}}; }
constexpr std::int64_t to_seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// RFC 3339 in UTC with milliseconds: "2026-11-25T09:52:39.123Z".
std::string to_rfc3339(Time time);

/// Reads what to_rfc3339 writes; fraction and its length optional, only "Z" as zone.
Result<Time> parse_rfc3339(std::string_view text);

/// "90s", "15m", "24h", "3d", "250ms": a whole number and one unit.
Result<Milliseconds> parse_duration(std::string_view text);

/// The exact form that parse_duration reads in the greatest unit that divides it; a single day is "24h".
std::string to_text(Milliseconds length);

}  // namespace signpost
