// SPDX-License-Identifier: Apache-2.0
//
// What a log line looks like, apart from where it goes. Pure; any thread.
// One line always: whatever a field holds, it cannot begin a second line, move the cursor or end a JSON string.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"
#include "base/time.h"

namespace signpost::log {

/// `09:52:39.123 info  message key=value`, time in UTC; values are quoted when they hold blanks, quotes or nothing.
std::string text_line(Time time, Level level, std::string_view message, Fields fields);

/// `{"time":"2026-11-25T09:52:39.123Z","level":"info","message":"…","key":…}`
std::string json_line(Time time, Level level, std::string_view message, Fields fields);

}  // namespace signpost::log
