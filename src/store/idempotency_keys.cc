// SPDX-License-Identifier: Apache-2.0
#include "store/idempotency_keys.h"

namespace signpost::store::idempotency_keys {

Result<bool> insert_if_absent(Tx& tx, KeyId scope, std::string_view key, const SavedAnswer& answer) {
  return TRY(tx.execute(
             "INSERT INTO idempotency_key (scope, idempotency_key, request_digest, status, body, created_at) "
             "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (scope, idempotency_key) DO NOTHING",
             scope, key, answer.request_digest, answer.status, answer.body, answer.created_at)) == 1;
}

Result<std::optional<SavedAnswer>> find(Tx& tx, KeyId scope, std::string_view key) {
  const Rows rows =
      TRY(tx.query("SELECT request_digest, status, body, created_at FROM idempotency_key "
                   "WHERE scope = $1 AND idempotency_key = $2",
                   scope, key));
  if (rows.empty()) return std::nullopt;
  const Row row = rows.front();
  return SavedAnswer{std::string(row.text(0)), static_cast<int>(row.integer(1)), std::string(row.text(2)), row.time(3)};
}

Result<bool> complete(Tx& tx, KeyId scope, std::string_view key, int status, std::string_view body) {
  return TRY(tx.execute("UPDATE idempotency_key SET status = $1, body = $2 "
                        "WHERE scope = $3 AND idempotency_key = $4 AND status = 0",
                        status, body, scope, key)) == 1;
}

Result<bool> remove(Tx& tx, KeyId scope, std::string_view key) {
  return TRY(tx.execute("DELETE FROM idempotency_key WHERE scope = $1 AND idempotency_key = $2", scope, key)) == 1;
}

Result<std::int64_t> remove_under_way_across_applications(Tx& tx) {
  return tx.execute("DELETE FROM idempotency_key WHERE status = 0");
}

Result<std::int64_t> remove_before_across_applications(Tx& tx, Time time, std::int32_t limit) {
  return tx.execute(
      "DELETE FROM idempotency_key WHERE (scope, idempotency_key) IN "
      "(SELECT scope, idempotency_key FROM idempotency_key WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
      time, limit);
}

}  // namespace signpost::store::idempotency_keys
