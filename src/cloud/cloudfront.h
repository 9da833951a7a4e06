// SPDX-License-Identifier: Apache-2.0
//
// CloudFront: the distribution that serves a customer's host name.
// Owned by app/wiring; any loop, any thread; http, credentials and random outlive it. Every call ends by its deadline.
// A change is an edit of the configuration as it is now: if somebody changed it in between (412), it is fetched and
// edited again, so an edit is a pure function of the document and may run several times.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "cloud/aws_caller.h"
#include "cloud/cloudfront_document.h"
#include "cloud/cloudfront_types.h"

namespace signpost::cloud {

class CloudFront {
 public:
  static constexpr int kEditsMax = 10;  // turns of one update; then kChanged

  enum class Edited { kYes, kNothingToDo };
  /// Changes the document, or says that it is right as it is, or refuses. Pure: it may run again on a newer document.
  using Edit = std::function<AwsResult<Edited>(DistributionDocument& document)>;

  CloudFront(net::HttpClient& http, AwsCredentialSource& credentials, crypto::Random& random,
             AwsCaller::Settings settings);
  static AwsCaller::Settings default_settings();

  /// Makes it, or finds the one that an earlier try with the same caller reference made. kLimitReached.
  Task<AwsResult<Distribution>> create(NewDistribution distribution, net::Deadline deadline);
  Task<AwsResult<Distribution>> get(DistributionId id, net::Deadline deadline);
  Task<AwsResult<DistributionDocument>> configuration(DistributionId id, net::Deadline deadline);
  /// The distribution after the edit; without a call to change it if there was nothing to do. kNotFound,
  /// kCertificateRefused (also just after it was issued), kAliasTaken, kAccessDenied (another account's),
  /// kLimitReached.
  Task<AwsResult<Distribution>> update(DistributionId id, Edit edit, net::Deadline deadline);
  /// Who has the alias, as far as AWS tells; the certificate on `ours` must cover it.
  Task<AwsResult<std::vector<ConflictingAlias>>> conflicting_aliases(DistributionId ours, HostName alias,
                                                                     net::Deadline deadline);
  Task<AwsResult<std::vector<AwsTag>>> tags_of(Arn distribution, net::Deadline deadline);

 private:
  Task<AwsResult<net::HttpReply>> call(std::string method, std::string target, std::string body, std::string if_match,
                                       std::string action, net::Deadline deadline);
  AwsCaller caller_;
};

}  // namespace signpost::cloud
