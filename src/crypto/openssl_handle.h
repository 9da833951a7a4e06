// SPDX-License-Identifier: Apache-2.0
//
// Owners for what OpenSSL hands out. For the sources of this floor only. Whoever holds one; the thread of its holder.
// A handle is never null after `checked`: OpenSSL fails here only without memory or without its default provider.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include <memory>
#include <stdexcept>
#include <string_view>

namespace signpost::crypto {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* owned) const {
    Free(owned);
  }
};

using KeyHandle = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeWith<EVP_MAC_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;

/// OpenSSL's 1 for success; anything else is a bug of ours or a broken installation, so it throws.
inline void require(int outcome, const char* what) {
  if (outcome != 1) throw std::runtime_error(std::string("OpenSSL failed: ") + what);
}
template <typename T>
T* checked(T* found, const char* what) {
  require(found != nullptr, what);
  return found;
}

/// Never null, even for an empty view: OpenSSL reads a null key as "the key of before".
inline const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.empty() ? "" : bytes.data());
}
inline unsigned char* octets(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

/// Leaves this thread's error queue as it was: a refused signature must not look like a broken TLS connection later.
class ErrorQueueGuard {
 public:
  ErrorQueueGuard() { ERR_set_mark(); }
  ~ErrorQueueGuard() { ERR_pop_to_mark(); }
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
};

}  // namespace signpost::crypto
