// SPDX-License-Identifier: Apache-2.0
#include "dns/look.h"

#include <algorithm>

#include "base/text.h"
#include "dns/explanation.h"
#include "dns/together.h"

namespace signpost::dns {

using std::chrono::steady_clock;

struct Look::Place {
  Result<Cut> cut = fail(Kind::kTimeout, "the look ended before its turn");
};

struct Look::Group {
  std::vector<Expectation> members;  // of one name and type
  std::vector<Probe> authorities;
  std::vector<Probe> resolvers;
};

namespace {

std::optional<DnsName> target_of(const Expectation& record) {
  if (record.type != RecordType::kCname || !record.value) return std::nullopt;
  auto target = DnsName::parse(*record.value);
  return target ? std::optional(*std::move(target)) : std::nullopt;
}

bool is_public_suffix(const std::string& zone, const DnsName& name) {
  if (zone == ".") return true;
  const auto host = HostName::parse(zone);
  return !host && name.text() != zone;
}

Hint hint_for(const RecordObservation& record, const std::vector<Probe>& probes) {
  const auto loops = [](const Probe& probe) { return probe.seen.chain == Seen::Chain::kLoops; };
  if (std::ranges::any_of(probes, loops)) return Hint::kAliasLoop;
  return is_public_suffix(record.zone, record.name) ? Hint::kZoneIsSuffix : Hint::kNone;
}

}  // namespace

Look::Look(std::vector<Expectation> expectations, Authorities& authorities, Resolver& resolver,
           Transport& to_authorities, Transport& to_resolvers, Budget budget)
    : expectations_(std::move(expectations)),
      authorities_(authorities),
      resolver_(resolver),
      to_authorities_(to_authorities),
      to_resolvers_(to_resolvers),
      budget_(budget) {}
Look::~Look() = default;

Task<std::vector<RecordObservation>> Look::run() {
  form_groups();
  // Half of the time for the way to the servers; then the servers; what is left is for the targets of flattened names.
  const auto now = steady_clock::now();
  co_await find_zones(now + (budget_.deadline - now) / 2);
  for (auto& group : groups_) prepare(group);
  const auto left = (budget_.deadline - steady_clock::now()) * 4 / 5;
  co_await ask_servers(steady_clock::now() + std::min<steady_clock::duration>(left, budget_.server_max));
  co_await find_targets();
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
    places_.try_emplace(record.name);
  }
}

Task<void> Look::find_zones(net::Deadline deadline) {
  std::vector<Task<void>> cuts;
  for (auto& [name, place] : places_) cuts.push_back(find_cut(name, place, deadline));
  co_await together(std::move(cuts));
  // Names of one zone share its servers.
  std::map<DnsName, Cut> zones;
  for (const auto& [name, place] : places_) {
    if (place.cut) zones.try_emplace(place.cut->zone, *place.cut);
  }
  std::vector<Task<void>> servers;
  for (const auto& [zone, cut] : zones) {
    delegations_.try_emplace(zone, Delegation{zone, {}});
    servers.push_back(find_servers(cut, deadline));
  }
  co_await together(std::move(servers));
}

Task<void> Look::find_cut(DnsName name, Place& place, net::Deadline deadline) {
  place.cut = co_await authorities_.find_cut(std::move(name), deadline - (deadline - steady_clock::now()) / 4);
}

Task<void> Look::find_servers(Cut cut, net::Deadline deadline) {
  auto& delegation = delegations_.at(cut.zone);
  delegation = co_await authorities_.find_servers(std::move(cut), deadline);
}

void Look::prepare(Group& group) {
  const Question question{group.members.front().name, wire_type_of(group.members.front().type)};
  for (const auto& server : resolver_.servers()) {
    group.resolvers.push_back(Probe{server.address().to_string(), server, question, Recursion::kDesired});
  }
  const auto& place = places_.at(question.name);
  if (!place.cut) return;
  for (const auto& server : delegations_.at(place.cut->zone).servers) {
    for (const auto& address : server.addresses) {
      group.authorities.push_back(Probe{server.name.text(), address, question, Recursion::kNotDesired});
    }
  }
}

Task<void> Look::ask_servers(net::Deadline deadline) {
  std::vector<Task<void>> tasks;
  for (auto& group : groups_) {
    for (auto& probe : group.authorities) tasks.push_back(dns::run(to_authorities_, probe, deadline));
    for (auto& probe : group.resolvers) tasks.push_back(dns::run(to_resolvers_, probe, deadline));
  }
  co_await together(std::move(tasks));
}

Task<void> Look::find_targets() {
  const auto is_flattened = [](const Probe& probe) { return !probe.flattened.empty(); };
  for (const auto& group : groups_) {
    if (std::ranges::none_of(group.authorities, is_flattened) && std::ranges::none_of(group.resolvers, is_flattened)) {
      continue;
    }
    for (const auto& record : group.members) {
      if (const auto target = target_of(record)) targets_.try_emplace(*target);
    }
  }
  std::vector<Task<void>> tasks;
  for (const auto& [target, addresses] : targets_) tasks.push_back(find_target(target));
  co_await together(std::move(tasks));
}

Task<void> Look::find_target(DnsName target) {
  auto& texts = targets_.at(target);
  const auto addresses = co_await resolver_.all_addresses_of(std::move(target), budget_.deadline);
  for (const auto& address : addresses) texts.push_back(address.to_string());
}

std::vector<RecordObservation> Look::conclude_all() const {
  std::vector<RecordObservation> records;
  for (const auto& record : expectations_) {
    const auto has = [&](const Group& group) {
      return group.members.front().name == record.name && group.members.front().type == record.type;
    };
    records.push_back(conclude_one(record, *std::ranges::find_if(groups_, has)));
  }
  return records;
}

RecordObservation Look::conclude_one(const Expectation& record, const Group& group) const {
  RecordObservation seen{record.name, record.type, expected_text(record), {}, false, {}, {}, {}, {}};
  const auto target = target_of(record);
  const auto found = target ? targets_.find(*target) : targets_.end();
  const auto addresses = found == targets_.end() ? std::vector<std::string>() : found->second;
  for (const auto& probe : group.resolvers) seen.resolvers.push_back(report(probe, record, group.members, addresses));
  for (const auto& probe : group.authorities) {
    seen.authorities.push_back(report(probe, record, group.members, addresses));
    const bool has_value = std::ranges::find(probe.seen.values, seen.expected) != probe.seen.values.end();
    seen.value_seen |= has_value && seen.authorities.back().verdict == Verdict::kAgrees;
  }
  const auto& place = places_.at(record.name);
  if (!place.cut) {
    conclude_without_servers(seen, place.cut.error());
    return seen;
  }
  seen.zone = place.cut->zone.text();
  for (const auto& server : delegations_.at(place.cut->zone).servers) {
    if (server.note.empty()) continue;
    seen.authorities.push_back({server.name.text(), {}, Verdict::kUnreachable, {}, 0, 0, server.note});
  }
  conclude(seen, hint_for(seen, group.authorities));
  return seen;
}

}  // namespace signpost::dns
