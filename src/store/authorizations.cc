// SPDX-License-Identifier: Apache-2.0
#include "store/authorizations.h"

namespace signpost::store::authorizations {

Result<void> note(Tx& tx, std::string_view url, ApplicationId application, std::string_view organization,
                  bool is_pending, Time now) {
  TRY(
      tx.execute("INSERT INTO had_authorization (url, application, organization, was_pending, had_at) "
                 "VALUES ($1, $2, $3, $4, $5) "
                 "ON CONFLICT (url, application, organization) DO UPDATE SET had_at = excluded.had_at",
                 url, application, organization, is_pending, now));
  return {};
}

Result<Past> find(Tx& tx, std::string_view url, ApplicationId application, std::string_view organization) {
  // One row of others says all that theirs say.
  const Rows ours = TRY(
      tx.query("SELECT was_pending FROM had_authorization WHERE url = $1 AND application = $2 AND organization = $3",
               url, application, organization));
  const Rows others = TRY(
      tx.query("SELECT url FROM had_authorization WHERE url = $1 AND (application <> $2 OR organization <> $3) LIMIT 1",
               url, application, organization));
  return Past{.is_of_another = !others.empty(), .was_pending = !ours.empty() && ours.front().flag(0)};
}

Result<std::int64_t> remove_before_across_applications(Tx& tx, Time time, std::int32_t limit) {
  return tx.execute(
      "DELETE FROM had_authorization WHERE (url, application, organization) IN "
      "(SELECT url, application, organization FROM had_authorization WHERE had_at < $1 ORDER BY had_at LIMIT $2)",
      time, limit);
}

}  // namespace signpost::store::authorizations
