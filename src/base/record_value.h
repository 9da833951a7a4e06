// SPDX-License-Identifier: Apache-2.0
//
// What a record's value is written as, by type, and its one canonical form: the door for values that people type.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/record_type.h"
#include "base/result.h"

namespace signpost {

/// The value of an SRV record (RFC 2782): "10 5 443 host.example".
struct ServiceTarget {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string host;  // canonical; "." says that the service is not offered

  static Result<ServiceTarget> parse(std::string_view text);
  std::string text() const;
  bool operator==(const ServiceTarget&) const = default;
};

/// Canonical: addresses as inet_ntop has them; names in lower case without the last dot; SRV "10 5 443 host.example";
/// CAA '0 issue "ca.example"'; TXT as it is. kUnprocessable with `member` "value" and a sentence that says what to
/// write for: no address of the family; a target that is a URL, an address, has a port, a path, blanks, one label or is
/// the root (MX may: RFC 7505); TXT with control characters, in quotation marks, or with blanks at an end; SRV and CAA
/// that do not parse. A TXT in quotation marks is refused and not stripped: at most providers they would become part of
/// the value, so who typed them here will type them there.
Result<std::string> canonical_record_value(RecordType type, std::string_view text);

}  // namespace signpost
