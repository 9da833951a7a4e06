// SPDX-License-Identifier: Apache-2.0
//
// The AWS account of the settings: credentials, and the clients that sign with them.
// Owned by Wiring; any loop, any thread; http, random and clock outlive it.
#pragma once

#include <memory>

#include "app/settings.h"
#include "base/clock.h"
#include "cloud/acm.h"
#include "cloud/aws_credentials.h"
#include "cloud/cloudfront.h"
#include "services/edge_records.h"

namespace signpost::app {

class CloudAccount {
 public:
  CloudAccount(net::HttpClient& http, crypto::Random& random, const Clock& clock, const Settings::Aws& settings,
               cloud::AwsCredentialSettings credentials);

  cloud::Acm& acm() { return acm_; }
  cloud::CloudFront& cloudfront() { return cloudfront_; }

 private:
  cloud::AwsCredentialChain credentials_;
  cloud::Acm acm_;
  cloud::CloudFront cloudfront_;
};

/// From settings and environment; nothing is asked yet. kUnprocessable, kNotFound, kForbidden: a secret that cannot be
/// used.
Result<cloud::AwsCredentialSettings> credential_settings(const Settings::Aws& settings, const Environment& environment);

services::EdgePlan edge_plan(const Settings::Cloudfront& settings);

}  // namespace signpost::app
