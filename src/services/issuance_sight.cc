// SPDX-License-Identifier: Apache-2.0
#include "services/issuance_sight.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "base/text.h"
#include "dns/comparison.h"

namespace signpost::services {
namespace {

dns::Expectation alias_at(const DnsName& name, const std::optional<DnsName>& target) {
  return {.name = name,
          .type = RecordType::kCname,
          .value = target ? std::optional(target->text()) : std::nullopt,
          .priority = std::nullopt};
}

void expect_texts(std::vector<dns::Expectation>& into, const DnsName& name, const std::vector<std::string>& values) {
  for (const auto& value : values) {
    into.push_back({.name = name, .type = RecordType::kTxt, .value = value, .priority = std::nullopt});
  }
}

/// We could not look, which says nothing about the record.
bool is_unseen(const dns::RecordObservation& record) {
  return !record.propagated && (record.cause == "too_busy" || record.cause == "resolvers_fail");
}

bool is_silent(const dns::RecordObservation& record) {
  return std::ranges::none_of(record.authorities,
                              [](const auto& answer) { return dns::is_authoritative(answer.verdict); });
}

/// Addresses of a flattened name are shown in place of the alias.
std::optional<DnsName> alias_in(const std::string& value) {
  boost::system::error_code no_address;
  boost::asio::ip::make_address(value, no_address);
  auto name = no_address ? DnsName::parse(value) : fail(Kind::kInvalid, {});
  return name ? std::optional(*std::move(name)) : std::nullopt;
}

/// Where the authorities of a name lead to.
struct Leads {
  std::set<DnsName> aliases;
  bool ends_here = false;  // one that speaks has no alias
};

Leads leads_of(const dns::RecordObservation& record) {
  Leads leads;
  for (const auto& answer : record.authorities) {
    if (!dns::is_authoritative(answer.verdict)) continue;
    bool has_alias = false;
    for (const auto& value : answer.values) {
      const auto alias = alias_in(value);
      if (!alias) continue;
      leads.aliases.insert(*alias);
      has_alias = true;
    }
    leads.ends_here |= !has_alias;
  }
  return leads;
}

/// One way after the other from the challenge's name to where it ends. Holds what has been seen so far.
struct Walk {
  std::set<DnsName> passed;
  std::set<DnsName> frontier;
  std::set<DnsName> ends;
  std::optional<dns::Cause> lost;  // a loop, or too long a chain

