// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <cctype>

#include "base/host_name.h"
#include "base/text.h"

namespace signpost::net {
namespace {

constexpr std::uint16_t default_port(Scheme scheme) { return scheme == Scheme::kHttps ? 443 : 80; }

std::unexpected<Error> refuse(std::string reason) { return fail(Kind::kUnprocessable, std::move(reason)); }

Result<void> check_bytes(std::string_view text) {
  if (text.size() > Url::bytes_max) {
    return refuse("the URL has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(Url::bytes_max) +
                  " are taken");
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f) return refuse("the URL holds a blank or a control character");
    if (c == '\\') return refuse("the URL holds a backslash, which readers take for different things");
  }
  return {};
}

Result<std::uint16_t> parse_port(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto number = std::ranges::all_of(text, is_digit) ? parse_integer(text) : std::nullopt;
  if (!number || *number < 1 || *number > 65535) {
    return refuse("the URL's port \"" + printable(text, 20) + "\" is not a number from 1 to 65535");
  }
  return static_cast<std::uint16_t>(*number);
}

/// True for what some readers take for an IPv4 address: a last label that is a decimal, octal or hexadecimal number
/// (WHATWG URL, "ends in a number").
bool ends_in_a_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto last = host.substr(host.rfind('.') + 1);
  if (last.empty()) return false;
  if (last.starts_with("0x") || last.starts_with("0X")) {
    return std::ranges::all_of(last.substr(2), [](unsigned char c) { return std::isxdigit(c) != 0; });
  }
  return std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
}

Result<void> take_v4(std::string_view host, Url& url) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address_v4(std::string(host), error);
  if (error || address.to_string() != host) {
    return refuse("the URL's host \"" + printable(host, 60) +
                  "\" is not an IPv4 address in its usual form, four decimal numbers such as 192.0.2.1");
  }
  url.literal = address;
  url.host = address.to_string();
  return {};
}

Result<void> take_v6(std::string_view inside, Url& url) {
  if (inside.contains('%'))
    return refuse("the URL's IPv6 address has a zone id, which means nothing to another machine");
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address_v6(std::string(inside), error);
  if (error) return refuse("the URL's host \"[" + printable(inside, 60) + "]\" is not an IPv6 address");
  url.literal = address;
  url.host = address.to_string();
  return {};
}

Result<void> take_name(std::string_view host, Url& url) {
  if (host.contains('%')) return refuse("the URL's host is percent-encoded; write it as it is");
  if (ends_in_a_number(host)) return take_v4(host, url);
  const auto name = TRY(DnsName::parse(host));
  const auto is_host_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  if (name.is_root() || !std::ranges::all_of(name.text(), is_host_letter)) {
    return refuse("the URL's host \"" + printable(host, 60) + "\" is not a host name");
  }
  // Full-width digits and dots are digits and dots once they are mapped.
  if (ends_in_a_number(name.text()))
    return refuse("the URL's host \"" + printable(host, 60) + "\" is an IPv4 address in disguise");
  url.host = name.text();
  return {};
}

Result<void> take_authority(std::string_view authority, Url& url) {
  if (authority.contains('@'))
    return refuse("the URL holds user information before its host; it belongs into a header");
  std::string_view host = authority;
  std::string_view after;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return refuse("the URL's IPv6 address has no closing bracket");
    host = authority.substr(1, end - 1);
    after = authority.substr(end + 1);
    TRY_VOID(take_v6(host, url));
  } else {
    const auto colon = authority.find(':');
    host = authority.substr(0, colon);
    after = colon == std::string_view::npos ? std::string_view{} : authority.substr(colon);
    if (host.empty()) return refuse("the URL has no host");
    TRY_VOID(take_name(host, url));
  }
  url.port = default_port(url.scheme);
  if (after.empty()) return {};
  if (!after.starts_with(':')) return refuse("the URL has something between its host and its path");
  url.port = TRY(parse_port(after.substr(1)));
  return {};
}

}  // namespace

std::string_view name_of(Scheme scheme) {
  switch (scheme) {
    case Scheme::kHttp:
      return "http";
    case Scheme::kHttps:
      return "https";
  }
  return "https";
}

Result<Url> Url::parse(std::string_view text) {
  TRY_VOID(check_bytes(text));
  const auto colon = text.find("://");
  const auto scheme = to_lower(text.substr(0, colon == std::string_view::npos ? 0 : colon));
  if (scheme != "http" && scheme != "https") return refuse("the URL must begin with http:// or https://");
  Url url;
  url.scheme = scheme == "http" ? Scheme::kHttp : Scheme::kHttps;
  const auto rest = text.substr(colon + 3);
  const auto end = rest.find_first_of("/?#");
  TRY_VOID(take_authority(rest.substr(0, end), url));
  const auto target = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
  if (target.contains('#')) return refuse("the URL has a fragment, which is never sent");
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  if (!boost::urls::parse_origin_form(url.target)) {
    return refuse("the URL's path or query holds a character that must be percent-encoded");
  }
  return url;
}

std::string Url::authority() const {
  std::string text = literal && literal->is_v6() ? "[" + host + "]" : host;
  if (port != default_port(scheme)) text += ":" + std::to_string(port);
  return text;
}

std::string Url::text() const { return std::string(name_of(scheme)) + "://" + authority() + target; }

}  // namespace signpost::net
