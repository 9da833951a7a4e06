// SPDX-License-Identifier: Apache-2.0
#include "dns/diagnosis.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "dns/networks.h"

namespace signpost::dns {

namespace {

using Found = std::optional<Finding>;

// ── what the rules read ─────────────────────────────────────────────────────────────────────────────────────────────

bool agrees(const Facts& facts) { return facts.record.propagated; }

std::size_t count(const Facts& facts, Verdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(facts.record.authorities, verdict, &ServerAnswer::verdict));
}

std::size_t count_speaking(const Facts& facts) {
  return static_cast<std::size_t>(
      std::ranges::count_if(facts.record.authorities, is_authoritative, &ServerAnswer::verdict));
}

/// Servers speak for the zone, and none of them has the record: then the reason lies in what they say.
bool is_absent(const Facts& facts) { return count_speaking(facts) > 0 && count(facts, Verdict::kAgrees) == 0; }

bool is_split(const Facts& facts) {
  const auto agreeing = count(facts, Verdict::kAgrees);
  return agreeing > 0 && agreeing < count_speaking(facts);
}

/// The first server that spoke; only where is_absent or is_split or agrees.
const Probe* witness_of(const Facts& facts) {
  const auto probe = std::ranges::find_if(facts.authorities, &Probe::has_spoken);
  return probe == facts.authorities.end() ? nullptr : &*probe;
}

const std::vector<std::string>& values_of(const Facts& facts) {
  static const std::vector<std::string> kNone;
  const auto* witness = witness_of(facts);
  return witness == nullptr ? kNone : witness->seen.values;
}

bool is_about_host(RecordType type) { return type == RecordType::kCname || type == RecordType::kMx; }

/// The host in a value that names one: of "10 mail.example", "mail.example".
std::string_view host_in(RecordType type, std::string_view value) {
  return type == RecordType::kMx ? value.substr(value.find(' ') + 1) : value;
}

bool is_challenge(const Facts& facts) { return facts.wanted.name.text().starts_with("_acme-challenge."); }

/// Does what stands at another name meet the wish?
bool would_agree(const Facts& facts, const Probe& probe) {
  return probe.has_spoken() && judge(facts.wanted, facts.group, probe.seen).verdict == Verdict::kAgrees &&
         probe.seen.aliases.empty();
}

const Probe* beside(const Facts& facts, WireType type) {
  for (const auto& probe : facts.beyond.beside) {
    if (probe.question.type == type && probe.has_spoken() && probe.seen.aliases.empty() && !probe.seen.values.empty()) {
      return &probe;
    }
  }
  return nullptr;
}

// ── what the rules write ────────────────────────────────────────────────────────────────────────────────────────────

std::string shown(const std::vector<std::string>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size() && i < 3; ++i) text += (i == 0 ? "" : ", ") + printable(values[i], 120);
  return values.size() > 3 ? format("{} and {} more", text, values.size() - 3) : text;
}

/// As most providers' forms want the host: relative to the zone, "@" for the zone itself.
std::string host_in_form(const DnsName& name, const DnsName& zone) {
  if (name == zone) return "@";
  if (!name.is_within(zone) || zone.is_root()) return name.text();
  return name.text().substr(0, name.text().size() - zone.text().size() - 1);
}

std::string wanted_value(const Facts& facts) { return printable(facts.record.expected, 400); }

std::string what(const Facts& facts) {
  return format("{} {}", facts.wanted.name.text(), signpost::name_of(facts.wanted.type));
}

/// "type CNAME, host www, value app.saas.example"
std::string entry(const Facts& facts) {
  const auto host = host_in_form(facts.wanted.name, facts.zone.delegation.zone);
  if (!facts.wanted.value) return format("type {}, host {}", signpost::name_of(facts.wanted.type), host);
  if (facts.wanted.type == RecordType::kMx && facts.wanted.priority) {
    const auto value = host_in(facts.wanted.type, facts.record.expected);
    return format("type MX, host {}, priority {}, value {}", host, *facts.wanted.priority, value);
  }
  return format("type {}, host {}, value {}", signpost::name_of(facts.wanted.type), host, wanted_value(facts));
}

