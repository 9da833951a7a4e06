// SPDX-License-Identifier: Apache-2.0
//
// The table of what we have used up of authorities' limits. Free functions on a Tx.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "store/tx.h"

namespace signpost::store::issuance_buckets {

/// When the bucket is full again; empty: it is, nothing has been taken from it.
Result<std::optional<Time>> find(Tx& tx, std::string_view authority, std::string_view kind, std::string_view subject);
Result<void> save(Tx& tx, std::string_view authority, std::string_view kind, std::string_view subject, Time full_at);
/// Forgets buckets that are full again, at most `limit`; how many.
Result<std::int64_t> forget_full(Tx& tx, Time now, std::int32_t limit);

}  // namespace signpost::store::issuance_buckets
