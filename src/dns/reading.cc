// SPDX-License-Identifier: Apache-2.0
#include "dns/reading.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::dns::reading {

namespace {

// What is to be typed is never cut: the longest value that is accepted.
constexpr std::size_t kTypedBytesMax = 4'096;

}  // namespace

bool agrees(const Facts& facts) { return facts.record.propagated; }

std::size_t count(const Facts& facts, Verdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(facts.record.authorities, verdict, &ServerAnswer::verdict));
}

std::size_t count_speaking(const Facts& facts) {
  return static_cast<std::size_t>(
      std::ranges::count_if(facts.record.authorities, is_authoritative, &ServerAnswer::verdict));
}

bool is_absent(const Facts& facts) { return count_speaking(facts) > 0 && count(facts, Verdict::kAgrees) == 0; }

bool is_split(const Facts& facts) {
  const auto agreeing = count(facts, Verdict::kAgrees);
  return agreeing > 0 && agreeing < count_speaking(facts);
}

const Probe* witness_of(const Facts& facts) { return witness_among(facts.authorities); }

const std::vector<std::string>& values_of(const Facts& facts) {
  static const std::vector<std::string> kNone;
  const auto* witness = witness_of(facts);
  return witness == nullptr ? kNone : witness->seen.values;
}

bool is_about_host(RecordType type) {
  return type == RecordType::kCname || type == RecordType::kMx || type == RecordType::kNs || type == RecordType::kSrv;
}

std::string_view host_in(RecordType type, std::string_view value) {
  const bool has_numbers = type == RecordType::kMx || type == RecordType::kSrv;
  return has_numbers ? value.substr(value.rfind(' ') + 1) : value;
}

bool is_challenge(const Facts& facts) { return facts.wanted.name.text().starts_with("_acme-challenge."); }

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

std::string shown(const std::vector<std::string>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size() && i < 3; ++i) text += (i == 0 ? "" : ", ") + printable(values[i], 120);
  return values.size() > 3 ? format("{} and {} more", text, values.size() - 3) : text;
}

std::string host_in_form(const DnsName& name, const DnsName& zone) {
  if (name == zone) return "@";
  if (!name.is_within(zone) || zone.is_root()) return name.text();
  return name.text().substr(0, name.text().size() - zone.text().size() - 1);
}

std::string wanted_value(const Facts& facts) { return printable(facts.record.expected, kTypedBytesMax); }

std::string what(const Facts& facts) {
  return format("{} {}", facts.wanted.name.text(), signpost::name_of(facts.wanted.type));
}

std::string entry(const Facts& facts) {
  const auto host = host_in_form(facts.wanted.name, facts.zone.delegation.zone);
  // At the top of a zone no CNAME can stand; providers have a type of their own for it.
  const bool is_alias = facts.wanted.type == RecordType::kCname && facts.wanted.name == facts.zone.delegation.zone;
  if (is_alias)
    return format("type ALIAS (also called ANAME or flattened CNAME), host {}, value {}", host, wanted_value(facts));
  if (!facts.wanted.value) return format("type {}, host {}", signpost::name_of(facts.wanted.type), host);
  if (facts.wanted.type == RecordType::kMx && facts.wanted.priority) {
    const auto value = host_in(facts.wanted.type, facts.record.expected);
    return format("type MX, host {}, priority {}, value {}", host, *facts.wanted.priority, value);
  }
  return format("type {}, host {}, value {}", signpost::name_of(facts.wanted.type), host, wanted_value(facts));
}

std::string zone_text(const Facts& facts) { return facts.zone.delegation.zone.text(); }

std::string where(const Facts& facts) {
  const bool is_of_domain = is_registry(facts.zone.delegation.zone, facts.wanted.name);
  return is_of_domain ? std::string("at the registrar") : format("in the zone {}", zone_text(facts));
}

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

}  // namespace signpost::dns::reading
