// SPDX-License-Identifier: Apache-2.0
//
// Who calls /api/domain/*: verifies the tokens of the operator's identity providers (Clerk or any OIDC) and finds
// application and organization in them. Owned by app/wiring; any loop (locked inside, never over a co_await).
// Directory, HTTP client and clock outlive it. An identity provider is never hammered: one fetch at a time and issuer,
// a failed or pointless one not again within kRefreshPause.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "crypto/jwks.h"
#include "crypto/jwt.h"
#include "net/http_client.h"
#include "net/task.h"
#include "services/directory.h"

namespace signpost::services {

/// An identity provider, from the settings.
struct Issuer {
  std::string issuer;     // exact value of `iss`
  std::string jwks_url;   // where its keys are; or
  std::string jwks_file;  // a file with them
  std::string
      organization_claim;  // path with dots ("o.slg"); empty: `org_slug`, then `o.slg` (Clerk's versions 1 and 2)
};

struct OrganizationIdentity {
  ApplicationId application;
  std::string organization;  // slug
  std::string subject;
};

class Identity {
 public:
  struct Settings {
    std::vector<Issuer> issuers;
    Milliseconds leeway = std::chrono::seconds(60);         // for exp and nbf: clocks differ
    Milliseconds keys_lifetime = std::chrono::minutes(10);  // then they are fetched again
    std::size_t verified_max = 16'384;                      // tokens remembered as verified; 0: none
  };
  static constexpr Milliseconds kRefreshPause = std::chrono::seconds(30);
  static constexpr Milliseconds kFetchBudget = std::chrono::seconds(5);
  static constexpr Milliseconds kVerifiedLifetime =
      std::chrono::seconds(60);  // a withdrawn signing key works that long at most

  Identity(const Directory& directory, net::HttpClient& http, const Clock& clock, Settings settings);
  ~Identity();

  /// kUnauthenticated with a sentence for whatever is wrong with the token; kUnavailable if the issuer's keys cannot be
  /// had. Issuer and `aud` or `azp` select the application; a token that fits none, or several, is kUnauthenticated,
  /// one without an organization kForbidden.
  Task<Result<OrganizationIdentity>> authenticate(std::string token);

  /// Fetches tried so far, for metrics and tests.
  std::uint64_t fetches() const { return fetches_.load(); }

 private:
  struct Provider;
  struct VerifiedClaims;
  class VerifiedTokens;
  using Keys = std::shared_ptr<const crypto::KeySet>;

  Task<Result<VerifiedClaims>> verify(std::string token);
  Task<Result<Keys>> keys_for(Provider& provider, std::string kid, crypto::Algorithm algorithm);
  Task<void> refresh(Provider& provider);
  Task<Result<std::string>> fetch(const Issuer& issuer);
  Result<VerifiedClaims> boiled_down(const Provider& provider, const crypto::TokenClaims& claims) const;
  Result<OrganizationIdentity> select(const VerifiedClaims& claims) const;
  Provider* provider_of(std::string_view issuer) const;

  const Directory& directory_;
  net::HttpClient& http_;
  const Clock& clock_;
  const Settings settings_;
  std::vector<std::unique_ptr<Provider>> providers_;
  std::unique_ptr<VerifiedTokens> verified_;
  std::atomic<std::uint64_t> fetches_{0};
};

}  // namespace signpost::services
