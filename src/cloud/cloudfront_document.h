// SPDX-License-Identifier: Apache-2.0
//
// A distribution's configuration as CloudFront keeps it, and CloudFront's other XML. The door to pugixml.
// Values; the thread of their holder. An update replaces the whole configuration, so what is sent back is the document
// that was fetched, with the edited elements changed and everything else, known to us or not, as it came.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cloud/arn.h"
#include "cloud/aws_caller.h"
#include "cloud/cloudfront_types.h"

namespace signpost::cloud {

class DistributionDocument {
 public:
  /// The answer of GetDistributionConfig. kProtocol if it is not a DistributionConfig of XML.
  static Result<DistributionDocument> parse(std::string_view xml);
  DistributionDocument(DistributionDocument&&) noexcept;
  DistributionDocument& operator=(DistributionDocument&&) noexcept;
  ~DistributionDocument();

  std::string xml() const;
  std::string caller_reference() const;
  std::string comment() const;
  bool is_enabled() const;
  std::vector<std::string> aliases() const;
  bool has_alias(std::string_view host) const;
  /// What serves now; the ARN as it stands there, empty for CloudFront's own certificate or one of IAM.
  ViewerCertificate viewer_certificate() const;

  /// No effect if it is there; in lower case. kUnprocessable over kAliasesMax.
  Result<void> add_alias(const HostName& host);
  void remove_alias(const HostName& host);
  /// Replaces the element whole, echoes of the old certificate included. How TLS is spoken stays as it was if a
  /// certificate of the customer's was there before, else it is SNI and TLSv1.2_2021. kUnprocessable for an ARN that is
  /// not of a certificate in us-east-1.
  Result<void> set_certificate(const Arn& certificate);
  /// CloudFront's own, for *.cloudfront.net alone: only without aliases (kConflict).
  Result<void> set_default_certificate();
  void set_enabled(bool is_enabled);

 private:
  struct Tree;
  explicit DistributionDocument(std::unique_ptr<Tree> tree);
  std::unique_ptr<Tree> tree_;
};

/// Distribution, as CreateDistribution, GetDistribution and UpdateDistribution answer it.
Result<Distribution> parse_distribution(std::string_view xml);
Result<std::vector<ConflictingAlias>> parse_conflicting_aliases(std::string_view xml);
Result<std::vector<AwsTag>> parse_tags(std::string_view xml);
/// ErrorResponse/Error; empty code if it is something else.
AwsCaller::Fault parse_cloudfront_fault(const net::HttpReply& reply);

/// The body of CreateDistributionWithTags.
std::string write_new_distribution(const NewDistribution& distribution);

}  // namespace signpost::cloud
