// SPDX-License-Identifier: Apache-2.0
//
// Who is at the other end: the peer of the connection, or, behind proxies that the operator trusts, whom they name.
// Pure; any thread. A header from anybody else is never believed.
#pragma once

#include <cstdint>
#include <vector>

#include "net/address_policy.h"
#include "net/http_message.h"

namespace signpost::api {

/// Walks X-Forwarded-For from the right, as long as the address before is a trusted proxy's. Stops at what is not an
/// address.
net::IpAddress client_address(const net::Request& request, const std::vector<net::Network>& trusted_proxies);

/// What rate limits count by: an IPv4 address, or the /64 of an IPv6 one, which is what one customer of a provider has.
std::uint64_t rate_key(const net::IpAddress& address);

}  // namespace signpost::api
