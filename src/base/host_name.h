// SPDX-License-Identifier: Apache-2.0
//
// A host name in its one canonical form: A-labels, lower case, no trailing dot, split by the public suffix list.
// Value; any thread. HostName::parse is the only way to one, so whoever holds a HostName holds a valid public name.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signpost {

class HostName {
 public:
  /// Any case, IDN (IDNA 2008 non-transitional, UTS 46), one trailing dot allowed. kUnprocessable with the reason for:
  /// over 253 octets, a label over 63 or empty, other characters, an IP address, a public suffix itself, localhost, U+0000.
  static Result<HostName> parse(std::string_view text);

  /// "www.shop.example"
  const std::string& text() const { return text_; }
  /// What the registrant owns, the public suffix and one label: "shop.example".
  std::string_view domain() const { return std::string_view(text_).substr(domain_at_); }
  /// What stands before the domain: "www"; empty at the apex.
  std::string_view subdomain() const {
    return domain_at_ == 0 ? std::string_view{} : std::string_view(text_).substr(0, domain_at_ - 1);
  }
  /// The domain's own label, "shop", and its public suffix, "example" (of "shop.co.uk": "co.uk").
  std::string_view second_level() const { return domain().substr(0, domain().find('.')); }
  std::string_view suffix() const { return domain().substr(domain().find('.') + 1); }
  bool is_apex() const { return domain_at_ == 0; }
  /// U-labels, for people: "www.münchen.example".
  std::string unicode() const;

  auto operator<=>(const HostName&) const = default;

 private:
  HostName(std::string text, std::size_t domain_at) : text_(std::move(text)), domain_at_(domain_at) {}
  std::string text_;
  std::size_t domain_at_ = 0;
};

/// A name as DNS has it: owner of a record or its target. Underscores, wildcards and public suffixes are fine here;
/// "." is the root. Canonical: lower case, A-labels, no trailing dot (the root is ".").
class DnsName {
 public:
  static Result<DnsName> parse(std::string_view text);
  DnsName(const HostName& host) : text_(host.text()) {}  // NOLINT: every host name is a DNS name
  const std::string& text() const { return text_; }
  /// True for the name itself and for everything below it.
  bool is_within(const DnsName& zone) const;
  /// The name without its first label; the root for a single label and for the root itself.
  DnsName parent() const;
  bool is_root() const { return text_ == "."; }
  auto operator<=>(const DnsName&) const = default;

 private:
  explicit DnsName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace signpost
