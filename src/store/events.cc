// SPDX-License-Identifier: Apache-2.0
#include "store/events.h"

#include "store/event_columns.h"
#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::events {

Result<model::Event> read(const Row& row) {
  model::Event event;
  event.id = row.id<EventId>(0);
  event.application = row.id<ApplicationId>(1);
  event.connection = row.id<ConnectionId>(2);
  event.job_id = row.text(3);
  event.type = TRY(known(model::parse_event_type(row.text(4)), "event type", row.text(4)));
  event.sequence = row.integer(5);
  event.body = row.text(6);
  event.created_at = row.time(7);
  return event;
}

Result<void> insert(Tx& tx, const model::Event& event) {
  TRY(tx.execute("INSERT INTO event (" EVENT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", event.id,
                 event.application, event.connection, event.job_id, model::name_of(event.type), event.sequence,
                 event.body, event.created_at));
  return {};
}

Result<std::optional<model::Event>> find(Tx& tx, ApplicationId application, EventId id) {
  const Rows rows =
      TRY(tx.query("SELECT " EVENT_COLUMNS " FROM event WHERE application = $1 AND id = $2", application, id));
  return first_of<model::Event>(rows, read);
}

Result<Page<model::Event>> list_of_connection(Tx& tx, ApplicationId application, ConnectionId connection,
                                              const PageRequest<EventId>& page) {
  const Rows rows =
      TRY(tx.query("SELECT " EVENT_COLUMNS " FROM event WHERE application = $1 AND connection = $2 AND id < $3 "
                   "ORDER BY id DESC LIMIT $4",
                   application, connection, page.below(), page.row_limit()));
  return page_of<model::Event>(rows, page, read);
}

// The sign takes the index of the application's events out of the choice: one connection has few, an application has
// millions.
Result<std::optional<model::Event>> last_of_job(Tx& tx, ApplicationId application, std::string_view job_id) {
  const Rows rows =
      TRY(tx.query("SELECT " EVENT_COLUMNS " FROM event WHERE +application = $1 AND connection IN " CONNECTION_OF_JOB(
                       "$1", "$2") " AND SUBSTR(type, 1, 9) <> 'signpost.' ORDER BY sequence DESC LIMIT 1",
                   application, job_id));
  return first_of<model::Event>(rows, read);
}

Result<std::optional<model::Event>> last_of_derived(Tx& tx, ApplicationId application, std::string_view origin) {
  const Rows rows = TRY(
      tx.query("SELECT " EVENT_COLUMNS " FROM event WHERE +application = $1 AND connection IN "
               "(SELECT id FROM connection WHERE application = $1 AND origin_flow_id = $2 ORDER BY id DESC LIMIT $3) "
               "AND SUBSTR(type, 1, 9) <> 'signpost.' ORDER BY id DESC LIMIT 1",
               application, origin, kDerivedFlowsMax));
  return first_of<model::Event>(rows, read);
}

Result<std::int64_t> remove_before_across_applications(Tx& tx, Time time, std::int32_t limit) {
  // Ids grow with age, so the oldest rows are the first of the key: no index on created_at, and never a scan of the
  // table.
  return tx.execute(
      "DELETE FROM event WHERE id IN "
      "(SELECT id FROM (SELECT id, created_at FROM event ORDER BY id LIMIT $1) AS oldest WHERE created_at < $2) "
      "AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event = event.id AND d.state = $3)",
      limit, time, "pending");
}

}  // namespace signpost::store::events
