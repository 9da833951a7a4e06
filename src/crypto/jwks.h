// SPDX-License-Identifier: Apache-2.0
//
// The keys of an identity provider (RFC 7517), as far as they verify our tokens.
// Immutable: services hold the newest set by shared_ptr and swap it whole; any thread. Keys stay where they are.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/public_key.h"

namespace signpost::crypto {

constexpr std::size_t kJwksBytesMax = 256 * 1024;
constexpr std::size_t kJwksKeysMax = 64;

class KeySet {
 public:
  /// Keys for encryption, of other types, curves or algorithms are passed over. kTooLarge over the limits; kProtocol
  /// with the key's place for one that should be usable and is not, and for a set without any usable key.
  static Result<KeySet> parse(std::string_view jwks_json);

  /// The key that a token names; null if there is none. A token that names no key can mean the only one of its
  /// algorithm.
  const PublicKey* find(std::string_view kid, Algorithm algorithm) const;
  std::size_t size() const { return keys_.size(); }

 private:
  explicit KeySet(std::vector<PublicKey> keys) : keys_(std::move(keys)) {}
  std::vector<PublicKey> keys_;
};

}  // namespace signpost::crypto
