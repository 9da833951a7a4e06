// SPDX-License-Identifier: Apache-2.0
//
// The machine's own DNS resolvers, from /etc/resolv.conf (resolv.conf(5)).
// Functions; any thread. At most kSystemResolversMax come out, in the file's order.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/task.h"

namespace signpost::app {

constexpr std::size_t kSystemResolversMax = 8;

/// Lines that are no usable `nameserver` are skipped, as the C library does.
std::vector<net::UdpEndpoint> parse_resolv_conf(std::string_view text);

/// kUnavailable with the way out if the file names none.
Result<std::vector<net::UdpEndpoint>> system_resolvers();

}  // namespace signpost::app
