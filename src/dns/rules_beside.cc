// SPDX-License-Identifier: Apache-2.0
#include "dns/rules.h"

#include <algorithm>

#include "base/text.h"
#include "dns/networks.h"
#include "dns/reading.h"

namespace signpost::dns::rules {

using namespace reading;  // NOLINT: the words of these rules

namespace {

bool fails_for_resolvers(const Facts& facts) {
  return !facts.resolvers.empty() && std::ranges::any_of(facts.resolvers, [](const Probe& probe) {
    return probe.exchange.answer && probe.exchange.answer->rcode == Rcode::kServFail;
  });
}
}  // namespace

Found dnssec_ds_without_keys(const Facts& facts) {
  if (!facts.zone.above || facts.zone.above->keys.empty() || !facts.beyond.keys || !facts.beyond.keys->has_spoken()) {
    return std::nullopt;
  }
  const auto& keys = facts.beyond.keys->seen.values;
  const auto has_key = [&](const std::string& ds) { return std::ranges::find(keys, ds) != keys.end(); };
  if (std::ranges::any_of(facts.zone.above->keys, has_key)) return std::nullopt;
  return finding(Cause::kDnssecDsWithoutKeys,
                 format("The registry has a DS record for {} (key {}), but the zone has {}.", zone_text(facts),
                        shown(facts.zone.above->keys), keys.empty() ? "no key at all" : "only other keys"),
                 format("Remove the DS record of {} at the registrar, or have the DNS provider sign the zone and enter "
                        "the DS record that it names.",
                        zone_text(facts)),
                 {evidence_of(*facts.zone.above, format("{} DS {}", zone_text(facts), shown(facts.zone.above->keys))),
                  evidence_of(*facts.beyond.keys)});
}

namespace {

bool fails_again(const Facts& facts, const Probe& unchecked) {
  return std::ranges::any_of(facts.beyond.checked, [&](const Probe& probe) {
    return probe.endpoint == unchecked.endpoint && probe.exchange.answer &&
           probe.exchange.answer->rcode == Rcode::kServFail;
  });
}
}  // namespace

Found dnssec_bogus(const Facts& facts) {
  if (!fails_for_resolvers(facts) || dnssec_ds_without_keys(facts)) return std::nullopt;
  // An unsigned zone has no signatures that could be wrong.
  if (facts.zone.above && facts.zone.above->has_said_keys && facts.zone.above->keys.empty()) return std::nullopt;
  for (const auto& probe : facts.beyond.unchecked) {
    // A failure that has passed meanwhile was none of signatures.
    if (!probe.has_spoken() || !fails_again(facts, probe)) continue;
    return finding(
        Cause::kDnssecBogus,
        format("A resolver that validates DNSSEC refuses {}, and answers it when told not to check: the signatures "
               "of the zone {} are wrong.",
               what(facts), zone_text(facts)),
        format("Have the DNS provider sign the zone {} again, or remove its DS record at the registrar.",
               zone_text(facts)),
        {{probe.server, text_of(probe.endpoint), format("SERVFAIL; unchecked: {}", said_by(probe)), probe.at_ms}});
  }
  return std::nullopt;
}

Found records_beside_alias(const Facts& facts) {
  const auto* witness = witness_of(facts);
  if (witness == nullptr) return std::nullopt;
  bool has_alias = facts.wanted.type == RecordType::kCname && !witness->seen.values.empty();
  const Probe* alias = has_alias ? witness : beside(facts, WireType::kCname);
  if (alias == nullptr) return std::nullopt;
  std::vector<const Probe*> others;
  for (const auto type : {WireType::kA, WireType::kAaaa, WireType::kMx, WireType::kTxt}) {
    if (const auto* other = beside(facts, type)) others.push_back(other);
  }
  if (alias != witness && !witness->seen.values.empty() && witness->seen.aliases.empty()) others.push_back(witness);
  if (others.empty()) return std::nullopt;
  return finding(Cause::kRecordsBesideAlias,
                 format("{} has a CNAME ({}) and a {} record ({}); what is answered depends on the resolver.",
                        facts.wanted.name.text(), shown(alias->seen.values), name_of(others.front()->question.type),
                        shown(others.front()->seen.values)),
                 format("Remove the {} record {} of this name, or the CNAME; what is wanted is {}.",
                        name_of(others.front()->question.type), shown(others.front()->seen.values), entry(facts)),
                 {evidence_of(*alias), evidence_of(*others.front())});
}

Found stale_aaaa(const Facts& facts) {
  if (facts.wanted.type != RecordType::kA || !facts.wanted.value) return std::nullopt;
  const auto wants_v6 = [&](const Expectation& record) {
    return record.type == RecordType::kAaaa && record.name == facts.wanted.name;
  };
  const auto* v6 = beside(facts, WireType::kAaaa);
  if (v6 == nullptr || std::ranges::any_of(facts.all, wants_v6)) return std::nullopt;
  return finding(Cause::kStaleAaaa,
                 format("{} also has the AAAA record {}: visitors with IPv6 go there.", facts.wanted.name.text(),
                        shown(v6->seen.values)),
                 format("Remove the AAAA record of host {} with the value {}.",
                        host_in_form(facts.wanted.name, facts.zone.delegation.zone), shown(v6->seen.values)),
                 {evidence_of(*v6)});
}

Found target_missing(const Facts& facts) {
  if (facts.wanted.type != RecordType::kCname || !facts.wanted.value || count(facts, Verdict::kAgrees) == 0 ||
      facts.wanted.name.text().starts_with('_') || !facts.beyond.target_is_looked_up || facts.beyond.target_exists) {
    return std::nullopt;
  }
  return finding(
      Cause::kTargetMissing,
      format("{} points to {} as wanted, but that has no address.", facts.wanted.name.text(), wanted_value(facts)),
      format("Create an address record for {}; the customer's DNS is right.", wanted_value(facts)),
      all_who_spoke(facts));
}

Found delegation_differs(const Facts& facts) {
  if (!facts.zone.above || facts.zone.above->servers.empty() || facts.zone.own.empty()) return std::nullopt;
  auto above = facts.zone.above->servers;
  auto own = facts.zone.own;
  std::ranges::sort(above);
  std::ranges::sort(own);
  if (above == own) return std::nullopt;
  return finding(
      Cause::kDelegationDiffers,
      format("The registry delegates {} to {}; the zone itself names {}.", zone_text(facts), list_of(above),
             list_of(own)),
      format("Make both lists equal: set {} at the registrar, or correct the NS records of the zone.", list_of(own)),
      {evidence_of(*facts.zone.above, format("{} NS {}", zone_text(facts), list_of(above)))});
}

namespace {

/// Where a CAA record has to stand so that it counts.
std::string place_of(const Facts& facts, const CaaVerdict& verdict) {
  const auto& zone = facts.zone.delegation.zone;
  const auto at = verdict.alias ? *verdict.alias : verdict.found_at.value_or(facts.wanted.name);
  return at.is_within(zone) ? format("host {}", host_in_form(at, zone))
                            : format("at {}, which somebody else keeps", at.text());
}

/// A critical property that nobody knows forbids everything; no record beside it helps (RFC 8659 4.1).
bool is_unknown_property(const CaaVerdict& verdict) {
  return verdict.property.find(" issue ") == std::string::npos &&
         verdict.property.find(" issuewild ") == std::string::npos;
}

Found caa(const Facts& facts, CaaVerdict::Kind kind, Cause cause) {
  std::string who;
  std::string wanted;
  const CaaVerdict* first = nullptr;
  for (const auto& [authority, verdict] : facts.beyond.caa) {
    if (verdict.kind != kind) continue;
    if (first == nullptr) first = &verdict;
    who += (who.empty() ? "" : ", ") + authority;
    wanted += format("{}value 0 issue \"{}\"", wanted.empty() ? "" : ", and ", authority);
  }
  if (first == nullptr) return std::nullopt;
  const auto at = first->alias ? *first->alias : first->found_at.value_or(facts.wanted.name);
  const auto said = first->property.empty() ? first->sentence : format("{} CAA {}", at.text(), first->property);
  std::string fix = "Mend the name servers: a question for CAA must be answered, if only with nothing.";
  if (kind == CaaVerdict::Kind::kForbidden) {
    fix = is_unknown_property(*first)
              ? format("Remove the CAA record {} ({}).", first->property, place_of(facts, *first))
              : format("Add beside the records that are there: type CAA, {}, {}.", place_of(facts, *first), wanted);
  }
  return finding(cause,
                 format("{} may not issue a certificate for {}: {}.", who, facts.wanted.name.text(), first->sentence),
                 std::move(fix), {{at.text(), {}, said, 0}});
}

}  // namespace

Found caa_forbids(const Facts& facts) { return caa(facts, CaaVerdict::Kind::kForbidden, Cause::kCaaForbids); }
Found caa_fails(const Facts& facts) { return caa(facts, CaaVerdict::Kind::kFailed, Cause::kCaaFails); }

namespace {

/// Until the last of what the answer was made of is forgotten.
std::uint32_t longest_ttl(const Answer& answer) {
  auto longest = negative_ttl(answer);
  for (const auto& rr : answer.answer) longest = std::max(longest, rr.ttl);
  return longest;
}

std::string time_text(std::uint32_t seconds) {
  if (seconds < 120) return format("{} s", seconds);
  if (seconds < 7'200) return format("{} min", (seconds + 59) / 60);
  return format("{} h", (seconds + 3'599) / 3'600);
}
}  // namespace

Found caches_old(const Facts& facts) {
  if (!agrees(facts)) return std::nullopt;
  std::vector<Evidence> evidence;
  std::uint32_t longest = 0;
  for (std::size_t i = 0; i < facts.resolvers.size() && i < facts.record.resolvers.size(); ++i) {
    const auto& probe = facts.resolvers[i];
    const auto verdict = facts.record.resolvers[i].verdict;
    const bool is_other = is_authoritative(verdict) && verdict != Verdict::kAgrees && verdict != Verdict::kUndecided;
    if (!probe.has_spoken() || !is_other) continue;
    longest = std::max(longest, longest_ttl(*probe.exchange.answer));
    if (evidence.size() < kEvidenceMax) evidence.push_back(evidence_of(probe));
  }
  if (evidence.empty()) return std::nullopt;
  return finding(
      Cause::kCachesOld,
      format("All name servers are right; the resolver {} still has the old answer.", evidence.front().server),
      format("Wait: it forgets the old answer within {}.", time_text(longest)), std::move(evidence));
}

Found edns_refused(const Facts& facts) {
  for (const auto& probe : facts.authorities) {
    if (!probe.exchange.needs_plain) continue;
    return finding(Cause::kEdnsRefused,
                   format("{} does not answer questions with EDNS, only plain ones.", probe.server),
                   "Have the server, or the firewall before it, brought up to date (RFC 6891).", {evidence_of(probe)});
  }
  return std::nullopt;
}

}  // namespace signpost::dns::rules
