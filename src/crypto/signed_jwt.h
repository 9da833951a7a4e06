// SPDX-License-Identifier: Apache-2.0
//
// JSON Web Tokens that we sign for others with a private key of ours: RS256, as Google's service accounts need it.
// Pure; any thread. No error repeats any part of the key.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/private_key.h"

namespace signpost::crypto {

constexpr std::size_t kKeyIdBytesMax = 128;

/// A compact token over a JSON object (RFC 7515 7.1), signed by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 3.3).
/// `key_id` becomes the header's `kid`; empty: none. kUnprocessable if the key is not RSA, or the key id holds anything
/// but letters, digits, '-', '_' and '.', or is over kKeyIdBytesMax.
Result<std::string> sign_rs256(std::string_view claims_json, std::string_view key_id, const PrivateKey& key);

}  // namespace signpost::crypto
