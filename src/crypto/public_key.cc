// SPDX-License-Identifier: Apache-2.0
#include "crypto/public_key.h"

#include <openssl/rsa.h>

#include <vector>

#include "base/guarded.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/openssl_handle.h"

namespace signpost::crypto {
namespace {

constexpr int kModulusBitsMin = 2048;
constexpr int kModulusBitsMax = 8192;
constexpr int kExponentBitsMax = 32;
constexpr std::size_t kCoordinateBytes = 32;
constexpr std::size_t kContextsMax = 64;  // idle ones kept; more threads than this make theirs anew

Number to_number(std::string_view bytes) {
  return Number(checked(BN_bin2bn(octets(bytes), static_cast<int>(bytes.size()), nullptr), "a number"));
}

/// Null if OpenSSL does not accept the parts as a public key.
KeyHandle make_key(const char* type, OSSL_PARAM_BLD* parts) {
  const Params params(checked(OSSL_PARAM_BLD_to_param(parts), "key parameters"));
  const KeyContext context(checked(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), "a key context"));
  require(EVP_PKEY_fromdata_init(context.get()), "a key context");
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) return nullptr;
  return KeyHandle(key);
}

KeyContext new_context(EVP_PKEY* key, Algorithm algorithm) {
  KeyContext context(checked(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr), "a verification context"));
  require(EVP_PKEY_verify_init(context.get()), "verification");
  require(EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()), "verification with SHA-256");
  if (algorithm == Algorithm::kRs256) {
    require(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING), "PKCS #1 padding");
  }
  return context;
}

/// The ASN.1 form that OpenSSL wants of the 64 octets that JOSE has; empty for any other length.
std::string to_asn1(std::string_view signature) {
  if (signature.size() != 2 * kCoordinateBytes) return {};
  const EcSignature parts(checked(ECDSA_SIG_new(), "a signature"));
  auto r = to_number(signature.substr(0, kCoordinateBytes));
  auto s = to_number(signature.substr(kCoordinateBytes));
  require(ECDSA_SIG_set0(parts.get(), r.release(), s.release()), "a signature");
  unsigned char* encoded = nullptr;
  const int length = i2d_ECDSA_SIG(parts.get(), &encoded);
  require(length > 0 ? 1 : 0, "a signature");
  std::string asn1(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(length));
  OPENSSL_free(encoded);
  return asn1;
}

}  // namespace

std::string_view name_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
      return "RS256";
    case Algorithm::kEs256:
      return "ES256";
    case Algorithm::kHs256:
      return "HS256";
  }
  return "";
}

/// The key, and contexts ready for it: setting one up costs a fifth of an RSA verification.
struct PublicKey::State {
  State(KeyHandle of, Algorithm with) : key(std::move(of)), algorithm(with) {}
  KeyContext take() {
    auto idle = contexts.with([](auto& all) {
      KeyContext last;
      if (!all.empty()) {
        last = std::move(all.back());
        all.pop_back();
      }
      return last;
    });
    return idle ? std::move(idle) : new_context(key.get(), algorithm);
  }
  void give_back(KeyContext context) {
    contexts.with([&](auto& all) {
      if (all.size() < kContextsMax) all.push_back(std::move(context));
    });
  }
  const KeyHandle key;
  const Algorithm algorithm;
  Guarded<std::vector<KeyContext>> contexts;
};

PublicKey::PublicKey(std::string id, Algorithm algorithm, std::unique_ptr<State> state)
    : id_(std::move(id)), algorithm_(algorithm), state_(std::move(state)) {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;

Result<PublicKey> PublicKey::rsa(std::string id, std::string_view modulus, std::string_view exponent) {
  if (modulus.size() > kModulusBitsMax || exponent.size() > kModulusBitsMax) {
    return fail(Kind::kProtocol, "an RSA key has at most 8192 bits");
  }
  const auto n = to_number(modulus);
  const auto e = to_number(exponent);
  const int bits = BN_num_bits(n.get());
  if (bits < kModulusBitsMin || bits > kModulusBitsMax) {
    return fail(Kind::kProtocol, format("the RSA key has {} bits; 2048 to 8192 are accepted", bits));
  }
  const bool is_odd = BN_is_odd(n.get()) == 1 && BN_is_odd(e.get()) == 1;
  if (!is_odd || BN_is_one(e.get()) == 1 || BN_num_bits(e.get()) > kExponentBitsMax) {
    return fail(Kind::kProtocol, "the modulus or exponent of the RSA key is not one that a sound key has");
  }
  const ErrorQueueGuard guard;
  const ParamBuilder parts(checked(OSSL_PARAM_BLD_new(), "key parameters"));
  require(OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, n.get()), "key parameters");
  require(OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, e.get()), "key parameters");
  auto key = make_key("RSA", parts.get());
  if (!key) return fail(Kind::kProtocol, "the RSA key is not valid");
  return PublicKey(std::move(id), Algorithm::kRs256, std::make_unique<State>(std::move(key), Algorithm::kRs256));
}

Result<PublicKey> PublicKey::p256(std::string id, std::string_view x, std::string_view y) {
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) {
    return fail(Kind::kProtocol, "a coordinate of a P-256 key has 32 octets");
  }
  const ErrorQueueGuard guard;
  const std::string point = format("\x04{}{}", x, y);  // uncompressed (SEC 1 2.3.3)
  const ParamBuilder parts(checked(OSSL_PARAM_BLD_new(), "key parameters"));
  require(OSSL_PARAM_BLD_push_utf8_string(parts.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0), "key parameters");
  require(OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
          "key parameters");
  auto key = make_key("EC", parts.get());
  if (!key) return fail(Kind::kProtocol, "the EC key is not a point of P-256");
  return PublicKey(std::move(id), Algorithm::kEs256, std::make_unique<State>(std::move(key), Algorithm::kEs256));
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  const ErrorQueueGuard guard;
  const auto digest = sha256(message);
  std::string asn1;
  if (algorithm_ == Algorithm::kEs256) {
    asn1 = to_asn1(signature);
    signature = asn1;
  }
  if (signature.empty()) return false;
  auto context = state_->take();
  const int outcome = EVP_PKEY_verify(context.get(), octets(signature), signature.size(),
                                      octets(std::string_view(digest)), digest.size());
  state_->give_back(std::move(context));
  return outcome == 1;
}

}  // namespace signpost::crypto
