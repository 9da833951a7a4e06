// SPDX-License-Identifier: Apache-2.0
//
// One property of a CAA record (RFC 8659 4): its flags, its tag and its value, and what an issue value says.
// Values; any thread. What `text` prints, `parse` reads back as itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace signpost {

/// RFC 8659 4.1.1: one to 15 letters and digits.
bool is_caa_tag(std::string_view tag);

struct CaaProperty {
  static constexpr std::uint8_t kCritical = 128;  // RFC 8659 4.1: who does not know the tag must not issue

  std::uint8_t flags = 0;
  std::string tag;    // lower case
  std::string value;  // raw octets, without quotation marks

  /// As zone files have it, the value with or without quotation marks: `0 issue "ca.example"`. kUnprocessable.
  static Result<CaaProperty> parse(std::string_view text);
  /// The one canonical form, with quotation marks; inside them " and \ take a backslash, other octets become \DDD.
  std::string text() const;
  bool is_critical() const { return (flags & kCritical) != 0; }
  /// The same to every authority: issue values may differ in blanks, case of the domain and order of parameters.
  bool means_the_same_as(const CaaProperty& other) const;
  bool operator==(const CaaProperty&) const = default;
};

/// The value of issue and issuewild: `ca.example; validationmethods=dns-01` (RFC 8659 4.2). Without a domain nobody may
/// issue.
struct CaaIssuer {
  std::string domain;                                           // lower case
  std::vector<std::pair<std::string, std::string>> parameters;  // tags in lower case, sorted

  /// Nothing for what is no such value: an authority must read it as one without a domain.
  static std::optional<CaaIssuer> parse(std::string_view value);
  std::string text() const;
  bool operator==(const CaaIssuer&) const = default;
};

/// A property that somebody asks for: kUnprocessable with what to write for one that no authority would read (other
/// flags than 0 and 128, a tag that is not registered, an issuer that is no domain, an iodef that is no URL). Issue
/// values come out in their canonical form.
Result<CaaProperty> check_caa(std::string_view text);

}  // namespace signpost
