// SPDX-License-Identifier: Apache-2.0
#include "crypto/account_key.h"

extern "C" {
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <jose/openssl.h>
}
#include <jansson.h>
#include <malloc.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <mutex>
#include <optional>
#include <stdexcept>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/openssl_handle.h"
#include "crypto/private_key_state.h"

namespace signpost::crypto {
namespace {

constexpr std::size_t kJwkBytesMax = 4 * 1024;
constexpr std::size_t kMacKeyBytesMin = 32;  // RFC 7518 3.2: as long as the hash, or José refuses
constexpr std::size_t kMacKeyBytesMax = 1024;
constexpr std::size_t kCoordinateBytes = 32;

struct Unreference {
  void operator()(json_t* value) const { json_decref(value); }
};
using Json = std::unique_ptr<json_t, Unreference>;

void wipe_and_free(void* block) {
  if (block == nullptr) return;
  OPENSSL_cleanse(block, malloc_usable_size(block));
  std::free(block);
}

/// José keeps private members as JSON text: what it frees is wiped. Before the first value is made.
void prepare() {
  static std::once_flag once;
  std::call_once(once, [] { json_set_alloc_funcs(&std::malloc, &wipe_and_free); });
}

Json made(json_t* value, const char* what) {
  if (value == nullptr) throw std::runtime_error(std::string("José failed: ") + what);
  return Json(value);
}

Json text_value(std::string_view text) { return Json(json_stringn(text.data(), text.size())); }

void put(json_t* object, const char* name, Json value) {
  if (json_object_set_new(object, name, value.release()) != 0) {
    throw std::runtime_error(std::string("José failed: the member ") + name + " is not UTF-8");
  }
}

std::string_view text_of(const json_t* object, const char* name) {
  const auto* value = json_object_get(object, name);
  return json_is_string(value) ? std::string_view(json_string_value(value), json_string_length(value))
                               : std::string_view();
}

std::string written(const json_t* value) {
  char* text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
  if (text == nullptr) throw std::runtime_error("José failed: JSON");
  std::string copy(text);
  wipe_and_free(text);
  return copy;
}

/// One signature over the payload, flattened (RFC 7515 7.2.2).
std::string signed_by(const json_t* key, Json header, std::string_view payload) {
  const auto jws = made(json_object(), "a JWS");
  put(jws.get(), "payload", made(jose_b64_enc(payload.empty() ? "" : payload.data(), payload.size()), "base64url"));
  const auto signature = made(json_object(), "a JWS");
  put(signature.get(), "protected", std::move(header));
  if (!jose_jws_sig(nullptr, jws.get(), signature.get(), key)) throw std::runtime_error("José failed: a signature");
  return written(jws.get());
}

/// RSASSA-PKCS1-v1_5 (RS256), or ECDSA's two numbers as ASN.1, over the text with SHA-256.
std::string signature_over(std::string_view text, EVP_PKEY* key) {
  std::string octets(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t length = octets.size();
  const DigestContext context(checked(EVP_MD_CTX_new(), "a signature"));
  require(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key), "a signature");
  require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(octets.data()), &length,
                         reinterpret_cast<const unsigned char*>(text.data()), text.size()),
          "a signature");
  octets.resize(length);
  return octets;
}

/// As ES256 has them: r and s, 32 octets each (RFC 7518 3.4).
std::string es256_of(std::string_view asn1) {
  const auto* in = reinterpret_cast<const unsigned char*>(asn1.data());
  const EcSignature parts(checked(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(asn1.size())), "a signature"));
  std::string octets(2 * kCoordinateBytes, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(octets.data());
  constexpr int kBytes = kCoordinateBytes;
  require(BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), out, kBytes) == kBytes ? 1 : 0, "a signature");
  require(BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), out + kBytes, kBytes) == kBytes ? 1 : 0, "a signature");
  return octets;
}

/// How many octets the text stands for; nothing if it is not base64url. They may be a secret: none is left behind.
std::optional<std::size_t> octets_in(std::string_view text) {
  auto octets = from_base64url(text);
  if (!octets) return std::nullopt;
  OPENSSL_cleanse(octets->data(), octets->size());
  return octets->size();
}

}  // namespace

struct AccountKey::State {
  explicit State(Json pair) : key(std::move(pair)) {
    const auto member = [&](const char* name) { return json_object_get(key.get(), name); };
    is_rsa = text_of(key.get(), "kty") == "RSA";
    const auto part = made(is_rsa ? json_pack("{s:O,s:O,s:O}", "e", member("e"), "kty", member("kty"), "n", member("n"))
                                  : json_pack("{s:O,s:O,s:O,s:O}", "crv", member("crv"), "kty", member("kty"), "x",
                                              member("x"), "y", member("y")),
                           "a public key");
    public_jwk = written(part.get());
    const auto digest = made(jose_jwk_thp(nullptr, part.get(), "S256"), "a thumbprint");
    thumbprint = std::string(json_string_value(digest.get()));
    pair_of_openssl.reset(jose_openssl_jwk_to_EVP_PKEY(nullptr, key.get()));
    if (!pair_of_openssl) throw std::runtime_error("José failed: a key pair");
  }
  Json key;
  // The same. José would make one anew, and check it, for every signature: 0.1 ms of CPU instead of 0.03.
  KeyHandle pair_of_openssl;
  bool is_rsa = false;  // a certificate's own key may be
  std::string public_jwk;
  std::string thumbprint;
};

