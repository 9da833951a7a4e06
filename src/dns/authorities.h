// SPDX-License-Identifier: Apache-2.0
//
// Who answers for a name: its zone cut, the zone's name servers and their vetted addresses.
// Owned by an Observer; lives on one loop. At most authorities_max servers and addresses_max addresses come out, every
// address allowed by the policy; what was left out is named, never asked.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "net/address_policy.h"

namespace signpost::dns {

struct Authority {
  DnsName name;
  std::vector<net::UdpEndpoint> addresses = {};
  std::string note = {};  // why it has none, or which of its addresses are not asked
  enum class Lack {
    kNothing,
    kNone,       // it has no address at all
    kForbidden,  // one of its addresses is forbidden
    kUnknown,    // its addresses could not be looked up
    kOverLimit,  // stands for those that are not asked, so many are there
  } lack = Lack::kNothing;
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

/// Is the zone one in which domains are registered ("com", "co.uk"), so that the name's own domain has none?
bool is_registry(const DnsName& zone, const DnsName& name);
/// "shop.example" for "_acme-challenge.www.shop.example"; nothing if the name is no host's.
std::optional<DnsName> registrable_of(const DnsName& name);

/// What the zone above a cut says about it.
struct Above {
  DnsName zone;
  std::string server;            // who said so
  std::string address;           // "192.0.2.53:53"
  bool is_unknown = false;       // NXDOMAIN: there is no such domain
  std::vector<DnsName> servers;  // of the delegation; empty if there is none
  std::map<DnsName, std::vector<net::IpAddress>> glue;
  std::vector<std::string> keys;  // DS, "tag algorithm"
  bool has_said_keys = false;     // it has answered whether there are any
};

/// How many of the delegation's addresses are asked.
std::size_t count_addresses(const Delegation& delegation);

/// Top levels hardly ever change, and nearly every domain lies under a handful of them.
constexpr std::size_t kAboveEntriesMax = 1'024;
constexpr Milliseconds kAboveAgeMax = std::chrono::minutes(10);
constexpr Milliseconds kAboveFailureAgeMax = std::chrono::minutes(1);

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
  /// `known_cuts`: those of other names that a look may still take for true; nothing if they are not known.
  using KnownCuts = std::function<std::optional<Cut>(const DnsName&)>;
  Task<Result<Cut>> find_cut(DnsName name, net::Deadline deadline, KnownCuts known_cuts = {});

  /// Asks a server of the zone above for its delegation and its DS. Nothing for the root, and where no zone above is
  /// found or none of its servers answers.
  Task<std::optional<Above>> look_from_above(DnsName zone, net::Deadline deadline);

  /// The addresses of the zone's servers. Never fails: a server without addresses says why.
  Task<Delegation> find_servers(Cut cut, net::Deadline deadline);
  /// The same of other servers of a zone of which `known` are asked already: both limits hold for all together.
  Task<Delegation> find_more_servers(Cut others, const Delegation& known, net::Deadline deadline);

 private:
  /// The servers of the zone above and their addresses, from the memory if young enough.
  Task<Delegation> servers_above(DnsName zone, net::Deadline deadline);
  Task<Result<Cut>> zone_above(DnsName zone, net::Deadline deadline);
  struct Room {
    std::size_t servers;
    std::size_t addresses;
  };
  Task<Delegation> find_servers_within(Room room, Cut cut, net::Deadline deadline);
  void leave_out(const DnsName& at, const DnsName& server);
  Task<std::optional<Above>> ask_above(Authority server, DnsName parent, DnsName zone, net::Deadline deadline);
  Task<void> ask(net::UdpEndpoint server, Question question, Exchange& exchange, net::Deadline deadline);
  /// The NS records of both, as the resolvers see them.
  Task<void> ask_both(DnsName name, std::optional<Result<Answer>>& of_name, DnsName domain,
                      std::optional<Result<Answer>>& of_domain, net::Deadline deadline);
  Task<void> ask_resolver(DnsName name, std::optional<Result<Answer>>& answer, net::Deadline deadline);
  Task<std::optional<Cut>> referral(Cut parent, DnsName name, net::Deadline deadline);
  Task<void> find_addresses(const Cut& cut, Authority& authority, net::Deadline deadline);
  void choose(std::vector<Authority>& servers, std::size_t addresses_max) const;

  Transport& transport_;
  Resolver& resolver_;
  const net::AddressPolicy& policy_;
  Settings settings_;
  struct Remembered {
    Delegation delegation;  // without servers: they were not to be had
    net::Deadline until;
  };
  std::map<DnsName, Remembered> above_;  // by the name above the cut; at most kAboveEntriesMax
};

}  // namespace signpost::dns
