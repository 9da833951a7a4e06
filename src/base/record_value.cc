// SPDX-License-Identifier: Apache-2.0
#include "base/record_value.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/caa_property.h"
#include "base/host_name.h"
#include "base/text.h"

namespace signpost {
namespace {

enum class Root { kRefused, kAllowed };

std::unexpected<Error> refuse(std::string message) { return fail(Kind::kUnprocessable, std::move(message), "value"); }

std::optional<std::string> address_text(int family, std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  if (inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) return std::nullopt;
  inet_ntop(family, bytes.data(), canonical.data(), canonical.size());
  return std::string(canonical.data());
}

Result<std::string> address_value(int family, std::string_view text) {
  if (auto address = address_text(family, text)) return *std::move(address);
  const bool is_four = family == AF_INET;
  if (address_text(is_four ? AF_INET6 : AF_INET, text)) {
    return refuse(is_four
                      ? format("\"{}\" is an IPv6 address, which belongs into an AAAA record; this type needs an IPv4 "
                               "address such as 203.0.113.7",
                               text)
                      : format("\"{}\" is an IPv4 address, which belongs into an A record; this type needs an IPv6 "
                               "address such as 2001:db8::7",
                               text));
  }
  return refuse(is_four ? format("\"{}\" is not an IPv4 address such as 203.0.113.7", printable(text))
                        : format("\"{}\" is not an IPv6 address such as 2001:db8::7", printable(text)));
}

/// "192.0.2.1", "192.0.2.1." and "[2001:db8::1]"; also "192.0.2", which the last label gives away.
bool is_address(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (text.ends_with('.')) text.remove_suffix(1);
  if (address_text(AF_INET, text) || address_text(AF_INET6, text)) return true;
  return parse_integer(text.substr(text.rfind('.') + 1)).has_value();
}

Result<std::string> target_value(std::string_view text, Root root) {
  if (text.find("://") != std::string_view::npos || text.find('/') != std::string_view::npos) {
    return refuse(format("\"{}\" is a URL; the value is a host name alone, such as app.saas.example", printable(text)));
  }
  if (is_address(text)) {
    return refuse(format("\"{}\" is an address; this type points to a host name, addresses go into A or AAAA records",
                         printable(text)));
  }
  if (text == "." && root == Root::kRefused)
    return refuse("\".\" is the root of the DNS; the value is a host name such as app.saas.example");
  if (text.find_first_of(" \t") != std::string_view::npos) {
    return refuse(
        format("\"{}\" has blanks; the value is one host name alone, such as app.saas.example", printable(text)));
  }
  if (text.find(':') != std::string_view::npos) {
    return refuse(
        format("\"{}\" has a port; the value is a host name alone, such as app.saas.example", printable(text)));
  }
  const auto name = DnsName::parse(text);
  if (!name) return refuse(name.error().message);
  if (!name->is_root() && name->text().find('.') == std::string::npos) {
    return refuse(format("\"{}\" is one label; write the whole host name, such as {}.saas.example", printable(text),
                         name->text()));
  }
  return name->text();
}

Result<std::string> exchange_value(std::string_view text) {
  const auto words = split(text, ' ');
  if (words.size() == 2 && parse_integer(words[0])) {
    return refuse(
        format("\"{}\" begins with a preference; the value is the mail host alone and the preference is the "
               "record's priority",
               printable(text)));
  }
  return target_value(text, Root::kAllowed);
}

Result<std::string> text_value(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, is_control))
    return refuse("a TXT value has no control characters; write it in one line without quotes");
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) {
    return refuse("the TXT value stands in quotation marks, which would become a part of it; write it without them");
  }
  if (text.starts_with(' ') || text.ends_with(' '))
    return refuse("the TXT value begins or ends with a blank, which gets lost in most forms; write it without");
  return std::string(text);
}

}  // namespace

Result<ServiceTarget> ServiceTarget::parse(std::string_view text) {
  constexpr std::string_view kForm = "write priority, weight, port and host, such as 10 5 443 host.saas.example";
  std::vector<std::string_view> words = split(text, ' ');
  std::erase(words, std::string_view());
  if (words.size() != 4)
    return refuse(format("\"{}\" is no SRV value, it has {} of 4 parts; {}", printable(text, 80), words.size(), kForm));
  std::array<std::uint16_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto number = parse_integer(words[i]);
    if (!number || *number < 0 || *number > 65'535) {
      return refuse(format("\"{}\" is no SRV value, \"{}\" is not a number from 0 to 65535; {}", printable(text, 80),
                           printable(words[i], 20), kForm));
    }
    numbers[i] = static_cast<std::uint16_t>(*number);
  }
  return ServiceTarget{numbers[0], numbers[1], numbers[2], TRY(target_value(words[3], Root::kAllowed))};
}

std::string ServiceTarget::text() const { return format("{} {} {} {}", priority, weight, port, host); }

Result<std::string> canonical_record_value(RecordType type, std::string_view text) {
  if (text.empty()) return refuse("value is empty");
  switch (type) {
    case RecordType::kA:
      return address_value(AF_INET, text);
    case RecordType::kAaaa:
      return address_value(AF_INET6, text);
    case RecordType::kCname:
    case RecordType::kNs:
      return target_value(text, Root::kRefused);
    case RecordType::kMx:
      return exchange_value(text);
    case RecordType::kSrv:
      return TRY(ServiceTarget::parse(text)).text();
    case RecordType::kCaa: {
      auto property = check_caa(text);
      if (!property) return refuse(std::move(property.error().message));
      return property->text();
    }
    case RecordType::kTxt:
      return text_value(text);
  }
  return std::string(text);
}

}  // namespace signpost
