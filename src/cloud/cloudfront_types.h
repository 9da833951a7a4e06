// SPDX-License-Identifier: Apache-2.0
//
// What CloudFront says and is told about distributions. Plain values; any thread.
// A DistributionId holds capital letters and digits only, so it may stand in a path.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "base/result.h"
#include "cloud/arn.h"

namespace signpost::cloud {

class DistributionId {
 public:
  static constexpr std::size_t bytes_max = 32;
  /// "E1A2B3C4D5E6F7"; kUnprocessable otherwise.
  static Result<DistributionId> parse(std::string_view text);
  const std::string& text() const { return text_; }
  auto operator<=>(const DistributionId&) const = default;

 private:
  explicit DistributionId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

struct ViewerCertificate {
  std::string acm_arn;           // empty if the certificate is not ACM's
  bool is_default = false;       // CloudFront's own
  std::string ssl_support;       // "sni-only"; empty with the default certificate
  std::string minimum_protocol;  // "TLSv1.2_2021"
};

struct Distribution {
  DistributionId id;
  Arn arn;
  std::string domain_name;   // "d111111abcdef8.cloudfront.net": where the customer's CNAME points
  bool is_deployed = false;  // false: InProgress, some edges still serve the configuration before
  bool is_enabled = true;
  std::string caller_reference;
  std::vector<std::string> aliases;
  ViewerCertificate certificate;
  std::string etag;  // of this answer
};

/// A distribution that has our alias, or one that overlaps it; of other accounts AWS shows the ends only.
struct ConflictingAlias {
  std::string alias;
  std::string distribution;  // "*******EFGH123"
  std::string account;       // "******123456"
};

/// Where CloudFront fetches from, over HTTPS only.
struct DistributionOrigin {
  std::string host;
  /// What the origin is asked for: the customer's own host name, or its own.
  enum class AsksFor { kViewerHost, kOriginHost } asks_for = AsksFor::kOriginHost;
};

struct NewDistribution {
  static constexpr std::size_t kPathsMax = 25;  // quota: 25 cache behaviours a distribution
  std::string caller_reference;                 // the same: never a second distribution
  std::string comment;                          // at most 128 characters
  DistributionOrigin customer;                  // everything else
  DistributionOrigin pages;                     // the paths below
  std::vector<std::string> pages_paths;         // "/ai/*", the first that fits counts
  std::vector<AwsTag> tags;
};

constexpr std::size_t kAliasesMax = 100;  // quota a distribution

/// kUnprocessable: too many paths, one that is not "/…" of plain characters with * and ?, an empty caller reference,
/// a comment over 128 characters, more than 50 tags.
Result<void> check(const NewDistribution& distribution);

}  // namespace signpost::cloud
