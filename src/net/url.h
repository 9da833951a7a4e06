// SPDX-License-Identifier: Apache-2.0
//
// An http or https URL in one canonical form, as webhooks and API calls use it.
// Value; any thread. Url::parse is the only way in: the host is a lower-case A-label name or an address, never a
// disguise of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/task.h"

namespace signpost::net {

enum class Scheme { kHttp, kHttps };
/// "http", "https".
std::string_view name_of(Scheme scheme);

struct Url {
  static constexpr std::size_t bytes_max = 2048;

  Scheme scheme = Scheme::kHttps;
  std::string host;  // "hooks.shop.example", "192.0.2.1" or "2001:db8::1" (no brackets)
  std::uint16_t port = 443;
  std::string target = "/";          // path and query as sent: "/hook?x=1"
  std::optional<IpAddress> literal;  // if the host is an address

  /// Strict. kUnprocessable with the reason for: other schemes, user information, a fragment, zone ids, backslashes,
  /// blanks, control characters, an empty or percent-encoded host, port 0 or over 65535, IPv4 in any spelling but four
  /// decimal octets
  /// ("127.1", "0x7f000001", "0177.0.0.1", "127.0.0.1."), over bytes_max.
  static Result<Url> parse(std::string_view text);

  /// "https://hooks.shop.example/hook?x=1"; the port only if it is not the scheme's own.
  std::string text() const;
  /// For the Host header: "hooks.shop.example", "[2001:db8::1]:8443".
  std::string authority() const;
};

}  // namespace signpost::net
