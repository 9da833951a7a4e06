// SPDX-License-Identifier: Apache-2.0
#include "app/option_names.h"

#include "base/text.h"

namespace signpost::app {
namespace {

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_plain_word(std::string_view member) { return member.find_first_of("._") == std::string_view::npos; }

bool stands_alone(std::string_view text, std::size_t at, std::size_t length) {
  const bool begins = at == 0 || (!is_word_character(text[at - 1]) && text[at - 1] != '.');
  return begins && (at + length == text.size() || !is_word_character(text[at + length]));
}

/// What follows the name of a member, such as "[0].value", as words; takes it from the text.
std::string place_of(std::string_view& rest) {
  std::string words;
  if (const auto end = rest.find(']'); rest.starts_with('[') && end != std::string_view::npos) {
    if (const auto index = parse_integer(rest.substr(1, end - 1))) {
      words = format(" (number {})", *index + 1);
      rest.remove_prefix(end + 1);
    }
  }
  if (!words.empty() && rest.size() > 1 && rest[0] == '.' && is_word_character(rest[1])) {
    words += ' ';
    rest.remove_prefix(1);
  }
  return words;
}

std::string replaced(std::string_view text, const OptionName& name) {
  std::string sentence;
  std::size_t from = 0;
  for (auto at = text.find(name.member); at != std::string_view::npos; at = text.find(name.member, from)) {
    const bool is_meant = stands_alone(text, at, name.member.size()) && (at == 0 || !is_plain_word(name.member));
    sentence += text.substr(from, at - from);
    auto rest = text.substr(at + name.member.size());
    sentence += is_meant ? name.option : name.member;
    if (is_meant) sentence += place_of(rest);
    from = text.size() - rest.size();
  }
  return sentence.append(text.substr(from));
}

}  // namespace

Error in_options(Error error, std::span<const OptionName> names) {
  for (const auto& name : names) error.message = replaced(error.message, name);
  return error;
}

}  // namespace signpost::app
