// SPDX-License-Identifier: Apache-2.0
//
// All that one look has learnt about one record: what diagnosis.cc judges by. Values and views; dies with the look.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dns/authorities.h"
#include "dns/caa.h"
#include "dns/observation.h"
#include "dns/probe.h"
#include "dns/spf_walk.h"

namespace signpost::dns {

/// What was asked beyond the record itself, of the first server that spoke for the zone, unless said otherwise.
struct Beyond {
  std::vector<Probe> beside;          // other types at the name
  std::vector<Probe> elsewhere;       // the type at names where the record may have landed
  std::optional<Probe> wildcard;      // the type at a name that nobody has made
  std::optional<Probe> registration;  // NS of the registrable domain, of its registry
  std::optional<Probe> keys;          // DNSKEY of the zone, where the zone above has DS
  std::vector<Probe> serials;         // SOA, of every address
  std::vector<Probe> unchecked;       // the record, of resolvers that fail, with checking disabled
  std::vector<Probe> checked;         // the same of the same once more, with checking: do they still fail?
  std::optional<SpfReport> spf;       // where the SPF record leads to
  struct Caa {
    std::string authority;  // "letsencrypt.org"
    CaaVerdict verdict;
  };
  std::vector<Caa> caa;  // of each certificate authority that is used
  bool target_is_looked_up = false;
  bool target_exists = false;  // the wanted CNAME's target has an address
  std::string target_unknown;  // why not all of its addresses could be looked up; else empty
};

/// What the zone looks like from both sides of its cut.
struct ZoneView {
  Delegation delegation;  // all servers, of both sides
  std::optional<Above> above;
  std::vector<DnsName> own;  // its name servers as the zone itself names them
};

struct Facts {
  const RecordObservation& record;  // verdicts, per server
  const Expectation& wanted;
  std::span<const Expectation> group;  // all of its name and type
  std::span<const Expectation> all;    // of the look
  std::span<const Probe> authorities;  // beside record.authorities, in their order
  std::span<const Probe> resolvers;
  const ZoneView& zone;
  const Beyond& beyond;
};

}  // namespace signpost::dns
