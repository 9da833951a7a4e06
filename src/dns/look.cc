// SPDX-License-Identifier: Apache-2.0
#include "dns/look.h"

#include <algorithm>

#include "base/text.h"
#include "dns/look_parts.h"
#include "dns/together.h"

namespace signpost::dns {

using std::chrono::steady_clock;

DnsName place_of(const Expectation& record) {
  return record.type == RecordType::kNs ? record.name.parent() : record.name;
}

namespace {

/// Something answered, but not what a server of the zone should: perhaps only for the moment.
bool has_failed(const Probe& probe) {
  return probe.exchange.outcome == Outcome::kMalformed || (probe.exchange.answer && !probe.has_spoken());
}

/// Several names may have one address, which is asked once: that of the first probe there.
Probe& first_at(std::vector<Probe>& probes, const net::UdpEndpoint& endpoint) {
  return *std::ranges::find(probes, endpoint, &Probe::endpoint);
}

/// What an address has answered counts under every name that it has.
void share_answers(std::vector<Probe>& probes) {
  for (auto& probe : probes) {
    const auto& first = first_at(probes, probe.endpoint);
    if (&first == &probe || probe.is_done) continue;
    const auto server = probe.server;
    probe = first;
    probe.server = server;
  }
}

}  // namespace

Look::Look(std::vector<Expectation> expectations, Means means, Budget budget, Progress progress)
    : expectations_(std::move(expectations)),
      means_(means),
      budget_(budget),
      progress_(std::move(progress)),
      started_(steady_clock::now()) {}
Look::~Look() = default;

/// A deadline for a step that may take a share of what is left; the transport keeps one question shorter.
net::Deadline Look::until(double share_of_rest) const {
  const auto now = steady_clock::now();
  return now + std::chrono::duration_cast<Milliseconds>((budget_.deadline - now) * share_of_rest);
}

Task<std::vector<RecordObservation>> Look::run() {
  form_groups();
  if (progress_) tell_progress();
  // Half of the time for the way to the servers; then the servers; what is left is for the reasons.
  co_await find_zones(started_ + (budget_.deadline - started_) / 2);
  for (auto& group : groups_) prepare(group);
  co_await ask_servers(until(0.8));
  co_await ask_servers_of_one_side(until(0.6));
  co_await ask_again_what_failed(until(0.5));
  co_await follow_aliases(until(0.5));
  co_await find_targets();
  std::vector<Task<void>> walks;
  for (auto& group : groups_) walks.push_back(walk_spf(group, until(0.6)));
  co_await together(std::move(walks));
  co_await look_beyond(until(1.0));
  co_return conclude_all();
}

void Look::form_groups() {
  for (const auto& record : expectations_) {
    const auto is_same = [&](const Group& group) {
      return group.members.front().name == record.name && group.members.front().type == record.type;
    };
    auto group = std::ranges::find_if(groups_, is_same);
    if (group == groups_.end()) group = groups_.insert(groups_.end(), Group{});
    group->members.push_back(record);
    places_.try_emplace(place_of(record));
  }
}

// ── zones ───────────────────────────────────────────────────────────────────────────────────────────────────────────

Task<void> Look::find_zones(net::Deadline deadline) {
  std::vector<Task<void>> cuts;
  for (auto& [name, place] : places_) cuts.push_back(find_cut(name, place, deadline));
  co_await together(std::move(cuts));
  // Names of one zone share its servers.
  for (const auto& [name, place] : places_) {
    if (place.cut) zones_.try_emplace(place.cut->zone, Zone{*place.cut, {{place.cut->zone, {}}, {}, {}}});
  }
  std::vector<Task<void>> servers;
  for (auto& [name, zone] : zones_) servers.push_back(find_servers(zone, deadline));
  co_await together(std::move(servers));
}

Task<void> Look::find_cut(DnsName name, Place& place, net::Deadline deadline) {
  if (auto known = means_.memory.cut_of(name)) {
    place.cut = *std::move(known);
    co_return;
  }
  place.cut = co_await means_.authorities.find_cut(
      std::move(name), deadline - (deadline - steady_clock::now()) / 4,
      [&memory = means_.memory](const DnsName& other) { return memory.cut_of(other); });
}

Task<void> Look::find_servers(Zone& zone, net::Deadline deadline) {
  if (auto known = means_.memory.view_of(zone.cut.zone)) {
    zone.view = *std::move(known);
    zone.is_remembered = true;
    co_return;
  }
  zone.view.delegation = co_await means_.authorities.find_servers(zone.cut, deadline);
}

/// The zone from above and from inside, while its servers are asked for the records.
Task<void> Look::view(Zone& zone, net::Deadline deadline) {
  if (zone.is_remembered || zone.cut.zone.is_root()) co_return;
  std::vector<Task<void>> sides;
  sides.push_back(view_from_above(zone, deadline));
  sides.push_back(view_from_inside(zone, deadline));
  co_await together(std::move(sides));
}

Task<void> Look::view_from_above(Zone& zone, net::Deadline deadline) {
  zone.view.above = co_await means_.authorities.look_from_above(zone.cut.zone, deadline);
}

/// The zone's own name servers, of the first of its servers that speaks.
Task<void> Look::view_from_inside(Zone& zone, net::Deadline deadline) {
  for (std::size_t i = 0; i < zone.view.delegation.servers.size(); ++i) {
    const auto server = zone.view.delegation.servers[i];
    if (server.addresses.empty()) continue;
    Probe own{server.name.text(), server.addresses.front(), {zone.cut.zone, WireType::kNs}};
    co_await ask(means_.to_authorities, own, deadline);
    if (!own.has_spoken()) continue;
    for (const auto& text : own.seen.values) {
      if (auto name = DnsName::parse(text)) zone.view.own.push_back(*std::move(name));
    }
    co_return;
  }
}

const Look::Zone* Look::zone_of(const Group& group) const {
  const auto& place = places_.at(place_of(group.members.front()));
  return place.cut ? &zones_.at(place.cut->zone) : nullptr;
}

// ── servers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

void Look::prepare(Group& group) {
  const Question question{group.members.front().name, wire_type_of(group.members.front().type)};
  for (const auto& server : means_.resolver.servers()) {
    group.resolvers.push_back(Probe{server.address().to_string(), server, question, Recursion::kDesired, true});
  }
  if (const auto* zone = zone_of(group)) group.authorities = probes_of(group, zone->view.delegation.servers);
}

std::vector<Probe> Look::probes_of(const Group& group, const std::vector<Authority>& servers) const {
  const Question question{group.members.front().name, wire_type_of(group.members.front().type)};
  std::vector<Probe> probes;
  for (const auto& server : servers) {
    for (const auto& address : server.addresses) {
      probes.push_back(Probe{server.name.text(), address, question, Recursion::kNotDesired, true});
    }
  }
  return probes;
}

Task<void> Look::ask(Transport& transport, Probe& probe, net::Deadline deadline) {
  ++asked_;
  co_await dns::run(transport, probe, deadline);
  probe.at_ms = std::chrono::duration_cast<Milliseconds>(steady_clock::now() - started_).count();
  probe.is_done = true;
  ++answered_;
  if (progress_) tell_progress();
}

void Look::tell_progress() const {
  const Target unknown;
  Observation so_far;
  for (const auto& record : expectations_) {
    const auto& group = group_of(record);
    RecordObservation seen{.name = record.name, .type = record.type, .expected = expected_text(record)};
    for (const auto& probe : group.authorities) {
      if (probe.is_done) seen.authorities.push_back(report(probe, record, group.members, unknown.addresses));
    }
    for (const auto& probe : group.resolvers) {
      if (probe.is_done) seen.resolvers.push_back(report(probe, record, group.members, unknown.addresses));
    }
    so_far.records.push_back(std::move(seen));
  }
  progress_(so_far, answered_, asked_);
}

Task<void> Look::ask_servers(net::Deadline deadline) {
  std::vector<Task<void>> tasks;
  for (auto& group : groups_) {
    for (auto& probe : group.authorities) {
      if (&probe == &first_at(group.authorities, probe.endpoint)) {
        tasks.push_back(ask(means_.to_authorities, probe, deadline));
      }
    }
    for (auto& probe : group.resolvers) tasks.push_back(ask(means_.to_resolvers, probe, deadline));
  }
  for (auto& [name, zone] : zones_) tasks.push_back(view(zone, deadline));
  co_await together(std::move(tasks));
  for (auto& group : groups_) share_answers(group.authorities);
}

/// Servers that only the zone above names, or only the zone itself: part of the world asks them. They share the limits
/// of those that both name.
Task<void> Look::ask_servers_of_one_side(net::Deadline deadline) {
  std::vector<Task<void>> tasks;
  for (auto& [name, zone] : zones_) {
    if (zone.is_remembered || !zone.view.above || zone.view.above->servers.empty()) continue;
    Cut others{zone.cut.zone, {}, zone.view.above->glue};
    for (const auto* side : {&zone.view.above->servers, &zone.view.own}) {
      std::ranges::copy_if(*side, std::back_inserter(others.servers), [&](const DnsName& server) {
        return std::ranges::find(zone.cut.servers, server) == zone.cut.servers.end() &&
               std::ranges::find(others.servers, server) == others.servers.end();
      });
    }
    if (others.servers.empty()) continue;
    auto found = co_await means_.authorities.find_more_servers(others, zone.view.delegation, deadline);
    for (auto& group : groups_) {
      if (zone_of(group) != &zone) continue;
      const auto first = group.authorities.size();
      std::ranges::move(probes_of(group, found.servers), std::back_inserter(group.authorities));
      for (auto i = first; i < group.authorities.size(); ++i) {
        auto& probe = group.authorities[i];
        if (&probe == &first_at(group.authorities, probe.endpoint)) {
          tasks.push_back(ask(means_.to_authorities, probe, deadline));
        }
      }
    }
    std::ranges::move(found.servers, std::back_inserter(zone.view.delegation.servers));
  }
  co_await together(std::move(tasks));
  for (auto& group : groups_) share_answers(group.authorities);
}

/// A second look before blame.
Task<void> Look::ask_again_what_failed(net::Deadline deadline) {
  std::vector<Probe> again;
  std::vector<Probe*> first;
  for (auto& group : groups_) {
    for (auto& probe : group.authorities) {
      if (!has_failed(probe) || &probe != &first_at(group.authorities, probe.endpoint)) continue;
      again.push_back(Probe{probe.server, probe.endpoint, probe.question, probe.recursion, probe.wants_flattened});
      first.push_back(&probe);
    }
  }
  std::vector<Task<void>> tasks;
  for (auto& probe : again) tasks.push_back(ask(means_.to_authorities, probe, deadline));
  co_await together(std::move(tasks));
  for (std::size_t i = 0; i < again.size(); ++i) {
    if (again[i].has_spoken()) *first[i] = std::move(again[i]);
  }
  for (auto& group : groups_) {
    for (auto& probe : group.authorities) {
      const auto& asked = first_at(group.authorities, probe.endpoint);
      if (has_failed(probe) && !has_failed(asked)) probe.is_done = false;
    }
    share_answers(group.authorities);
  }
}

}  // namespace signpost::dns
