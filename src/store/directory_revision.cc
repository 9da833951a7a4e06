// SPDX-License-Identifier: Apache-2.0
#include "store/directory_revision.h"

namespace signpost::store::directory_revision {

Result<void> bump(Tx& tx) {
  TRY(tx.execute("UPDATE directory_revision SET revision = revision + 1 WHERE id = 1"));
  return {};
}

Result<std::int64_t> current(Tx& tx) {
  const Rows rows = TRY(tx.query("SELECT revision FROM directory_revision WHERE id = 1"));
  if (rows.empty()) return fail(Kind::kInternal, "the table directory_revision has lost its row");
  return rows.front().integer(0);
}

}  // namespace signpost::store::directory_revision
