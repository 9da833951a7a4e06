// SPDX-License-Identifier: Apache-2.0
#include "app/toml_characters.h"

#include <algorithm>

namespace signpost::app {
namespace {

/// Length of the string that begins here; 0 if none does.
std::size_t length_of_string(std::string_view text) {
  if (text[0] != '"' && text[0] != '\'') return 0;
  const char quote = text[0];
  const bool is_multi_line = text.size() >= 3 && text[1] == quote && text[2] == quote;
  const std::size_t quotes = is_multi_line ? 3 : 1;
  for (std::size_t at = quotes; at < text.size(); ++at) {
    if (text[at] == '\\' && quote == '"') {
      ++at;
    } else if (text[at] == '\n' && !is_multi_line) {
      return at;  // unterminated: an error that ends the reading
    } else if (text[at] == quote && (!is_multi_line || text.substr(at, 3) == text.substr(0, 3))) {
      std::size_t end = at + quotes;
      // Up to two quotes may stand before the three that close.
      while (is_multi_line && end < text.size() && text[end] == quote && end < at + 5) ++end;
      return end;
    }
  }
  return text.size();
}

bool is_foreign(char c) { return static_cast<unsigned char>(c) >= 0x80; }

}  // namespace

AsciiToml to_ascii(std::string_view toml) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (toml.starts_with(kByteOrderMark)) toml.remove_prefix(kByteOrderMark.size());
  AsciiToml ascii{std::string(toml), std::nullopt};
  std::size_t first_foreign = toml.find('\0');
  for (std::size_t at = 0; at < toml.size();) {
    const bool is_comment = toml[at] == '#';
    const std::size_t end = is_comment ? std::min(toml.find('\n', at), toml.size())
                                       : at + std::max<std::size_t>(1, length_of_string(toml.substr(at)));
    for (; at < end; ++at) {
      if (!is_foreign(toml[at])) continue;
      ascii.text[at] = '?';
      if (!is_comment) first_foreign = std::min(first_foreign, at);
    }
  }
  if (first_foreign != std::string_view::npos) {
    ascii.foreign_line = 1 + static_cast<std::size_t>(std::ranges::count(toml.substr(0, first_foreign), '\n'));
  }
  return ascii;
}

}  // namespace signpost::app
