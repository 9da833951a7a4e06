// SPDX-License-Identifier: Apache-2.0
//
// "tag=value; tag=value", as DMARC and DKIM records are written (RFC 6376 3.2, RFC 7489 6.4).
// Values; any thread. At most kTagsMax tags.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace signpost::dns {

constexpr std::size_t kTagsMax = 64;

struct Tag {
  std::string name;   // lower case: DMARC takes any, and no two DKIM tags differ in case alone
  std::string value;  // without the white space around it
  bool operator==(const Tag&) const = default;
};

struct TagList {
  std::vector<Tag> tags;  // in their order

  /// kUnprocessable, `member` "value": a part without "=", a name that is none, a tag that is there twice. A last
  /// semicolon is fine.
  static Result<TagList> parse(std::string_view text);
  /// "v=DMARC1; p=none"
  std::string text() const;
  /// The tag's value; nothing if it is not there.
  const std::string* find(std::string_view name) const;
  bool operator==(const TagList&) const = default;
};

}  // namespace signpost::dns
