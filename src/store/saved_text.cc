// SPDX-License-Identifier: Apache-2.0
#include "store/saved_text.h"

namespace signpost::store {

Result<std::string> lines_of(const std::vector<std::string>& items) {
  std::string lines;
  for (const auto& item : items) {
    if (item.find('\n') != std::string::npos)
      return fail(Kind::kInvalid, "a list item holds a line feed and cannot be saved");
    lines += item;
    lines += '\n';
  }
  return lines;
}

std::vector<std::string> items_of(std::string_view lines) {
  std::vector<std::string> items;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    items.emplace_back(lines.substr(0, end));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return items;
}

namespace {

/// How many bytes the character at the front of `text` has; 0 if there is no storable one.
std::size_t character_size(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first == 0) return 0;
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  return size <= text.size() && is_valid_utf8(text.substr(0, size)) ? size : 0;
}

}  // namespace

std::string storable(std::string_view bytes) {
  if (is_valid_utf8(bytes) && bytes.find('\0') == std::string_view::npos) return std::string(bytes);
  std::string text;
  while (!bytes.empty()) {
    const std::size_t size = character_size(bytes);
    text += size == 0 ? std::string_view("\xEF\xBF\xBD") : bytes.substr(0, size);
    bytes.remove_prefix(size == 0 ? 1 : size);
  }
  return text;
}

}  // namespace signpost::store
