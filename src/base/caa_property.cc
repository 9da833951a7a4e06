// SPDX-License-Identifier: Apache-2.0
#include "base/caa_property.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace signpost {
namespace {

constexpr std::size_t kTagBytesMax = 15;
// IANA "Certification Authority Restriction Properties": RFC 8659, RFC 9495 and the CA/Browser Forum's.
constexpr std::array<std::string_view, 7> kTags{"issue",        "issuewild",    "iodef",   "issuemail",
                                                "contactemail", "contactphone", "issuevmc"};

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(Kind::kUnprocessable, format("\"{}\" is no CAA value: {}; write it such as 0 issue \"letsencrypt.org\"",
                                           printable(text, 80), why));
}

/// The next word, off the front of `rest`.
std::string_view take_word(std::string_view& rest) {
  const auto end = std::min(rest.find_first_of(" \t"), rest.size());
  const auto word = rest.substr(0, end);
  rest = trim(rest.substr(end));
  return word;
}

/// RFC 1035 5.1: \" and \\ for themselves, \DDD for an octet. Nothing for a broken escape or an open end.
std::optional<std::string> unquoted(std::string_view text) {
  text.remove_prefix(1);
  std::string plain;
  while (!text.empty() && text.front() != '"') {
    if (text.front() != '\\') {
      plain += text.front();
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    const bool is_number = text.front() >= '0' && text.front() <= '9';
    const auto octet = is_number ? parse_integer(text.substr(0, 3)) : std::nullopt;
    if (is_number && (text.size() < 3 || !octet || *octet > 255)) return std::nullopt;
    plain += is_number ? static_cast<char>(*octet) : text.front();
    text.remove_prefix(is_number ? 3 : 1);
  }
  if (text != "\"") return std::nullopt;
  return plain;
}

std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (octet < 0x20 || octet >= 0x7f) {
      text += format("\\{:03}", octet);
    } else {
      text += c;
    }
  }
  return text + '"';
}

/// RFC 8659 4.2, `label` and `tag`: letters, digits, and hyphens inside.
bool is_label(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_issuer_domain(std::string_view text) { return std::ranges::all_of(split(text, '.'), is_label); }

std::string_view trim_blanks(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<std::pair<std::string, std::string>> parameter_of(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto tag = trim_blanks(text.substr(0, equals));
  const auto value = trim_blanks(text.substr(equals + 1));
  const auto is_allowed = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!is_label(tag) || !std::ranges::all_of(value, is_allowed)) return std::nullopt;
  return std::pair(to_lower(tag), std::string(value));
}

bool names_issuers(std::string_view tag) {
  return tag == "issue" || tag == "issuewild" || tag == "issuemail" || tag == "issuevmc";
}

bool is_report_url(std::string_view value) {
  return value.starts_with("mailto:") || value.starts_with("https://") || value.starts_with("http://");
}

}  // namespace

bool is_caa_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= kTagBytesMax && std::ranges::all_of(tag, is_alphanumeric);
}

Result<CaaProperty> CaaProperty::parse(std::string_view text) {
  auto rest = trim(text);
  const auto flags = parse_integer(take_word(rest));
  if (!flags || *flags < 0 || *flags > 255) return refuse(text, "it begins with the flags, 0 or 128");
  const auto tag = take_word(rest);
  if (!is_caa_tag(tag)) return refuse(text, "behind the flags stands a tag such as issue");
  CaaProperty property{static_cast<std::uint8_t>(*flags), to_lower(tag), std::string(rest)};
  if (rest.starts_with('"')) {
    auto value = unquoted(rest);
    if (!value) return refuse(text, "its quotation marks do not match");
    property.value = *std::move(value);
  } else if (rest.empty()) {
    return refuse(text, "the tag has no value");
  } else if (rest.find_first_of("\"\\") != std::string_view::npos) {
    return refuse(text, "it has a quotation mark or a backslash inside");
  }
  return property;
}

std::string CaaProperty::text() const { return format("{} {} {}", flags, tag, quoted(value)); }

bool CaaProperty::means_the_same_as(const CaaProperty& other) const {
  if (flags != other.flags || tag != other.tag) return false;
  if (value == other.value) return true;
  if (!names_issuers(tag)) return false;
  const auto issuer = CaaIssuer::parse(value);
  return issuer && issuer == CaaIssuer::parse(other.value);
}

std::optional<CaaIssuer> CaaIssuer::parse(std::string_view value) {
  const auto semicolon = std::min(value.find(';'), value.size());
  const auto domain = trim_blanks(value.substr(0, semicolon));
  if (!domain.empty() && !is_issuer_domain(domain)) return std::nullopt;
  CaaIssuer issuer{to_lower(domain), {}};
  if (semicolon == value.size()) return issuer;
  const auto parameters = split(value.substr(semicolon + 1), ';');
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto text = trim_blanks(parameters[i]);
    // A last semicolon ends the list in the field; the grammar has none, and authorities read over it.
    if (text.empty() && i + 1 == parameters.size()) break;
    auto parameter = parameter_of(text);
    if (!parameter) return std::nullopt;
    issuer.parameters.push_back(*std::move(parameter));
  }
  std::ranges::sort(issuer.parameters);
  return issuer;
}

std::string CaaIssuer::text() const {
  auto text = domain;
  for (const auto& [tag, value] : parameters) text += format("{}{}={}", text.empty() ? ";" : "; ", tag, value);
  return text.empty() ? ";" : text;
}

Result<CaaProperty> check_caa(std::string_view text) {
  auto property = TRY(CaaProperty::parse(text));
  if (property.flags != 0 && property.flags != CaaProperty::kCritical) return refuse(text, "its flags are 0 or 128");
  if (std::ranges::find(kTags, property.tag) == kTags.end()) {
    return refuse(text,
                  format("\"{}\" is not a tag; there are issue, issuewild, iodef, issuemail, issuevmc, contactemail "
                         "and contactphone",
                         property.tag));
  }
  if (names_issuers(property.tag)) {
    const auto issuer = CaaIssuer::parse(property.value);
    if (!issuer) return refuse(text, "its value is the authority's domain alone, parameters behind a semicolon");
    property.value = issuer->text();
  }
  if (property.tag == "iodef" && !is_report_url(property.value)) {
    return refuse(text, "an iodef value is a URL such as mailto:security@shop.example");
  }
  return property;
}

}  // namespace signpost
