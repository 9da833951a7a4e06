// SPDX-License-Identifier: Apache-2.0
#include "dns/comparison.h"

#include <algorithm>

#include "base/caa_property.h"
#include "base/record_value.h"
#include "base/text.h"
#include "dns/dkim.h"
#include "dns/dmarc.h"
#include "dns/spf.h"
#include "dns/txt_purpose.h"
#include "dns/txt_shape.h"

namespace signpost::dns {

namespace {

std::optional<std::string> alias_of(const Answer& answer, const DnsName& name) {
  const auto is_alias = [&](const Rr& rr) { return rr.type == WireType::kCname && rr.owner == name; };
  const auto alias = std::ranges::find_if(answer.answer, is_alias);
  return alias == answer.answer.end() ? std::nullopt : std::optional(alias->value);
}

void collect(std::span<const Rr> section, const DnsName& owner, WireType type, Seen& seen) {
  for (const auto& rr : section) {
    if (rr.type != type || rr.owner != owner) continue;
    if (std::ranges::find(seen.values, rr.value) != seen.values.end()) continue;
    seen.ttl = seen.values.empty() ? rr.ttl : std::min(seen.ttl, rr.ttl);
    seen.values.push_back(rr.value);
  }
}

/// What was let in before its rule was there still gets compared.
std::string canonical_value(RecordType type, const std::string& text) {
  auto value = canonical_record_value(type, text);
  if (value) return *std::move(value);
  return type == RecordType::kTxt ? text : to_lower(text);
}

/// A preference and a host, "10 mail.example", apart.
struct Exchanger {
  std::int64_t preference;
  std::string_view host;
};
Exchanger exchanger_of(std::string_view value) {
  const auto space = value.find(' ');
  return {parse_integer(value.substr(0, space)).value_or(0), value.substr(space + 1)};
}

bool is_exchanger_met(const Expectation& record, const std::string& seen) {
  const auto exchanger = exchanger_of(seen);
  const bool has_host = !record.value || canonical_value(record.type, *record.value) == exchanger.host;
  return has_host && (!record.priority || *record.priority == exchanger.preference);
}

bool is_property_met(const std::string& wanted, const std::string& seen) {
  const auto property = CaaProperty::parse(wanted);
  const auto other = CaaProperty::parse(seen);
  return property && other ? property->means_the_same_as(*other) : wanted == seen;
}

bool is_met(const Expectation& record, const std::string& seen) {
  if (record.type == RecordType::kMx) return is_exchanger_met(record, seen);
  if (!record.value) return true;
  if (record.type == RecordType::kCaa) return is_property_met(*record.value, seen);
  return canonical_value(record.type, *record.value) == seen;
}

std::string shown(const std::vector<std::string>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size() && i < 3; ++i) text += (i == 0 ? "" : ", ") + printable(values[i], 80);
  return values.size() > 3 ? format("{} and {} more", text, values.size() - 3) : text;
}

std::vector<std::string> unexpected(std::span<const Expectation> group, const Seen& seen) {
  std::vector<std::string> others;
  for (const auto& value : seen.values) {
    const auto meets = [&](const Expectation& record) { return is_met(record, value); };
    if (std::ranges::none_of(group, meets)) others.push_back(value);
  }
  return others;
}

Judgement judge_addresses(std::span<const Expectation> group, const Seen& seen) {
  const auto others = unexpected(group, seen);
  if (others.empty()) return {Verdict::kAgrees, {}};
  return {Verdict::kDisagrees, format("has it, but {} too, which takes its share of the visitors", shown(others))};
}

Judgement judge_name_servers(std::span<const Expectation> group, const Seen& seen) {
  const auto others = unexpected(group, seen);
  if (others.empty()) return {Verdict::kAgrees, {}};
  return {Verdict::kDisagrees, format("has it, but {} too, which gets its share of the questions", shown(others))};
}

Judgement judge_exchangers(std::span<const Expectation> group, const Seen& seen) {
  auto best = std::int64_t{65'536};
  const auto others = unexpected(group, seen);
  for (const auto& value : seen.values) {
    if (std::ranges::find(others, value) == others.end()) best = std::min(best, exchanger_of(value).preference);
  }
  for (const auto& other : others) {
    if (exchanger_of(other).preference <= best) {
      return {Verdict::kDisagrees, format("has it, but {} too, which gets the mail as well or before", other)};
    }
  }
  return {Verdict::kAgrees, others.empty() ? std::string() : format("among others: {}", shown(others))};
}

Judgement judge_others(const Expectation& record, const Seen& seen) {
  switch (seen.chain) {
    case Seen::Chain::kLoops:
      return {Verdict::kDisagrees, "its aliases run in a loop"};
    case Seen::Chain::kTooLong:
      return {Verdict::kDisagrees, format("more than {} aliases follow each other", kAliasesMax)};
    case Seen::Chain::kEnded:
      break;
  }
  if (!seen.values.empty()) return {Verdict::kDisagrees, {}};
  if (seen.aliases.empty()) return {Verdict::kNoData, {}};
  return {Verdict::kDisagrees, format("is an alias for {}, which has no {} record here", seen.aliases.back().text(),
                                      signpost::name_of(record.type))};
}

std::string_view note_of(TxtShape shape) {
  switch (shape) {
    case TxtShape::kQuoted:
      return "has it with quotation marks as a part of the value";
    case TxtShape::kPadded:
      return "has it with other blanks";
    case TxtShape::kSplit:
      return "has it split over several records";
    case TxtShape::kCut:
      return "has only its beginning";
    case TxtShape::kEqual:
    case TxtShape::kOther:
      return "";
  }
  return "";
}

Judgement judge_plain(const Expectation& record, const Seen& seen) {
  const auto shape = find_shape(*record.value, seen.values).shape;
  if (shape == TxtShape::kEqual) return {Verdict::kAgrees, {}};
  auto judgement = judge_others(record, seen);
  if (judgement.note.empty()) judgement.note = note_of(shape);
  return judgement;
}

/// Includes with macros depend on the mail: what they let pass cannot be seen from here.
std::string hidden_in(const SpfReport* walked) {
  if (walked == nullptr || walked->not_followed.empty()) return {};
  return format(", as far as can be seen: {} depends on the mail", shown(walked->not_followed));
}

Judgement judge_spf(const Expectation& record, const Seen& seen, const SpfReport* walked) {
  const auto wanted = SpfRecord::parse(*record.value);
  if (!wanted) return judge_plain(record, seen);
  const auto records = spf_records(seen.values);
  if (records.empty()) return judge_plain(record, seen);
  if (records.size() > 1) {
    return {Verdict::kDisagrees,
            format("has {} SPF records, of which mail servers take none: join them into one", records.size())};
  }
  const auto found = SpfRecord::parse(records.front());
  if (!found) return {Verdict::kDisagrees, found.error().message};
  const auto missing =
      walked != nullptr ? walked->missing : missing_parts({record.name, *wanted}, {record.name, *found});
  if (missing.empty()) return {Verdict::kAgrees, {}};
  if (walked != nullptr && walked->is_undecided()) {
    return {Verdict::kUndecided,
            format("has an SPF record without {}, and not all that it includes could be looked up", shown(missing))};
  }
  const SpfAt at{record.name, *found};
  const bool is_behind =
      std::ranges::any_of(missing, [&](const SpfTerm& part) { return stands_after_all(part, record.name, at); });
  return {Verdict::kDisagrees, is_behind ? format("has {} only behind the all, where nobody gets to", shown(missing))
                                         : format("has an SPF record without {}{}", shown(missing), hidden_in(walked))};
}

Judgement judge_dmarc(const Expectation& record, const Seen& seen) {
  const auto wanted = DmarcRecord::parse(*record.value);
  const auto records = dmarc_records(seen.values);
  if (!wanted || records.empty()) return judge_plain(record, seen);
  if (records.size() > 1) {
    return {Verdict::kDisagrees,
            format("has {} DMARC records, of which mail servers take none: keep one", records.size())};
  }
  const auto found = DmarcRecord::parse(records.front());
  if (!found) return {Verdict::kDisagrees, found.error().message};
  const auto differences = compare(*wanted, *found);
  if (differences.empty()) return {Verdict::kAgrees, {}};
  return {Verdict::kDisagrees, format("has a DMARC record in which {}", shown(differences))};
}

std::string_view note_of(DkimVerdict verdict) {
  switch (verdict) {
    case DkimVerdict::kOtherKey:
      return "has another key";
    case DkimVerdict::kRevoked:
      return "has a revoked key (p is empty)";
    case DkimVerdict::kCut:
      return "has only the beginning of the key";
    case DkimVerdict::kSame:
    case DkimVerdict::kInvalid:
      return "";
  }
  return "";
}

Judgement judge_dkim(const Expectation& record, const Seen& seen) {
  const auto wanted = DkimRecord::parse(*record.value);
  if (!wanted) return judge_plain(record, seen);
  bool is_there = false;
  std::string_view note;
  for (const auto& value : seen.values) {
    const auto verdict = compare(*wanted, value);
    if (verdict == DkimVerdict::kSame) is_there = true;
    if (note.empty()) note = note_of(verdict);
  }
  if (is_there && note.empty()) return {Verdict::kAgrees, {}};
  // RFC 6376 3.6.2.2: with several keys at a selector the result is undefined.
  if (is_there)
    return {Verdict::kDisagrees, "has it, but another key of the selector too, and mail servers take either"};
  if (note.empty()) return judge_plain(record, seen);
  return {Verdict::kDisagrees, std::string(note)};
}

Judgement judge_text(const Expectation& record, const Seen& seen, const SpfReport* walked) {
  if (!record.value) return seen.values.empty() ? judge_others(record, seen) : Judgement{Verdict::kAgrees, {}};
  switch (purpose_of(record.name, *record.value)) {
    case TxtPurpose::kSpf:
      return judge_spf(record, seen, walked);
    case TxtPurpose::kDmarc:
      return judge_dmarc(record, seen);
    case TxtPurpose::kDkim:
      return judge_dkim(record, seen);
    case TxtPurpose::kPlain:
      return judge_plain(record, seen);
  }
  return judge_plain(record, seen);
}

}  // namespace

Seen see(const Answer& answer, const Question& question) {
  Seen seen;
  DnsName at = question.name;
  collect(answer.answer, at, question.type, seen);
  if (question.type == WireType::kCname) return seen;
  if (question.type == WireType::kNs && seen.values.empty()) collect(answer.authority, at, question.type, seen);
  while (seen.values.empty()) {
    const auto target = alias_of(answer, at);
    if (!target) break;
    const auto next = DnsName::parse(*target);
    if (!next) break;
    if (*next == question.name || std::ranges::find(seen.aliases, *next) != seen.aliases.end()) {
      seen.chain = Seen::Chain::kLoops;
      break;
    }
    if (seen.aliases.size() == kAliasesMax) {
      seen.chain = Seen::Chain::kTooLong;
      break;
    }
    seen.aliases.push_back(*next);
    at = *next;
    collect(answer.answer, at, question.type, seen);
  }
  return seen;
}

Judgement judge(const Expectation& record, std::span<const Expectation> group, const Seen& seen,
                const SpfReport* walked) {
  if (record.type == RecordType::kTxt) return judge_text(record, seen, walked);
  const auto meets = [&](const std::string& value) { return is_met(record, value); };
  if (std::ranges::none_of(seen.values, meets)) return judge_others(record, seen);
  switch (record.type) {
    case RecordType::kA:
    case RecordType::kAaaa:
      return judge_addresses(group, seen);
    case RecordType::kMx:
      return judge_exchangers(group, seen);
    case RecordType::kNs:
      return judge_name_servers(group, seen);
    case RecordType::kCname:
    case RecordType::kTxt:
    case RecordType::kCaa:
    case RecordType::kSrv:
      return {Verdict::kAgrees, {}};
  }
  return {Verdict::kDisagrees, {}};
}

std::optional<SpfWalk> begin_spf_walk(const Expectation& record, const Seen& seen) {
  if (record.type != RecordType::kTxt || !record.value) return std::nullopt;
  if (purpose_of(record.name, *record.value) != TxtPurpose::kSpf) return std::nullopt;
  auto wanted = SpfRecord::parse(*record.value);
  const auto records = spf_records(seen.values);
  if (!wanted || records.size() != 1) return std::nullopt;
  auto found = SpfRecord::parse(records.front());
  if (!found) return std::nullopt;
  return SpfWalk({record.name, *std::move(wanted)}, {record.name, *std::move(found)});
}

Judgement judge_flattened(std::span<const std::string> seen, const TargetAddresses& target) {
  if (seen.empty()) return {Verdict::kNoData, {}};
  const auto is_target = [&](const std::string& value) {
    return std::ranges::find(target.known, value) != target.known.end();
  };
  const auto may_be = [&](const std::string& value) {
    return is_target(value) || (value.contains(':') ? target.lacks_v6 : target.lacks_v4);
  };
  if (std::ranges::all_of(seen, is_target)) return {Verdict::kAgrees, "flattened: answers with the target's addresses"};
  if (std::ranges::all_of(seen, may_be)) {
    return {Verdict::kUndecided,
            "answers with addresses instead of the CNAME, and the target's could not be looked up"};
  }
  if (target.known.empty()) {
    return {Verdict::kDisagrees, "answers with addresses instead of the CNAME, and the target has none"};
  }
  return {Verdict::kDisagrees, "answers with other addresses than the target's: perhaps a proxy stands before it"};
}

std::string expected_text(const Expectation& record) {
  if (!record.value) return record.priority ? format("any value with preference {}", *record.priority) : "any value";
  const auto value = canonical_value(record.type, *record.value);
  return record.type == RecordType::kMx && record.priority ? format("{} {}", *record.priority, value) : value;
}

}  // namespace signpost::dns