AccountKey AccountKey::generate() {
  prepare();
  const auto key = made(json_pack("{s:s}", "alg", "ES256"), "a key pair");
  if (!jose_jwk_gen(nullptr, key.get())) throw std::runtime_error("José failed: a key pair");
  auto pair = made(json_object(), "a key pair");
  for (const char* name : {"kty", "crv", "x", "y", "d"}) put(pair.get(), name, text_value(text_of(key.get(), name)));
  return AccountKey(std::make_shared<const State>(std::move(pair)));
}

Result<AccountKey> AccountKey::from_jwk(const Secret& jwk) {
  prepare();
  const auto refuse = [] {
    return fail(Kind::kUnprocessable, "the account key is not a private JWK on P-256, such as signpost saves one");
  };
  const auto& text = jwk.expose();
  if (text.size() > kJwkBytesMax) return refuse();
  const Json read(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, nullptr));
  if (!read || text_of(read.get(), "kty") != "EC" || text_of(read.get(), "crv") != "P-256") return refuse();
  auto pair = made(json_object(), "a key pair");
  put(pair.get(), "kty", text_value("EC"));
  put(pair.get(), "crv", text_value("P-256"));
  for (const char* name : {"x", "y", "d"}) {
    if (octets_in(text_of(read.get(), name)) != kCoordinateBytes) return refuse();
    put(pair.get(), name, text_value(text_of(read.get(), name)));
  }
  // What José cannot sign with is no key: a point beside the curve, or another key's public part.
  const auto jws = made(json_pack("{s:s}", "payload", "e30"), "a JWS");
  if (!jose_jws_sig(nullptr, jws.get(), nullptr, pair.get()) ||
      !jose_jws_ver(nullptr, jws.get(), nullptr, pair.get(), false)) {
    return refuse();
  }
  return AccountKey(std::make_shared<const State>(std::move(pair)));
}

AccountKey AccountKey::of_certificate(const PrivateKey& key) {
  prepare();
  return AccountKey(std::make_shared<const State>(
      made(jose_openssl_jwk_from_EVP_PKEY(nullptr, key.state().key.get()), "a certificate's key")));
}

Secret AccountKey::to_jwk() const { return Secret(written(state_->key.get())); }
const std::string& AccountKey::public_jwk() const { return state_->public_jwk; }
const std::string& AccountKey::thumbprint() const { return state_->thumbprint; }

std::string AccountKey::sign(const JwsHeader& header, std::string_view payload) const {
  auto fields = made(json_pack("{s:s}", "alg", state_->is_rsa ? "RS256" : "ES256"), "a header");
  if (header.account_url.empty()) {
    put(fields.get(), "jwk", made(json_loads(state_->public_jwk.c_str(), 0, nullptr), "a public key"));
  } else {
    put(fields.get(), "kid", text_value(header.account_url));
  }
  if (!header.nonce.empty()) put(fields.get(), "nonce", text_value(header.nonce));
  put(fields.get(), "url", text_value(header.url));
  const auto encoded_header = to_base64url(written(fields.get()));
  const auto encoded_payload = to_base64url(payload);
  const auto signature =
      signature_over(format("{}.{}", encoded_header, encoded_payload), state_->pair_of_openssl.get());
  return format(R"({{"payload":"{}","protected":"{}","signature":"{}"}})", encoded_payload, encoded_header,
                to_base64url(state_->is_rsa ? signature : es256_of(signature)));
}

Result<std::string> bind_external_account(const ExternalAccount& external, std::string_view new_account_url,
                                          const AccountKey& key) {
  prepare();
  std::string_view mac_key = external.mac_key.expose();
  while (mac_key.ends_with('=')) mac_key.remove_suffix(1);  // some authorities print the padding
  const auto length = octets_in(mac_key);
  if (!length || *length < kMacKeyBytesMin || *length > kMacKeyBytesMax) {
    return fail(Kind::kUnprocessable,
                "the MAC key of the external account is not base64url of 32 to 1024 octets; copy it anew from the "
                "authority's page");
  }
  if (external.key_id.empty() || !is_valid_utf8(external.key_id)) {
    return fail(Kind::kUnprocessable, "the external account has no key id; copy it from the authority's page");
  }
  auto mac = made(json_object(), "a MAC key");
  put(mac.get(), "kty", text_value("oct"));
  put(mac.get(), "k", text_value(mac_key));
  auto fields = made(json_pack("{s:s}", "alg", "HS256"), "a header");
  put(fields.get(), "kid", text_value(external.key_id));
  put(fields.get(), "url", text_value(new_account_url));
  return signed_by(mac.get(), std::move(fields), key.public_jwk());
}

}  // namespace signpost::crypto
