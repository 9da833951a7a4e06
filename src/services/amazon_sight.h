// SPDX-License-Identifier: Apache-2.0
//
// What Amazon would see in DNS, seen with the eyes of one loop.
// Owned by app/wiring, one per loop; on its loop; both eyes outlive it. Never fails and ends within their budgets.
#pragma once

#include "services/distribution_acts.h"
#include "services/issuance_sight.h"
#include "services/propagation.h"

namespace signpost::services {

class ObserverAmazonSight final : public AmazonSight {
 public:
  ObserverAmazonSight(IssuanceSight& issuance, DnsEye& eye) : issuance_(issuance), eye_(eye) {}

  /// Account and method are ACME's (RFC 8657); Amazon's own issuance knows neither.
  Task<dns::CaaVerdict> caa(HostName host) override;
  Task<dns::RecordObservation> validation(model::ValidationRecord record) override;

 private:
  IssuanceSight& issuance_;
  DnsEye& eye_;
};

}  // namespace signpost::services
