// SPDX-License-Identifier: Apache-2.0
#include "app/resolv_conf.h"

#include <fstream>

#include "base/text.h"

namespace signpost::app {
namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr std::uint16_t kDnsPort = 53;

}  // namespace

std::vector<net::UdpEndpoint> parse_resolv_conf(std::string_view text) {
  constexpr std::string_view kWord = "nameserver";
  std::vector<net::UdpEndpoint> servers;
  for (const auto raw : split(text, '\n')) {
    const auto line = trim(raw);
    if (!line.starts_with(kWord) || line.size() == kWord.size()) continue;
    if (line[kWord.size()] != ' ' && line[kWord.size()] != '\t') continue;
    const auto rest = trim(line.substr(kWord.size()));
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(std::string(rest.substr(0, rest.find_first_of(" \t#;"))), error);
    if (!error && servers.size() < kSystemResolversMax) servers.emplace_back(address, kDnsPort);
  }
  return servers;
}

Result<std::vector<net::UdpEndpoint>> system_resolvers() {
  std::ifstream in("/etc/resolv.conf", std::ios::binary);
  std::string text(kFileBytesMax, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  auto servers = parse_resolv_conf(text);
  if (servers.empty()) {
    return fail(Kind::kUnavailable,
                "/etc/resolv.conf names no DNS resolver: set dns.resolvers in the settings, or --resolver ADDRESS:PORT "
                "on the command line");
  }
  return servers;
}

}  // namespace signpost::app
