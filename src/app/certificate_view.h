// SPDX-License-Identifier: Apache-2.0
//
// A certificate as `signpost certificate` shows it, read from the JSON of /v1.
// Pure functions; the main thread. All texts are clean of control characters.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace signpost::app {

/// The lines of a page, one for each certificate and one more for its trouble, and how to get the next page. kProtocol
/// if it is none.
Result<std::string> certificate_page(std::string_view json, Time now, std::size_t columns,
                                     std::string_view if_none = "no certificate is like that");

/// All about one: names, what is held, how far its order is, what is missing, its trouble and the way out.
Result<std::string> certificate_text(std::string_view json, Time now, std::size_t columns);

/// What revoking it would do. kConflict if there is nothing to revoke.
Result<std::string> revocation_text(std::string_view json, std::string_view reason, Time now, std::size_t columns);

/// "in 30 days", "5 minutes ago"
std::string distance_text(Time time, Time now);

}  // namespace signpost::app
