// SPDX-License-Identifier: Apache-2.0
//
// SPF records as values (RFC 7208): read, compared, and what one wants of another. SpfWalk follows their includes.
// Values; any thread. What `text` prints, `parse` reads back as itself.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "base/result.h"

namespace signpost::dns {

/// More terms than this are refused: RFC 7208 3.4 wants records to be small, and 64 KB of "a" cost time.
constexpr std::size_t kSpfTermsMax = 256;

enum class SpfQualifier { kPass, kFail, kSoftFail, kNeutral };

/// One mechanism or modifier, canonical: names in lower case, domains without the last dot (those with macros as they
/// are), addresses as inet_ntop has them.
struct SpfTerm {
  enum class Kind { kAll, kInclude, kA, kMx, kPtr, kIp4, kIp6, kExists, kRedirect, kExp, kOtherModifier };

  Kind kind = Kind::kAll;
  SpfQualifier qualifier = SpfQualifier::kPass;
  std::string name = {};                      // of another modifier
  std::string domain = {};                    // include, a, mx, ptr, exists, redirect, exp; empty: where it stands
  std::array<std::uint8_t, 16> network = {};  // ip4 (the first four octets), ip6
  std::uint8_t prefix4 = 32;                  // ip4, a, mx
  std::uint8_t prefix6 = 128;                 // ip6, a, mx

  /// "include:spf.saas.example", "~all", "ip4:192.0.2.0/24".
  std::string text() const;
  /// RFC 7208 4.6.4: include, a, mx, ptr, exists and redirect cost a look-up.
  bool needs_lookup() const;
  /// The domain has macros (RFC 7208 7), which mean something only for a mail on its way.
  bool has_macros() const { return domain.find('%') != std::string::npos; }
  bool operator==(const SpfTerm&) const = default;
};

struct SpfRecord {
  std::vector<SpfTerm> terms;  // in their order; at least the empty list of "v=spf1"

  /// kUnprocessable, `member` "value", with the term at fault and what is right.
  static Result<SpfRecord> parse(std::string_view text);
  std::string text() const;
  /// The terms that are ever reached: those behind an `all` are not, nor is a redirect beside it (RFC 7208 5.1, 6.1).
  std::vector<SpfTerm> reached() const;
  bool operator==(const SpfRecord&) const = default;
};

/// RFC 7208 4.5: the version is "v=spf1", in any case, and a blank or the end follows.
bool is_spf(std::string_view text);
/// Those of the TXT values that are SPF records: exactly one is right.
std::vector<std::string> spf_records(std::span<const std::string> texts);

/// A record and the name it stands at, which an `a` or `mx` without a domain means.
struct SpfAt {
  DnsName name;
  SpfRecord record;
};

/// Does `seen` let pass (or stop) what `wanted` does? The same term; a wider network of the same qualifier; an include
/// for a redirect to the same domain, and the other way round.
bool covers(const SpfTerm& seen, const DnsName& seen_at, const SpfTerm& wanted, const DnsName& wanted_at);

/// What of the wanted record counts: its mechanisms and its redirect. `all`, which the owner of the domain decides,
/// only if the record has nothing else ("v=spf1 -all": no mail at all); exp and unknown modifiers never.
std::vector<SpfTerm> demanded_parts(const SpfRecord& wanted);
/// Those that the seen record does not itself have among the terms that are reached. A sole `all` may be stricter.
std::vector<SpfTerm> missing_parts(const SpfAt& wanted, const SpfAt& seen);
/// Is the term there, but behind the `all` or beside it, where nobody gets to?
bool stands_after_all(const SpfTerm& wanted, const DnsName& wanted_at, const SpfAt& seen);

/// "include:a.example, ip4:192.0.2.1 and 3 more"
std::string shown(std::span<const SpfTerm> terms);

}  // namespace signpost::dns
