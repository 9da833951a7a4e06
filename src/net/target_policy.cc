// SPDX-License-Identifier: Apache-2.0
#include "net/target_policy.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::net {
namespace {

std::optional<std::uint16_t> port_of(std::string_view text) {
  const bool is_digits = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  const auto number = is_digits ? parse_integer(text) : std::nullopt;
  if (!number || *number < 1 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

/// RFC 6761 6.3: localhost and what is below it is loopback, whatever DNS says.
bool is_localhost(std::string_view host) { return host == "localhost" || host.ends_with(".localhost"); }

}  // namespace

Result<PortRange> PortRange::parse(std::string_view text) {
  const auto hyphen = text.find('-');
  const auto first = port_of(text.substr(0, hyphen));
  const auto last = hyphen == std::string_view::npos ? first : port_of(text.substr(hyphen + 1));
  if (!first || !last || *first > *last) {
    return fail(Kind::kUnprocessable,
                format("\"{}\" is no port such as 8443 and no range such as 8000-8999", printable(text, 60)));
  }
  return PortRange{*first, *last};
}

std::string PortRange::text() const { return first == last ? format("{}", first) : format("{}-{}", first, last); }

std::vector<PortRange> ports_with(std::vector<PortRange> added) {
  std::vector<PortRange> all{{80, 80}, {443, 443}};
  std::ranges::copy_if(added, std::back_inserter(all),
                       [&](const PortRange& range) { return std::ranges::find(all, range) == all.end(); });
  return all;
}

Result<void> check_port(const std::vector<PortRange>& allowed, std::uint16_t port) {
  if (std::ranges::any_of(allowed, [&](const PortRange& range) { return range.contains(port); })) return {};
  std::string known;
  for (const auto& range : allowed) known += (known.empty() ? "" : ", ") + range.text();
  return fail(
      Kind::kRefused,
      format("port {} is not allowed for webhooks; allowed are {} (setting webhooks.allowed_ports)", port, known));
}

Result<void> TargetPolicy::check(const Url& url) const {
  if (const auto port = check_port(ports_, url.port); !port) return fail(Kind::kUnprocessable, port.error().message);
  std::vector<IpAddress> known;
  if (url.literal) known.push_back(*url.literal);
  if (is_localhost(url.host)) known.emplace_back(boost::asio::ip::address_v4::loopback());
  for (const auto& address : known) {
    const auto verdict = addresses_.judge(address);
    if (verdict.allowed) continue;
    return fail(Kind::kUnprocessable, format("the address {} is not allowed: {}", url.host, verdict.reason));
  }
  return {};
}

}  // namespace signpost::net
