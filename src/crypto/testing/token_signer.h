// SPDX-License-Identifier: Apache-2.0
//
// An identity provider for tests: makes a key pair, publishes it as a JWKS and signs what it is given, right or wrong.
// Owned by the test; one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "crypto/public_key.h"

namespace signpost::crypto::testing {

class TokenSigner {
 public:
  /// A fresh RSA key of 2048 bits (about 0.1 s), or one of P-256.
  explicit TokenSigner(Algorithm algorithm, std::string kid = "test-key");
  ~TokenSigner();
  TokenSigner(const TokenSigner&) = delete;
  TokenSigner& operator=(const TokenSigner&) = delete;

  /// The public key as a JWK object, and as a set of this one: {"keys":[…]}.
  std::string jwk() const;
  std::string jwks() const;
  /// The public key in PEM: what a confused verifier would take for an HMAC key.
  std::string pem() const;
  /// A compact token with the header {"alg":…,"typ":"JWT","kid":…}.
  std::string sign(std::string_view claims_json) const;
  std::string sign(std::string_view header_json, std::string_view claims_json) const;

 private:
  struct Key;
  Algorithm algorithm_;
  std::string kid_;
  std::unique_ptr<Key> key_;
};

}  // namespace signpost::crypto::testing
