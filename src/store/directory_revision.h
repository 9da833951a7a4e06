// SPDX-License-Identifier: Apache-2.0
//
// The number of the last administrative change: running servers compare it and load their snapshot of applications
// anew. Free functions on a Tx. Whoever writes applications, secrets, members, endpoints or API keys bumps it in the
// same transaction.
#pragma once

#include <cstdint>

#include "store/tx.h"

namespace signpost::store::directory_revision {

Result<void> bump(Tx& tx);
Result<std::int64_t> current(Tx& tx);

}  // namespace signpost::store::directory_revision
