// SPDX-License-Identifier: Apache-2.0
//
// Looks at DNS: asks every authoritative server of a record, on every address, at once, and the resolvers beside them.
// Owned by app/wiring, one per loop; lives on that loop; `stop` is awaited before it dies. The policy outlives it.
// A look ends within its deadline and within bounded memory whatever the servers do, and one zone never waits for
// another.
#pragma once

#include <vector>

#include "dns/authorities.h"
#include "dns/caa.h"
#include "dns/observation.h"
#include "dns/resolver.h"
#include "dns/transport.h"
#include "dns/zone_memory.h"

namespace signpost::dns {

class Observer {
 public:
  struct Settings {
    std::vector<net::UdpEndpoint> resolvers;           // recursive; trusted for delegations, never for verdicts
    std::vector<std::string> certificate_authorities;  // whose CAA verdict is asked: "letsencrypt.org"
    std::uint16_t authority_port = 53;                 // another one only in tests and demos, which have no root
    Milliseconds look_max{5'000};                      // one whole look
    Milliseconds server_max{1'100};                    // one question to one server, repetitions and TCP included
    Milliseconds try_max{300};                         // after which a question is repeated
    std::size_t expectations_max = 64;                 // per look; those beyond are "too_many_records"
    std::size_t authorities_max = 13;                  // name servers of one zone that are asked
    std::size_t addresses_max = 32;                    // addresses of one zone that are asked
    std::size_t in_flight_server_max = 256;            // questions to one server at a time
    std::size_t in_flight_max = 1'024;                 // sockets at a time
    std::size_t looks_max = 1'024;                     // looks at a time; those beyond are "too_busy" at once
  };

  Observer(net::Executor executor, Settings settings, const net::AddressPolicy& policy);
  ~Observer();

  /// Never fails: what could not be seen is in the observation. Ends at the deadline or after look_max.
  Task<Observation> observe(std::vector<Expectation> expectations, net::Deadline deadline, Progress progress = {});

  /// Whether CAA lets the authority of the question issue for the name, as it stands now (RFC 8659, RFC 8657). Never
  /// fails: kOpen if it could not be looked up by the deadline, or by this machine.
  Task<CaaVerdict> may_issue(DnsName name, CaaQuestion question, net::Deadline deadline);

  /// Ends the looks in flight early and waits for them.
  Task<void> stop();

 private:
  class Turn;  // counts a look while it lasts

  Settings settings_;
  Transport transport_;  // to authorities
  Transport to_resolvers_;
  Resolver resolver_;
  Authorities authorities_;
  ZoneMemory memory_;
  bool stopping_ = false;
  std::size_t looks_ = 0;
  net::Timer stopped_;
};

}  // namespace signpost::dns
