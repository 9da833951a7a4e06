// SPDX-License-Identifier: Apache-2.0
//
// May an authority issue for a name (RFC 8659)? CaaWalk climbs to the CAA records that count, without asking anybody:
// it says whose are needed next, is told what was found, and in the end judges for any authority. Owned by a look; on
// its loop. It climbs at most one name per label, so it always ends.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/caa_property.h"
#include "base/host_name.h"

namespace signpost::dns {

/// Who wants to issue, and how.
struct CaaQuestion {
  enum class For { kHost, kWildcard };  // www.shop.example or *.shop.example

  std::vector<std::string> issuers;  // the authority's domains; any of them will do
  For name = For::kHost;
  std::string method = {};   // "dns-01"; empty: validationmethods are not looked at (RFC 8657 4)
  std::string account = {};  // the ACME account's URI; empty: accounturi is not looked at (RFC 8657 3)
};

struct CaaVerdict {
  enum class Kind {
    kAllowed,
    kForbidden,
    kFailed,  // a look-up failed: authorities must not issue (RFC 8659 3)
    kOpen,    // the walk has not ended
  };
  Kind kind = Kind::kOpen;
  std::string property = {};             // what allows or forbids it, '0 issue "ca.example"'; empty: no CAA at all
  std::optional<DnsName> found_at = {};  // whose CAA records count, or whose look-up failed
  std::optional<DnsName> alias = {};     // the name they really stand at, if found_at is an alias
  bool is_inherited = false;             // found_at is above the name
  std::string sentence = {};             // "0 issue \"other.example\" at shop.example lets only other.example issue"
};

class CaaWalk {
 public:
  enum class Outcome {
    kAnswer,   // what the name, or what it is an alias for, has; nothing of the type included
    kNothing,  // no such name
    kFailed,   // SERVFAIL, no answer
  };

  /// For a wildcard the climb begins at the name without its "*." (RFC 8659 3).
  explicit CaaWalk(DnsName name);

  /// The name whose CAA records are needed now, aliases followed by the resolver; nothing once the walk has ended.
  std::optional<DnsName> needed() const;
  bool has_ended() const { return !needed(); }
  /// `values`: the CAA records, canonical; `alias`: the last name of the alias chain that led to them.
  void tell(Outcome outcome, std::span<const std::string> values, std::optional<DnsName> alias = {});
  CaaVerdict judge(const CaaQuestion& question) const;

 private:
  DnsName name_;
  DnsName at_;
  std::optional<Outcome> end_;  // kAnswer: CAA records were found; kNothing: there are none up to the root
  std::vector<CaaProperty> found_;
  std::optional<DnsName> alias_;
};

}  // namespace signpost::dns
