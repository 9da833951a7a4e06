// SPDX-License-Identifier: Apache-2.0
#include "store/observations.h"

namespace signpost::store::observations {

Result<void> save(Tx& tx, ConnectionId connection, const SavedObservation& observation) {
  TRY(
      tx.execute("INSERT INTO observation (connection, body, at) VALUES ($1, $2, $3) "
                 "ON CONFLICT (connection) DO UPDATE SET body = excluded.body, at = excluded.at",
                 connection, observation.body_json, observation.at));
  return {};
}

Result<std::optional<SavedObservation>> load(Tx& tx, ApplicationId application, ConnectionId connection) {
  const Rows rows =
      TRY(tx.query("SELECT o.body, o.at FROM connection c JOIN observation o ON o.connection = c.id "
                   "WHERE c.application = $1 AND c.id = $2",
                   application, connection));
  if (rows.empty()) return std::nullopt;
  return SavedObservation{std::string(rows.front().text(0)), rows.front().time(1)};
}

}  // namespace signpost::store::observations
