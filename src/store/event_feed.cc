// SPDX-License-Identifier: Apache-2.0
#include "store/event_feed.h"

#include <limits>

#include "base/id_time.h"
#include "store/saved_text.h"

namespace signpost::store::event_feed {

Result<std::vector<model::Event>> list(Tx& tx, ApplicationId application, EventId after, Time now, std::int32_t limit) {
  const auto below =
      tx.dialect() == Dialect::kPostgres ? first_id_at(now - kSettled) : std::numeric_limits<std::int64_t>::max();
  const Rows rows =
      TRY(tx.query("SELECT id, application, connection, job_id, type, sequence, body, created_at FROM event "
                   "WHERE application = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4",
                   application, after, below, limit));
  std::vector<model::Event> events;
  events.reserve(rows.size());
  for (const Row row : rows) {
    model::Event event;
    event.id = row.id<EventId>(0);
    event.application = row.id<ApplicationId>(1);
    event.connection = row.id<ConnectionId>(2);
    event.job_id = row.text(3);
    event.type = TRY(known(model::parse_event_type(row.text(4)), "event type", row.text(4)));
    event.sequence = row.integer(5);
    event.body = row.text(6);
    event.created_at = row.time(7);
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace signpost::store::event_feed
