// SPDX-License-Identifier: Apache-2.0
//
// A table that refuses, to see what a transaction takes back with it. SQLite; for tests.
#pragma once

#include <cstdint>

#include "store/tx.h"

namespace signpost::store::testing {

/// From now on no answer of an Idempotency-Key can be written.
Result<void> refuse_answers(Tx& tx);
Result<void> take_answers(Tx& tx);

/// Applications, secrets, API keys, endpoints and connections together.
Result<std::int64_t> count_things(Tx& tx);

}  // namespace signpost::store::testing
