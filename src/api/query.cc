// SPDX-License-Identifier: Apache-2.0
#include "api/query.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::api {

std::optional<std::string> percent_decoded(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::kBlank) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const auto byte = from_hex(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return std::nullopt;
      decoded += *byte;
      i += 2;
    }
  }
  if (decoded.contains('\0') || !is_valid_utf8(decoded)) return std::nullopt;
  return decoded;
}

Result<Query> Query::parse(std::string_view text) {
  Query query;
  if (text.empty()) return query;
  for (const auto part : split(text, '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const auto name = percent_decoded(part.substr(0, equals), Plus::kBlank);
    const auto value = percent_decoded(equals == std::string_view::npos ? "" : part.substr(equals + 1), Plus::kBlank);
    if (!name || !value) {
      return fail(Kind::kInvalid, "the query parameter \"" + printable(part, 60) + "\" is not percent-encoded UTF-8");
    }
    if (query.find(*name))
      return fail(Kind::kInvalid, "the query parameter " + printable(*name, 60) + " is there twice", *name);
    if (query.parameters_.size() == parameters_max) return fail(Kind::kInvalid, "the query has too many parameters");
    query.parameters_.emplace_back(*name, *value);
  }
  return query;
}

Result<void> Query::only(std::initializer_list<std::string_view> known) const {
  for (const auto& [name, value] : parameters_) {
    if (std::ranges::find(known, std::string_view(name)) != known.end()) continue;
    std::string list;
    for (const auto one : known) list += (list.empty() ? "" : ", ") + std::string(one);
    return fail(Kind::kInvalid,
                printable(name, 60) + " is not a query parameter we know; known are: " + (list.empty() ? "none" : list),
                printable(name, 60));
  }
  return {};
}

std::optional<std::string> Query::find(std::string_view name) const {
  const auto found = std::ranges::find(parameters_, name, &std::pair<std::string, std::string>::first);
  return found == parameters_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::int64_t> Query::integer(std::string_view name, std::int64_t min, std::int64_t max,
                                    std::int64_t absent) const {
  const auto text = find(name);
  if (!text) return absent;
  const auto number = parse_integer(*text);
  if (!number || *number < min || *number > max) {
    return fail(Kind::kInvalid, format("{} must be a whole number from {} to {}", name, min, max), std::string(name));
  }
  return *number;
}

Error Query::refused(std::string_view name, std::string_view text) {
  return {Kind::kInvalid, format("{} has no value \"{}\"", name, printable(text, 60)), std::string(name), std::nullopt};
}

}  // namespace signpost::api
