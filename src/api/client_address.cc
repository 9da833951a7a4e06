// SPDX-License-Identifier: Apache-2.0
#include "api/client_address.h"

#include <algorithm>
#include <ranges>

#include "base/text.h"

namespace signpost::api {
namespace {

/// A listener on [::] sees IPv4 clients as mapped addresses; to us they are IPv4.
net::IpAddress unmapped(const net::IpAddress& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
}

bool is_in(const std::vector<net::Network>& networks, const net::IpAddress& address) {
  return std::ranges::any_of(networks, [&](const auto& network) { return network.contains(address); });
}

}  // namespace

net::IpAddress client_address(const net::Request& request, const std::vector<net::Network>& trusted_proxies) {
  auto client = unmapped(request.peer);
  if (trusted_proxies.empty() || !is_in(trusted_proxies, client)) return client;
  for (const auto& header : request.headers | std::views::reverse) {
    if (!equals_ignoring_case(header.name, "X-Forwarded-For")) continue;
    auto hops = split(header.value, ',');
    for (const auto hop : hops | std::views::reverse) {
      boost::system::error_code error;
      const auto address = boost::asio::ip::make_address(std::string(trim(hop)), error);
      if (error) return client;
      client = unmapped(address);
      if (!is_in(trusted_proxies, client)) return client;
    }
  }
  return client;
}

std::uint64_t rate_key(const net::IpAddress& address) {
  if (address.is_v4()) return address.to_v4().to_uint();
  const auto bytes = address.to_v6().to_bytes();
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < 8; ++i) key = key << 8 | bytes[i];
  return key;
}

}  // namespace signpost::api
