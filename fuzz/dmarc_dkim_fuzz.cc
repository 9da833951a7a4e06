// SPDX-License-Identifier: Apache-2.0
//
// Any octets as DMARC and DKIM records: what is accepted prints and reads back as itself and agrees with itself, and a
// key never is the same as one with another octet.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "dns/dkim.h"
#include "dns/dmarc.h"

namespace {

using namespace signpost::dns;

void expect(bool is_so) {
  if (!is_so) std::abort();
}

void read_tags(std::string_view text) {
  const auto list = TagList::parse(text);
  if (!list) return expect(!list.error().message.empty());
  const auto again = TagList::parse(list->text());
  expect(again && *again == *list && list->tags.size() <= kTagsMax);
}

void read_dmarc(std::string_view text, std::string_view other) {
  const auto record = DmarcRecord::parse(text);
  if (!record) return expect(!record.error().message.empty());
  const auto again = DmarcRecord::parse(record->text());
  expect(again && *again == *record && is_dmarc(text));
  expect(compare(*record, *record).empty());
  const auto seen = DmarcRecord::parse(other);
  if (!seen) return;
  const auto differences = compare(*record, *seen);
  expect(differences.size() <= kTagsMax + 2 && differences.empty() == shown(differences).empty());
}

void read_dkim(std::string_view text, std::string_view other) {
  const auto record = DkimRecord::parse(text);
  if (!record) return expect(!record.error().message.empty());
  const auto again = DkimRecord::parse(record->text());
  expect(again && *again == *record);
  expect(compare(*record, text) == DkimVerdict::kSame && compare(*record, record->text()) == DkimVerdict::kSame);
  const auto verdict = compare(*record, other);
  const auto seen = DkimRecord::parse(other);
  if (verdict == DkimVerdict::kSame) expect(seen && seen->key() == record->key());
  if (verdict == DkimVerdict::kRevoked) expect(!record->key().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.substr(0, text.find('\n'));
  const auto other = line.size() < text.size() ? text.substr(line.size() + 1) : std::string_view();
  read_tags(text);
  read_dmarc(line, other);
  read_dkim(line, other);
  return 0;
}
