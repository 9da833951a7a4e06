// SPDX-License-Identifier: Apache-2.0
//
// DKIM keys as values (RFC 6376 3.6.1): read, and held against the one that is wanted.
// Values; any thread. What `text` prints, `parse` reads back as itself.
#pragma once

#include <string>
#include <string_view>

#include "base/host_name.h"
#include "base/result.h"
#include "dns/tag_list.h"

namespace signpost::dns {

struct DkimRecord {
  TagList list;  // its p without white space

  /// kUnprocessable, `member` "value", with what to write: v is not first or not DKIM1, p is missing or no Base64.
  /// Unknown tags and key types are fine; an empty p revokes the key.
  static Result<DkimRecord> parse(std::string_view text);
  std::string text() const { return list.text(); }
  const std::string& key() const { return *list.find("p"); }
  /// "rsa" unless k says otherwise.
  std::string key_type() const;
  bool operator==(const DkimRecord&) const = default;
};

/// Is this a name that a DKIM key stands at: "s1._domainkey.shop.example"?
bool is_dkim_name(const DnsName& name);

enum class DkimVerdict {
  kSame,
  kOtherKey,  // another key, or of another type
  kRevoked,   // an empty p, where a key is wanted
  kCut,       // only the beginning of the wanted text or key
  kInvalid,   // no key record at all
};
/// "same", "other_key", "revoked", "cut", "invalid".
std::string_view name_of(DkimVerdict verdict);

/// `seen`: a TXT value. Keys are compared without white space; other tags than p and k do not matter.
DkimVerdict compare(const DkimRecord& wanted, std::string_view seen);

}  // namespace signpost::dns
