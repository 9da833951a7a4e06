// SPDX-License-Identifier: Apache-2.0
#include "crypto/secret.h"

#include <openssl/crypto.h>

namespace signpost::crypto {

void Secret::wipe() noexcept {
  text_.resize(text_.capacity());  // never allocates; reaches what a longer text left behind
  OPENSSL_cleanse(text_.data(), text_.size());
}

bool equals_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace signpost::crypto