std::string zone_text(const Facts& facts) { return facts.zone.delegation.zone.text(); }

std::string said_by(const Probe& probe) {
  const auto question = format("{} {}", probe.question.name.text(), name_of(probe.question.type));
  if (!probe.exchange.answer) return format("no answer for {}", question);
  const auto& answer = *probe.exchange.answer;
  if (answer.rcode != Rcode::kNoError) return format("{} for {}", name_of(answer.rcode), question);
  if (!probe.seen.values.empty()) return format("{} {}", question, shown(probe.seen.values));
  if (!probe.flattened.empty()) return format("{} {}", probe.question.name.text(), shown(probe.flattened));
  if (!probe.seen.aliases.empty()) {
    return format("{} is an alias for {}", probe.question.name.text(), probe.seen.aliases.back().text());
  }
  if (!answer.unreadable.empty()) return format("{} {}", question, answer.unreadable.front().value);
  return format("nothing for {}", question);
}

Evidence evidence_of(const Probe& probe) {
  return {probe.server, text_of(probe.endpoint), said_by(probe), probe.at_ms};
}

Evidence evidence_of(const Above& above, std::string said) { return {above.server, above.address, std::move(said), 0}; }

Finding finding(Cause cause, std::string text, std::string fix, std::vector<Evidence> evidence) {
  return {cause, causes()[static_cast<std::size_t>(cause)].weight, std::move(text), std::move(fix),
          std::move(evidence)};
}

/// What every server that spoke said.
std::vector<Evidence> all_who_spoke(const Facts& facts) {
  std::vector<Evidence> evidence;
  for (const auto& probe : facts.authorities) {
    if (probe.has_spoken() && evidence.size() < kEvidenceMax) evidence.push_back(evidence_of(probe));
  }
  return evidence;
}

std::vector<Evidence> all_with(const Facts& facts, Verdict verdict) {
  std::vector<Evidence> evidence;
  for (std::size_t i = 0; i < facts.record.authorities.size() && evidence.size() < kEvidenceMax; ++i) {
    const auto& answer = facts.record.authorities[i];
    if (answer.verdict != verdict) continue;
    const auto at = i < facts.authorities.size() ? facts.authorities[i].at_ms : 0;
    evidence.push_back(
        {answer.server, answer.address, answer.note.empty() ? std::string(name_of(verdict)) : answer.note, at});
  }
  return evidence;
}

std::string who(const ServerAnswer& answer) {
  return answer.address.empty() ? answer.server : format("{} ({})", answer.server, answer.address);
}

std::string list_of(const std::vector<DnsName>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < 6; ++i) text += (i == 0 ? "" : ", ") + names[i].text();
  return names.size() > 6 ? format("{} and {} more", text, names.size() - 6) : text;
}

// ── is there a domain, and is it here? ──────────────────────────────────────────────────────────────────────────────

bool is_public_suffix(const DnsName& zone, const DnsName& name) {
  return zone.is_root() || (!HostName::parse(zone.text()) && zone != name);
}

std::string registrable(const DnsName& name) {
  auto text = std::string_view(name.text());
  while (text.starts_with('_') || text.starts_with('*')) text.remove_prefix(std::min(text.find('.') + 1, text.size()));
  const auto host = HostName::parse(text);
  return host ? std::string(host->domain()) : name.text();
}

