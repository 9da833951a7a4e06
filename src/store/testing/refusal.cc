// SPDX-License-Identifier: Apache-2.0
#include "store/testing/refusal.h"

namespace signpost::store::testing {

Result<void> refuse_answers(Tx& tx) {
  TRY(tx.execute("CREATE TRIGGER refuse BEFORE UPDATE ON idempotency_key BEGIN SELECT RAISE(ABORT, 'refused'); END"));
  return {};
}

Result<void> take_answers(Tx& tx) {
  TRY(tx.execute("DROP TRIGGER refuse"));
  return {};
}

Result<std::int64_t> count_things(Tx& tx) {
  const Rows rows =
      TRY(tx.query("SELECT (SELECT COUNT(*) FROM application) + (SELECT COUNT(*) FROM application_secret) + "
                   "(SELECT COUNT(*) FROM api_key) + (SELECT COUNT(*) FROM endpoint) + "
                   "(SELECT COUNT(*) FROM connection)"));
  return rows.front().integer(0);
}

}  // namespace signpost::store::testing
