// SPDX-License-Identifier: Apache-2.0
#include "crypto/testing/token_signer.h"

#include <openssl/pem.h>

#include "base/text.h"
#include "crypto/openssl_handle.h"

namespace signpost::crypto::testing {
namespace {

constexpr int kCoordinateBytes = 32;

std::string number_of(EVP_PKEY* key, const char* name, int bytes_min) {
  BIGNUM* raw = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &raw), name);
  const Number number(raw);
  std::string bytes(static_cast<std::size_t>(std::max(BN_num_bytes(raw), bytes_min)), '\0');
  BN_bn2binpad(raw, octets(bytes), static_cast<int>(bytes.size()));
  return to_base64url(bytes);
}

std::string to_jose(std::string_view asn1) {
  const auto* at = octets(asn1);
  const EcSignature parts(checked(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(asn1.size())), "a signature"));
  std::string joined(2 * kCoordinateBytes, '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), octets(joined), kCoordinateBytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), octets(joined) + kCoordinateBytes, kCoordinateBytes);
  return joined;
}

}  // namespace

struct TokenSigner::Key {
  KeyHandle handle;
};

TokenSigner::TokenSigner(Algorithm algorithm, std::string kid)
    : algorithm_(algorithm), kid_(std::move(kid)), key_(std::make_unique<Key>()) {
  key_->handle.reset(algorithm == Algorithm::kRs256 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})
                                                    : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  checked(key_->handle.get(), "a key pair");
}
TokenSigner::~TokenSigner() = default;

std::string TokenSigner::jwk() const {
  auto* const key = key_->handle.get();
  if (algorithm_ == Algorithm::kRs256) {
    return format(R"({{"kty":"RSA","use":"sig","alg":"RS256","kid":"{}","n":"{}","e":"{}"}})", kid_,
                  number_of(key, OSSL_PKEY_PARAM_RSA_N, 0), number_of(key, OSSL_PKEY_PARAM_RSA_E, 0));
  }
  return format(R"({{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"{}","x":"{}","y":"{}"}})", kid_,
                number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, kCoordinateBytes),
                number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinateBytes));
}

std::string TokenSigner::jwks() const { return format(R"({{"keys":[{}]}})", jwk()); }

std::string TokenSigner::pem() const {
  const std::unique_ptr<BIO, FreeWith<BIO_free_all>> out(checked(BIO_new(BIO_s_mem()), "memory"));
  require(PEM_write_bio_PUBKEY(out.get(), key_->handle.get()), "PEM");
  char* text = nullptr;
  const auto length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

std::string TokenSigner::sign(std::string_view claims_json) const {
  return sign(format(R"({{"alg":"{}","typ":"JWT","kid":"{}"}})", name_of(algorithm_), kid_), claims_json);
}

std::string TokenSigner::sign(std::string_view header_json, std::string_view claims_json) const {
  const auto message = format("{}.{}", to_base64url(header_json), to_base64url(claims_json));
  const DigestContext context(checked(EVP_MD_CTX_new(), "a digest context"));
  require(EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key_->handle.get(), nullptr),
          "sign");
  std::size_t length = 0;
  require(EVP_DigestSign(context.get(), nullptr, &length, octets(message), message.size()), "sign");
  std::string signature(length, '\0');
  require(EVP_DigestSign(context.get(), octets(signature), &length, octets(message), message.size()), "sign");
  signature.resize(length);
  if (algorithm_ == Algorithm::kEs256) signature = to_jose(signature);
  return message + '.' + to_base64url(signature);
}

}  // namespace signpost::crypto::testing
