// SPDX-License-Identifier: Apache-2.0
//
// Any octets as SPF records: what is accepted prints and reads back as itself and misses nothing of itself; a walk
// through includes whose records are the input's own lines ends within its limits.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "dns/spf_walk.h"
#include "dns/txt_shape.h"

namespace {

using namespace signpost::dns;

void expect(bool is_so) {
  if (!is_so) std::abort();
}

void read(std::string_view text) {
  const auto record = SpfRecord::parse(text);
  if (!record) return expect(!record.error().message.empty() && record.error().member == "value");
  expect(is_spf(text) && record->terms.size() <= kSpfTermsMax && record->reached().size() <= record->terms.size());
  const auto again = SpfRecord::parse(record->text());
  expect(again && *again == *record);
  const auto at = signpost::DnsName::parse("shop.example");
  expect(missing_parts({*at, *record}, {*at, *record}).empty());
}

/// The first line is wanted, the second seen; whatever is included next has the lines behind them, in turn.
void walk(const std::vector<std::string>& lines) {
  const auto at = signpost::DnsName::parse("shop.example");
  auto wanted = SpfRecord::parse(lines[0]);
  auto seen = SpfRecord::parse(lines[1]);
  if (!wanted || !seen) return;
  const auto missing = missing_parts({*at, *wanted}, {*at, *seen});
  SpfWalk steps({*at, *std::move(wanted)}, {*at, *std::move(seen)});
  std::size_t told = 0;
  while (!steps.has_ended()) {
    const auto name = steps.needed().front();
    const auto line = 2 + told % (lines.size() - 1);
    const bool is_there = line < lines.size();
    steps.tell(name, is_there ? SpfWalk::Outcome::kAnswer : SpfWalk::Outcome::kNothing,
               is_there ? std::span(&lines[line], 1) : std::span<const std::string>());
    expect(++told < kSpfNamesMax);
  }
  const auto report = steps.report();
  // Includes only ever add.
  expect(report.missing.size() <= missing.size());
  expect(report.lookups >= 0 && report.lookups <= kSpfLookupsCounted && report.void_lookups <= static_cast<int>(told));
  for (const auto& problem : report.problems) expect(!problem.sentence.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text);
  std::vector<std::string> lines;
  for (const auto line : signpost::split(text, '\n')) {
    if (lines.size() < 64) lines.emplace_back(line);
  }
  for (const auto& line : lines) read(line);
  if (lines.size() >= 2) walk(lines);
  const auto finding = find_shape(lines.front(), std::span(lines).subspan(1));
  expect(finding.seen.size() <= kSplitPiecesMax && finding.seen.empty() == (finding.shape == TxtShape::kOther));
  return 0;
}
