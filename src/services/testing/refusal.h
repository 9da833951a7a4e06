// SPDX-License-Identifier: Apache-2.0
//
// store/testing/refusal.h over Storage, for tests that know no transaction. What cannot fail in a test throws if it
// does.
#pragma once

#include "services/storage.h"
#include "store/testing/refusal.h"

namespace signpost::services::testing {

inline void refuse_answers(Storage& storage) { storage.write_now<void>(store::testing::refuse_answers).value(); }
inline void take_answers(Storage& storage) { storage.write_now<void>(store::testing::take_answers).value(); }
inline std::int64_t count_things(Storage& storage) {
  return storage.read_now<std::int64_t>(store::testing::count_things).value();
}

}  // namespace signpost::services::testing
