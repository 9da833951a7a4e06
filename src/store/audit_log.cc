// SPDX-License-Identifier: Apache-2.0
#include "store/audit_log.h"

namespace signpost::store::audit_log {
namespace {

#define AUDIT_COLUMNS "id, application, actor, action, subject, detail, at"

Result<Entry> read(const Row& row) {
  Entry entry;
  entry.id = row.id<AuditId>(0);
  if (!row.is_null(1)) entry.application = row.id<ApplicationId>(1);
  entry.actor = row.text(2);
  entry.action = row.text(3);
  entry.subject = row.text(4);
  entry.detail = row.text(5);
  entry.at = row.time(6);
  return entry;
}

}  // namespace

Result<void> insert(Tx& tx, const Entry& entry) {
  TRY(tx.execute("INSERT INTO audit_log (" AUDIT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7)", entry.id,
                 entry.application, entry.actor, entry.action, entry.subject, entry.detail, entry.at));
  return {};
}

Result<Page<Entry>> list(Tx& tx, ApplicationId application, const PageRequest<AuditId>& page) {
  const Rows rows = TRY(tx.query("SELECT " AUDIT_COLUMNS " FROM audit_log WHERE application = $1 AND id < $2 "
                                 "ORDER BY id DESC LIMIT $3",
                                 application, page.below(), page.row_limit()));
  return page_of<Entry>(rows, page, read);
}

Result<Page<Entry>> list_across_applications(Tx& tx, const PageRequest<AuditId>& page) {
  const Rows rows = TRY(tx.query("SELECT " AUDIT_COLUMNS " FROM audit_log WHERE id < $1 ORDER BY id DESC LIMIT $2",
                                 page.below(), page.row_limit()));
  return page_of<Entry>(rows, page, read);
}

Result<std::int64_t> remove_before_across_applications(Tx& tx, Time time, std::int32_t limit) {
  return tx.execute(
      "DELETE FROM audit_log WHERE id IN "
      "(SELECT id FROM (SELECT id, at FROM audit_log ORDER BY id LIMIT $1) AS oldest WHERE at < $2)",
      limit, time);
}

}  // namespace signpost::store::audit_log
