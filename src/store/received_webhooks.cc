// SPDX-License-Identifier: Apache-2.0
#include "store/received_webhooks.h"

namespace signpost::store::received_webhooks {

Result<bool> insert_if_absent(Tx& tx, ApplicationId application, std::string_view replay_key, Time received_at) {
  return TRY(tx.execute("INSERT INTO received_webhook (application, replay_key, received_at) VALUES ($1, $2, $3) "
                        "ON CONFLICT (application, replay_key) DO NOTHING",
                        application, replay_key, received_at)) == 1;
}

Result<std::int64_t> remove_before_across_applications(Tx& tx, Time time, std::int32_t limit) {
  return tx.execute(
      "DELETE FROM received_webhook WHERE (application, replay_key) IN "
      "(SELECT application, replay_key FROM received_webhook WHERE received_at < $1 ORDER BY received_at LIMIT $2)",
      time, limit);
}

}  // namespace signpost::store::received_webhooks
