// SPDX-License-Identifier: Apache-2.0
//
// The key of an ACME account and what it signs: JWS with ES256, or RS256 of a certificate's key (RFC 7515, 8555
// 6.2). The door to José.
// Value whose copies share one immutable key; any thread. The private part leaves only as a Secret.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/private_key.h"
#include "crypto/secret.h"

namespace signpost::crypto {

/// The protected header beside "alg" (RFC 8555 6.2).
struct JwsHeader {
  std::string url;          // exactly the URL that the request goes to
  std::string nonce;        // empty: none, as the inner JWS of a key change has it
  std::string account_url;  // "kid"; empty: the public key itself ("jwk"), for newAccount and keyChange
};

/// What an authority hands out when its accounts belong to customers it knows already (RFC 8555 7.3.4).
struct ExternalAccount {
  std::string key_id;
  Secret mac_key;  // base64url, as authorities print it
};

class AccountKey {
 public:
  /// A fresh key on P-256.
  static AccountKey generate();
  /// A private JWK on P-256 (RFC 7517, 7518 6.2), at most 4 KiB. kUnprocessable for anything else.
  static Result<AccountKey> from_jwk(const Secret& jwk);
  /// A certificate's key, ECDSA or RSA, by which its revocation may be asked for without an account (RFC 8555 7.6).
  static AccountKey of_certificate(const PrivateKey& key);

  /// For the database, sealed.
  Secret to_jwk() const;
  /// {"crv":"P-256","kty":"EC","x":…,"y":…}, or {"e":…,"kty":"RSA","n":…}: members and order of RFC 7638.
  const std::string& public_jwk() const;
  /// SHA-256 of that, base64url (RFC 7638).
  const std::string& thumbprint() const;

  /// A flattened JWS. An empty payload is what POST-as-GET sends (RFC 8555 6.3).
  std::string sign(const JwsHeader& header, std::string_view payload) const;

  struct State;

 private:
  explicit AccountKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;  // owned by every copy
};

/// The JWS by which an external account claims a new key: HS256 over the public JWK, for the URL of newAccount.
/// kUnprocessable if the MAC key is not base64url of 32 to 1024 octets, or the key id is empty.
Result<std::string> bind_external_account(const ExternalAccount& external, std::string_view new_account_url,
                                          const AccountKey& key);

}  // namespace signpost::crypto
