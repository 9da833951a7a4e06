// SPDX-License-Identifier: Apache-2.0
//
// Small words about text that several floors need. Pure; any thread. The door to fmt.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost {

using fmt::format;

std::string to_lower(std::string_view text);               // ASCII only
bool equals_ignoring_case(std::string_view a, std::string_view b);  // ASCII only
std::string_view trim(std::string_view text);              // spaces, tabs, CR, LF
std::vector<std::string_view> split(std::string_view text, char separator);  // keeps empty parts

/// A whole decimal number and nothing else; nothing for signs (but a leading '-'), blanks, overflow.
std::optional<std::int64_t> parse_integer(std::string_view text);

std::string to_hex(std::string_view bytes);                // lower case
std::optional<std::string> from_hex(std::string_view hex);
std::string to_base64(std::string_view bytes);             // RFC 4648 4, padded
std::optional<std::string> from_base64(std::string_view text);
std::string to_base64url(std::string_view bytes);          // RFC 4648 5, without padding, as JOSE has it
std::optional<std::string> from_base64url(std::string_view text);

bool is_valid_utf8(std::string_view text);

/// Cuts to at most `bytes_max` on a character boundary and replaces control characters by '?', for logs and messages.
std::string printable(std::string_view text, std::size_t bytes_max = 200);

}  // namespace signpost
