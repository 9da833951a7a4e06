// SPDX-License-Identifier: Apache-2.0
//
// What a Look is made of, for its own two files: look.cc asks, look_reasons.cc finds out why and concludes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dns/look.h"

namespace signpost::dns {

struct Look::Place {
  Result<Cut> cut = fail(Kind::kTimeout, "the look ended before its turn");
};

struct Look::Zone {
  Cut cut;
  ZoneView view;
  bool is_remembered = false;
};

struct Look::Group {
  std::vector<Expectation> members;  // of one name and type
  std::vector<Probe> authorities;
  std::vector<Probe> resolvers;
  Beyond beyond = {};
  // Where the SPF record of the first server that spoke leads to, by what was wanted.
  std::map<std::string, SpfReport> spf = {};

  const Probe* witness() const { return witness_among(authorities); }
};

struct Look::CaaStep {
  DnsName name;
  Seen seen = {};
  std::optional<CaaWalk::Outcome> outcome = {};  // nothing: not known
};

/// The name that a CNAME expectation points to.
std::optional<DnsName> target_of(const Expectation& record);
/// Whose zone counts for a record: its own name's; for name servers, the zone above the name, where everybody learns of
/// them.
DnsName place_of(const Expectation& record);

}  // namespace signpost::dns
