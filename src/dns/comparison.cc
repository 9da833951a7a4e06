// SPDX-License-Identifier: Apache-2.0
#include "dns/comparison.h"

#include <algorithm>

#include "base/caa_property.h"
#include "base/record_value.h"
#include "base/text.h"

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

Judgement judge(const Expectation& record, std::span<const Expectation> group, const Seen& seen) {
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

Judgement judge_flattened(std::span<const std::string> seen, std::span<const std::string> target_addresses) {
  if (seen.empty()) return {Verdict::kNoData, {}};
  const auto is_target = [&](const std::string& value) {
    return std::ranges::find(target_addresses, value) != target_addresses.end();
  };
  if (std::ranges::all_of(seen, is_target)) return {Verdict::kAgrees, "flattened: answers with the target's addresses"};
  if (target_addresses.empty()) {
    return {Verdict::kDisagrees, "answers with addresses instead of the CNAME, and the target's are not to be had"};
  }
  return {Verdict::kDisagrees, "answers with other addresses than the target's: perhaps a proxy stands before it"};
}

std::string expected_text(const Expectation& record) {
  if (!record.value) return record.priority ? format("any value with preference {}", *record.priority) : "any value";
  const auto value = canonical_value(record.type, *record.value);
  return record.type == RecordType::kMx && record.priority ? format("{} {}", *record.priority, value) : value;
}

}  // namespace signpost::dns
