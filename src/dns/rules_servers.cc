// SPDX-License-Identifier: Apache-2.0
#include "dns/rules.h"

#include <algorithm>

#include "base/text.h"
#include "dns/networks.h"
#include "dns/reading.h"

namespace signpost::dns::rules {

using namespace reading;  // NOLINT: the words of these rules

namespace {

std::optional<std::uint32_t> serial_of(const Probe& probe) {
  if (!probe.exchange.answer) return std::nullopt;
  for (const auto& rr : probe.exchange.answer->answer) {
    if (rr.type != WireType::kSoa) continue;
    const auto words = split(rr.value, ' ');
    const auto serial = words.size() > 2 ? parse_integer(words[2]) : std::nullopt;
    return serial ? std::optional(static_cast<std::uint32_t>(*serial)) : std::nullopt;
  }
  return std::nullopt;
}

/// RFC 1982 3.2.
bool is_before(std::uint32_t first, std::uint32_t second) {
  return first != second && static_cast<std::int32_t>(second - first) > 0;
}

std::optional<std::uint32_t> serial_at(const Facts& facts, const net::UdpEndpoint& endpoint) {
  for (const auto& probe : facts.beyond.serials) {
    if (probe.endpoint == endpoint) return serial_of(probe);
  }
  return std::nullopt;
}
}  // namespace

/// Every server that lacks the record has an older zone than one that has it.
Found serials_lag(const Facts& facts) {
  if (!is_split(facts)) return std::nullopt;
  std::optional<std::uint32_t> newest;
  for (std::size_t i = 0; i < facts.authorities.size(); ++i) {
    if (facts.record.authorities[i].verdict != Verdict::kAgrees) continue;
    const auto serial = serial_at(facts, facts.authorities[i].endpoint);
    if (serial && (!newest || is_before(*newest, *serial))) newest = serial;
  }
  if (!newest) return std::nullopt;
  std::vector<Evidence> evidence;
  for (std::size_t i = 0; i < facts.authorities.size(); ++i) {
    const auto verdict = facts.record.authorities[i].verdict;
    if (!is_authoritative(verdict) || verdict == Verdict::kAgrees) continue;
    const auto serial = serial_at(facts, facts.authorities[i].endpoint);
    if (!serial || !is_before(*serial, *newest)) return std::nullopt;
    auto said = evidence_of(facts.authorities[i]);
    said.said += format("; serial {}, the newest is {}", *serial, *newest);
    if (evidence.size() < kEvidenceMax) evidence.push_back(std::move(said));
  }
  const auto behind = evidence.front().server;
  return finding(Cause::kSerialsLag, format("{} still has an older version of the zone {}.", behind, zone_text(facts)),
                 format("Wait until {} has fetched serial {}. If it lasts for hours, ask the DNS provider why its "
                        "servers differ.",
                        behind, *newest),
                 std::move(evidence));
}

Found servers_disagree(const Facts& facts) {
  if (!is_split(facts)) return std::nullopt;
  const Probe* other = nullptr;
  std::string without;
  for (std::size_t i = 0; i < facts.authorities.size(); ++i) {
    const auto& answer = facts.record.authorities[i];
    if (!is_authoritative(answer.verdict) || answer.verdict == Verdict::kAgrees) continue;
    if (other == nullptr) other = &facts.authorities[i];
    if (without.size() < 200) without += (without.empty() ? "" : ", ") + who(answer);
  }
  return finding(
      Cause::kServersDisagree,
      format("{} of {} server addresses of the zone {} have the record; not so {}: {}.", count(facts, Verdict::kAgrees),
             count_speaking(facts), zone_text(facts), without, said_by(*other)),
      format("Wait a few minutes. If it lasts, the domain names servers of several providers: add the record "
             "at each, {}.",
             entry(facts)),
      all_who_spoke(facts));
}

Found tcp_blocked(const Facts& facts) {
  std::vector<Evidence> evidence;
  for (const auto& probe : facts.authorities) {
    if (probe.exchange.tcp_fails && evidence.size() < kEvidenceMax) evidence.push_back(evidence_of(probe));
  }
  if (evidence.empty()) return std::nullopt;
  auto found =
      finding(Cause::kTcpBlocked,
              format("The answer for {} is too long for UDP, and {} does not answer over TCP.", what(facts),
                     evidence.front().server),
              "Have TCP port 53 opened at the DNS server or the firewall before it (RFC 7766).", std::move(evidence));
  if (count_speaking(facts) == 0) found.weight = Weight::kBlocks;
  return found;
}

Found wildcard_answers(const Facts& facts) {
  if (!is_absent(facts) || !facts.beyond.wildcard || !facts.beyond.wildcard->has_spoken()) return std::nullopt;
  const auto* witness = witness_of(facts);
  const auto& wildcard = *facts.beyond.wildcard;
  const auto has_any = [](const Probe& probe) {
    return !probe.seen.values.empty() || !probe.seen.aliases.empty() || !probe.flattened.empty();
  };
  if (!has_any(*witness) || !has_any(wildcard)) return std::nullopt;
  auto here = witness->seen.values.empty() ? witness->flattened : witness->seen.values;
  auto there = wildcard.seen.values.empty() ? wildcard.flattened : wildcard.seen.values;
  std::ranges::sort(here);
  std::ranges::sort(there);
  if (here != there || witness->seen.aliases != wildcard.seen.aliases) return std::nullopt;
  return finding(Cause::kWildcardAnswers,
                 format("{} has no record of its own: a wildcard answers for it, and for every other name beside it.",
                        facts.wanted.name.text()),
                 format("Add the record; it goes before the wildcard: {}.", entry(facts)),
                 {evidence_of(*witness), evidence_of(wildcard)});
}

Found other_value(const Facts& facts) {
  if (!is_absent(facts) || count(facts, Verdict::kDisagrees) == 0) return std::nullopt;
  const auto* witness = witness_of(facts);
  const auto seen = !witness->seen.values.empty() ? shown(witness->seen.values) : shown(witness->flattened);
  return finding(Cause::kOtherValue,
                 seen.empty() ? format("{} should be {}, but {}.", what(facts), wanted_value(facts), said_by(*witness))
                              : format("{} should be {}, but it is {}.", what(facts), wanted_value(facts), seen),
                 format("Change the record {}: {}.", where(facts), entry(facts)), all_who_spoke(facts));
}

Found type_missing(const Facts& facts) {
  if (!is_absent(facts) || count(facts, Verdict::kDisagrees) > 0 || count(facts, Verdict::kNoData) == 0) {
    return std::nullopt;
  }
  return finding(
      Cause::kTypeMissing,
      format("{} is there, without a {} record.", facts.wanted.name.text(), signpost::name_of(facts.wanted.type)),
      format("Add the record {}: {}.", where(facts), entry(facts)), all_who_spoke(facts));
}

Found name_missing(const Facts& facts) {
  if (!is_absent(facts) || count(facts, Verdict::kNxDomain) != count_speaking(facts)) return std::nullopt;
  return finding(Cause::kNameMissing,
                 format("There is no name {} in the zone {}.", facts.wanted.name.text(), zone_text(facts)),
                 format("Add the record {}: {}.", where(facts), entry(facts)), all_who_spoke(facts));
}

namespace {

Found fault(const Facts& facts, Verdict verdict, Cause cause, std::string_view text, std::string_view fix) {
  auto evidence = all_with(facts, verdict);
  // Those without an address have findings of their own; a way that is missing here, or a turn that we did not have, is
  // no fault of theirs.
  const auto is_ours = [&](const Evidence& one) {
    return std::ranges::any_of(facts.authorities, [&](const Probe& probe) {
      const auto outcome = probe.exchange.outcome;
      return text_of(probe.endpoint) == one.address &&
             (outcome == Outcome::kNotAsked || (outcome == Outcome::kNoRoute && count_speaking(facts) > 0));
    });
  };
  std::erase_if(evidence, [&](const Evidence& one) { return one.address.empty() || is_ours(one); });
  if (evidence.empty()) return std::nullopt;
  const auto first = format("{} ({})", evidence.front().server, evidence.front().address);
  const bool is_all = count_speaking(facts) == 0;
  auto found = finding(cause,
                       is_all ? format("No server of the zone {} speaks for it: {} {}.", zone_text(facts), first, text)
                              : format("{} of the zone {} {}.", first, zone_text(facts), text),
                       std::string(fix), std::move(evidence));
  found.weight = is_all ? Weight::kBlocks : Weight::kRisks;
  return found;
}

constexpr std::string_view kSetUpOrRename =
    "Set the zone up at this DNS provider, or remove the server from the domain's name servers at the registrar.";
}  // namespace

Found servers_refuse(const Facts& facts) {
  return fault(facts, Verdict::kRefused, Cause::kServersRefuse, "refuses to answer: the zone is not set up there",
               kSetUpOrRename);
}
Found servers_lame(const Facts& facts) {
  return fault(facts, Verdict::kLame, Cause::kServersLame, "answers without authority: the zone is not loaded there",
               kSetUpOrRename);
}
Found servers_fail(const Facts& facts) {
  return fault(facts, Verdict::kServFail, Cause::kServersFail, "answers with an error",
               "Ask the DNS provider: a mistake in the zone may keep it from loading.");
}
Found servers_malformed(const Facts& facts) {
  return fault(facts, Verdict::kMalformed, Cause::kServersMalformed, "answers with something that is not DNS",
               "Ask who runs the server; or name other servers at the registrar.");
}
Found servers_silent(const Facts& facts) {
  return fault(facts, Verdict::kSilent, Cause::kServersSilent, "gives no answer",
               "Check that the server runs and that UDP and TCP port 53 are open; or name other servers at the "
               "registrar.");
}
Found servers_unreachable(const Facts& facts) {
  auto found = fault(facts, Verdict::kUnreachable, Cause::kServersUnreachable, "cannot be asked",
                     "Check the server's address; or name other servers at the registrar.");
  if (found || count_speaking(facts) > 0 || !facts.zone.delegation.servers.empty()) return found;
  return finding(Cause::kServersUnreachable, format("The zone {} names no servers.", zone_text(facts)),
                 "Set the domain's name servers at the registrar.", {});
}

namespace {

Found without_address(const Facts& facts, Authority::Lack lack, Cause cause, std::string_view text,
                      std::string_view fix) {
  std::vector<Evidence> evidence;
  for (const auto& server : facts.zone.delegation.servers) {
    if (server.lack == lack && evidence.size() < kEvidenceMax) {
      evidence.push_back({server.name.text(), {}, server.note, 0});
    }
  }
  if (evidence.empty()) return std::nullopt;
  const auto first = evidence.front().server;
  auto found = finding(cause, format("The name server {} of the zone {} {}.", first, zone_text(facts), text),
                       format("{} {} at the registrar.", fix, first), std::move(evidence));
  // Another one may be there and speak: its address is what we do not know.
  const auto is_unknown = [](const Authority& server) { return server.lack == Authority::Lack::kUnknown; };
  const bool has_unknown = std::ranges::any_of(facts.zone.delegation.servers, is_unknown);
  if (count_speaking(facts) == 0 && !has_unknown) found.weight = Weight::kBlocks;
  return found;
}
}  // namespace

Found server_address_private(const Facts& facts) {
  return without_address(facts, Authority::Lack::kForbidden, Cause::kServerAddressPrivate,
                         "has an address that the internet cannot reach", "Give it a public address, or remove");
}
Found server_without_address(const Facts& facts) {
  return without_address(facts, Authority::Lack::kNone, Cause::kServerWithoutAddress, "has no address",
                         "Add its address, or correct or remove");
}

/// Nobody was asked, as nobody's address is known.
Found servers_unknown(const Facts& facts) {
  if (!facts.authorities.empty()) return std::nullopt;
  for (const auto& server : facts.zone.delegation.servers) {
    if (server.lack != Authority::Lack::kUnknown) continue;
    return finding(Cause::kResolversFail,
                   format("The addresses of the name servers of {} could not be looked up: {}: {}.", zone_text(facts),
                          server.name.text(), server.note),
                   "Nothing at first: the look is made again. If it lasts, the zone of the name servers is broken.",
                   {{server.name.text(), {}, server.note, 0}});
  }
  return std::nullopt;
}

/// The servers speak, but what their answers mean hangs on what our resolvers did not find.
Found undecided(const Facts& facts) {
  if (agrees(facts) || count(facts, Verdict::kUndecided) == 0) return std::nullopt;
  auto evidence = all_with(facts, Verdict::kUndecided);
  if (facts.wanted.type == RecordType::kCname) {
    return finding(
        Cause::kResolversFail,
        format("{} answers with addresses; whether they are those of {} is not known, as they could not be looked up: "
               "{}.",
               facts.wanted.name.text(), wanted_value(facts), facts.beyond.target_unknown),
        format("Nothing at first: the look is made again. If it lasts, the name servers of {} are broken.",
               wanted_value(facts)),
        std::move(evidence));
  }
  std::string failed;
  for (const auto& problem : facts.beyond.spf ? facts.beyond.spf->problems : std::vector<SpfProblem>()) {
    if (problem.kind == SpfProblem::Kind::kLookupFailed && failed.empty()) failed = problem.at.text();
  }
  return finding(Cause::kResolversFail,
                 format("Whether {} lets pass what is wanted is not known: the SPF record of {}, which it includes, "
                        "could not be looked up.",
                        what(facts), failed),
                 format("Nothing at first: the look is made again. If it lasts, the name servers of {} are broken; "
                        "take that include out.",
                        failed),
                 std::move(evidence));
}

}  // namespace signpost::dns::rules