Found domain_unregistered(const Facts& facts) {
  if (!is_absent(facts) || !is_public_suffix(facts.zone.delegation.zone, facts.wanted.name)) return std::nullopt;
  const auto* witness = witness_of(facts);
  if (witness->exchange.answer->rcode != Rcode::kNxDomain) return std::nullopt;
  const auto domain = registrable(facts.wanted.name);
  return finding(Cause::kDomainUnregistered,
                 format("The registry of {} does not know the domain {}.", zone_text(facts), domain),
                 format("Register {}, or correct the spelling: it may also have expired and been deleted.", domain),
                 {evidence_of(*witness)});
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
  if (!is_absent(facts) || !is_public_suffix(facts.zone.delegation.zone, facts.wanted.name)) return std::nullopt;
  if (witness_of(facts)->exchange.answer->rcode == Rcode::kNxDomain) return std::nullopt;
  const auto domain = registrable(facts.wanted.name);
  return finding(Cause::kNoDelegation, format("The zone {} names no servers for {}.", zone_text(facts), domain),
                 format("Set the name servers of {} at its registrar.", domain), {evidence_of(*witness_of(facts))});
}

bool is_delegated(const Facts& facts, const std::string& server) {
  return std::ranges::any_of(facts.zone.above->servers, [&](const DnsName& name) { return name.text() == server; });
}

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
  if (!is_absent(facts) || zone_text(facts).size() <= domain.size() || !zone_text(facts).ends_with("." + domain)) {
    return std::nullopt;
  }
  std::vector<DnsName> servers;
  for (const auto& server : facts.zone.delegation.servers) servers.push_back(server.name);
  return finding(Cause::kSubzoneDelegated,
                 format("{} is a zone of its own, handed to {}; what is added in the zone {} is not seen below it.",
                        zone_text(facts), list_of(servers), domain),
                 format("Add the record at {}: {}. Or remove the NS records of {} in the zone {} and add it there.",
                        list_of(servers), entry(facts), zone_text(facts), domain),
                 all_who_spoke(facts));
}

// ── how it was placed and typed ─────────────────────────────────────────────────────────────────────────────────────

Found chain(const Facts& facts, Seen::Chain which, Cause cause, std::string text, std::string_view fix) {
  for (const auto& probe : facts.authorities) {
    if (agrees(facts) || probe.seen.chain != which) continue;
    return finding(cause, std::move(text), format("{}: {}.", fix, entry(facts)), {evidence_of(probe)});
  }
  for (const auto& probe : facts.resolvers) {
    if (agrees(facts) || probe.seen.chain != which) continue;
    return finding(cause, std::move(text), format("{}: {}.", fix, entry(facts)), {evidence_of(probe)});
  }
  return std::nullopt;
}

Found alias_loop(const Facts& facts) {
  return chain(facts, Seen::Chain::kLoops, Cause::kAliasLoop,
               format("The CNAME records of {} run in a circle.", facts.wanted.name.text()),
               "Break the circle of CNAME records with the wanted record");
}

