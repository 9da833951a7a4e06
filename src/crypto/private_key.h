// SPDX-License-Identifier: Apache-2.0
//
// The private key of a certificate: made here, kept sealed as PEM, used to ask for a certificate.
// Value; any thread, immutable to its users. The key leaves only as a Secret, and no error repeats any part of it.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"

namespace signpost::crypto {

enum class KeyType { kEcdsaP256, kRsa2048 };

/// "ecdsa-p256", "rsa-2048".
std::string_view name_of(KeyType type);
std::optional<KeyType> parse_key_type(std::string_view name);

class PrivateKey {
 public:
  /// A fresh key from OpenSSL's generator. RSA takes about 0.1 s, sometimes a second: never on a loop.
  static PrivateKey generate(KeyType type);
  /// PKCS#8, or the older "EC PRIVATE KEY" and "RSA PRIVATE KEY"; without a passphrase, at most 16 KiB.
  /// kUnprocessable for anything else, and for other curves and sizes than those of KeyType.
  static Result<PrivateKey> from_pem(const Secret& pem);

  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

  KeyType type() const { return type_; }
  /// PKCS#8 ("PRIVATE KEY", RFC 5958): what every server and ACM read.
  Secret to_pem() const;

  /// For the sources of this floor.
  struct State;
  const State& state() const { return *state_; }

 private:
  PrivateKey(KeyType type, std::unique_ptr<State> state);
  KeyType type_;
  std::unique_ptr<State> state_;
};

}  // namespace signpost::crypto
