// SPDX-License-Identifier: Apache-2.0
//
// One table of all settings: name, type, what it means, how it is read and shown. Parser, `config show` and the
// documentation are derived from it. Static and immutable; any thread. The default of a row is what a
// default-constructed Settings holds.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/settings.h"

namespace signpost::app {

/// A value as a file or the environment has it, before it becomes a type; the last is any other kind, which no setting
/// takes.
using SettingValue = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>, std::monostate>;

enum class Secrecy { kPublic, kSecret };

struct Setting {
  std::string_view path;  // "api.listen"; of an issuer: "issuers.issuer"
  std::string_view type;  // for people: "duration", "list of networks"
  std::string_view doc;   // unit, meaning, danger
  Secrecy secrecy = Secrecy::kPublic;
  std::string_view variable;  // environment variable that overrides the file; empty: none
  /// The error is a sentence without file and line: "must be a duration such as \"20s\", not a whole number".
  Result<void> (*read)(Settings&, const SettingValue&);
  /// As TOML; secrets too, the caller masks them.
  std::string (*show)(const Settings&);
};

/// In the order of the documentation, sections together.
std::span<const Setting> setting_table();

/// The members of one [[issuers]] table; they read into and show the last element of Settings::issuers.
std::span<const Setting> issuer_table();
/// The same of [[authorities]].
std::span<const Setting> authority_table();

/// The known path that is most like the given one; empty if none is like it.
std::string_view nearest_path(std::string_view path);

/// In quotes, as TOML wants it, in ASCII; control characters become '?'.
std::string toml_text(std::string_view text);

/// A password inside a URL is a secret: "postgresql://user:***@host/db".
std::string mask_url(std::string_view url);

/// "127.0.0.1:53", "[::1]:53", and without a port if `port_default` is not 0. kUnprocessable otherwise.
Result<net::UdpEndpoint> parse_endpoint(std::string_view text, std::uint16_t port_default);
std::string endpoint_text(const net::IpAddress& address, std::uint16_t port);

}  // namespace signpost::app