Found alias_chain_long(const Facts& facts) {
  return chain(facts, Seen::Chain::kTooLong, Cause::kAliasChainLong,
               format("More than {} CNAME records follow each other from {}.", kAliasesMax, facts.wanted.name.text()),
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
                 format("Remove the {} record of host {}, then add: {}.", type,
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

Found name_doubled(const Facts& facts) {
  if (!is_absent(facts)) return std::nullopt;
  for (const auto& probe : facts.beyond.elsewhere) {
    if (!probe.question.name.is_within(facts.wanted.name) || !would_agree(facts, probe)) continue;
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
    if (probe.question.name.is_within(facts.wanted.name) || !would_agree(facts, probe)) continue;
    return finding(
        Cause::kNameMisplaced,
        format("The record stands at {} instead of {}.", probe.question.name.text(), facts.wanted.name.text()),
        format("Move it from host {} to host {}: {}.", host_in_form(probe.question.name, facts.zone.delegation.zone),
               host_in_form(facts.wanted.name, facts.zone.delegation.zone), entry(facts)),
        {evidence_of(probe), evidence_of(*witness_of(facts))});
  }
  return std::nullopt;
}

std::optional<std::string> typed_as_url(const Facts& facts) {
  const auto is_url = [](std::string_view value) {
    const auto lower = to_lower(value);
    return lower.find("http") != std::string::npos &&
           (lower.find(':') != std::string::npos || lower.find('/') != std::string::npos);
  };
  for (const auto& value : values_of(facts)) {
    if (is_url(value) || value.starts_with("http.") || value.starts_with("https.")) return value;
  }
  for (const auto& rr : witness_of(facts)->exchange.answer->unreadable) {
    if (rr.type == wire_type_of(facts.wanted.type) && (is_url(rr.value) || rr.value.find('/') != std::string::npos)) {
      return rr.value;
    }
  }
  return std::nullopt;
}

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
  return finding(Cause::kProxied,
                 format("{} answers with addresses of {} ({}): a proxy stands before the record and hides it.",
                        facts.wanted.name.text(), proxy, shown(addresses)),
                 format("Switch the proxy off for this record (at {}: \"DNS only\"), with: {}.", proxy, entry(facts)),
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
  std::string seen;
  std::vector<Evidence> evidence;
  for (const auto type : {WireType::kA, WireType::kAaaa, WireType::kMx, WireType::kTxt}) {
    const auto* other = beside(facts, type);
    if (other == nullptr) continue;
    seen += format("{}{} {}", seen.empty() ? "" : "; ", name_of(type), shown(other->seen.values));
    evidence.push_back(evidence_of(*other));
  }
  if (evidence.empty()) return std::nullopt;
  const auto host = host_in_form(facts.wanted.name, facts.zone.delegation.zone);
  const bool is_apex = facts.wanted.name == facts.zone.delegation.zone;
  return finding(Cause::kRecordsInTheWay,
                 format("{} has other records ({}), and a CNAME can only stand alone.", facts.wanted.name.text(), seen),
                 is_apex
                     ? format("At the top of a zone no CNAME can stand: use your provider's ALIAS, ANAME or flattened "
                              "CNAME for host {} with the value {}.",
                              host, wanted_value(facts))
                     : format("Remove these records of host {}, then add: {}.", host, entry(facts)),
                 std::move(evidence));
}

std::vector<std::string> others_than_wanted(const Facts& facts, const Probe& probe) {
  std::vector<std::string> others;
  for (const auto& value : probe.seen.values) {
    const auto meets = [&](const Expectation& record) { return expected_text(record) == value; };
    if (std::ranges::none_of(facts.group, meets)) others.push_back(value);
  }
  return others;
}

Found old_address_beside(const Facts& facts) {
  const bool is_address = facts.wanted.type == RecordType::kA || facts.wanted.type == RecordType::kAaaa;
  if (!is_absent(facts) || !is_address || !facts.wanted.value) return std::nullopt;
  const auto* witness = witness_of(facts);
  const auto others = others_than_wanted(facts, *witness);
  const bool has_wanted = std::ranges::find(witness->seen.values, facts.record.expected) != witness->seen.values.end();
  if (!has_wanted || others.empty()) return std::nullopt;
  return finding(Cause::kOldAddressBeside,
                 format("{} has {} and also {}, which gets its share of the visitors.", what(facts),
                        wanted_value(facts), shown(others)),
                 format("Remove the {} record of host {} with the value {}.", signpost::name_of(facts.wanted.type),
                        host_in_form(facts.wanted.name, facts.zone.delegation.zone), shown(others)),
                 all_who_spoke(facts));
}

Found mx(const Facts& facts, Cause cause) {
  if (!is_absent(facts) || facts.wanted.type != RecordType::kMx || !facts.wanted.value) return std::nullopt;
  const auto wanted = host_in(RecordType::kMx, facts.record.expected);
  const auto& values = values_of(facts);
  const auto has_host = [&](const std::string& value) { return host_in(RecordType::kMx, value) == wanted; };
  if (std::ranges::none_of(values, has_host)) return std::nullopt;
  const bool has_preference = std::ranges::any_of(values, [&](const auto& value) {
    return has_host(value) && (!facts.wanted.priority || value == facts.record.expected);
  });
  if (cause == Cause::kMxPreference) {
    if (has_preference) return std::nullopt;
    return finding(cause, format("{} has the right host with another preference: {}.", what(facts), shown(values)),
                   format("Change the priority to {}: {}.", *facts.wanted.priority, entry(facts)),
                   all_who_spoke(facts));
  }
  if (!has_preference) return std::nullopt;
  std::vector<std::string> others;
  std::ranges::copy_if(values, std::back_inserter(others), [&](const auto& value) { return !has_host(value); });
  return finding(
      cause,
      format("{} has {}, but also {}, which gets the mail as well or before.", what(facts), wanted, shown(others)),
      format("Remove {}, or give it a higher number than that of {}.", shown(others), wanted), all_who_spoke(facts));
}
Found mx_preference(const Facts& facts) { return mx(facts, Cause::kMxPreference); }
Found mx_other_first(const Facts& facts) { return mx(facts, Cause::kMxOtherFirst); }

// ── some have it, or nobody ─────────────────────────────────────────────────────────────────────────────────────────

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
                 format("Change the record in the zone {}: {}.", zone_text(facts), entry(facts)), all_who_spoke(facts));
}

Found type_missing(const Facts& facts) {
  if (!is_absent(facts) || count(facts, Verdict::kDisagrees) > 0 || count(facts, Verdict::kNoData) == 0) {
    return std::nullopt;
  }
  return finding(
      Cause::kTypeMissing,
      format("{} is there, without a {} record.", facts.wanted.name.text(), signpost::name_of(facts.wanted.type)),
      format("Add the record in the zone {}: {}.", zone_text(facts), entry(facts)), all_who_spoke(facts));
}

Found name_missing(const Facts& facts) {
  if (!is_absent(facts) || count(facts, Verdict::kNxDomain) != count_speaking(facts)) return std::nullopt;
  return finding(Cause::kNameMissing,
                 format("There is no name {} in the zone {}.", facts.wanted.name.text(), zone_text(facts)),
                 format("Add the record in the zone {}: {}.", zone_text(facts), entry(facts)), all_who_spoke(facts));
}

// ── servers that do not do their work ───────────────────────────────────────────────────────────────────────────────

Found fault(const Facts& facts, Verdict verdict, Cause cause, std::string_view text, std::string_view fix) {
  auto evidence = all_with(facts, verdict);
  // Those without an address have findings of their own.
  std::erase_if(evidence, [](const Evidence& one) { return one.address.empty(); });
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
  if (count_speaking(facts) == 0) found.weight = Weight::kBlocks;
  return found;
}

Found server_address_private(const Facts& facts) {
  return without_address(facts, Authority::Lack::kForbidden, Cause::kServerAddressPrivate,
                         "has an address that the internet cannot reach", "Give it a public address, or remove");
}
Found server_without_address(const Facts& facts) {
  return without_address(facts, Authority::Lack::kNone, Cause::kServerWithoutAddress, "has no address",
                         "Add its address, or correct or remove");
}

// ── what stands beside ──────────────────────────────────────────────────────────────────────────────────────────────

bool fails_for_resolvers(const Facts& facts) {
  return !facts.resolvers.empty() && std::ranges::any_of(facts.resolvers, [](const Probe& probe) {
    return probe.exchange.answer && probe.exchange.answer->rcode == Rcode::kServFail;
  });
}

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

Found dnssec_bogus(const Facts& facts) {
  if (!fails_for_resolvers(facts) || dnssec_ds_without_keys(facts)) return std::nullopt;
  for (const auto& probe : facts.beyond.unchecked) {
    if (!probe.has_spoken()) continue;
    return finding(
        Cause::kDnssecBogus,
        format("A resolver that validates refuses {}, and answers it when told not to check: the signatures "
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
                 format("Keep only one of them: {}.", entry(facts)),
                 {evidence_of(*alias), evidence_of(*others.front())});
}

Found stale_aaaa(const Facts& facts) {
  if (facts.wanted.type != RecordType::kA) return std::nullopt;
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
      !facts.beyond.target_is_looked_up || facts.beyond.target_exists) {
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

std::string time_text(std::uint32_t seconds) {
  if (seconds < 120) return format("{} s", seconds);
  if (seconds < 7'200) return format("{} min", (seconds + 59) / 60);
  return format("{} h", (seconds + 3'599) / 3'600);
}

Found caches_old(const Facts& facts) {
  if (!agrees(facts)) return std::nullopt;
  std::vector<Evidence> evidence;
  std::uint32_t longest = 0;
  for (std::size_t i = 0; i < facts.resolvers.size() && i < facts.record.resolvers.size(); ++i) {
    const auto& probe = facts.resolvers[i];
    const auto verdict = facts.record.resolvers[i].verdict;
    if (!probe.has_spoken() || !is_authoritative(verdict) || verdict == Verdict::kAgrees) continue;
    longest = std::max(longest, probe.seen.values.empty() ? negative_ttl(*probe.exchange.answer) : probe.seen.ttl);
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

using Rule = Found (*)(const Facts&);
constexpr std::array kRules{
    domain_unregistered,
    domain_expired,
    no_delegation,
    not_delegated_here,
    subzone_delegated,
    alias_loop,
    alias_chain_long,
    challenge_shadowed,
    challenge_stale,
    name_doubled,
    name_misplaced,
    target_is_url,
    target_relative,
    target_is_address,
    proxied,
    alias_in_the_way,
    records_in_the_way,
    old_address_beside,
    mx_preference,
    mx_other_first,
    serials_lag,
    servers_disagree,
    tcp_blocked,
    wildcard_answers,
    other_value,
    type_missing,
    name_missing,
    servers_refuse,
    servers_lame,
    servers_fail,
    servers_malformed,
    servers_silent,
    servers_unreachable,
    server_address_private,
    server_without_address,
    dnssec_ds_without_keys,
    dnssec_bogus,
    records_beside_alias,
    stale_aaaa,
    target_missing,
    delegation_differs,
    caches_old,
    edns_refused,
};

/// Another cause says the same, and says it better.
bool is_explained(const std::vector<Finding>& findings, Cause cause) {
  const auto has = [&](std::initializer_list<Cause> causes) {
    return std::ranges::any_of(
        findings, [&](const Finding& one) { return std::ranges::find(causes, one.cause) != causes.end(); });
  };
  using enum Cause;
  if (cause == kServersDisagree) return has({kSerialsLag, kNotDelegatedHere});
  if (cause == kServersSilent) return has({kTcpBlocked});
  if (cause == kRecordsBesideAlias) return has({kChallengeShadowed, kAliasInTheWay, kRecordsInTheWay});
  const bool is_plain = cause == kOtherValue || cause == kTypeMissing || cause == kNameMissing;
  return is_plain && !findings.empty() && findings.front().weight == Weight::kBlocks;
}

/// Lag blocks for now, though it passes.
int rank(const Finding& finding) { return finding.cause == Cause::kSerialsLag ? 0 : static_cast<int>(finding.weight); }

}  // namespace

std::vector<Finding> diagnose(const Facts& facts) {
  std::vector<Finding> findings;
  for (const auto rule : kRules) {
    auto found = rule(facts);
    if (found && !is_explained(findings, found->cause)) findings.push_back(*std::move(found));
  }
  std::ranges::sort(findings, {}, [](const Finding& one) { return std::pair(rank(one), one.cause); });
  if (findings.size() > kFindingsMax) findings.erase(findings.begin() + kFindingsMax, findings.end());
  return findings;
}

}  // namespace signpost::dns
