// SPDX-License-Identifier: Apache-2.0
#include "dns/networks.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace signpost::dns {

namespace {

namespace ip = boost::asio::ip;

struct Range {
  std::string_view network;
  std::string_view proxy;
};

// As the companies publish them: cloudflare.com/ips, api.fastly.com/public-ip-list, docs.sucuri.net, Imperva's list.
constexpr std::array kRanges{
    Range{"173.245.48.0/20", "Cloudflare"},  Range{"103.21.244.0/22", "Cloudflare"},
    Range{"103.22.200.0/22", "Cloudflare"},  Range{"103.31.4.0/22", "Cloudflare"},
    Range{"141.101.64.0/18", "Cloudflare"},  Range{"108.162.192.0/18", "Cloudflare"},
    Range{"190.93.240.0/20", "Cloudflare"},  Range{"188.114.96.0/20", "Cloudflare"},
    Range{"197.234.240.0/22", "Cloudflare"}, Range{"198.41.128.0/17", "Cloudflare"},
    Range{"162.158.0.0/15", "Cloudflare"},   Range{"104.16.0.0/13", "Cloudflare"},
    Range{"104.24.0.0/14", "Cloudflare"},    Range{"172.64.0.0/13", "Cloudflare"},
    Range{"131.0.72.0/22", "Cloudflare"},    Range{"2400:cb00::/32", "Cloudflare"},
    Range{"2606:4700::/32", "Cloudflare"},   Range{"2803:f800::/32", "Cloudflare"},
    Range{"2405:b500::/32", "Cloudflare"},   Range{"2405:8100::/32", "Cloudflare"},
    Range{"2a06:98c0::/29", "Cloudflare"},   Range{"2c0f:f248::/32", "Cloudflare"},
    Range{"23.235.32.0/20", "Fastly"},       Range{"151.101.0.0/16", "Fastly"},
    Range{"199.232.0.0/16", "Fastly"},       Range{"2a04:4e40::/32", "Fastly"},
    Range{"192.88.134.0/23", "Sucuri"},      Range{"185.93.228.0/22", "Sucuri"},
    Range{"66.248.200.0/22", "Sucuri"},      Range{"208.109.0.0/22", "Sucuri"},
    Range{"2a02:fe80::/29", "Sucuri"},       Range{"199.83.128.0/21", "Imperva"},
    Range{"198.143.32.0/19", "Imperva"},     Range{"149.126.72.0/21", "Imperva"},
    Range{"103.28.248.0/22", "Imperva"},     Range{"45.64.64.0/22", "Imperva"},
    Range{"185.11.124.0/22", "Imperva"},     Range{"192.230.64.0/18", "Imperva"},
    Range{"107.154.0.0/16", "Imperva"},      Range{"45.60.0.0/16", "Imperva"},
    Range{"45.223.0.0/16", "Imperva"},       Range{"2a02:e980::/29", "Imperva"},
};

// Whole names or the domains they lie in.
constexpr std::array<std::string_view, 16> kParkingServers{
    "pendingrenewaldeletion.com",
    "expirationwarning.net",
    "failed-whois-verification.namecheap.com",
    "expired.rrpproxy.net",
    "parkingcrew.net",
    "sedoparking.com",
    "bodis.com",
    "parklogic.com",
    "above.com",
    "dan.com",
    "afternic.com",
    "uniregistrymarket.link",
    "cashparking.com",
    "domainparking.ru",
    "smartname.com",
    "undeveloped.com",
};

bool contains(std::string_view network, const ip::address& address) {
  boost::system::error_code error;
  if (address.is_v4()) {
    const auto block = ip::make_network_v4(network, error);
    return !error && (address.to_v4().to_uint() & block.netmask().to_uint()) == block.network().to_uint();
  }
  const auto block = ip::make_network_v6(network, error);
  if (error) return false;
  const auto base = block.address().to_bytes();
  const auto bytes = address.to_v6().to_bytes();
  for (unsigned bit = 0; bit < block.prefix_length(); ++bit) {
    const auto mask = static_cast<unsigned char>(0x80U >> (bit % 8));
    if ((base[bit / 8] & mask) != (bytes[bit / 8] & mask)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string_view> proxy_of(std::string_view text) {
  boost::system::error_code error;
  const auto address = ip::make_address(text, error);
  if (error) return std::nullopt;
  for (const auto& range : kRanges) {
    if (range.network.contains(':') == address.is_v6() && contains(range.network, address)) return range.proxy;
  }
  return std::nullopt;
}

bool is_parking_server(const DnsName& server) {
  return std::ranges::any_of(kParkingServers, [&](std::string_view domain) {
    return server.text() == domain ||
           (server.text().ends_with(domain) && server.text()[server.text().size() - domain.size() - 1] == '.');
  });
}

}  // namespace signpost::dns
