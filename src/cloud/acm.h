// SPDX-License-Identifier: Apache-2.0
//
// AWS Certificate Manager: certificates that CloudFront serves, imported or issued by Amazon.
// Owned by app/wiring; any loop, any thread; http, credentials, random and clock outlive it.
// Speaks JSON 1.1 (`POST /`, X-Amz-Target: CertificateManager.…). Every call ends by its deadline. A private key is in
// the request of an import and nowhere else.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/host_name.h"
#include "base/time.h"
#include "cloud/acm_certificate.h"
#include "cloud/arn.h"
#include "cloud/aws_caller.h"
#include "crypto/secret.h"

namespace signpost::cloud {

struct AcmRequest {
  HostName host;
  std::vector<HostName> other_names;  // at most kOtherNamesMax
  std::string idempotency_token;  // 1 to 32 letters, digits, underscores; the same within an hour: the same certificate
  std::vector<AwsTag> tags;
};

struct AcmImport {
  std::string certificate;     // PEM
  std::string chain;           // PEM, without the certificate
  crypto::Secret private_key;  // PEM, not encrypted, at most kPrivateKeyBytesMax
  std::optional<Arn> arn;      // replaces an earlier import in place, whatever uses it; tags stay as they are
  std::vector<AwsTag> tags;
};

class Acm {
 public:
  static constexpr std::size_t kOtherNamesMax = 9;  // quota: 10 names a certificate
  static constexpr std::size_t kPrivateKeyBytesMax = 5120;
  static constexpr std::size_t kTagsMax = 50;
  static constexpr std::size_t kListedMax = 10'000;  // certificates; over it: kLimitReached
  /// "Not found" so soon after the request means "not yet": kNotYet.
  static constexpr std::chrono::minutes kSettles{2};
  static constexpr std::array kKeyTypes{"RSA_1024",      "RSA_2048",     "RSA_3072",    "RSA_4096",
                                        "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"};

  Acm(net::HttpClient& http, AwsCredentialSource& credentials, crypto::Random& random, const Clock& clock,
      AwsCaller::Settings settings);
  /// The regional endpoint of AWS.
  static AwsCaller::Settings settings_of(std::string_view region = kCloudFrontRegion);

  /// Asks for a certificate with DNS validation. kLimitReached: a quota of the account.
  Task<AwsResult<Arn>> request(AcmRequest request, net::Deadline deadline);
  /// `requested_at`: when we asked for it, if we did.
  Task<AwsResult<AcmCertificate>> describe(Arn arn, std::optional<Time> requested_at, net::Deadline deadline);
  /// kCertificateMismatch: key, certificate or chain do not fit, or have expired. Without an ARN never tried twice
  /// after a broken connection: ACM would keep two.
  Task<AwsResult<Arn>> import(AcmImport import, net::Deadline deadline);
  /// kInUse, kNotFound.
  Task<AwsResult<void>> remove(Arn arn, net::Deadline deadline);
  /// All of the account and region, with keys of every kind (by default ACM hides EC).
  Task<AwsResult<std::vector<AcmSummary>>> list(net::Deadline deadline);
  Task<AwsResult<void>> add_tags(Arn arn, std::vector<AwsTag> tags, net::Deadline deadline);
  Task<AwsResult<std::vector<AwsTag>>> tags_of(Arn arn, net::Deadline deadline);

 private:
  Task<AwsResult<std::string>> call(std::string operation, std::string body, std::string action,
                                    AwsRequest::Again again, net::Deadline deadline);
  const Clock& clock_;
  AwsCaller caller_;
};

}  // namespace signpost::cloud