  void take(const DnsName& at, const Leads& leads, const std::optional<DnsName>& target) {
    if (leads.ends_here) ends.insert(at);
    for (const auto& alias : leads.aliases) {
      if (alias == target) {
        ends.insert(alias);
      } else if (passed.contains(alias)) {
        lost = dns::Cause::kAliasLoop;
      } else {
        frontier.insert(alias);
      }
    }
  }
};

void blame(ChallengeSight& sight, const dns::RecordObservation& record) {
  if (!sight.cause.empty() || record.propagated) return;
  sight.cause = record.cause;
  sight.explanation = record.explanation;
}

void blame_way(ChallengeSight& sight, dns::Cause cause, const DnsName& name) {
  sight.cause = name_of(cause);
  sight.explanation =
      cause == dns::Cause::kAliasLoop
          ? format(
                "The aliases from {} lead back to themselves, so no certificate authority finds the challenge: let "
                "the CNAME point where it is to lead, without others in between.",
                name.text())
          : format(
                "More than {} aliases lead on from {}, which certificate authorities do not follow: let the CNAME "
                "point where it is to lead, without others in between.",
                dns::kAliasesMax, name.text());
}

/// The servers say one thing, and whoever checks their signatures believes none of it.
void note_risk(ChallengeSight& sight, const dns::RecordObservation& record) {
  for (const auto& finding : record.causes) {
    const bool is_dnssec =
        finding.cause == dns::Cause::kDnssecDsWithoutKeys || finding.cause == dns::Cause::kDnssecBogus;
    if (!is_dnssec || !sight.risk.empty()) continue;
    sight.risk = name_of(finding.cause);
    sight.risk_explanation = finding.text + " " + finding.fix;
  }
}

void keep(ChallengeSight& sight, dns::Observation observation) {
  for (const auto& record : observation.records) note_risk(sight, record);
  std::ranges::move(observation.records, std::back_inserter(sight.observation.records));
  sight.observation.took_ms += observation.took_ms;
}

bool all_propagated(std::span<const dns::RecordObservation> records) {
  return !records.empty() && std::ranges::all_of(records, &dns::RecordObservation::propagated);
}

}  // namespace

Task<ChallengeSight> ObserverSight::challenge(ChallengeWish wish) {
  auto name = model::challenge_name(wish.host);
  if (!name) {
    ChallengeSight sight;
    sight.cause = "name_too_long";
    sight.explanation = name.error().message;
    co_return sight;
  }
  if (wish.target && wish.is_delegation_seen) co_return co_await at_target(std::move(wish));
  if (wish.target) co_return co_await delegated(*std::move(name), std::move(wish));
  co_return co_await plain(*std::move(name), std::move(wish));
}

/// In the usual case one look tells all: the alias as it was given out, and the values where it leads.
Task<ChallengeSight> ObserverSight::delegated(DnsName name, ChallengeWish wish) {
  ChallengeSight sight;
  std::vector<dns::Expectation> expectations{alias_at(name, wish.target)};
  expect_texts(expectations, *wish.target, wish.values);
  auto seen = co_await eye_.observe(std::move(expectations));
  const auto alias = seen.records.front();
  const auto leads = leads_of(alias);
  const std::span texts(seen.records.begin() + 1, seen.records.end());
  sight.is_delegated = alias.propagated && !leads.ends_here && leads.aliases == std::set{*wish.target};
  if (sight.is_delegated || leads.aliases.empty()) {
    sight.is_dead = is_silent(alias);
    sight.is_visible = sight.is_delegated && all_propagated(texts);
    if (sight.is_delegated) sight.ends = {*wish.target};
    blame(sight, alias);
    for (const auto& text : texts) blame(sight, text);
    sight.was_unseen = !sight.is_visible && std::ranges::any_of(seen.records, is_unseen);
    keep(sight, std::move(seen));
    co_return sight;
  }
  keep(sight, std::move(seen));
  sight.observation.records.erase(sight.observation.records.begin() + 1, sight.observation.records.end());
  co_await follow(name, wish, alias, sight);
  co_return sight;
}

Task<ChallengeSight> ObserverSight::at_target(ChallengeWish wish) {
  ChallengeSight sight;
  sight.is_delegated = true;
  sight.ends = {*wish.target};
  std::vector<dns::Expectation> expectations;
  expect_texts(expectations, *wish.target, wish.values);
  auto seen = co_await eye_.observe(std::move(expectations));
  sight.is_visible = all_propagated(seen.records);
  for (const auto& text : seen.records) blame(sight, text);
  sight.was_unseen = !sight.is_visible && std::ranges::any_of(seen.records, is_unseen);
  keep(sight, std::move(seen));
  co_return sight;
}

/// Where the authorities themselves have the values there is no alias to follow.
Task<ChallengeSight> ObserverSight::plain(DnsName name, ChallengeWish wish) {
  ChallengeSight sight;
  std::vector<dns::Expectation> expectations;
  expect_texts(expectations, name, wish.values);
  if (expectations.empty()) co_return sight;
  auto seen = co_await eye_.observe(std::move(expectations));
  const bool is_here = std::ranges::all_of(seen.records, &dns::RecordObservation::value_seen);
  if (all_propagated(seen.records) && is_here) {
    sight.is_visible = true;
    sight.ends = {name};
    keep(sight, std::move(seen));
    co_return sight;
  }
  auto alias = co_await eye_.observe({alias_at(name, {})});
  if (leads_of(alias.records.front()).aliases.empty()) {
    for (const auto& text : seen.records) blame(sight, text);
    sight.is_visible = all_propagated(seen.records);
    sight.is_dead = std::ranges::all_of(seen.records, is_silent);
    sight.ends = {name};
    sight.was_unseen = !sight.is_visible && std::ranges::any_of(seen.records, is_unseen);
    keep(sight, std::move(seen));
    co_return sight;
  }
  const auto first = alias.records.front();
  keep(sight, std::move(alias));
  co_await follow(name, wish, first, sight);
  co_return sight;
}

Task<void> ObserverSight::follow(const DnsName& name, const ChallengeWish& wish, const dns::RecordObservation& first,
                                 ChallengeSight& sight) {
  Walk walk;
  walk.passed.insert(name);
  walk.take(name, leads_of(first), wish.target);
  bool was_unseen = false;
  while (!walk.frontier.empty() && !walk.lost) {
    if (walk.passed.size() + walk.frontier.size() > dns::kAliasesMax) {
      walk.lost = dns::Cause::kAliasChainLong;
      break;
    }
    std::vector<dns::Expectation> expectations;
    for (const auto& at : walk.frontier) expectations.push_back(alias_at(at, {}));
    walk.passed.merge(walk.frontier);
    walk.frontier.clear();
    auto seen = co_await eye_.observe(std::move(expectations));
    for (const auto& record : seen.records) {
      const auto leads = leads_of(record);
      // Nobody speaks for the name: the look at its texts says why.
      if (leads.aliases.empty()) walk.ends.insert(record.name);
      walk.take(record.name, leads, wish.target);
      was_unseen |= is_unseen(record);
    }
    keep(sight, std::move(seen));
  }
  if (walk.lost) {
    blame_way(sight, *walk.lost, name);
    co_return;
  }
  sight.ends.assign(walk.ends.begin(), walk.ends.end());
  sight.is_delegated = wish.target && walk.ends == std::set{*wish.target};
  std::vector<dns::Expectation> expectations;
  for (const auto& end : walk.ends) expect_texts(expectations, end, wish.values);
  auto seen = expectations.empty() ? dns::Observation() : co_await eye_.observe(std::move(expectations));
  sight.is_visible = all_propagated(seen.records);
  // What the operator's customer has to mend stands first: the way, then what is found at its end.
  if (wish.target && !sight.is_delegated) blame(sight, first);
  for (const auto& text : seen.records) blame(sight, text);
  sight.was_unseen = !sight.is_visible && (was_unseen || std::ranges::any_of(seen.records, is_unseen));
  keep(sight, std::move(seen));
}

Task<dns::CaaVerdict> ObserverSight::caa(CaaWish wish) {
  dns::CaaQuestion question{.issuers = std::move(wish.issuers),
                            .name = wish.name,
                            .method = std::move(wish.method),
                            .account = std::move(wish.account)};
  co_return co_await observer_.may_issue(wish.host, std::move(question),
                                         std::chrono::steady_clock::now() + settings_.caa_budget);
}

}  // namespace signpost::services
