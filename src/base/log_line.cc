// SPDX-License-Identifier: Apache-2.0
#include "base/log_line.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::log {
namespace {

constexpr std::size_t kFieldBytesMax = 4096;

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "error";
}

bool is_control(unsigned octet) { return octet < 0x20 || (octet >= 0x7F && octet < 0xA0); }

/// A JSON string with its quotes (RFC 8259 7); octets that are not UTF-8 become '?'.
void append_quoted(std::string& line, std::string_view raw) {
  const bool is_fine = raw.size() <= kFieldBytesMax && is_valid_utf8(raw);
  const std::string cleaned = is_fine ? std::string() : printable(raw, kFieldBytesMax);
  line += '"';
  const auto text = is_fine ? raw : std::string_view(cleaned);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_c1 = c == '\xC2' && is_control(static_cast<unsigned char>(text[i + 1]));  // U+0080…U+009F
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (is_c1) {
      line += format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(text[++i])));
    } else if (c >= 0 && is_control(static_cast<unsigned>(c))) {
      line += format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      line += c;
    }
  }
  line += '"';
}

/// std::to_string also writes "nan" and "inf", for which JSON has no number.
bool is_json_literal(const Field& field) {
  const auto text = field.text();
  return field.is_bare() && (text == "true" || text == "false" || text.find_first_not_of("-.0123456789") == text.npos);
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= kFieldBytesMax && is_valid_utf8(text) &&
         std::ranges::none_of(
             text, [](char c) { return (c >= 0 && c <= ' ') || c == '"' || c == '=' || c == '\\' || c == 0x7F; }) &&
         printable(text, text.size()) == text;
}

}  // namespace

std::string text_line(Time time, Level level, std::string_view message, Fields fields) {
  auto line = format("{} {:<5} {}", std::string_view(to_rfc3339(time)).substr(11, 12), name_of(level),
                     printable(message, kFieldBytesMax));
  for (const auto& field : fields) {
    line += ' ';
    line += printable(field.key());
    line += '=';
    if (is_plain(field.text())) {
      line += field.text();
    } else {
      append_quoted(line, field.text());
    }
  }
  return line;
}

std::string json_line(Time time, Level level, std::string_view message, Fields fields) {
  auto line = format(R"({{"time":"{}","level":"{}","message":)", to_rfc3339(time), name_of(level));
  append_quoted(line, message);
  for (const auto& field : fields) {
    line += ',';
    append_quoted(line, field.key());
    line += ':';
    if (is_json_literal(field)) {
      line += field.text();
    } else {
      append_quoted(line, field.text());
    }
  }
  line += '}';
  return line;
}

}  // namespace signpost::log
