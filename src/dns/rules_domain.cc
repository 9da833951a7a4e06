// SPDX-License-Identifier: Apache-2.0
#include "dns/rules.h"

#include <algorithm>

#include "base/text.h"
#include "dns/inquiry.h"
#include "dns/networks.h"
#include "dns/reading.h"

namespace signpost::dns::rules {

using namespace reading;  // NOLINT: the words of these rules

namespace {

std::string registrable(const DnsName& name) {
  const auto domain = registrable_of(name);
  return domain ? domain->text() : name.text();
}

/// What the registry says of the domain itself.
const Probe* registration_of(const Facts& facts) {
  if (!is_absent(facts) || !is_registry(facts.zone.delegation.zone, facts.wanted.name)) return nullptr;
  const auto& probe = facts.beyond.registration;
  return probe && probe->exchange.answer ? &*probe : witness_of(facts);
}

}  // namespace

Found domain_unregistered(const Facts& facts) {
  const auto domain = registrable(facts.wanted.name);
  const auto fix = format("Register {}, or correct the spelling: it may also have expired and been deleted.", domain);
  if (const auto* said = registration_of(facts); said != nullptr) {
    if (said->exchange.answer->rcode != Rcode::kNxDomain) return std::nullopt;
    return finding(Cause::kDomainUnregistered,
                   format("The registry of {} does not know the domain {}.", zone_text(facts), domain), fix,
                   {evidence_of(*said)});
  }
  // Its servers still answer, because resolvers remember them: not for long.
  if (!facts.zone.above || !facts.zone.above->is_unknown) return std::nullopt;
  auto found =
      finding(Cause::kDomainUnregistered,
              format("The registry does not know {} any more; resolvers still remember its servers for a while.",
                     zone_text(facts)),
              fix, {evidence_of(*facts.zone.above, format("NXDOMAIN for {} NS", zone_text(facts)))});
  if (agrees(facts)) found.weight = Weight::kRisks;
  return found;
}

Found domain_expired(const Facts& facts) {
  if (agrees(facts)) return std::nullopt;
  for (const auto& server : facts.zone.delegation.servers) {
    if (!is_parking_server(server.name)) continue;
    return finding(
        Cause::kDomainExpired,
        format("The domain's name server is {}, which registrars set for domains that have expired or are "
               "parked.",
               server.name.text()),
        format("Renew {} at its registrar and set its own name servers again.", registrable(facts.wanted.name)),
        {{server.name.text(), {}, format("name server of {}", zone_text(facts)), 0}});
  }
  return std::nullopt;
}

Found no_delegation(const Facts& facts) {
  const auto* said = registration_of(facts);
  if (said == nullptr || said->exchange.answer->rcode == Rcode::kNxDomain) return std::nullopt;
  if (!said->seen.values.empty() || !values_of(facts).empty()) return std::nullopt;
  const auto domain = registrable(facts.wanted.name);
  return finding(
      Cause::kNoDelegation, format("The registry of {} names no servers for {}.", zone_text(facts), domain),
      format("Set the name servers of {} at its registrar. If they are set there, the domain is on hold: ask "
             "the registrar why.",
             domain),
      {evidence_of(*said)});
}

namespace {

bool is_delegated(const Facts& facts, const std::string& server) {
  return std::ranges::any_of(facts.zone.above->servers, [&](const DnsName& name) { return name.text() == server; });
}
}  // namespace

Found not_delegated_here(const Facts& facts) {
  if (!is_split(facts) || !facts.zone.above || facts.zone.above->servers.empty()) return std::nullopt;
  std::vector<Evidence> evidence;
  for (std::size_t i = 0; i < facts.authorities.size(); ++i) {
    const auto& answer = facts.record.authorities[i];
    if (answer.verdict != Verdict::kAgrees) continue;
    if (is_delegated(facts, answer.server)) return std::nullopt;
    if (evidence.size() + 1 < kEvidenceMax) evidence.push_back(evidence_of(facts.authorities[i]));
  }
  const auto names = list_of(facts.zone.above->servers);
  evidence.push_back(evidence_of(*facts.zone.above, format("{} is delegated to {}", zone_text(facts), names)));
  return finding(Cause::kNotDelegatedHere,
                 format("The record stands only at {}, but the registrar delegates {} to {}.", evidence.front().server,
                        zone_text(facts), names),
                 format("Add the record at the DNS provider of {}: {}. Or set {} as name server at the registrar.",
                        names, entry(facts), evidence.front().server),
                 std::move(evidence));
}

Found subzone_delegated(const Facts& facts) {
  const auto domain = registrable(facts.wanted.name);
  if (!is_absent(facts) || facts.wanted.type == RecordType::kNs || zone_text(facts).size() <= domain.size() ||
      !zone_text(facts).ends_with("." + domain)) {
    return std::nullopt;
  }
  // Where something stands at the name, somebody edits the right zone.
  const auto* witness = witness_of(facts);
  if (!witness->seen.values.empty() || !witness->seen.aliases.empty() || !witness->flattened.empty())
    return std::nullopt;
  std::vector<DnsName> servers;
  for (const auto& server : facts.zone.delegation.servers) servers.push_back(server.name);
  return finding(Cause::kSubzoneDelegated,
                 format("{} is a zone of its own, handed to {}; what is added in the zone {} is not seen below it.",
                        zone_text(facts), list_of(servers), domain),
                 format("Add the record at {}: {}. Or remove the NS records of {} in the zone {} and add it there.",
                        list_of(servers), entry(facts), zone_text(facts), domain),
                 all_who_spoke(facts));
}

}  // namespace signpost::dns::rules
