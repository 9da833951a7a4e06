// SPDX-License-Identifier: Apache-2.0
//
// One question of a look to one server, and what its answer means for an expectation.
// Owned by a look; on its loop; `report` is pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dns/comparison.h"
#include "dns/transport.h"

namespace signpost::dns {

struct Probe {
  std::string server;
  net::UdpEndpoint endpoint;
  Question question;
  Recursion recursion = Recursion::kNotDesired;  // kDesired for a resolver, which has no authority to show
  bool wants_flattened = false;                  // where it has no CNAME, its addresses: two questions more
  Exchange exchange = {};
  Seen seen = {};
  std::vector<std::string> flattened = {};  // the name's addresses where it has no CNAME, if wanted
  std::int64_t at_ms = 0;                   // when the answer was there, since the look began
  bool is_done = false;                     // answered, or its time is over

  /// An answer that counts: of a server with authority, or of a resolver.
  bool has_spoken() const;
};

/// The one that speaks for the zone and says most: a value before an alias, before an empty name, before no name at
/// all; of equals the first by name. nullptr if none speaks.
const Probe* witness_among(std::span<const Probe> probes);

/// Asks; and where a CNAME is missing and its addresses are wanted, asks the same server for them.
Task<void> run(Transport& transport, Probe& probe, net::Deadline deadline);

/// `target`: of the expected CNAME. `walked`: where the server's SPF record leads to, if that is known.
ServerAnswer report(const Probe& probe, const Expectation& record, std::span<const Expectation> group,
                    const TargetAddresses& target, const SpfReport* walked = nullptr);

/// "192.0.2.53:53", "[2001:db8::53]:53".
std::string text_of(const net::UdpEndpoint& endpoint);

}  // namespace signpost::dns
