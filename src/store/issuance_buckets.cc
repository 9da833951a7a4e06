// SPDX-License-Identifier: Apache-2.0
#include "store/issuance_buckets.h"

namespace signpost::store::issuance_buckets {

Result<std::optional<Time>> find(Tx& tx, std::string_view authority, std::string_view kind, std::string_view subject) {
  const Rows rows =
      TRY(tx.query("SELECT full_at FROM issuance_bucket WHERE authority = $1 AND kind = $2 AND subject = $3", authority,
                   kind, subject));
  if (rows.empty()) return std::nullopt;
  return rows.front().time(0);
}

Result<void> save(Tx& tx, std::string_view authority, std::string_view kind, std::string_view subject, Time full_at) {
  TRY(
      tx.execute("INSERT INTO issuance_bucket (authority, kind, subject, full_at) VALUES ($1, $2, $3, $4) "
                 "ON CONFLICT (authority, kind, subject) DO UPDATE SET full_at = excluded.full_at",
                 authority, kind, subject, full_at));
  return {};
}

Result<std::int64_t> forget_full(Tx& tx, Time now, std::int32_t limit) {
  return tx.execute(
      "DELETE FROM issuance_bucket WHERE (authority, kind, subject) IN "
      "(SELECT authority, kind, subject FROM issuance_bucket WHERE full_at <= $1 LIMIT $2)",
      now, limit);
}

}  // namespace signpost::store::issuance_buckets
