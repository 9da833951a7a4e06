// SPDX-License-Identifier: Apache-2.0
#include "dns/look_parts.h"

#include <algorithm>

#include "base/text.h"
#include "dns/caa_look.h"
#include "dns/diagnosis.h"
#include "dns/explanation.h"
#include "dns/inquiry.h"
#include "dns/together.h"

namespace signpost::dns {

using std::chrono::steady_clock;

std::optional<DnsName> target_of(const Expectation& record) {
  if (record.type != RecordType::kCname || !record.value) return std::nullopt;
  auto target = DnsName::parse(*record.value);
  return target ? std::optional(*std::move(target)) : std::nullopt;
}

namespace {

/// Is the value in the server's own answer?
bool has_itself(const Probe& probe, const std::string& value) {
  const auto own = see(*probe.exchange.answer, probe.question);
  return std::ranges::find(own.values, value) != own.values.end();
}

}  // namespace

/// A server knows only its own zones: where its aliases lead out of them, the resolvers know the end.
Task<void> Look::follow_aliases(net::Deadline deadline) {
  std::map<Question, Seen, decltype([](const Question& a, const Question& b) {
             return std::pair(a.name, a.type) < std::pair(b.name, b.type);
           })>
      ends;
  const auto leads_out = [](const Probe& probe) {
    return probe.exchange.answer && !probe.seen.aliases.empty() && probe.seen.values.empty() &&
           probe.seen.chain == Seen::Chain::kEnded;
  };
  for (auto& group : groups_) {
    for (auto& probe : group.authorities) {
      if (leads_out(probe)) ends.try_emplace({probe.seen.aliases.back(), probe.question.type});
      const bool is_own = probe.question.type == WireType::kCname && probe.seen.values.size() == 1 &&
                          probe.seen.values.front() == probe.question.name.text();
      if (is_own) probe.seen.chain = Seen::Chain::kLoops;
    }
  }
  std::vector<Task<void>> tasks;
  for (auto& [question, seen] : ends) tasks.push_back(follow(question, seen, deadline));
  co_await together(std::move(tasks));
  for (auto& group : groups_) {
    for (auto& probe : group.authorities) {
      if (!leads_out(probe)) continue;
      const auto& end = ends.at({probe.seen.aliases.back(), probe.question.type});
      std::ranges::copy(end.aliases, std::back_inserter(probe.seen.aliases));
      probe.seen.values = end.values;
      probe.seen.ttl = end.ttl;
      probe.seen.chain = end.chain;
      const bool is_back = std::ranges::find(end.aliases, probe.question.name) != end.aliases.end();
      if (is_back) probe.seen.chain = Seen::Chain::kLoops;
      if (probe.seen.aliases.size() > kAliasesMax && !is_back) probe.seen.chain = Seen::Chain::kTooLong;
      if (probe.seen.chain != Seen::Chain::kEnded) probe.seen.values.clear();
      if (!probe.seen.values.empty()) probe.exchange.answer->rcode = Rcode::kNoError;
    }
  }
}

/// The end of the aliases from a name on; where the resolvers give up, step by step.
Task<void> Look::follow(Question question, Seen& seen, net::Deadline deadline) {
  if (const auto answer = co_await means_.resolver.ask(question, deadline)) {
    seen = see(*answer, question);
    co_return;
  }
  DnsName at = question.name;
  while (seen.aliases.size() < kAliasesMax && steady_clock::now() < deadline) {
    const Question step{at, WireType::kCname};
    const auto answer = co_await means_.resolver.ask(step, deadline);
    const auto next = answer ? see(*answer, step).values : std::vector<std::string>();
    const auto name = next.empty() ? std::optional<DnsName>() : target_of({at, RecordType::kCname, next.front(), {}});
    if (!name) co_return;
    const bool is_known = *name == question.name || std::ranges::find(seen.aliases, *name) != seen.aliases.end();
    seen.aliases.push_back(*name);
    if (is_known) {
      seen.chain = Seen::Chain::kLoops;
      co_return;
    }
    at = *name;
  }
  if (seen.aliases.size() >= kAliasesMax) seen.chain = Seen::Chain::kTooLong;
}

Task<void> Look::find_targets() {
  const auto is_there = [](const Probe& probe) { return !probe.seen.values.empty() || !probe.flattened.empty(); };
  for (const auto& group : groups_) {
    if (std::ranges::none_of(group.authorities, is_there) && std::ranges::none_of(group.resolvers, is_there)) continue;
    // Where a name of RFC 8552 leads needs no address, unless addresses stand in place of the alias.
    const auto is_flattened = [](const Probe& probe) { return !probe.flattened.empty(); };
    const bool is_host = !group.members.front().name.text().starts_with('_');
    if (!is_host && std::ranges::none_of(group.authorities, is_flattened) &&
        std::ranges::none_of(group.resolvers, is_flattened)) {
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
  auto& found = targets_.at(target);
  const auto all = co_await means_.resolver.all_addresses_of(std::move(target), until(0.7));
  found.addresses.lacks_v4 = all.lacks_v4;
  found.addresses.lacks_v6 = all.lacks_v6;
  found.reason = all.reason;
  for (const auto& address : all.found) found.addresses.known.push_back(address.to_string());
}

Task<void> Look::walk_spf(Group& group, net::Deadline deadline) {
  const auto* witness = group.witness();
  if (witness == nullptr) co_return;
  for (const auto& record : group.members) {
    auto walk = begin_spf_walk(record, witness->seen);
    if (!walk) continue;
    while (!walk->has_ended() && steady_clock::now() < deadline) {
      std::vector<Task<void>> tasks;
      for (auto& name : walk->needed()) tasks.push_back(ask_for_texts(*walk, name, deadline));
      co_await together(std::move(tasks));
    }
    // What the deadline has cut off is not known, no more than what failed.
    for (const auto& name : walk->needed()) walk->tell(name, SpfWalk::Outcome::kFailed, {});
    group.spf.insert_or_assign(*record.value, walk->report());
  }
}

Task<void> Look::ask_for_texts(SpfWalk& walk, DnsName name, net::Deadline deadline) {
  const Question question{name, WireType::kTxt};
  const auto answer = co_await means_.resolver.ask(question, deadline);
  if (!answer) {
    walk.tell(name, SpfWalk::Outcome::kFailed, {});
    co_return;
  }
  const auto seen = see(*answer, question);
  walk.tell(name, seen.values.empty() ? SpfWalk::Outcome::kNothing : SpfWalk::Outcome::kAnswer, seen.values);
}

/// What the walk found, for a server whose records are those with which it began.
const SpfReport* Look::walked(const Expectation& record, const Group& group, const Probe& probe) const {
  const auto found = record.value ? group.spf.find(*record.value) : group.spf.end();
  if (found == group.spf.end()) return nullptr;
  return spf_records(probe.seen.values) == spf_records(group.witness()->seen.values) ? &found->second : nullptr;
}

/// CAA counts for names that certificates are for.
Task<void> Look::walk_caa(Group& group, net::Deadline deadline) {
  const auto& record = group.members.front();
  const bool is_host =
      record.type == RecordType::kA || record.type == RecordType::kAaaa || record.type == RecordType::kCname;
  if (!is_host || record.name.text().starts_with('_') || means_.certificate_authorities.empty()) co_return;
  CaaWalk walk(record.name);
  // All names of the climb at once: one after the other, slow servers would use up the time.
  std::vector<CaaStep> steps;
  for (auto at = walk.needed(); at && !at->is_root() && steps.size() < kCaaStepsMax; at = at->parent()) {
    steps.push_back({*at});
  }
  std::vector<Task<void>> tasks;
  for (auto& step : steps) tasks.push_back(ask_for_caa(step, group, deadline));
  co_await together(std::move(tasks));
  for (const auto& step : steps) {
    if (walk.has_ended() || !step.outcome) break;
    walk.tell(*step.outcome, step.seen.values,
              step.seen.aliases.empty() ? std::nullopt : std::optional(step.seen.aliases.back()));
  }
  for (const auto& authority : means_.certificate_authorities) {
    group.beyond.caa.push_back({authority, walk.judge({.issuers = {authority}, .name = CaaQuestion::For::kHost})});
  }
}

/// A resolver that answers with an error tells what an authority will meet. Silence may be its haste or ours: it counts
/// as a failure only if a server of the zone that spoke before keeps silent about CAA too.
Task<void> Look::ask_for_caa(CaaStep& step, const Group& group, net::Deadline deadline) {
  const Question question{step.name, WireType::kCaa};
  const auto half = steady_clock::now() + (deadline - steady_clock::now()) / 2;
  if (const auto answer = co_await means_.resolver.ask(question, half)) {
    step.seen = see(*answer, question);
    step.outcome = answer->rcode == Rcode::kNoError ? CaaWalk::Outcome::kAnswer : CaaWalk::Outcome::kNothing;
    co_return;
  } else if (answer.error().kind == Kind::kProtocol) {
    step.outcome = CaaWalk::Outcome::kFailed;
    co_return;
  }
  const auto* zone = zone_of(group);
  const auto* witness = group.witness();
  if (zone == nullptr || witness == nullptr || !step.name.is_within(zone->cut.zone)) co_return;
  Probe probe{witness->server, witness->endpoint, question};
  co_await ask(means_.to_authorities, probe, deadline);
  if (probe.exchange.outcome == Outcome::kSilent) step.outcome = CaaWalk::Outcome::kFailed;
  if (!probe.has_spoken() || (!probe.seen.aliases.empty() && probe.seen.values.empty())) co_return;
  step.seen = probe.seen;
  step.outcome =
      probe.exchange.answer->rcode == Rcode::kNoError ? CaaWalk::Outcome::kAnswer : CaaWalk::Outcome::kNothing;
}

Task<void> Look::look_beyond(net::Deadline deadline) {
  std::vector<Task<void>> tasks;
  for (auto& group : groups_) {
    const auto* zone = zone_of(group);
    if (zone == nullptr) continue;
    const auto& record = group.members.front();
    const auto seen = report_one(record, group);
    const auto agreeing = std::ranges::count(seen.authorities, Verdict::kAgrees, &ServerAnswer::verdict);
    const Sight sight{.wanted = record,
                      .all = expectations_,
                      .authorities = group.authorities,
                      .resolvers = group.resolvers,
                      .witness = group.witness(),
                      .is_absent = agreeing == 0,
                      .is_split = agreeing > 0 && !is_propagated(seen),
                      .zone = zone->view};
    group.beyond =
        plan(sight, format("signpost-{:08x}", static_cast<std::uint32_t>(started_.time_since_epoch().count())));
    tasks.push_back(walk_caa(group, deadline));
    for_each(group.beyond, [&](Probe& probe) {
      const bool is_resolver = probe.recursion != Recursion::kNotDesired;
      tasks.push_back(ask(is_resolver ? means_.to_resolvers : means_.to_authorities, probe, deadline));
    });
  }
  co_await together(std::move(tasks));
}

RecordObservation Look::report_one(const Expectation& record, const Group& group) const {
  RecordObservation seen{.name = record.name, .type = record.type, .expected = expected_text(record)};
  const auto target = target_of(record);
  const auto found = target ? targets_.find(*target) : targets_.end();
  const auto addresses = found == targets_.end() ? TargetAddresses{} : found->second.addresses;
  for (const auto& probe : group.resolvers)
    seen.resolvers.push_back(report(probe, record, group.members, addresses, walked(record, group, probe)));
  for (const auto& probe : group.authorities) {
    seen.authorities.push_back(report(probe, record, group.members, addresses, walked(record, group, probe)));
    seen.value_seen |= seen.authorities.back().verdict == Verdict::kAgrees && has_itself(probe, seen.expected);
  }
  return seen;
}

const Look::Group& Look::group_of(const Expectation& record) const {
  return *std::ranges::find_if(groups_, [&](const Group& group) {
    return group.members.front().name == record.name && group.members.front().type == record.type;
  });
}

std::vector<RecordObservation> Look::conclude_all() {
  std::vector<RecordObservation> records;
  for (const auto& record : expectations_) {
    const auto& group = group_of(record);
    auto seen = report_one(record, group);
    conclude(seen, record, group);
    records.push_back(std::move(seen));
  }
  remember_zones(records);
  return records;
}

/// Of a zone only if nothing at all is wrong with it, so that what is mended is seen mended at once.
void Look::remember_zones(const std::vector<RecordObservation>& records) {
  std::map<const Zone*, bool> is_right;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto* zone = zone_of(group_of(expectations_[i]));
    const auto passes = [](const Finding& finding) { return finding.cause == Cause::kCachesOld; };
    const bool is_fine = records[i].propagated && std::ranges::all_of(records[i].causes, passes);
    if (zone != nullptr) is_right[zone] = is_right.try_emplace(zone, true).first->second && is_fine;
  }
  for (const auto& [zone, is_fine] : is_right) {
    if (!is_fine) means_.memory.forget(zone->cut.zone);
  }
  for (const auto& [name, place] : places_) {
    if (!place.cut) continue;
    const auto& zone = zones_.at(place.cut->zone);
    if (is_right.at(&zone)) means_.memory.remember(name, zone.cut, zone.view);
  }
}

void Look::conclude(RecordObservation& seen, const Expectation& record, const Group& group) {
  const auto* zone = zone_of(group);
  if (zone == nullptr) {
    explain(seen, {without_servers(seen, places_.at(place_of(record)).cut.error())});
    return;
  }
  seen.zone = zone->cut.zone.text();
  for (const auto& server : zone->view.delegation.servers) {
    if (server.note.empty()) continue;
    seen.authorities.push_back({server.name.text(), {}, Verdict::kUnreachable, {}, 0, 0, server.note});
  }
  seen.propagated = is_propagated(seen);
  const auto was_asked = [](const Probe& probe) { return probe.exchange.outcome != Outcome::kNotAsked; };
  if (!group.authorities.empty() && std::ranges::none_of(group.authorities, was_asked)) {
    explain(seen, {unseen(Cause::kTooBusy, "DNS was not looked at: its servers had no turn in time.")});
    return;
  }
  auto beyond = group.beyond;
  const auto target = target_of(record);
  if (const auto found = target ? targets_.find(*target) : targets_.end(); found != targets_.end()) {
    const auto& addresses = found->second.addresses;
    beyond.target_exists = !addresses.known.empty();
    beyond.target_is_looked_up = beyond.target_exists || addresses.is_complete();
    if (!addresses.is_complete()) beyond.target_unknown = found->second.reason;
  }
  if (const auto* spf = group.witness() == nullptr ? nullptr : walked(record, group, *group.witness())) {
    beyond.spf = *spf;
  }
  const Facts facts{.record = seen,
                    .wanted = record,
                    .group = group.members,
                    .all = expectations_,
                    .authorities = group.authorities,
                    .resolvers = group.resolvers,
                    .zone = zone->view,
                    .beyond = beyond};
  auto findings = diagnose(facts);
  if (!seen.propagated && findings.empty()) {
    findings.push_back(unseen(Cause::kTooBusy, "DNS was not looked at: some of its servers had no turn in time."));
  }
  explain(seen, std::move(findings));
}

}  // namespace signpost::dns
