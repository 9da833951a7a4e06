// SPDX-License-Identifier: Apache-2.0
//
// DMARC records as values (RFC 7489 6.3, 6.4): read, and held against the one that is wanted.
// Values; any thread. What `text` prints, `parse` reads back as itself.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "base/result.h"
#include "dns/tag_list.h"

namespace signpost::dns {

struct DmarcRecord {
  TagList list;  // "v" first

  /// kUnprocessable, `member` "value", with what to write: the version is not first, p is missing (unless there is rua:
  /// RFC 7489 6.6.3), a tag of RFC 7489 has a value that it cannot have. Unknown tags are fine (6.3).
  static Result<DmarcRecord> parse(std::string_view text);
  std::string text() const { return list.text(); }
  /// The tag's value in lower case, its default if it is not there; empty for one without a default.
  std::string effective(std::string_view tag) const;
  bool operator==(const DmarcRecord&) const = default;
};

/// RFC 7489 6.6.3: only what begins with the version takes part.
bool is_dmarc(std::string_view text);
/// Those of the TXT values that are DMARC records: exactly one is right.
std::vector<std::string> dmarc_records(std::span<const std::string> texts);
/// Is this a name that a DMARC record stands at: "_dmarc.shop.example"?
bool is_dmarc_name(const DnsName& name);

struct DmarcDifference {
  std::string tag;
  std::string wanted;
  std::string seen;  // empty: it is not there
};
/// Which of the wanted tags the seen record does not meet. Order, white space and further tags are free; a stricter p
/// or sp and a higher pct agree; rua and ruf may name more receivers. A sp or pct that nobody asked for and that
/// weakens the wanted policy is a difference.
std::vector<DmarcDifference> compare(const DmarcRecord& wanted, const DmarcRecord& seen);

/// "p is none instead of reject, rua is missing"
std::string shown(std::span<const DmarcDifference> differences);

}  // namespace signpost::dns
