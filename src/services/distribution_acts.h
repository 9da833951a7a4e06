// SPDX-License-Identifier: Apache-2.0
//
// Does what a distribution's row says there is to do, at AWS and in DNS, and says what came of it.
// Owned by app/wiring, one per loop; that loop only; clients, sight and source outlive it.
// Each act may be done twice with the same end. It never throws and ends within its budget; what failed is an ActFailed
// with a sentence. Deletes only what was made for this very distribution: AWS's tags say so, and nothing uses it.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "cloud/acm.h"
#include "cloud/cloudfront.h"
#include "crypto/secret.h"
#include "dns/caa.h"
#include "dns/observation.h"
#include "model/distribution.h"
#include "net/task.h"

namespace signpost::services {

/// What Amazon would see in DNS; a fake in tests.
class AmazonSight {
 public:
  virtual ~AmazonSight() = default;
  /// Whether CAA lets Amazon issue for the host; kOpen if we could not look.
  virtual Task<dns::CaaVerdict> caa(HostName host) = 0;
  /// The validation record, at every authority.
  virtual Task<dns::RecordObservation> validation(model::ValidationRecord record) = 0;
};

/// Our own certificate of a host, the newest.
struct OurCertificate {
  std::string certificate;  // PEM
  std::string chain;        // PEM, without the certificate
  crypto::Secret private_key;
  std::string serial;
};

/// What the rest of the house knows of a distribution; a fake in tests.
class DistributionSource {
 public:
  virtual ~DistributionSource() = default;
  /// What it is to look like when it is made: origins and paths. Caller reference, comment and tags are written here.
  virtual Task<Result<cloud::NewDistribution>> plan(model::Distribution distribution) = 0;
  virtual Task<Result<OurCertificate>> certificate(model::Distribution distribution) = 0;
  /// The connection's organization has proven the host, now.
  virtual Task<Result<bool>> is_host_proven(model::Distribution distribution) = 0;
};

/// Who may issue for Amazon, in CAA (reference 8.2).
inline constexpr std::array kAmazonIssuers{"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"};
/// The tag on everything that Signpost makes at AWS: its value is the id of the distribution's row.
inline constexpr std::string_view kOwnerTag = "signpost:distribution";
/// Beside it: the host that it was made for, which outlives the row.
inline constexpr std::string_view kHostTag = "signpost:host";

class DistributionActs {
 public:
  static constexpr std::chrono::seconds kBudget{45};  // one act with all its calls; below the lease of its job

  DistributionActs(cloud::Acm& acm, cloud::CloudFront& cloudfront, AmazonSight& sight, DistributionSource& source)
      : acm_(acm), cloudfront_(cloudfront), sight_(sight), source_(source) {}

  /// Not for kNothing.
  Task<model::DistributionHappening> perform(model::Distribution distribution, model::Act act);

 private:
  using Outcome = cloud::AwsResult<model::DistributionHappening>;
  Task<Outcome> outcome_of(model::Distribution distribution, model::Act act, net::Deadline deadline);
  Task<Outcome> make(model::Distribution distribution, net::Deadline deadline);
  Task<Outcome> find_import(model::Distribution distribution, net::Deadline deadline);
  Task<Outcome> import(model::Distribution distribution, net::Deadline deadline);
  Task<Outcome> attach(model::Distribution distribution, net::Deadline deadline);
  Task<Outcome> adopt(model::Distribution distribution, std::string serving, net::Deadline deadline);
  Task<Outcome> request(model::Distribution distribution, net::Deadline deadline);
  Task<Outcome> describe(model::Distribution distribution, net::Deadline deadline);
  Task<Outcome> look(model::Distribution distribution);
  Task<Outcome> discard(model::Distribution distribution, net::Deadline deadline);
  Task<Outcome> swap(model::Distribution distribution, net::Deadline deadline);
  Task<Outcome> check_deployed(model::Distribution distribution, net::Deadline deadline);
  Task<Outcome> clean(model::Distribution distribution, net::Deadline deadline);
  Task<Outcome> tidy(model::Distribution distribution, net::Deadline deadline);
  Task<Outcome> remove_old(model::Distribution distribution, net::Deadline deadline);
  Task<Outcome> take_back(model::Distribution distribution, net::Deadline deadline);
  Task<cloud::AwsResult<bool>> is_made_for(model::Distribution distribution, cloud::Arn certificate,
                                           net::Deadline deadline);
  Task<std::string> explain_taken(model::Distribution distribution, std::string sentence, net::Deadline deadline);

  cloud::Acm& acm_;
  cloud::CloudFront& cloudfront_;
  AmazonSight& sight_;
  DistributionSource& source_;
};

}  // namespace signpost::services
