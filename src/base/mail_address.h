// SPDX-License-Identifier: Apache-2.0
//
// An address for electronic mail, in the form that every mail server takes: dot-atom@host (RFC 5321 4.1.2, without
// quoted local parts and literals). Value; any thread. MailAddress::parse is the only way to one, so whoever holds one
// may write it into a header or an SMTP command.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signpost {

class MailAddress {
 public:
  static constexpr std::size_t bytes_max = 254;       // RFC 5321 4.5.3.1.3, less the angle brackets
  static constexpr std::size_t local_bytes_max = 64;  // RFC 5321 4.5.3.1.1

  /// The local part keeps its case, the host becomes lower case and A-labels. kUnprocessable with the reason.
  static Result<MailAddress> parse(std::string_view text);
  /// "ops@saas.example"
  const std::string& text() const { return text_; }
  /// "saas.example"
  std::string_view host() const { return std::string_view(text_).substr(text_.rfind('@') + 1); }
  auto operator<=>(const MailAddress&) const = default;

 private:
  explicit MailAddress(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace signpost
