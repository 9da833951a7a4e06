// SPDX-License-Identifier: Apache-2.0
//
// Dates as HTTP writes them, and Retry-After, which is one or a number of seconds. Pure; any thread.
// What is understood never lies before `now` nor beyond the caller's limit.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace signpost {

/// All three forms of RFC 9110 5.6.7: senders may make only the first, who reads must take the old ones too.
std::optional<Time> parse_http_date(std::string_view text);

/// A Retry-After header (RFC 9110 10.2.3), seconds or date, cut at `longest`; nothing if it is unreadable or already
/// past.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view header, Time now, std::chrono::seconds longest);

}  // namespace signpost
