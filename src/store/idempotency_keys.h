// SPDX-License-Identifier: Apache-2.0
//
// What was answered under which Idempotency-Key of which API key. Free functions on a Tx.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "store/tx.h"

namespace signpost::store::idempotency_keys {

struct SavedAnswer {
  std::string request_digest;  // of method, path and body: the same key with another request is a mistake
  int status = 0;              // HTTP; 0 while the request is under way
  std::string body;
  Time created_at{};
};

/// False: there is one already, nothing is written.
Result<bool> insert_if_absent(Tx& tx, KeyId scope, std::string_view key, const SavedAnswer& answer);
Result<std::optional<SavedAnswer>> find(Tx& tx, KeyId scope, std::string_view key);
/// Fills in the answer of a request that was under way; false if there is none.
Result<bool> complete(Tx& tx, KeyId scope, std::string_view key, int status, std::string_view body);
/// Forgets a request that was under way and failed in a way that may be tried again.
Result<bool> remove(Tx& tx, KeyId scope, std::string_view key);
/// At the start of the single node: what a process that died had under way is free again; returns how many.
Result<std::int64_t> remove_under_way_across_applications(Tx& tx);
/// Retention: at most `limit` of those created before `time`; returns how many.
Result<std::int64_t> remove_before_across_applications(Tx& tx, Time time, std::int32_t limit);

}  // namespace signpost::store::idempotency_keys
