// SPDX-License-Identifier: Apache-2.0
//
// Looks names up through the configured recursive resolvers, the next one when one fails (a stub, RFC 1034 5.3.1).
// Owned by an Observer; lives on one loop. Verdicts never come from its cache: only addresses of name servers are kept,
// at most `cache_entries_max` names for at most `cache_max`.
#pragma once

#include <map>
#include <vector>

#include "dns/transport.h"

namespace signpost::dns {

class Resolver {
 public:
  struct Settings {
    std::vector<net::UdpEndpoint> servers;
    std::size_t cache_entries_max = 4'096;
    Milliseconds cache_max{60'000};
  };

  Resolver(Transport& transport, Settings settings) : transport_(transport), settings_(std::move(settings)) {}

  /// NOERROR and NXDOMAIN answers, the first that comes; where a resolver fails because it holds the zone for forged,
  /// what it answers unchecked: so that a zone with broken DNSSEC is found and can be named. Otherwise the reason of
  /// the last server: kProtocol (SERVFAIL, REFUSED, nonsense), kTimeout (silence), kNetwork, kUnavailable (no resolver
  /// configured, or too busy to ask).
  Task<Result<Answer>> ask(Question question, net::Deadline deadline);

  /// A and AAAA of a host, aliases followed, from the cache if young enough. Empty if it has none.
  Task<Result<std::vector<net::IpAddress>>> addresses_of(DnsName host, net::Deadline deadline);

  /// The same, asked of every resolver at once and joined, never from the cache: what the world may see. A family that
  /// no resolver has answered is not known.
  struct AllAddresses {
    std::vector<net::IpAddress> found;
    bool lacks_v4 = false;
    bool lacks_v6 = false;
    std::string reason = {};  // why one lacks
  };
  Task<AllAddresses> all_addresses_of(DnsName host, net::Deadline deadline);

  const std::vector<net::UdpEndpoint>& servers() const { return settings_.servers; }

 private:
  struct Cached {
    std::vector<net::IpAddress> addresses;
    net::Deadline until;
  };
  void remember(const DnsName& host, const std::vector<net::IpAddress>& addresses, std::uint32_t ttl);

  Transport& transport_;
  Settings settings_;
  std::size_t preferred_ = 0;  // the one that answered last
  std::map<DnsName, Cached> cache_;
};

}  // namespace signpost::dns
