// SPDX-License-Identifier: Apache-2.0
#include "dns/explanation.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace signpost::dns {

namespace {

std::size_t count_of(const RecordObservation& record, Verdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(record.authorities, verdict, &ServerAnswer::verdict));
}

std::size_t count_authoritative(const RecordObservation& record) {
  return static_cast<std::size_t>(std::ranges::count_if(record.authorities, is_authoritative, &ServerAnswer::verdict));
}

std::string who(const ServerAnswer& answer) {
  return answer.address.empty() ? answer.server : format("{} ({})", answer.server, answer.address);
}

/// "ns1.dns.example (192.0.2.1:53), ns2.dns.example (192.0.2.2:53) and 3 more"
template <typename Matches>
std::string list(const RecordObservation& record, Matches matches) {
  constexpr std::size_t kShownMax = 3;
  std::string text;
  std::size_t count = 0;
  for (const auto& answer : record.authorities) {
    if (!matches(answer)) continue;
    if (count < kShownMax) text += (count == 0 ? "" : ", ") + who(answer);
    ++count;
  }
  return count > kShownMax ? format("{} and {} more", text, count - kShownMax) : text;
}

std::string seen_text(const ServerAnswer& answer) {
  switch (answer.verdict) {
    case Verdict::kNxDomain:
      return "no such name";
    case Verdict::kNoData:
      return "no record of this type";
    case Verdict::kAgrees:
    case Verdict::kDisagrees:
    case Verdict::kRefused:
    case Verdict::kServFail:
    case Verdict::kLame:
    case Verdict::kSilent:
    case Verdict::kUnreachable:
    case Verdict::kMalformed:
      break;
  }
  std::string values;
  for (std::size_t i = 0; i < std::min<std::size_t>(answer.values.size(), 3); ++i) {
    values += (i == 0 ? "" : ", ") + printable(answer.values[i], 100);
  }
  if (values.empty()) return answer.note.empty() ? "another answer" : format("that it {}", answer.note);
  return answer.note.empty() ? values : format("{} ({})", values, answer.note);
}

const ServerAnswer& first(const RecordObservation& record, Verdict verdict) {
  return *std::ranges::find(record.authorities, verdict, &ServerAnswer::verdict);
}

std::string record_text(const RecordObservation& record) {
  return format("{} {} should be {}", record.name.text(), name_of(record.type), printable(record.expected, 200));
}

void explain(RecordObservation& record, std::string cause, std::string_view rest) {
  record.propagated = false;
  record.cause = std::move(cause);
  record.explanation = format("{}, but {}", record_text(record), rest);
}

void explain_agreement(RecordObservation& record) {
  record.propagated = true;
  record.cause.clear();
  const auto agreeing = count_of(record, Verdict::kAgrees);
  record.explanation = format("{} {} is {} at {} of the zone {}", record.name.text(), name_of(record.type),
                              printable(record.expected, 200),
                              agreeing == 1 ? std::string("the one answering server address")
                                            : format("all {} answering server addresses", agreeing),
                              record.zone);
  const auto others = list(record, [](const ServerAnswer& a) { return !is_authoritative(a.verdict); });
  record.explanation += others.empty() ? "." : format("; no answer that counts from {}.", others);
}

void explain_disagreement(RecordObservation& record) {
  const auto is_other = [](const ServerAnswer& a) {
    return is_authoritative(a.verdict) && a.verdict != Verdict::kAgrees;
  };
  const auto& other = *std::ranges::find_if(record.authorities, is_other);
  explain(
      record, "servers_disagree",
      format("only {} of {} server addresses of the zone {} answer so; {} still answers {}. Wait until the zone has "
             "reached every name server; if this lasts, have the change published at {}.",
             count_of(record, Verdict::kAgrees), count_authoritative(record), record.zone, who(other), seen_text(other),
             list(record, is_other)));
}

void explain_absence(RecordObservation& record, Hint hint) {
  if (count_of(record, Verdict::kDisagrees) > 0) {
    const auto& other = first(record, Verdict::kDisagrees);
    const bool is_loop = hint == Hint::kAliasLoop;
    return explain(record, is_loop ? "alias_loop" : "other_value",
                   format("{} answers {}. {} in the zone {}.", who(other), seen_text(other),
                          is_loop ? "Break the loop of CNAME records" : "Change the record", record.zone));
  }
  if (count_of(record, Verdict::kNoData) > 0) {
    return explain(record, "type_missing",
                   format("{} has the name without a {} record. Add the record in the zone {}.",
                          who(first(record, Verdict::kNoData)), name_of(record.type), record.zone));
  }
  if (hint == Hint::kZoneIsSuffix) {
    return explain(record, "no_delegation",
                   format("the zone {} does not know the domain. It is not registered, has expired, or has no name "
                          "servers: set that right at the registrar.",
                          record.zone));
  }
  explain(record, "name_missing",
          format("{} knows no such name. Add the record in the zone {}.", who(first(record, Verdict::kNxDomain)),
                 record.zone));
}

struct Fault {
  Verdict verdict;
  std::string_view cause;
  std::string_view what;
};
// The order breaks ties: what somebody can mend comes before silence.
constexpr std::array kFaults{
    Fault{Verdict::kRefused, "servers_refuse", "refuses to answer: the zone is not set up at this provider"},
    Fault{Verdict::kLame, "servers_lame", "answers without authority: the zone is not loaded there"},
    Fault{Verdict::kServFail, "servers_fail", "answers with an error"},
    Fault{Verdict::kMalformed, "servers_malformed", "answers with something that is not DNS"},
    Fault{Verdict::kSilent, "servers_silent", "gives no answer in time"},
    Fault{Verdict::kUnreachable, "servers_unreachable", "cannot be asked"},
};

void explain_faults(RecordObservation& record) {
  const auto* worst = &kFaults.front();
  for (const auto& fault : kFaults) {
    if (count_of(record, fault.verdict) > count_of(record, worst->verdict)) worst = &fault;
  }
  if (count_of(record, worst->verdict) == 0) {
    return explain(record, "servers_unreachable", format("the zone {} names no servers.", record.zone));
  }
  const auto& example = first(record, worst->verdict);
  explain(record, std::string(worst->cause),
          format("no server of the zone {} answers with authority: {} {}{}. Check the name servers at the registrar "
                 "and at the DNS provider.",
                 record.zone, who(example), worst->what,
                 example.note.empty() ? std::string() : format(" ({})", example.note)));
}

}  // namespace

void conclude(RecordObservation& record, Hint hint) {
  const auto agreeing = count_of(record, Verdict::kAgrees);
  const auto authoritative = count_authoritative(record);
  if (authoritative == 0) return explain_faults(record);
  if (agreeing == authoritative) return explain_agreement(record);
  if (agreeing > 0) return explain_disagreement(record);
  explain_absence(record, hint);
}

void conclude_without_servers(RecordObservation& record, const Error& reason) {
  if (reason.kind == Kind::kNotFound) {
    return explain(record, "no_delegation",
                   format("{}. Register the domain and set its name servers.", reason.message));
  }
  explain(record, "resolvers_fail",
          format("its name servers could not be looked up: {}. If other domains work, its zone is broken at the "
                 "registrar or at the DNS provider.",
                 reason.message));
}

}  // namespace signpost::dns
