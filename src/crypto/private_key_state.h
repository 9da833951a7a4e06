// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL's side of a PrivateKey. For the sources of this floor only; the thread of its holder.
// Never null, and of the type that the PrivateKey says.
#pragma once

#include "crypto/openssl_handle.h"
#include "crypto/private_key.h"

namespace signpost::crypto {

struct PrivateKey::State {
  explicit State(KeyHandle of) : key(std::move(of)) {}
  const KeyHandle key;
};

}  // namespace signpost::crypto
