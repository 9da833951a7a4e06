// SPDX-License-Identifier: Apache-2.0
#include "base/json_text.h"

#include <charconv>
#include <cstring>

namespace signpost {
namespace {

/// RFC 8259 7: what a text may not hold as it is.
bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

/// Whether one of eight octets needs an escape, or may: then each is looked at. A zero octet of `x` lends its top bit
/// to (x - ones) & ~x.
bool may_need_escape(const char* eight) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  constexpr std::uint64_t kTops = 0x8080'8080'8080'8080;
  std::uint64_t x = 0;
  std::memcpy(&x, eight, sizeof x);
  const auto quotes = x ^ (kOnes * '"');
  const auto slashes = x ^ (kOnes * '\\');
  return (((x - kOnes * 0x20) & ~x) | ((quotes - kOnes) & ~quotes) | ((slashes - kOnes) & ~slashes)) & kTops;
}

/// The length of what stands before the first escape.
std::size_t plain_size(std::string_view text) {
  std::size_t at = 0;
  while (at + 8 <= text.size() && !may_need_escape(text.data() + at)) at += 8;
  while (at < text.size() && !needs_escape(text[at])) ++at;
  return at;
}

void append_escape(std::string& text, char c) {
  switch (c) {
    case '\b':
      text += "\\b";
      return;
    case '\f':
      text += "\\f";
      return;
    case '\n':
      text += "\\n";
      return;
    case '\r':
      text += "\\r";
      return;
    case '\t':
      text += "\\t";
      return;
    default:
      break;  // a char, not an enum of ours
  }
  if (c == '"' || c == '\\') {
    text += '\\';
    text += c;
    return;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  text += "\\u00";
  text += kDigits[static_cast<unsigned char>(c) >> 4];
  text += kDigits[static_cast<unsigned char>(c) & 15];
}

}  // namespace

void JsonText::separate() {
  if (is_behind_value_) text_ += ',';
}

void JsonText::begin(char bracket) {
  separate();
  text_ += bracket;
  is_behind_value_ = false;
}

void JsonText::end(char bracket) {
  text_ += bracket;
  is_behind_value_ = true;
}

void JsonText::name(std::string_view name) {
  text_ += is_behind_value_ ? ",\"" : "\"";
  text_ += name;
  text_ += "\":";
  is_behind_value_ = false;
}

void JsonText::bare(std::string_view json) {
  separate();
  text_ += json;
  is_behind_value_ = true;
}

void JsonText::integer(std::int64_t number) {
  char digits[20];
  bare({digits, std::to_chars(digits, digits + sizeof digits, number).ptr});
}

void JsonText::value(std::string_view text) {
  separate();
  quote(text);
  is_behind_value_ = true;
}

void JsonText::value(const std::vector<std::string>& texts) {
  begin_array();
  for (const auto& text : texts) value(text);
  end_array();
}

void JsonText::quote(std::string_view text) {
  text_ += '"';
  // Nearly always one piece.
  while (!text.empty()) {
    const auto size = plain_size(text);
    text_ += text.substr(0, size);
    text.remove_prefix(size);
    if (text.empty()) break;
    append_escape(text_, text.front());
    text.remove_prefix(1);
  }
  text_ += '"';
}

}  // namespace signpost
