// SPDX-License-Identifier: Apache-2.0
//
// Owners for what OpenSSL hands out about certificates. For the sources of this floor only; as crypto/openssl_handle.h.
#pragma once

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "crypto/openssl_handle.h"

namespace signpost::crypto {

using Memory = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using X509Handle = std::unique_ptr<X509, FreeWith<X509_free>>;
using X509Request = std::unique_ptr<X509_REQ, FreeWith<X509_REQ_free>>;
using X509Extension = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;

inline void free_extensions(X509_EXTENSIONS* all) { sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free); }
using X509Extensions = std::unique_ptr<X509_EXTENSIONS, FreeWith<free_extensions>>;

/// What one of OpenSSL's i2d functions writes.
template <typename Encode, typename T>
std::string der_of(Encode encode, T* value, const char* what) {
  unsigned char* bytes = nullptr;
  const int length = encode(value, &bytes);
  require(length > 0 ? 1 : 0, what);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return der;
}

/// A subjectAltName of DNS names, in their order.
template <typename Names>
GeneralNames alternative_names(const Names& names) {
  GeneralNames all(checked(GENERAL_NAMES_new(), "names"));
  for (const std::string& text : names) {
    auto* const value = checked(ASN1_IA5STRING_new(), "a name");
    require(ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())), "a name");
    auto* const name = checked(GENERAL_NAME_new(), "a name");
    GENERAL_NAME_set0_value(name, GEN_DNS, value);
    require(sk_GENERAL_NAME_push(all.get(), name) > 0 ? 1 : 0, "a name");
  }
  return all;
}

}  // namespace signpost::crypto
