// SPDX-License-Identifier: Apache-2.0
#include "dns/spf_walk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"

namespace signpost::dns {
namespace {

bool leads_on(const SpfTerm& term) {
  return term.kind == SpfTerm::Kind::kInclude || term.kind == SpfTerm::Kind::kRedirect;
}

std::optional<DnsName> next_of(const SpfTerm& term) {
  if (!leads_on(term) || term.has_macros()) return std::nullopt;
  auto name = DnsName::parse(term.domain);
  return name ? std::optional(*std::move(name)) : std::nullopt;
}

}  // namespace

struct SpfWalk::Counting {
  std::map<DnsName, int> done;  // a domain costs the same wherever it is included
  std::set<DnsName> path;       // those that are being counted
  bool has_loop = false;
};

SpfWalk::SpfWalk(SpfAt wanted, SpfAt seen) : wanted_(std::move(wanted)), root_(seen.name) {
  stops_.try_emplace(root_, Stop{.is_told = true});
  arrive(root_, std::move(seen.record));
}

void SpfWalk::arrive(const DnsName& name, SpfRecord record) {
  for (const auto& term : record.reached()) {
    const auto next = next_of(term);
    if (!next || stops_.contains(*next)) continue;
    if (stops_.size() == kSpfNamesMax) {
      is_cut_ = true;
      break;
    }
    stops_.try_emplace(*next);
  }
  stops_.at(name).record = std::move(record);
}

std::vector<DnsName> SpfWalk::needed() const {
  std::vector<DnsName> names;
  for (const auto& [name, stop] : stops_) {
    if (!stop.is_told) names.push_back(name);
  }
  return names;
}

void SpfWalk::tell(const DnsName& name, Outcome outcome, std::span<const std::string> texts) {
  const auto found = stops_.find(name);
  if (found == stops_.end() || found->second.is_told) return;
  auto& stop = found->second;
  stop.is_told = true;
  if (outcome == Outcome::kFailed) {
    stop.problem = SpfProblem{SpfProblem::Kind::kLookupFailed, name,
                              format("the TXT records of the included domain {} could not be looked up", name.text())};
    return;
  }
  stop.is_void = outcome == Outcome::kNothing;
  const auto records = stop.is_void ? std::vector<std::string>() : spf_records(texts);
  if (records.size() != 1) {
    stop.problem = records.empty()
                       ? SpfProblem{SpfProblem::Kind::kIncludeWithoutSpf, name,
                                    format("the included domain {} has no SPF record", name.text())}
                       : SpfProblem{SpfProblem::Kind::kTwoRecords, name,
                                    format("the included domain {} has {} SPF records", name.text(), records.size())};
    return;
  }
  auto record = SpfRecord::parse(records.front());
  if (!record) {
    stop.problem = SpfProblem{SpfProblem::Kind::kInvalid, name,
                              format("at the included domain {}, {}", name.text(), record.error().message)};
    return;
  }
  arrive(name, *std::move(record));
}

/// What evaluating the record of `name` needs if nothing in it matches before its end.
int SpfWalk::count(const DnsName& name, Counting& counting) const {
  if (const auto known = counting.done.find(name); known != counting.done.end()) return known->second;
  const auto stop = stops_.find(name);
  if (stop == stops_.end() || !stop->second.record) return 0;
  if (!counting.path.insert(name).second) {
    counting.has_loop = true;
    return 0;
  }
  int lookups = 0;
  for (const auto& term : stop->second.record->reached()) {
    const auto next = next_of(term);
    lookups += (term.needs_lookup() ? 1 : 0) + (next ? count(*next, counting) : 0);
    lookups = std::min(lookups, kSpfLookupsCounted);
  }
  counting.path.erase(name);
  counting.done[name] = lookups;
  return lookups;
}

/// The domains whose passing mail passes here too: by includes that say pass, and by redirects.
std::vector<DnsName> SpfWalk::passing() const {
  std::vector<DnsName> names{root_};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& record = stops_.at(names[i]).record;
    if (!record) continue;
    for (const auto& term : record->reached()) {
      const auto next = next_of(term);
      if (!next || term.qualifier != SpfQualifier::kPass || !stops_.contains(*next)) continue;
      if (std::ranges::find(names, *next) == names.end()) names.push_back(*next);
    }
  }
  return names;
}

bool SpfWalk::is_met(const SpfTerm& part, const std::vector<DnsName>& passing) const {
  return std::ranges::any_of(passing, [&](const DnsName& name) {
    const auto& record = stops_.at(name).record;
    if (!record) return false;
    // A term of an included record that does not pass only ends that record's say (RFC 7208 5.2).
    if (name != root_ && part.qualifier != SpfQualifier::kPass) return false;
    return std::ranges::any_of(record->reached(),
                               [&](const SpfTerm& term) { return covers(term, name, part, wanted_.name); });
  });
}

bool SpfReport::is_undecided() const {
  return !missing.empty() &&
         std::ranges::find(problems, SpfProblem::Kind::kLookupFailed, &SpfProblem::kind) != problems.end();
}

SpfReport SpfWalk::report() const {
  SpfReport report;
  report.missing = missing_parts(wanted_, SpfAt{root_, *stops_.at(root_).record});
  const auto domains = passing();
  std::erase_if(report.missing, [&](const SpfTerm& part) { return is_met(part, domains); });
  Counting counting;
  report.lookups = count(root_, counting);
  const auto add = [&](SpfProblem::Kind kind, std::string sentence) {
    report.problems.push_back({kind, root_, std::move(sentence)});
  };
  for (const auto& [name, stop] : stops_) {
    report.void_lookups += stop.is_void ? 1 : 0;
    if (stop.problem) report.problems.push_back(*stop.problem);
    if (!stop.record) continue;
    for (const auto& term : stop.record->reached()) {
      if (leads_on(term) && term.has_macros()) report.not_followed.push_back(term);
    }
  }
  if (counting.has_loop) add(SpfProblem::Kind::kLoop, "its includes lead back to where they came from");
  if (report.lookups > kSpfLookupsMax) {
    add(SpfProblem::Kind::kTooManyLookups,
        format("it needs {} DNS look-ups, at most {} are allowed", report.lookups, kSpfLookupsMax));
  }
  if (report.void_lookups > kSpfVoidLookupsMax) {
    add(SpfProblem::Kind::kTooManyVoidLookups,
        format("{} of its look-ups find nothing, at most {} may", report.void_lookups, kSpfVoidLookupsMax));
  }
  if (is_cut_) add(SpfProblem::Kind::kTooManyNames, format("it includes more than {} domains", kSpfNamesMax));
  return report;
}

}  // namespace signpost::dns
