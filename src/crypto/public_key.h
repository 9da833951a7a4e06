// SPDX-License-Identifier: Apache-2.0
//
// A key that tokens are verified with, parsed once and used for thousands of signatures a second.
// Owned by its KeySet; any thread, immutable to its users. A key has exactly one algorithm, so that no token can choose
// how a key is used.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signpost::crypto {

enum class Algorithm {
  kRs256,  // RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 3.3)
  kEs256,  // ECDSA on P-256 with SHA-256 (RFC 7518 3.4)
  kHs256,  // HMAC with SHA-256: our own tokens only, never a PublicKey
};

/// As JOSE writes it: "RS256".
std::string_view name_of(Algorithm algorithm);

class PublicKey {
 public:
  /// Big-endian modulus and exponent. kProtocol unless the modulus has 2048 to 8192 bits and is odd, and the exponent
  /// is odd, at least 3 and below 2^32: larger ones only make verification slow.
  static Result<PublicKey> rsa(std::string id, std::string_view modulus, std::string_view exponent);
  /// A point of P-256: 32 octets each. kProtocol if it is not on the curve.
  static Result<PublicKey> p256(std::string id, std::string_view x, std::string_view y);

  PublicKey(PublicKey&&) noexcept;
  PublicKey& operator=(PublicKey&&) noexcept;
  ~PublicKey();

  /// The `kid`; empty if the key has none.
  const std::string& id() const { return id_; }
  Algorithm algorithm() const { return algorithm_; }
  /// True if `signature` (as JWS has it: ES256 as 64 octets r and s) was made over `message` by this key's owner.
  bool verifies(std::string_view message, std::string_view signature) const;

 private:
  struct State;
  PublicKey(std::string id, Algorithm algorithm, std::unique_ptr<State> state);
  std::string id_;
  Algorithm algorithm_;
  std::unique_ptr<State> state_;
};

}  // namespace signpost::crypto
