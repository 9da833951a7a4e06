// SPDX-License-Identifier: Apache-2.0
//
// One call of Observer::observe on its way: zones first, then all servers at once, then what helps to name the cause,
// then the conclusions.
// Lives in the frame of that call, on its loop. At most expectations_max groups; for each, addresses_max probes,
// kQuestionsMax questions beyond, and the look-ups that its aliases, its SPF record and its CAA records lead to.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "dns/authorities.h"
#include "dns/facts.h"
#include "dns/observation.h"
#include "dns/probe.h"
#include "dns/zone_memory.h"

namespace signpost::dns {

class Look {
 public:
  struct Budget {
    net::Deadline deadline;
  };
  struct Means {
    Authorities& authorities;
    Resolver& resolver;
    Transport& to_authorities;
    Transport& to_resolvers;
    ZoneMemory& memory;
    const std::vector<std::string>& certificate_authorities;
  };

  Look(std::vector<Expectation> expectations, Means means, Budget budget, Progress progress);
  ~Look();

  Task<std::vector<RecordObservation>> run();

 private:
  struct Place;  // a name and its zone
  struct Zone;   // a zone of the look
  struct Group;  // all expectations of one name and type

  void form_groups();
  Task<void> find_zones(net::Deadline deadline);
  Task<void> find_cut(DnsName name, Place& place, net::Deadline deadline);
  Task<void> find_servers(Zone& zone, net::Deadline deadline);
  Task<void> view(Zone& zone, net::Deadline deadline);
  Task<void> view_from_above(Zone& zone, net::Deadline deadline);
  Task<void> view_from_inside(Zone& zone, net::Deadline deadline);
  void prepare(Group& group);
  std::vector<Probe> probes_of(const Group& group, const std::vector<Authority>& servers) const;
  Task<void> ask_servers(net::Deadline deadline);
  Task<void> ask_servers_of_one_side(net::Deadline deadline);
  Task<void> ask_again_what_failed(net::Deadline deadline);
  Task<void> follow_aliases(net::Deadline deadline);
  Task<void> follow(Question question, Seen& seen, net::Deadline deadline);
  Task<void> find_targets();
  Task<void> find_target(DnsName target);
  Task<void> walk_spf(Group& group, net::Deadline deadline);
  Task<void> ask_for_texts(SpfWalk& walk, DnsName name, net::Deadline deadline);
  Task<void> look_beyond(net::Deadline deadline);
  Task<void> walk_caa(Group& group, net::Deadline deadline);
  struct CaaStep;  // one name of the climb
  Task<void> ask_for_caa(CaaStep& step, const Group& group, net::Deadline deadline);
  const SpfReport* walked(const Expectation& record, const Group& group, const Probe& probe) const;
  Task<void> ask(Transport& transport, Probe& probe, net::Deadline deadline);
  net::Deadline until(double share_of_rest) const;
  const Zone* zone_of(const Group& group) const;
  void tell_progress() const;
  RecordObservation report_one(const Expectation& record, const Group& group) const;
  std::vector<RecordObservation> conclude_all();
  void conclude(RecordObservation& seen, const Expectation& record, const Group& group);
  const Group& group_of(const Expectation& record) const;
  void remember_zones(const std::vector<RecordObservation>& records);

  std::vector<Expectation> expectations_;
  Means means_;
  Budget budget_;
  Progress progress_;
  net::Deadline started_;
  std::size_t asked_ = 0;
  std::size_t answered_ = 0;
  std::map<DnsName, Place> places_;
  std::map<DnsName, Zone> zones_;
  std::vector<Group> groups_;
  struct Target {
    TargetAddresses addresses = {.known = {}, .lacks_v4 = true, .lacks_v6 = true};
    std::string reason = {};  // why some are not known
  };
  std::map<DnsName, Target> targets_;  // of expected CNAMEs
};

}  // namespace signpost::dns
