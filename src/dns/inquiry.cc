// SPDX-License-Identifier: Apache-2.0
#include "dns/inquiry.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::dns {

namespace {

Probe ask(const Probe& witness, DnsName name, WireType type) {
  return Probe{witness.server, witness.endpoint, {std::move(name), type}, witness.recursion};
}

void add_place(std::vector<DnsName>& places, const std::string& text, const Sight& sight) {
  const auto name = DnsName::parse(text);
  if (!name || *name == sight.wanted.name || std::ranges::find(places, *name) != places.end()) return;
  // What another record of the look wants there is no misplaced one.
  const auto is_wanted_there = [&](const Expectation& record) {
    return record.name == *name && record.type == sight.wanted.type;
  };
  if (std::ranges::none_of(sight.all, is_wanted_there)) places.push_back(*name);
}

/// Where the record lands when a form is filled in wrongly.
std::vector<DnsName> places_of(const Sight& sight) {
  const auto& name = sight.wanted.name.text();
  const auto& zone = sight.zone.delegation.zone;
  std::vector<DnsName> places;
  if (zone.is_root() || !sight.wanted.name.is_within(zone)) return places;
  add_place(places, name + "." + zone.text(), sight);  // the form appends the zone
  add_place(places, "www." + name, sight);             // panels that begin every site so
  if (sight.wanted.name == zone) return places;
  add_place(places, zone.text(), sight);  // the host was left out
  const auto first_end = name.find('.');
  add_place(places, name.substr(first_end + 1), sight);                 // its first label was
  if (name.starts_with('_')) add_place(places, name.substr(1), sight);  // forms that take no underscore
  const auto rest = std::string_view(name).substr(first_end + 1);
  if (rest.size() > zone.text().size()) {
    // "_acme-challenge" of "_acme-challenge.www": the middle was left out
    add_place(places, name.substr(0, first_end) + "." + zone.text(), sight);
  }
  return places;
}

void plan_absent(const Sight& sight, std::string_view nonce, Beyond& beyond) {
  const auto& name = sight.wanted.name;
  if (is_registry(sight.zone.delegation.zone, name)) {
    if (const auto domain = registrable_of(name)) beyond.registration = ask(*sight.witness, *domain, WireType::kNs);
    return;
  }
  const auto type = wire_type_of(sight.wanted.type);
  for (const auto other : {WireType::kCname, WireType::kA, WireType::kAaaa, WireType::kMx, WireType::kTxt}) {
    if (other != type) beyond.beside.push_back(ask(*sight.witness, name, other));
  }
  if (sight.wanted.value) {
    for (auto& place : places_of(sight)) beyond.elsewhere.push_back(ask(*sight.witness, std::move(place), type));
  }
  if (name == sight.zone.delegation.zone || name.is_root()) return;
  const auto sibling = DnsName::parse(format("{}.{}", nonce, name.parent().text()));
  if (!sibling) return;
  beyond.wildcard = ask(*sight.witness, *sibling, type);
  beyond.wildcard->wants_flattened = true;
}

void plan_present(const Sight& sight, Beyond& beyond) {
  const auto& name = sight.wanted.name;
  if (sight.wanted.type == RecordType::kA) beyond.beside.push_back(ask(*sight.witness, name, WireType::kAaaa));
  if (sight.wanted.type != RecordType::kCname) return;
  for (const auto other : {WireType::kA, WireType::kTxt}) beyond.beside.push_back(ask(*sight.witness, name, other));
}

}  // namespace

Beyond plan(const Sight& sight, std::string_view nonce) {
  Beyond beyond;
  for (const auto& probe : sight.resolvers) {
    const bool fails = probe.exchange.answer && probe.exchange.answer->rcode == Rcode::kServFail;
    if (fails && beyond.unchecked.size() < 2) {
      beyond.unchecked.push_back(Probe{probe.server, probe.endpoint, probe.question, Recursion::kUnchecked});
      beyond.checked.push_back(Probe{probe.server, probe.endpoint, probe.question, Recursion::kDesired});
    }
  }
  if (sight.witness == nullptr) return beyond;
  if (sight.is_absent) {
    plan_absent(sight, nonce, beyond);
  } else {
    plan_present(sight, beyond);
  }
  if (sight.is_split) {
    for (const auto& probe : sight.authorities) {
      const auto is_asked = std::ranges::find(beyond.serials, probe.endpoint, &Probe::endpoint);
      if (is_asked == beyond.serials.end()) {
        beyond.serials.push_back(ask(probe, sight.zone.delegation.zone, WireType::kSoa));
      }
    }
  }
  if (sight.zone.above && !sight.zone.above->keys.empty()) {
    beyond.keys = ask(*sight.witness, sight.zone.delegation.zone, WireType::kDnskey);
  }
  return beyond;
}

void for_each(Beyond& beyond, const std::function<void(Probe&)>& visit) {
  for (auto* probes : {&beyond.beside, &beyond.elsewhere, &beyond.serials, &beyond.unchecked, &beyond.checked}) {
    for (auto& probe : *probes) visit(probe);
  }
  if (beyond.wildcard) visit(*beyond.wildcard);
  if (beyond.registration) visit(*beyond.registration);
  if (beyond.keys) visit(*beyond.keys);
}

}  // namespace signpost::dns
