// SPDX-License-Identifier: Apache-2.0
#include "acme/link.h"

#include "base/text.h"

namespace signpost::acme {
namespace {

/// Up to the first `end` that stands outside of quotes; takes it away from `rest`, too.
std::string_view take_until(std::string_view& rest, std::string_view ends) {
  bool is_quoted = false;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    if (is_quoted && rest[at] == '\\') {
      ++at;
    } else if (rest[at] == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && ends.contains(rest[at])) {
      break;
    }
  }
  const auto taken = rest.substr(0, at);
  rest.remove_prefix(std::min(at, rest.size()));
  return taken;
}

/// rel=alternate, or rel="alternate next": any of the words.
bool has_relation(std::string_view parameter, std::string_view relation) {
  const auto equals = parameter.find('=');
  if (equals == std::string_view::npos || !equals_ignoring_case(trim(parameter.substr(0, equals)), "rel")) return false;
  auto value = trim(parameter.substr(equals + 1));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  for (const auto word : split(value, ' ')) {
    if (equals_ignoring_case(word, relation)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> links_of(const std::vector<net::Header>& headers, std::string_view relation) {
  std::vector<std::string> found;
  std::size_t seen = 0;
  for (const auto& header : headers) {
    if (!equals_ignoring_case(header.name, "Link")) continue;
    std::string_view rest = header.value;
    while (!rest.empty() && seen < kLinksMax) {
      ++seen;
      const auto open = rest.find('<');
      const auto close = open == std::string_view::npos ? open : rest.find('>', open);
      if (close == std::string_view::npos) break;
      const auto target = rest.substr(open + 1, close - open - 1);
      rest.remove_prefix(close + 1);
      bool is_it = false;
      for (take_until(rest, ";,"); rest.starts_with(';');) {
        rest.remove_prefix(1);
        is_it = has_relation(take_until(rest, ";,"), relation) || is_it;
      }
      if (!rest.empty()) rest.remove_prefix(1);
      if (is_it) found.emplace_back(target);
    }
  }
  return found;
}

}  // namespace signpost::acme
