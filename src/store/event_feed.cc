// SPDX-License-Identifier: Apache-2.0
#include "store/event_feed.h"

#include <limits>

#include "base/id_time.h"
#include "store/event_columns.h"
#include "store/saved_text.h"

namespace signpost::store::event_feed {

Result<std::vector<model::Event>> list(Tx& tx, ApplicationId application, EventId after, Time now, std::int32_t limit) {
  const auto below =
      tx.dialect() == Dialect::kPostgres ? first_id_at(now - kSettled) : std::numeric_limits<std::int64_t>::max();
  const Rows rows = TRY(tx.query("SELECT " EVENT_COLUMNS " FROM event "
                                 "WHERE application = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4",
                                 application, after, below, limit));
  std::vector<model::Event> found;
  found.reserve(rows.size());
  for (const Row row : rows) found.push_back(TRY(events::read(row)));
  return found;
}

}  // namespace signpost::store::event_feed
