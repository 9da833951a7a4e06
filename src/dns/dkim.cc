// SPDX-License-Identifier: Apache-2.0
#include "dns/dkim.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::dns {
namespace {

std::unexpected<Error> refuse(std::string_view why) {
  return fail(Kind::kUnprocessable,
              format("the DKIM key is not valid: {}; write it such as v=DKIM1; k=rsa; p=MIIBIjANBg…", why), "value");
}

std::string without_blanks(std::string_view text) {
  std::string dense;
  std::ranges::copy_if(text, std::back_inserter(dense),
                       [](char c) { return c != ' ' && c != '\t' && c != '\r' && c != '\n'; });
  return dense;
}

bool is_cut(std::string_view seen, std::string_view wanted) {
  return !seen.empty() && seen.size() < wanted.size() && wanted.starts_with(seen);
}

}  // namespace

Result<DkimRecord> DkimRecord::parse(std::string_view text) {
  auto list = TagList::parse(text);
  if (!list) return refuse(list.error().message);
  const auto* version = list->find("v");
  // RFC 6376 3.6.1: where there is a v, it is DKIM1 and stands first.
  if (version != nullptr && (*version != "DKIM1" || list->tags.front().name != "v"))
    return refuse("it begins with v=DKIM1");
  const auto key = std::ranges::find(list->tags, "p", &Tag::name);
  if (key == list->tags.end()) return refuse("the key p is missing");
  key->value = without_blanks(key->value);
  if (!from_base64(key->value)) return refuse("the key p is no Base64, perhaps a part of it is missing");
  return DkimRecord{*std::move(list)};
}

std::string DkimRecord::key_type() const {
  const auto* type = list.find("k");
  return type == nullptr ? "rsa" : to_lower(*type);
}

bool is_dkim_name(const DnsName& name) { return name.text().find("._domainkey.") != std::string::npos; }

std::string_view name_of(DkimVerdict verdict) {
  switch (verdict) {
    case DkimVerdict::kSame:
      return "same";
    case DkimVerdict::kOtherKey:
      return "other_key";
    case DkimVerdict::kRevoked:
      return "revoked";
    case DkimVerdict::kCut:
      return "cut";
    case DkimVerdict::kInvalid:
      return "invalid";
  }
  return "";
}

DkimVerdict compare(const DkimRecord& wanted, std::string_view seen) {
  const auto list = TagList::parse(seen);
  const auto* value = list ? list->find("p") : nullptr;
  const auto key = value == nullptr ? std::string() : without_blanks(*value);
  if (value == nullptr) {
    const bool is_beginning = is_cut(without_blanks(seen), without_blanks(wanted.text()));
    return is_beginning ? DkimVerdict::kCut : DkimVerdict::kInvalid;
  }
  if (key.empty() && !wanted.key().empty()) return DkimVerdict::kRevoked;
  // A key that was cut is rarely whole Base64, so this comes before asking whether the record is valid.
  if (is_cut(key, wanted.key())) return DkimVerdict::kCut;
  const auto record = DkimRecord::parse(seen);
  if (!record) return DkimVerdict::kInvalid;
  return record->key() == wanted.key() && record->key_type() == wanted.key_type() ? DkimVerdict::kSame
                                                                                  : DkimVerdict::kOtherKey;
}

}  // namespace signpost::dns
