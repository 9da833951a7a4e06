// SPDX-License-Identifier: Apache-2.0
#include "store/last_run.h"

namespace signpost::store::last_run {

Result<void> note(Tx& tx, Time now) {
  TRY(tx.execute("UPDATE last_run SET noted_at = $1 WHERE id = 1", now));
  return {};
}

Result<Time> noted(Tx& tx) {
  const Rows rows = TRY(tx.query("SELECT noted_at FROM last_run WHERE id = 1"));
  if (rows.empty()) return fail(Kind::kInternal, "the table last_run has lost its row");
  return rows.front().time(0);
}

}  // namespace signpost::store::last_run
