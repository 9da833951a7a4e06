// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.h"
#include "dns/dkim.h"
#include "dns/dmarc.h"
#include "dns/reading.h"
#include "dns/rules.h"
#include "dns/spf.h"
#include "dns/txt_purpose.h"
#include "dns/txt_shape.h"

namespace signpost::dns::rules {

using namespace reading;  // NOLINT: the words of these rules

namespace {

bool is_wanted_text(const Facts& facts) {
  return is_absent(facts) && facts.wanted.type == RecordType::kTxt && facts.wanted.value.has_value();
}

bool is_for(const Facts& facts, TxtPurpose purpose) {
  return facts.wanted.type == RecordType::kTxt && facts.wanted.value &&
         purpose_of(facts.wanted.name, *facts.wanted.value) == purpose;
}

Found shape(const Facts& facts, TxtShape shape, Cause cause, std::string_view text, std::string_view fix) {
  if (!is_wanted_text(facts)) return std::nullopt;
  const auto found = find_shape(*facts.wanted.value, values_of(facts));
  if (found.shape != shape) return std::nullopt;
  return finding(cause, format("{} {}: {}.", what(facts), text, shown(found.seen)),
                 format("{}: {}.", fix, entry(facts)), all_who_spoke(facts));
}

/// The one SPF record that the witness has.
std::optional<std::string> spf_of(const Facts& facts) {
  if (!is_for(facts, TxtPurpose::kSpf)) return std::nullopt;
  auto records = spf_records(values_of(facts));
  return records.size() == 1 ? std::optional(std::move(records.front())) : std::nullopt;
}

}  // namespace

Found txt_quoted(const Facts& facts) {
  return shape(facts, TxtShape::kQuoted, Cause::kTxtQuoted, "has quotation marks as part of its value",
               "Type the value without quotation marks");
}

Found txt_padded(const Facts& facts) {
  return shape(facts, TxtShape::kPadded, Cause::kTxtPadded, "has blanks where none belong",
               "Type the value again, without blanks before, after or inside");
}

Found txt_cut(const Facts& facts) {
  auto found = shape(facts, TxtShape::kCut, Cause::kTxtCut, "has only the beginning of the value",
                     "Type the whole value; if the form takes only 255 characters, as several strings of one record");
  if (found || !is_wanted_text(facts) || !is_for(facts, TxtPurpose::kDkim)) return found;
  if (find_shape(*facts.wanted.value, values_of(facts)).shape == TxtShape::kSplit) return std::nullopt;
  const auto wanted = DkimRecord::parse(*facts.wanted.value);
  const auto is_cut = [&](const std::string& value) { return compare(*wanted, value) == DkimVerdict::kCut; };
  if (!wanted || std::ranges::none_of(values_of(facts), is_cut)) return std::nullopt;
  return finding(
      Cause::kTxtCut, format("{} has only the beginning of the key.", what(facts)),
      format("Type the whole value, as several strings of one record if the form takes only 255 characters: {}.",
             entry(facts)),
      all_who_spoke(facts));
}

Found txt_split(const Facts& facts) {
  return shape(facts, TxtShape::kSplit, Cause::kTxtSplit, "has the value spread over several records",
               "Put the parts into one record");
}

namespace {

/// One record with the terms of all of them: what is new goes before the last word, "all", behind which nobody reads.
std::optional<SpfRecord> merged(std::vector<std::string> texts) {
  std::optional<SpfRecord> whole;
  for (const auto& text : texts) {
    const auto record = SpfRecord::parse(text);
    if (!record) return std::nullopt;
    if (!whole) {
      whole = *record;
      continue;
    }
    for (const auto& term : record->terms) {
      if (term.kind == SpfTerm::Kind::kAll || std::ranges::find(whole->terms, term) != whole->terms.end()) continue;
      whole->terms.insert(std::ranges::find(whole->terms, SpfTerm::Kind::kAll, &SpfTerm::kind), term);
    }
  }
  return whole;
}

}  // namespace

Found spf_twice(const Facts& facts) {
  if (!is_wanted_text(facts) || !is_for(facts, TxtPurpose::kSpf)) return std::nullopt;
  auto records = spf_records(values_of(facts));
  if (records.size() < 2) return std::nullopt;
  const auto text = format("{} has {} SPF records: {}. Receivers use none of them.", facts.wanted.name.text(),
                           records.size(), shown(records));
  records.push_back(*facts.wanted.value);
  const auto one = merged(std::move(records));
  return finding(Cause::kSpfTwice, text,
                 one ? format("Remove them and add one: type TXT, host {}, value {}.",
                              host_in_form(facts.wanted.name, facts.zone.delegation.zone), one->text())
                     : format("Keep one, with all that is needed. What we need in it: {}.", wanted_value(facts)),
                 all_who_spoke(facts));
}

Found spf_invalid(const Facts& facts) {
  const auto record = spf_of(facts);
  if (!record) return std::nullopt;
  const auto parsed = SpfRecord::parse(*record);
  std::string why;
  if (!parsed) {
    why = parsed.error().message;
  } else if (facts.beyond.spf) {
    using enum SpfProblem::Kind;
    for (const auto& problem : facts.beyond.spf->problems) {
      const bool is_broken = problem.kind == kIncludeWithoutSpf || problem.kind == kTwoRecords ||
                             problem.kind == kInvalid || problem.kind == kLoop;
      if (is_broken && why.empty()) why = problem.sentence;
    }
  }
  if (why.empty()) return std::nullopt;
  auto found = finding(
      Cause::kSpfInvalid, format("The SPF record of {} cannot be used: {}.", facts.wanted.name.text(), why),
      format("Correct the record, or take out what is at fault ({}); it must keep {}.", why, wanted_value(facts)),
      all_who_spoke(facts));
  if (agrees(facts)) found.weight = Weight::kRisks;
  return found;
}

Found spf_part_missing(const Facts& facts) {
  if (!is_wanted_text(facts) || (facts.beyond.spf && facts.beyond.spf->is_undecided())) return std::nullopt;
  const auto record = spf_of(facts);
  const auto wanted = SpfRecord::parse(*facts.wanted.value);
  const auto seen = record ? SpfRecord::parse(*record) : std::unexpected(Error{});
  if (!wanted || !seen) return std::nullopt;
  const auto missing = facts.beyond.spf ? facts.beyond.spf->missing
                                        : missing_parts({facts.wanted.name, *wanted}, {facts.wanted.name, *seen});
  if (missing.empty()) return std::nullopt;
  // What is new goes before the last word, "all", behind which nobody reads.
  auto merged = *seen;
  const auto last = std::ranges::find(merged.terms, SpfTerm::Kind::kAll, &SpfTerm::kind);
  merged.terms.insert(last, missing.begin(), missing.end());
  return finding(Cause::kSpfPartMissing,
                 format("{} has an SPF record without {}: {}.", facts.wanted.name.text(), dns::shown(missing), *record),
                 format("Change the record that is there, do not add a second one: type TXT, host {}, value {}.",
                        host_in_form(facts.wanted.name, facts.zone.delegation.zone), merged.text()),
                 all_who_spoke(facts));
}

Found spf_too_many_lookups(const Facts& facts) {
  if (!facts.beyond.spf || !spf_of(facts)) return std::nullopt;
  for (const auto& problem : facts.beyond.spf->problems) {
    const bool is_count =
        problem.kind == SpfProblem::Kind::kTooManyLookups || problem.kind == SpfProblem::Kind::kTooManyVoidLookups;
    if (!is_count) continue;
    return finding(Cause::kSpfTooManyLookups,
                   format("The SPF record of {} needs {} DNS look-ups, more than the 10 that are allowed.",
                          facts.wanted.name.text(), facts.beyond.spf->lookups),
                   format("Remove includes that are no longer used: {}.", problem.sentence), all_who_spoke(facts));
  }
  return std::nullopt;
}

Found dmarc_twice(const Facts& facts) {
  if (!is_wanted_text(facts) || !is_for(facts, TxtPurpose::kDmarc)) return std::nullopt;
  const auto records = dmarc_records(values_of(facts));
  if (records.size() < 2) return std::nullopt;
  auto others = records;
  std::erase(others, *facts.wanted.value);
  return finding(
      Cause::kDmarcTwice,
      format("{} has {} DMARC records: {}. Receivers use none of them.", facts.wanted.name.text(), records.size(),
             shown(records)),
      format("Remove {}, and keep one: {}.", others.empty() ? std::string("the others") : shown(others), entry(facts)),
      all_who_spoke(facts));
}

Found dmarc_other(const Facts& facts) {
  if (!is_wanted_text(facts) || !is_for(facts, TxtPurpose::kDmarc)) return std::nullopt;
  const auto records = dmarc_records(values_of(facts));
  const auto wanted = DmarcRecord::parse(*facts.wanted.value);
  if (records.size() != 1 || !wanted) return std::nullopt;
  const auto seen = DmarcRecord::parse(records.front());
  const auto why = seen ? dns::shown(compare(*wanted, *seen)) : seen.error().message;
  return finding(Cause::kDmarcOther, format("The DMARC record of {} differs: {}.", facts.wanted.name.text(), why),
                 format("Change it: {}.", entry(facts)), all_who_spoke(facts));
}

namespace {

Found dkim(const Facts& facts, DkimVerdict verdict, Cause cause, std::string_view text) {
  if (!is_wanted_text(facts) || !is_for(facts, TxtPurpose::kDkim)) return std::nullopt;
  const auto wanted = DkimRecord::parse(*facts.wanted.value);
  const auto is_so = [&](const std::string& value) { return compare(*wanted, value) == verdict; };
  if (!wanted || std::ranges::none_of(values_of(facts), is_so)) return std::nullopt;
  return finding(cause, format("{} {}.", what(facts), text), format("Replace its value: {}.", entry(facts)),
                 all_who_spoke(facts));
}

}  // namespace

Found dkim_revoked(const Facts& facts) {
  return dkim(facts, DkimVerdict::kRevoked, Cause::kDkimRevoked, "has a revoked key: its p= is empty");
}

Found dkim_other_key(const Facts& facts) {
  return dkim(facts, DkimVerdict::kOtherKey, Cause::kDkimOtherKey, "has another key");
}

}  // namespace signpost::dns::rules
