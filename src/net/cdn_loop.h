// SPDX-License-Identifier: Apache-2.0
//
// The mark that every webhook carries (CDN-Loop, RFC 8586), so that one that leads back to us is known when it arrives.
// Functions; any thread. Who passes requests on keeps the field and adds to it.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "net/http_message.h"

namespace signpost::net {

inline constexpr std::string_view kLoopHeader = "CDN-Loop";
inline constexpr std::string_view kLoopName = "signpost";
/// What has gone through a Signpost more often is going in a circle.
inline constexpr std::size_t kHopsMax = 3;

/// How many members of all CDN-Loop fields are ours, parameters or not; other networks' are not counted.
std::size_t count_hops(const std::vector<Header>& headers);

}  // namespace signpost::net
