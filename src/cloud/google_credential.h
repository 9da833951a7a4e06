// SPDX-License-Identifier: Apache-2.0
//
// How we prove to Google who we are: a service account's key, or the refresh token of an account of people.
// Value; any thread, immutable to its users. Its secrets leave only as what the token endpoint is sent.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "crypto/secret.h"

namespace signpost::cloud {

class GoogleCredential {
 public:
  static constexpr std::size_t bytes_max = 16 * 1024;

  /// The JSON file that Google hands out: of type service_account (client_email, private_key, private_key_id,
  /// token_uri) or authorized_user (client_id, client_secret, refresh_token). kUnprocessable with what is missing; no
  /// error repeats any part of it.
  static Result<GoogleCredential> parse(const crypto::Secret& json);

  /// Who it is, for people: the service account's address, or the client's id.
  const std::string& name() const;
  /// Where tokens are had.
  const std::string& token_url() const;
  /// The form that the token endpoint is sent for an access token (RFC 7523 2.1, RFC 6749 6), valid for some minutes.
  crypto::Secret grant(Time now, std::string_view token_url) const;

 private:
  struct State;
  explicit GoogleCredential(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;  // owned by every copy
};

/// What we ask for: verifying sites, and Search Console.
constexpr std::string_view kGoogleScopes =
    "https://www.googleapis.com/auth/siteverification https://www.googleapis.com/auth/webmasters";

}  // namespace signpost::cloud
