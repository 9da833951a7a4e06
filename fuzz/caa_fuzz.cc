// SPDX-License-Identifier: Apache-2.0
//
// Any octets as record values and as the CAA records of a name: what is accepted has one canonical form, and a climb
// ends after one name a label with a verdict that says why.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/record_value.h"
#include "base/text.h"
#include "dns/caa.h"

namespace {

using namespace signpost;
using dns::CaaQuestion;
using dns::CaaVerdict;
using dns::CaaWalk;

void expect(bool is_so) {
  if (!is_so) std::abort();
}

void read(std::string_view text) {
  constexpr std::array kTypes{RecordType::kA,  RecordType::kAaaa, RecordType::kCname, RecordType::kTxt,
                              RecordType::kMx, RecordType::kNs,   RecordType::kCaa,   RecordType::kSrv};
  for (const auto type : kTypes) {
    const auto value = canonical_record_value(type, text);
    if (!value) {
      expect(!value.error().message.empty() && value.error().member == "value");
      continue;
    }
    const auto again = canonical_record_value(type, *value);
    expect(again && *again == *value);
  }
  if (const auto property = CaaProperty::parse(text)) {
    const auto again = CaaProperty::parse(property->text());
    expect(again && *again == *property && property->means_the_same_as(*property));
  }
  const CaaProperty any{0, "issue", std::string(text)};
  const auto again = CaaProperty::parse(any.text());
  expect(again && *again == any);
  if (const auto issuer = CaaIssuer::parse(text)) expect(CaaIssuer::parse(issuer->text()) == issuer);
}

/// Each line is what the next name on the way up has; a line of its own kind fails.
void climb(const std::vector<std::string_view>& lines) {
  CaaWalk walk(*DnsName::parse("a.b.c.d.shop.example"));
  std::size_t told = 0;
  while (const auto name = walk.needed()) {
    expect(walk.judge({{"ca.example"}}).kind == CaaVerdict::Kind::kOpen);
    const auto line = told < lines.size() ? lines[told] : std::string_view();
    std::vector<std::string> values;
    for (const auto value : split(line, '|')) values.emplace_back(value);
    walk.tell(line == "!" ? CaaWalk::Outcome::kFailed : CaaWalk::Outcome::kAnswer, values);
    expect(++told <= 6);
  }
  for (const auto name : {CaaQuestion::For::kHost, CaaQuestion::For::kWildcard}) {
    const auto any = walk.judge({{"ca.example"}, name});
    const auto narrow = walk.judge({{"ca.example"}, name, "dns-01", "https://ca.example/1"});
    const auto nobody = walk.judge({{}, name});
    expect(any.kind != CaaVerdict::Kind::kOpen && !any.sentence.empty());
    // Method and account only ever forbid more, and nobody may do what ca.example may not.
    if (any.kind != CaaVerdict::Kind::kAllowed) expect(narrow.kind == any.kind && nobody.kind == any.kind);
    if (any.kind == CaaVerdict::Kind::kForbidden) expect(!any.property.empty() && any.found_at);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text);
  const auto lines = split(text, '\n');
  for (std::size_t i = 0; i < lines.size() && i < 16; ++i) read(lines[i]);
  climb(lines);
  return 0;
}
