// SPDX-License-Identifier: Apache-2.0
//
// What a client signed, as an authority reads it (RFC 8555 6.2): strict where Pebble is strict, and verified without
// José, so that one library cannot agree with itself. Values; any thread.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signpost::acme::testing {

struct SignedRequest {
  std::string url;
  std::string nonce;        // empty if there is none
  std::string account_url;  // "kid"; empty if the key shows itself
  std::string jwk;          // the key, canonical (RFC 7638); empty if there is a kid
  std::string payload;
  std::string message;    // what is signed
  std::string signature;  // raw

  bool is_signed_by(std::string_view jwk_of_signer) const;
};

/// A flattened JWS with ES256. kInvalid with what is wrong.
Result<SignedRequest> read_signed_request(std::string_view json);

/// The JWK's members of RFC 7638 in their order; kInvalid unless it is a public key on P-256.
Result<std::string> canonical_jwk(const boost::json::value& jwk);

/// Whether the binding is HS256 over this key, for this URL (RFC 8555 7.3.4); `mac_key` is base64url.
bool is_bound(const boost::json::value& binding, std::string_view mac_key, std::string_view url, std::string_view jwk);

}  // namespace signpost::acme::testing
