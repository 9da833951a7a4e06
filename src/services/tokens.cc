// SPDX-License-Identifier: Apache-2.0
#include "services/tokens.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/jwt.h"

namespace signpost::services {
namespace {

constexpr std::string_view kIssuer = "signpost";
constexpr std::string_view kPurpose = "api";

}  // namespace

Tokens::Tokens(const crypto::MasterKey& master_key, const Clock& clock)
    : key_(crypto::Secret(master_key.derive("auth token"))), clock_(clock) {}

std::string Tokens::mint(ApplicationId application) const {
  // Nothing in here needs escaping: constants, an id of ours and numbers.
  const auto now = to_seconds(clock_.now());
  const auto end = now + std::chrono::seconds(kLifetime).count();
  return crypto::sign_hs256(format(R"({{"iss":"{}","aud":"{}","purpose":"{}","iat":{},"exp":{}}})", kIssuer,
                                   application.text(), kPurpose, now, end),
                            key_.expose());
}

Result<ApplicationId> Tokens::verify(std::string_view token) const {
  const auto claims = TRY(crypto::verify_hs256(token, key_.expose()));
  TRY_VOID(crypto::check_times(claims, clock_.now(), std::chrono::seconds(0)));
  const bool is_ours =
      claims.issuer == kIssuer && claims.text_claim("purpose") == kPurpose && claims.audience.size() == 1;
  if (!is_ours) return fail(Kind::kUnauthenticated, "the token is for another purpose");
  const auto application = ApplicationId::parse(claims.audience.front());
  if (!application) return fail(Kind::kUnauthenticated, "the token names no application");
  return *application;
}

}  // namespace signpost::services
