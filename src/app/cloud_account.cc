// SPDX-License-Identifier: Apache-2.0
#include "app/cloud_account.h"

#include "app/secret_file.h"

namespace signpost::app {
namespace {

cloud::AwsCaller::Settings towards(cloud::AwsCaller::Settings settings, const std::string& endpoint) {
  if (!endpoint.empty()) settings.endpoint = endpoint;
  return settings;
}

}  // namespace

CloudAccount::CloudAccount(net::HttpClient& http, crypto::Random& random, const Clock& clock,
                           const Settings::Aws& settings, cloud::AwsCredentialSettings credentials)
    : credentials_(http, clock, std::move(credentials)),
      acm_(http, credentials_, random, clock, towards(cloud::Acm::settings_of(), settings.acm_endpoint)),
      cloudfront_(http, credentials_, random,
                  towards(cloud::CloudFront::default_settings(), settings.cloudfront_endpoint)) {}

Result<cloud::AwsCredentialSettings> credential_settings(const Settings::Aws& settings,
                                                         const Environment& environment) {
  auto credentials =
      TRY(cloud::AwsCredentialSettings::from_environment([&](std::string_view name) -> std::optional<std::string> {
        auto text = environment(std::string(name).c_str());
        if (text.empty()) return std::nullopt;
        return text;
      }));
  if (settings.access_key_id.empty()) return credentials;
  auto secret = settings.secret_access_key.empty()
                    ? TRY(read_secret_file(settings.secret_access_key_file, "aws.secret_access_key_file", "the secret"))
                    : crypto::Secret(settings.secret_access_key);
  credentials.given = cloud::AwsCredentials{settings.access_key_id, std::move(secret), {}, {}};
  return credentials;
}

services::EdgePlan edge_plan(const Settings::Cloudfront& settings) {
  services::EdgePlan plan{settings.pages_host, settings.pages_paths, {}};
  for (const auto& address : settings.apex_gateway_ips) plan.apex_gateway_ips.push_back(address.to_string());
  return plan;
}

}  // namespace signpost::app
