// SPDX-License-Identifier: Apache-2.0
//
// Google's Site Verification API v1 and Search Console API v3, as far as a connected domain needs them.
// Owned by app/wiring; any loop (locked inside, never over a co_await); the HTTP client and the clock outlive it.
// Holds nothing that must survive: the access token, which is had again before its end or once it is refused. Every
// call may be repeated: what is verified, added or submitted already is no error.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/guarded.h"
#include "cloud/google_credential.h"
#include "cloud/google_trouble.h"
#include "net/http_client.h"
#include "net/task.h"

namespace signpost::cloud {

class Google {
 public:
  struct Settings {
    std::string api_url = "https://www.googleapis.com";
    std::string token_url;        // empty: the credential's
    Milliseconds budget{10'000};  // one call
  };
  static constexpr std::size_t kAnswerBytesMax = 64 * 1024;
  static constexpr std::size_t kVerificationTokenBytesMax = 255;  // of one string of a TXT record (RFC 1035 3.3)
  static constexpr Milliseconds kTokenMargin = std::chrono::minutes(5);

  Google(net::HttpClient& http, const Clock& clock, GoogleCredential credential, Settings settings);

  /// What the domain's TXT record must hold: "google-site-verification=…". The same for every call with one account.
  Task<GoogleOutcome<std::string>> verification_token(std::string domain);
  /// Lets Google look for the TXT record. kNotSeen if it does not find it.
  Task<GoogleOutcome<void>> verify(std::string domain);
  /// The domain becomes a property of the account in Search Console.
  Task<GoogleOutcome<void>> add_site(std::string domain);
  /// `sitemap` is its URL, on any host of the domain.
  Task<GoogleOutcome<void>> submit_sitemap(std::string domain, std::string sitemap);

  const std::string& account() const { return credential_.name(); }

 private:
  struct AccessToken {
    crypto::Secret text;
    Time ends_at{};
  };
  Task<GoogleOutcome<crypto::Secret>> access_token();
  Task<GoogleOutcome<std::string>> call(std::string method, std::string path, std::string body);
  Task<Result<net::HttpReply>> send(const crypto::Secret& token, std::string method, std::string path,
                                    std::string body);

  net::HttpClient& http_;
  const Clock& clock_;
  const GoogleCredential credential_;
  const Settings settings_;
  Guarded<std::optional<AccessToken>> token_;
};

}  // namespace signpost::cloud
