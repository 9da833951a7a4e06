// SPDX-License-Identifier: Apache-2.0
#include "net/aws_signature.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::net {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// RFC 3986 6.2.2: one spelling for each octet.
Result<std::string> canonical(std::string_view part) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    char octet = part[i];
    if (octet == '+')
      return fail(Kind::kUnprocessable, "a signed query may not hold \"+\": write %20 for a blank, %2B for a plus");
    if (octet == '%') {
      const auto decoded = from_hex(part.substr(i + 1, 2));
      if (!decoded || decoded->size() != 1)
        return fail(Kind::kUnprocessable, "a signed query holds a \"%\" without two hexadecimal digits");
      octet = decoded->front();
      i += 2;
    }
    if (is_unreserved(octet)) {
      out += octet;
    } else {
      const auto value = static_cast<unsigned char>(octet);
      out += {'%', kDigits[value >> 4], kDigits[value & 15]};
    }
  }
  return out;
}

/// "//", "/./", "/../": AWS takes them out before it signs.
bool has_redundant_segment(std::string_view path) {
  const auto segments = split(path.substr(1), '/');
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool is_last = i + 1 == segments.size();
    if ((segments[i].empty() && !is_last) || segments[i] == "." || segments[i] == "..") return true;
  }
  return false;
}

}  // namespace

Result<std::string> signable_target(std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  const bool is_plain =
      path.starts_with('/') && std::ranges::all_of(path, [](char c) { return c == '/' || is_unreserved(c); });
  if (!is_plain || has_redundant_segment(path))
    return fail(
        Kind::kUnprocessable,
        format("the path {} cannot be signed: only letters, digits, -._~ and / between them", printable(path, 80)));
  if (path.size() == target.size()) return std::string(path);
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto parameter : split(target.substr(path.size() + 1), '&')) {
    if (parameter.empty()) continue;
    const auto equals = std::min(parameter.find('='), parameter.size());
    auto name = TRY(canonical(parameter.substr(0, equals)));
    auto value = TRY(canonical(parameter.substr(std::min(equals + 1, parameter.size()))));
    parameters.emplace_back(std::move(name), std::move(value));
  }
  std::ranges::sort(parameters);
  std::string out(path);
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    out += separator + name + '=' + value;
    separator = '&';
  }
  return out;
}

Result<void> check_signable(const std::vector<Header>& headers) {
  std::vector<std::string> names{"host", "x-amz-date", "authorization", "x-amz-security-token"};
  for (const auto& [name, value] : headers) {
    auto lower = to_lower(name);
    if (value.empty() || trim(value) != value || value.find("  ") != std::string::npos)
      return fail(Kind::kUnprocessable,
                  "the header " + printable(name, 60) + " cannot be signed: it is empty or holds blanks in a row");
    // libcurl sorts whole lines, AWS names: they differ where one name begins another, because '-' sorts before ':'.
    for (const auto& other : names) {
      if (lower.starts_with(other) || other.starts_with(lower))
        return fail(Kind::kUnprocessable, "the header " + printable(name, 60) + " cannot be signed beside " + other);
    }
    names.push_back(std::move(lower));
  }
  return {};
}

}  // namespace signpost::net
