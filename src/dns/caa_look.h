// SPDX-License-Identifier: Apache-2.0
//
// Looks up whether CAA lets a certificate authority issue, as it stands now: every name of the climb at once by the
// resolvers, and what forbids once more of the zone's own servers, so that a mended record is not held against anybody
// for as long as a cache keeps the old one.
// A local of Observer::may_issue; on its loop. Ends at the deadline; at most kCaaStepsMax names, kServersMax servers
// each.
#pragma once

#include <optional>

#include "dns/authorities.h"
#include "dns/caa.h"
#include "dns/comparison.h"
#include "dns/resolver.h"
#include "dns/transport.h"

namespace signpost::dns {

/// Names of one climb; deeper ones have none in practice, and what is not looked at stays open.
constexpr std::size_t kCaaStepsMax = 16;

class CaaLook {
 public:
  CaaLook(Authorities& authorities, Resolver& resolver, Transport& to_authorities)
      : authorities_(authorities), resolver_(resolver), to_authorities_(to_authorities) {}

  Task<CaaVerdict> judge(DnsName name, CaaQuestion question, net::Deadline deadline);

 private:
  struct Step {
    DnsName name;
    Seen seen = {};
    std::optional<CaaWalk::Outcome> outcome = {};  // nothing: not known
  };
  Task<void> ask(Step& step, net::Deadline deadline);
  /// A failure is only told by a server that answers with one: false if none of the zone's servers has answered.
  Task<bool> ask_authorities(Step& step, net::Deadline deadline);

  Authorities& authorities_;
  Resolver& resolver_;
  Transport& to_authorities_;
};

}  // namespace signpost::dns
