// SPDX-License-Identifier: Apache-2.0
//
// A certificate as if its life had come this far, for tests that only read it.
#pragma once

#include "services/storage.h"
#include "store/certificates.h"

namespace signpost::services::testing {

/// The first one of its connection.
inline Result<bool> keep_certificate(Storage& storage, const model::Certificate& certificate) {
  return storage.write_now<bool>([&](store::Tx& tx) -> Result<bool> {
    TRY_VOID(store::certificates::insert(tx, certificate));
    return true;
  });
}

}  // namespace signpost::services::testing
