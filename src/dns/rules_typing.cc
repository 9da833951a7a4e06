// SPDX-License-Identifier: Apache-2.0
#include "dns/rules.h"

#include <algorithm>

#include "base/text.h"
#include "dns/networks.h"
#include "dns/reading.h"

namespace signpost::dns::rules {

using namespace reading;  // NOLINT: the words of these rules

namespace {

std::string way_of(const Probe& probe) {
  std::string text = probe.question.name.text();
  for (std::size_t i = 0; i < probe.seen.aliases.size() && i < 4; ++i) text += " → " + probe.seen.aliases[i].text();
  return probe.seen.aliases.size() > 4 ? text + " → …" : text;
}

Found chain(const Facts& facts, Seen::Chain which, Cause cause, std::string_view text, std::string_view fix) {
  if (agrees(facts)) return std::nullopt;
  for (const auto* probes : {&facts.authorities, &facts.resolvers}) {
    for (const auto& probe : *probes) {
      if (probe.seen.chain != which) continue;
      return finding(cause, format("{}: {}.", text, way_of(probe)), format("{}: {}.", fix, entry(facts)),
                     {evidence_of(probe)});
    }
  }
  return std::nullopt;
}

}  // namespace

Found alias_loop(const Facts& facts) {
  return chain(facts, Seen::Chain::kLoops, Cause::kAliasLoop, "The CNAME records run in a circle",
               "Break the circle of CNAME records with the wanted record");
}

Found alias_chain_long(const Facts& facts) {
  return chain(facts, Seen::Chain::kTooLong, Cause::kAliasChainLong,
               format("More than {} CNAME records follow each other", kAliasesMax),
               "Replace the first of them by the wanted record");
}

Found challenge_shadowed(const Facts& facts) {
  if (!is_absent(facts) || !is_challenge(facts)) return std::nullopt;
  const Probe* other = nullptr;
  if (facts.wanted.type == RecordType::kCname) other = beside(facts, WireType::kTxt);
  if (facts.wanted.type == RecordType::kTxt) other = beside(facts, WireType::kCname);
  if (other == nullptr) return std::nullopt;
  const auto type = name_of(other->question.type);
  return finding(Cause::kChallengeShadowed,
                 format("At {} stands a {} record ({}), which hides the wanted {}.", facts.wanted.name.text(), type,
                        shown(other->seen.values), signpost::name_of(facts.wanted.type)),
                 format("Remove the {} record ({}) of host {}, then add: {}.", type, shown(other->seen.values),
                        host_in_form(facts.wanted.name, facts.zone.delegation.zone), entry(facts)),
                 {evidence_of(*other)});
}

Found challenge_stale(const Facts& facts) {
  if (!is_absent(facts) || !is_challenge(facts) || facts.wanted.type != RecordType::kTxt || !facts.wanted.value ||
      values_of(facts).empty()) {
    return std::nullopt;
  }
  return finding(Cause::kChallengeStale,
                 format("{} has only {}, of an earlier attempt.", facts.wanted.name.text(), shown(values_of(facts))),
                 format("Replace the old value, or add the new one beside it: {}.", entry(facts)),
                 all_who_spoke(facts));
}

namespace {

/// Nobody has made it: the wildcard answers there too.
bool is_by_wildcard(const Facts& facts, const Probe& probe) {
  const auto& wildcard = facts.beyond.wildcard;
  return wildcard && wildcard->has_spoken() && !wildcard->seen.values.empty() &&
         wildcard->seen.values == probe.seen.values;
}

bool is_doubled(const Facts& facts, const Probe& probe) {
  return probe.question.name.text() == facts.wanted.name.text() + "." + zone_text(facts);
}

}  // namespace

Found name_doubled(const Facts& facts) {
  if (!is_absent(facts)) return std::nullopt;
  for (const auto& probe : facts.beyond.elsewhere) {
    if (!is_doubled(facts, probe) || !would_agree(facts, probe) || is_by_wildcard(facts, probe)) continue;
    const auto host = host_in_form(facts.wanted.name, facts.zone.delegation.zone);
    return finding(Cause::kNameDoubled,
                   format("The record stands at {}: the form at the DNS provider appends {} itself.",
                          probe.question.name.text(), zone_text(facts)),
                   format("Type {} as the host, without {}: {}.", host, zone_text(facts), entry(facts)),
                   {evidence_of(probe), evidence_of(*witness_of(facts))});
  }
  return std::nullopt;
}

Found name_misplaced(const Facts& facts) {
  if (!is_absent(facts)) return std::nullopt;
  for (const auto& probe : facts.beyond.elsewhere) {
    if (is_doubled(facts, probe) || !would_agree(facts, probe) || is_by_wildcard(facts, probe)) continue;
    return finding(
        Cause::kNameMisplaced,
        format("The record stands at {} instead of {}.", probe.question.name.text(), facts.wanted.name.text()),
        format("Add it at host {}: {}. If it was meant for that, remove it from host {}.",
               host_in_form(facts.wanted.name, facts.zone.delegation.zone), entry(facts),
               host_in_form(probe.question.name, facts.zone.delegation.zone)),
        {evidence_of(probe), evidence_of(*witness_of(facts))});
  }
  return std::nullopt;
}

namespace {

std::optional<std::string> typed_as_url(const Facts& facts) {
  const auto is_url = [](std::string_view value) {
    const auto lower = to_lower(value);
    return lower.find("http") != std::string::npos &&
           (lower.find(':') != std::string::npos || lower.find('/') != std::string::npos);
  };
  for (const auto& value : values_of(facts)) {
    if (is_url(value)) return value;
  }
  for (const auto& rr : witness_of(facts)->exchange.answer->unreadable) {
    if (rr.type == wire_type_of(facts.wanted.type) && (is_url(rr.value) || rr.value.find('/') != std::string::npos)) {
      return rr.value;
    }
  }
  return std::nullopt;
}
}  // namespace

Found target_is_url(const Facts& facts) {
  if (!is_absent(facts) || !is_about_host(facts.wanted.type) || !facts.wanted.value) return std::nullopt;
  const auto typed = typed_as_url(facts);
  if (!typed) return std::nullopt;
  return finding(Cause::kTargetIsUrl, format("{} was typed as a web address: {}.", what(facts), printable(*typed, 120)),
                 format("Type the host name alone, without https:// and without a path: {}.", entry(facts)),
                 all_who_spoke(facts));
}

Found target_relative(const Facts& facts) {
  if (!is_absent(facts) || !is_about_host(facts.wanted.type) || !facts.wanted.value) return std::nullopt;
  const auto wanted = std::string(host_in(facts.wanted.type, facts.record.expected));
  for (const auto& value : values_of(facts)) {
    const auto host = host_in(facts.wanted.type, value);
    const bool is_longer = host.size() > wanted.size() && host.starts_with(wanted) && host[wanted.size()] == '.';
    if (!is_longer || !std::string_view(host).substr(wanted.size() + 1).ends_with(zone_text(facts))) continue;
    return finding(
        Cause::kTargetRelative,
        format("{} points to {}: the domain was appended, because the last dot is missing.", what(facts), host),
        format("Type the target with a dot at its end, \"{}.\", unless the form forbids it: {}.", wanted, entry(facts)),
        all_who_spoke(facts));
  }
  return std::nullopt;
}

namespace {

/// "192.0.2.1", or "192.0.2.1.shop.example" where the form appended the domain.
bool is_address_name(std::string_view host) {
  int numbers = 0;
  for (const auto label : split(host, '.')) {
    const auto number = parse_integer(label);
    if (!number || *number < 0 || *number > 255) break;
    ++numbers;
  }
  return numbers >= 4;
}
}  // namespace

Found target_is_address(const Facts& facts) {
  if (!is_absent(facts) || !is_about_host(facts.wanted.type)) return std::nullopt;
  for (const auto& value : values_of(facts)) {
    if (!is_address_name(host_in(facts.wanted.type, value))) continue;
    return finding(Cause::kTargetIsAddress,
                   format("{} points to {}, an IP address where a host name belongs.", what(facts),
                          host_in(facts.wanted.type, value)),
                   format("Type the host name: {}.", entry(facts)), all_who_spoke(facts));
  }
  return std::nullopt;
}

Found proxied(const Facts& facts) {
  const auto* witness = witness_of(facts);
  const bool is_asked = facts.wanted.type == RecordType::kCname || facts.wanted.type == RecordType::kA ||
                        facts.wanted.type == RecordType::kAaaa;
  if (!is_absent(facts) || !is_asked) return std::nullopt;
  const auto& addresses = facts.wanted.type == RecordType::kCname ? witness->flattened : witness->seen.values;
  if (addresses.empty() || !std::ranges::all_of(addresses, [](const auto& a) { return proxy_of(a).has_value(); })) {
    return std::nullopt;
  }
  const auto proxy = *proxy_of(addresses.front());
  // The switch is there only where the proxy keeps the DNS as well.
  const bool has_switch = std::ranges::all_of(facts.zone.delegation.servers, [](const Authority& server) {
    return server.name.text().ends_with(".cloudflare.com");
  });
  return finding(Cause::kProxied,
                 format("{} answers with addresses of {} ({}): a proxy stands before the record, or in its place.",
                        facts.wanted.name.text(), proxy, shown(addresses)),
                 has_switch ? format("Switch the proxy off for this record (\"DNS only\"), with: {}.", entry(facts))
                            : format("Put the wanted record in the place of these addresses: {}.", entry(facts)),
                 all_who_spoke(facts));
}

Found alias_in_the_way(const Facts& facts) {
  if (!is_absent(facts) || facts.wanted.type == RecordType::kCname) return std::nullopt;
  const auto* witness = witness_of(facts);
  if (witness->seen.aliases.empty()) return std::nullopt;
  const auto target = witness->seen.aliases.front().text();
  return finding(Cause::kAliasInTheWay,
                 format("{} is a CNAME for {}, and beside a CNAME there can be no {} record.", facts.wanted.name.text(),
                        target, signpost::name_of(facts.wanted.type)),
                 format("Remove the CNAME of host {}, then add: {}.",
                        host_in_form(facts.wanted.name, facts.zone.delegation.zone), entry(facts)),
                 {evidence_of(*witness)});
}

Found records_in_the_way(const Facts& facts) {
  if (!is_absent(facts) || facts.wanted.type != RecordType::kCname || !values_of(facts).empty()) return std::nullopt;
  // At the top of a zone an ALIAS does the CNAME's work, and mail and texts stay beside it.
  const bool is_apex = facts.wanted.name == facts.zone.delegation.zone;
  std::string seen;
  std::vector<Evidence> evidence;
  for (const auto type : {WireType::kA, WireType::kAaaa, WireType::kMx, WireType::kTxt}) {
    const auto* other = beside(facts, type);
    if (other == nullptr || (is_apex && type != WireType::kA && type != WireType::kAaaa)) continue;
    seen += format("{}{} {}", seen.empty() ? "" : "; ", name_of(type), shown(other->seen.values));
    evidence.push_back(evidence_of(*other));
  }
  if (evidence.empty()) return std::nullopt;
  const auto host = host_in_form(facts.wanted.name, facts.zone.delegation.zone);
  return finding(
      Cause::kRecordsInTheWay,
      is_apex ? format("{} has addresses of its own ({}).", facts.wanted.name.text(), seen)
              : format("{} has other records ({}), and a CNAME can only stand alone.", facts.wanted.name.text(), seen),
      format("Remove these records of host {} ({}), then add: {}.", host, seen, entry(facts)), std::move(evidence));
}

namespace {

std::vector<std::string> others_than_wanted(const Facts& facts, const Probe& probe) {
  std::vector<std::string> others;
  for (const auto& value : probe.seen.values) {
    const auto meets = [&](const Expectation& record) { return expected_text(record) == value; };
    if (std::ranges::none_of(facts.group, meets)) others.push_back(value);
  }
  return others;
}
}  // namespace

Found old_address_beside(const Facts& facts) {
  const bool is_address = facts.wanted.type == RecordType::kA || facts.wanted.type == RecordType::kAaaa;
  if (!is_absent(facts) || !is_address || !facts.wanted.value) return std::nullopt;
  const auto* witness = witness_of(facts);
  if (!witness->seen.aliases.empty()) return std::nullopt;  // they stand at the alias's target
  const auto others = others_than_wanted(facts, *witness);
  // Of thousands not all are kept: then others are there in any case.
  const bool has_wanted = witness->exchange.answer->over_limit ||
                          std::ranges::find(witness->seen.values, facts.record.expected) != witness->seen.values.end();
  if (!has_wanted || others.empty()) return std::nullopt;
  return finding(Cause::kOldAddressBeside,
                 format("{} has {} and also {}, which gets its share of the visitors.", what(facts),
                        wanted_value(facts), shown(others)),
                 format("Remove the {} record of host {} with the value {}.", signpost::name_of(facts.wanted.type),
                        host_in_form(facts.wanted.name, facts.zone.delegation.zone), shown(others)),
                 all_who_spoke(facts));
}

namespace {

std::int64_t preference_of(std::string_view value) {
  return parse_integer(value.substr(0, value.find(' '))).value_or(0);
}

bool is_wanted_exchanger(const Facts& facts, const std::string& value) {
  return std::ranges::any_of(facts.group, [&](const Expectation& record) {
    const auto text = expected_text(record);
    return record.priority ? text == value : host_in(RecordType::kMx, text) == host_in(RecordType::kMx, value);
  });
}

/// Those that nobody asked for and that get mail as early as the wanted ones.
std::vector<std::string> rivals_of(const Facts& facts) {
  auto best = std::int64_t{65'536};
  for (const auto& value : values_of(facts)) {
    if (is_wanted_exchanger(facts, value)) best = std::min(best, preference_of(value));
  }
  std::vector<std::string> rivals;
  for (const auto& value : values_of(facts)) {
    if (!is_wanted_exchanger(facts, value) && preference_of(value) <= best) rivals.push_back(value);
  }
  return rivals;
}

bool is_wanted_mail(const Facts& facts) {
  return is_absent(facts) && facts.wanted.type == RecordType::kMx && facts.wanted.value.has_value();
}

}  // namespace

Found mx_preference(const Facts& facts) {
  if (!is_wanted_mail(facts) || !facts.wanted.priority) return std::nullopt;
  const auto wanted = host_in(RecordType::kMx, facts.record.expected);
  const auto& values = values_of(facts);
  const bool has_host =
      std::ranges::any_of(values, [&](const auto& value) { return host_in(RecordType::kMx, value) == wanted; });
  if (!has_host || std::ranges::find(values, facts.record.expected) != values.end()) return std::nullopt;
  return finding(Cause::kMxPreference,
                 format("{} has the right host with another preference: {}.", what(facts), shown(values)),
                 format("Change the priority to {}: {}.", *facts.wanted.priority, entry(facts)), all_who_spoke(facts));
}

Found mx_other_first(const Facts& facts) {
  if (!is_wanted_mail(facts)) return std::nullopt;
  const auto wanted = host_in(RecordType::kMx, facts.record.expected);
  const auto& values = values_of(facts);
  const auto is_this = [&](const std::string& value) {
    return facts.wanted.priority ? value == facts.record.expected : host_in(RecordType::kMx, value) == wanted;
  };
  const auto rivals = rivals_of(facts);
  if (std::ranges::none_of(values, is_this) || rivals.empty()) return std::nullopt;
  return finding(
      Cause::kMxOtherFirst,
      format("{} has {}, but also {}, which gets the mail as well or before.", what(facts), wanted, shown(rivals)),
      format("Remove {}, or give it a higher number than that of {}.", shown(rivals), wanted), all_who_spoke(facts));
}

}  // namespace signpost::dns::rules
