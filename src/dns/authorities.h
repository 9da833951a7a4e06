// SPDX-License-Identifier: Apache-2.0
//
// Who answers for a name: its zone cut, the zone's name servers and their vetted addresses.
// Owned by an Observer; lives on one loop. At most authorities_max servers and addresses_max addresses come out, every
// address allowed by the policy; what was left out is named, never asked.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "net/address_policy.h"

namespace signpost::dns {

struct Authority {
  DnsName name;
  std::vector<net::UdpEndpoint> addresses;
  std::string note;  // why it has none, or which of its addresses are not asked
};

/// A zone's upper end: the names of its servers, and the addresses the zone above gave for them (glue), if it was
/// asked.
struct Cut {
  DnsName zone;
  std::vector<DnsName> servers;
  std::map<DnsName, std::vector<net::IpAddress>> glue;
};

struct Delegation {
  DnsName zone;
  std::vector<Authority> servers;  // those without a usable address too
};

class Authorities {
 public:
  struct Settings {
    std::uint16_t port = 53;  // another one only in tests and demos, which have no root
    std::size_t authorities_max = 13;
    std::size_t addresses_max = 32;
  };

  Authorities(Transport& transport, Resolver& resolver, const net::AddressPolicy& policy, Settings settings)
      : transport_(transport), resolver_(resolver), policy_(policy), settings_(settings) {}

  /// Walks from the name upwards until name servers are found. Where the resolvers fail below a zone that works (all of
  /// a zone's servers are dead, say), the zone above is asked for its referral, so that the dead servers have names.
  /// kNotFound: no zone at all; otherwise why the resolvers gave no answer.
  Task<Result<Cut>> find_cut(DnsName name, net::Deadline deadline);

  /// The addresses of the zone's servers. Never fails: a server without addresses says why.
  Task<Delegation> find_servers(Cut cut, net::Deadline deadline);

 private:
  Task<std::optional<Cut>> referral(Cut parent, DnsName name, net::Deadline deadline);
  Task<void> find_addresses(const Cut& cut, Authority& authority, net::Deadline deadline);
  void choose(std::vector<Authority>& servers) const;

  Transport& transport_;
  Resolver& resolver_;
  const net::AddressPolicy& policy_;
  Settings settings_;
};

}  // namespace signpost::dns
