// SPDX-License-Identifier: Apache-2.0
//
// A look at DNS by this process itself, without a server: what `dns observe` and `dns explain` are made of.
// The main thread; one loop for the time of the look.
#pragma once

#include <string>
#include <vector>

#include "app/console.h"
#include "dns/observation.h"
#include "net/address_policy.h"
#include "net/task.h"

namespace signpost::app {

struct LookOptions {
  std::vector<net::UdpEndpoint> resolvers;  // empty: /etc/resolv.conf
  std::uint16_t authority_port = 53;
  std::vector<net::Network> allow;                   // networks that are asked although they are not public
  std::vector<std::string> certificate_authorities;  // whose CAA verdict is asked
};

/// On a terminal the answers are drawn as they come, and wiped away in the end. kNotFound: no resolver is configured.
Result<dns::Observation> look_here(Console& console, const LookOptions& options,
                                   std::vector<dns::Expectation> expectations, OutputForm form);

}  // namespace signpost::app
