// SPDX-License-Identifier: Apache-2.0
//
// The name of a thing at AWS: arn:partition:service:region:account:resource.
// Value; any thread. Arn::parse is the only way to one. Compared as AWS does: by its text.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signpost::cloud {

/// Where certificates must be for CloudFront to take them.
inline constexpr std::string_view kCloudFrontRegion = "us-east-1";

class Arn {
 public:
  static constexpr std::size_t bytes_max = 2048;
  /// kUnprocessable for anything else than six parts of printable ASCII without blanks, the first "arn".
  static Result<Arn> parse(std::string_view text);
  /// Of a certificate in ACM ("…:acm:REGION:ACCOUNT:certificate/ID"); kUnprocessable otherwise.
  static Result<Arn> parse_certificate(std::string_view text);

  const std::string& text() const { return text_; }
  std::string_view partition() const { return part(1); }
  std::string_view service() const { return part(2); }
  std::string_view region() const { return part(3); }
  std::string_view account() const { return part(4); }
  std::string_view resource() const { return part(5); }
  auto operator<=>(const Arn&) const = default;

 private:
  explicit Arn(std::string text) : text_(std::move(text)) {}
  std::string_view part(int index) const;
  std::string text_;
};

/// A tag of a thing at AWS.
struct AwsTag {
  std::string key;
  std::string value;
  auto operator<=>(const AwsTag&) const = default;
};

}  // namespace signpost::cloud
