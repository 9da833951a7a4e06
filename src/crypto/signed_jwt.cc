// SPDX-License-Identifier: Apache-2.0
#include "crypto/signed_jwt.h"

#include <openssl/rsa.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/openssl_handle.h"
#include "crypto/private_key_state.h"

namespace signpost::crypto {
namespace {

bool is_key_id(std::string_view text) {
  return text.size() <= kKeyIdBytesMax && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

std::string signature_of(std::string_view message, EVP_PKEY* key) {
  const DigestContext context(checked(EVP_MD_CTX_new(), "a signature context"));
  EVP_PKEY_CTX* settings = nullptr;
  require(EVP_DigestSignInit(context.get(), &settings, EVP_sha256(), nullptr, key), "signing with SHA-256");
  require(EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PADDING), "PKCS #1 padding");
  std::size_t length = 0;
  require(EVP_DigestSign(context.get(), nullptr, &length, octets(message), message.size()), "a signature's length");
  std::string signature(length, '\0');
  require(EVP_DigestSign(context.get(), octets(signature), &length, octets(message), message.size()), "a signature");
  signature.resize(length);
  return signature;
}

}  // namespace

Result<std::string> sign_rs256(std::string_view claims_json, std::string_view key_id, const PrivateKey& key) {
  if (key.type() != KeyType::kRsa2048) return fail(Kind::kUnprocessable, "RS256 needs an RSA key of 2048 bits");
  if (!is_key_id(key_id)) {
    return fail(Kind::kUnprocessable,
                format("the key's id has other characters than A-Z, a-z, 0-9, -, _ and ., or more than {} bytes",
                       kKeyIdBytesMax));
  }
  const auto kid = key_id.empty() ? std::string() : format(R"(,"kid":"{}")", key_id);
  const auto message =
      format("{}.{}", to_base64url(format(R"({{"alg":"RS256","typ":"JWT"{}}})", kid)), to_base64url(claims_json));
  return format("{}.{}", message, to_base64url(signature_of(message, key.state().key.get())));
}

}  // namespace signpost::crypto
