// SPDX-License-Identifier: Apache-2.0
#include "crypto/certification_request.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/private_key_state.h"
#include "crypto/x509_handle.h"

namespace signpost::crypto {
namespace {

bool is_host_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; }

bool is_certifiable(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  return !name.empty() && name != "." && std::ranges::all_of(name, is_host_letter);
}

/// X509_REQ_set_pubkey would encode the key by way of OpenSSL's providers and decode it again: 0.3 ms of CPU.
void set_p256_key(X509_REQ* request, EVP_PKEY* pair) {
  unsigned char* point = nullptr;
  const auto length = EVP_PKEY_get1_encoded_public_key(pair, &point);
  require(length > 0 ? 1 : 0, "a public key");
  // RFC 5480 2: the curve's name and the point. On success both belong to the request.
  if (X509_PUBKEY_set0_param(X509_REQ_get_X509_PUBKEY(request), OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
                             OBJ_nid2obj(NID_X9_62_prime256v1), point, static_cast<int>(length)) != 1) {
    OPENSSL_free(point);
    require(0, "a public key");
  }
}

}  // namespace

Result<std::string> make_certification_request(const PrivateKey& key, const std::vector<DnsName>& names) {
  if (names.empty()) return fail(Kind::kUnprocessable, "a certificate needs a name");
  if (names.size() > kRequestNamesMax) {
    return fail(Kind::kUnprocessable,
                format("{} names are too many for one certificate; at most {}", names.size(), kRequestNamesMax));
  }
  std::vector<std::string> texts;
  for (const auto& name : names) {
    if (!is_certifiable(name.text())) {
      return fail(Kind::kUnprocessable, format("no certificate may have the name \"{}\"", printable(name.text())));
    }
    texts.push_back(name.text());
  }
  const ErrorQueueGuard guard;
  auto* const pair = key.state().key.get();
  const X509Request request(checked(X509_REQ_new(), "a request"));
  require(X509_REQ_set_version(request.get(), X509_REQ_VERSION_1), "a request");
  switch (key.type()) {
    case KeyType::kEcdsaP256:
      set_p256_key(request.get(), pair);
      break;
    case KeyType::kRsa2048:
      require(X509_REQ_set_pubkey(request.get(), pair), "a request");
      break;
  }
  const auto all = alternative_names(texts);
  X509_EXTENSIONS* raw = nullptr;
  require(X509V3_add1_i2d(&raw, NID_subject_alt_name, all.get(), 0, X509V3_ADD_DEFAULT), "names");
  const X509Extensions extensions(raw);
  require(X509_REQ_add_extensions(request.get(), extensions.get()), "names");
  require(X509_REQ_sign(request.get(), pair, EVP_sha256()) > 0 ? 1 : 0, "a signature");
  return der_of(&i2d_X509_REQ, request.get(), "a request");
}

}  // namespace signpost::crypto
