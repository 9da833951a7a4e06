// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.h"

#include <stdexcept>

#include "crypto/openssl_handle.h"

namespace signpost::crypto {
namespace {

constexpr std::size_t kSha256Bytes = 32;

const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = checked(EVP_MD_fetch(nullptr, "SHA256", nullptr), "SHA-256");
  return algorithm;
}

EVP_MD_CTX* digest_context() {
  thread_local const DigestContext context(checked(EVP_MD_CTX_new(), "a digest context"));
  return context.get();
}

MacContext new_mac_context() {
  static EVP_MAC* const algorithm = checked(EVP_MAC_fetch(nullptr, "HMAC", nullptr), "HMAC");
  MacContext context(checked(EVP_MAC_CTX_new(algorithm), "a MAC context"));
  char name[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                               OSSL_PARAM_construct_end()};
  require(EVP_MAC_CTX_set_params(context.get(), params), "HMAC with SHA-256");
  return context;
}

EVP_MAC_CTX* mac_context() {
  thread_local const MacContext context = new_mac_context();
  return context.get();
}

}  // namespace

std::string sha256_joined(std::initializer_list<std::string_view> parts) {
  auto* const context = digest_context();
  require(EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr), "SHA-256");
  for (const auto part : parts) require(EVP_DigestUpdate(context, octets(part), part.size()), "SHA-256");
  std::string digest(kSha256Bytes, '\0');
  require(EVP_DigestFinal_ex(context, octets(digest), nullptr), "SHA-256");
  return digest;
}

std::string sha256(std::string_view bytes) { return sha256_joined({bytes}); }

std::string hmac_sha256_joined(std::string_view key, std::initializer_list<std::string_view> parts) {
  auto* const context = mac_context();
  require(EVP_MAC_init(context, octets(key), key.size(), nullptr), "HMAC");
  for (const auto part : parts) require(EVP_MAC_update(context, octets(part), part.size()), "HMAC");
  std::string code(kSha256Bytes, '\0');
  std::size_t written = 0;
  require(EVP_MAC_final(context, octets(code), &written, code.size()), "HMAC");
  return code;
}

std::string hmac_sha256(std::string_view key, std::string_view message) { return hmac_sha256_joined(key, {message}); }

std::string hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info, std::size_t length) {
  if (length > 255 * kSha256Bytes) throw std::invalid_argument("HKDF-SHA256 yields at most 8160 octets");
  std::string extracted = hmac_sha256(salt, key);
  std::string block;
  std::string output;
  for (unsigned char counter = 1; output.size() < length; ++counter) {
    const auto count = static_cast<char>(counter);
    block = hmac_sha256_joined(extracted, {block, info, std::string_view(&count, 1)});
    output += block;
  }
  OPENSSL_cleanse(extracted.data(), extracted.size());
  output.resize(length);
  return output;
}

}  // namespace signpost::crypto
