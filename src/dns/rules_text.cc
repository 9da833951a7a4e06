// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

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

bool is_stricter(SpfQualifier first, SpfQualifier second) {
  constexpr std::array kOrder{SpfQualifier::kPass, SpfQualifier::kNeutral, SpfQualifier::kSoftFail,
                              SpfQualifier::kFail};
  return std::ranges::find(kOrder, first) > std::ranges::find(kOrder, second);
}

/// One record that does what all of them were meant to do: their terms, each once, a redirect as the include that it
/// amounts to, and the strictest "all" last, behind which nobody reads. Nothing if that cannot be written.
std::optional<std::string> merged(const std::vector<std::vector<SpfTerm>>& records) {
  SpfRecord whole;
  std::optional<SpfTerm> all;
  for (const auto& terms : records) {
    for (auto term : terms) {
      if (term.kind == SpfTerm::Kind::kAll) {
        if (!all || is_stricter(term.qualifier, all->qualifier)) all = term;
        continue;
      }
      if (term.kind == SpfTerm::Kind::kExp) continue;
      if (term.kind == SpfTerm::Kind::kRedirect) term.kind = SpfTerm::Kind::kInclude;
      if (std::ranges::find(whole.terms, term) == whole.terms.end()) whole.terms.push_back(std::move(term));
    }
  }
  if (all) whole.terms.push_back(*all);
  const auto text = whole.text();
  return SpfRecord::parse(text) ? std::optional(text) : std::nullopt;
}

}  // namespace

Found spf_twice(const Facts& facts) {
  if (!is_wanted_text(facts) || !is_for(facts, TxtPurpose::kSpf)) return std::nullopt;
  const auto records = spf_records(values_of(facts));
  if (records.size() < 2) return std::nullopt;
  const auto text = format("{} has {} SPF records: {}. Receivers use none of them.", facts.wanted.name.text(),
                           records.size(), shown(records));
  std::vector<std::vector<SpfTerm>> parts;
  for (const auto& record : records) {
    if (const auto parsed = SpfRecord::parse(record)) parts.push_back(parsed->terms);
  }
  if (const auto wanted = SpfRecord::parse(*facts.wanted.value)) parts.push_back(demanded_parts(*wanted));
  const auto one = parts.size() == records.size() + 1 ? merged(parts) : std::nullopt;
  return finding(Cause::kSpfTwice, text,
                 one ? format("Remove them and add one: type TXT, host {}, value {}.",
                              host_in_form(facts.wanted.name, facts.zone.delegation.zone), *one)
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
  const auto whole = merged({seen->terms, missing});
  return finding(
      Cause::kSpfPartMissing,
      format("{} has an SPF record without {}: {}.", facts.wanted.name.text(), dns::shown(missing), *record),
      format("Change the record that is there, do not add a second one: type TXT, host {}, value {}.",
             host_in_form(facts.wanted.name, facts.zone.delegation.zone), whole ? *whole : wanted_value(facts)),
      all_who_spoke(facts));
}

Found spf_too_many_lookups(const Facts& facts) {
  if (!facts.beyond.spf || !spf_of(facts)) return std::nullopt;
  for (const auto& problem : facts.beyond.spf->problems) {
    const bool is_count =
        problem.kind == SpfProblem::Kind::kTooManyLookups || problem.kind == SpfProblem::Kind::kTooManyVoidLookups;
    if (!is_count) continue;
    return finding(
        Cause::kSpfTooManyLookups,
        format("The SPF record of {} asks too much of receivers: {}.", facts.wanted.name.text(), problem.sentence),
        "Remove includes that are no longer used.", all_who_spoke(facts));
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
  if (!wanted) return std::nullopt;
  std::vector<std::string> others;
  bool has_right = false;
  for (const auto& value : values_of(facts)) {
    const auto seen = compare(*wanted, value);
    if (seen == verdict) others.push_back(value);
    has_right |= seen == DkimVerdict::kSame;
  }
  if (others.empty()) return std::nullopt;
  return finding(cause, format("{} {}{}.", what(facts), text, has_right ? ", beside the right one" : ""),
                 has_right ? format("Remove the record with the value {}; keep: {}.", shown(others), entry(facts))
                           : format("Replace its value: {}.", entry(facts)),
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
