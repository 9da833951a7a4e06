// SPDX-License-Identifier: Apache-2.0
//
// JSON Web Tokens (RFC 7515, 7519): those of identity providers, RS256 and ES256, and our own, HS256.
// Values; any thread. What a token says counts for nothing before its signature is verified and its times are checked;
// which algorithm is used is the key's decision, never the token's. No error repeats any part of a token.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/public_key.h"

namespace signpost::crypto {

constexpr std::size_t kTokenBytesMax = 16 * 1024;

struct TokenClaims {
  std::string key_id;  // the header's `kid`; empty if it has none
  Algorithm algorithm = Algorithm::kRs256;
  std::string issuer;                 // iss
  std::vector<std::string> audience;  // aud, a single one or several
  std::string authorized_party;       // azp
  std::string subject;                // sub
  // Seconds since 1970, fractions cut off.
  std::optional<std::int64_t> expires_at;  // exp
  std::optional<std::int64_t> not_before;  // nbf
  std::optional<std::int64_t> issued_at;   // iat

  /// Any claim that is text, by its path: "org_slug", or "o.slg" for the member slg of the object o. A name that holds
  /// dots itself, such as a URL, is found too. Nothing if it is absent, no string, or if two claims have that path.
  std::optional<std::string> text_claim(std::string_view path) const;

  std::vector<std::pair<std::string, std::string>> texts;  // path and text of every claim that is a string
};

class UnverifiedToken {
 public:
  /// Three parts of strict base64url, at most 16 KiB, header and claims as JSON objects without doubled members, `alg`
  /// RS256 or ES256, no `crit`. kUnauthenticated with the part that is wrong.
  static Result<UnverifiedToken> parse(std::string_view compact);

  /// What the token says of itself: enough to choose the key, not to trust it.
  const TokenClaims& claims() const { return claims_; }
  /// kUnauthenticated if the key is for another algorithm or did not make the signature. Times are check_times' part.
  Result<void> verify(const PublicKey& key) const;

 private:
  UnverifiedToken(TokenClaims claims, std::string message, std::string signature)
      : claims_(std::move(claims)), message_(std::move(message)), signature_(std::move(signature)) {}
  TokenClaims claims_;
  std::string message_;  // header and claims as they were signed
  std::string signature_;
};

/// kUnauthenticated for a token without `exp`, after it, or before its `nbf`; `leeway` forgives clocks that differ.
Result<void> check_times(const TokenClaims& claims, Time now, std::chrono::seconds leeway);

/// A compact token of our own over a JSON object. The key: 32 octets, such as MasterKey::derive yields.
std::string sign_hs256(std::string_view claims_json, std::string_view key);
/// The claims, if this key signed them; kUnauthenticated otherwise. Times are check_times' part.
Result<TokenClaims> verify_hs256(std::string_view compact, std::string_view key);

}  // namespace signpost::crypto
