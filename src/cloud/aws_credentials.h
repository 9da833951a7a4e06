// SPDX-License-Identifier: Apache-2.0
//
// The keys that AWS calls are signed with, wherever they come from, always fresh.
// Owned by app/wiring; any loop, any thread; http, clock outlive it. Asked in this order, the first that is there
// counts: the settings, the environment, the container's metadata, the instance's (IMDSv2). Keys that expire are
// renewed kRenewBefore their end; one renewal at a time, and whoever asks meanwhile gets what is still good or waits
// for it. Nothing here is ever in a log or an error but the access key id.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/time.h"
#include "cloud/aws_error.h"
#include "crypto/secret.h"
#include "net/http_client.h"
#include "net/task.h"
#include "net/worker_pool.h"

namespace signpost::cloud {

struct AwsCredentials {
  std::string access_key_id;
  crypto::Secret secret_access_key;
  crypto::Secret session_token;    // empty: keys that do not expire
  std::optional<Time> expires_at;  // empty: not known, or never
};

/// What gives credentials to a client of AWS; a fake in tests.
class AwsCredentialSource {
 public:
  AwsCredentialSource() = default;
  virtual ~AwsCredentialSource() = default;
  AwsCredentialSource(const AwsCredentialSource&) = delete;
  AwsCredentialSource& operator=(const AwsCredentialSource&) = delete;
  /// Good now. kNoCredentials, kCredentialsExpired (they ended and cannot be renewed), kUnreachable.
  virtual Task<AwsResult<AwsCredentials>> credentials() = 0;
  /// AWS called these expired or unknown: the next call of credentials() asks their source anew.
  virtual void refused(std::string access_key_id) = 0;
};

/// Where credentials may come from. Values of AWS's own variables (docs.aws.amazon.com, "credential provider chain").
struct AwsCredentialSettings {
  std::optional<AwsCredentials> given;        // of our settings
  std::optional<AwsCredentials> environment;  // AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
  std::string container_uri;                  // AWS_CONTAINER_CREDENTIALS_FULL_URI, or of the relative one, whole
  crypto::Secret container_token;             // AWS_CONTAINER_AUTHORIZATION_TOKEN
  std::string container_token_file;           // AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, read at each renewal
  std::string instance_endpoint = "http://169.254.169.254";  // empty: AWS_EC2_METADATA_DISABLED
  Milliseconds metadata_timeout{2'000};                      // of each call to a metadata service

  using Environment = std::function<std::optional<std::string>(std::string_view)>;
  /// Reads AWS's variables. kUnprocessable for a key without its secret, and for a container URI that would carry the
  /// token in clear to another machine than this one or AWS's own two metadata addresses.
  static Result<AwsCredentialSettings> from_environment(const Environment& environment);
};

class AwsCredentialChain final : public AwsCredentialSource {
 public:
  static constexpr std::chrono::minutes kRenewBefore{10};  // AWS has new ones ready 15 minutes before the end
  static constexpr std::chrono::seconds kRetryPause{5};    // after a renewal that failed
  static constexpr std::size_t waiting_max = 1024;         // askers; over it: kUnavailable

  AwsCredentialChain(net::HttpClient& http, const Clock& clock, AwsCredentialSettings settings);
  ~AwsCredentialChain() override;

  Task<AwsResult<AwsCredentials>> credentials() override;
  void refused(std::string access_key_id) override;

 private:
  struct Memory {
    std::optional<AwsCredentials> kept;
    std::optional<AwsError> failure;  // of the last renewal
    std::chrono::steady_clock::time_point failed_at{};
    std::string refused_key;  // the last that AWS did not take
    std::chrono::steady_clock::time_point refused_at{};
    bool is_renewing = false;
  };
  std::optional<AwsResult<AwsCredentials>> kept() const;
  AwsResult<AwsCredentials> renew();
  AwsResult<AwsCredentials> fetch() const;
  AwsResult<AwsCredentials> of_container() const;
  AwsResult<AwsCredentials> of_instance() const;
  bool is_good(const AwsCredentials& credentials, Milliseconds before_end) const;

  net::HttpClient& http_;
  const Clock& clock_;
  const AwsCredentialSettings settings_;
  Guarded<Memory> memory_;
  net::WorkerPool renewals_;  // one thread: renewals never overlap; dies first
};

}  // namespace signpost::cloud
