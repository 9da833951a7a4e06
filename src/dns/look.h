// SPDX-License-Identifier: Apache-2.0
//
// One call of Observer::observe on its way: zones first, then all servers at once, then the conclusions.
// Lives in the frame of that call, on its loop. At most expectations_max groups, addresses_max probes for each.
#pragma once

#include <map>
#include <vector>

#include "dns/authorities.h"
#include "dns/observation.h"
#include "dns/probe.h"

namespace signpost::dns {

class Look {
 public:
  struct Budget {
    net::Deadline deadline;
    Milliseconds server_max;  // one question to one server
  };

  Look(std::vector<Expectation> expectations, Authorities& authorities, Resolver& resolver, Transport& to_authorities,
       Transport& to_resolvers, Budget budget);
  ~Look();

  Task<std::vector<RecordObservation>> run();

 private:
  struct Place;  // a name and its zone
  struct Group;  // all expectations of one name and type

  void form_groups();
  Task<void> find_zones(net::Deadline deadline);
  Task<void> find_cut(DnsName name, Place& place, net::Deadline deadline);
  Task<void> find_servers(Cut cut, net::Deadline deadline);
  void prepare(Group& group);
  Task<void> ask_servers(net::Deadline deadline);
  Task<void> find_targets();
  Task<void> find_target(DnsName target);
  std::vector<RecordObservation> conclude_all() const;
  RecordObservation conclude_one(const Expectation& record, const Group& group) const;

  std::vector<Expectation> expectations_;
  Authorities& authorities_;
  Resolver& resolver_;
  Transport& to_authorities_;
  Transport& to_resolvers_;
  Budget budget_;
  std::map<DnsName, Place> places_;
  std::map<DnsName, Delegation> delegations_;
  std::vector<Group> groups_;
  std::map<DnsName, std::vector<std::string>> targets_;  // addresses of expected CNAME targets
};

}  // namespace signpost::dns
