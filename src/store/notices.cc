// SPDX-License-Identifier: Apache-2.0
#include "store/notices.h"

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::notices {
namespace {

#define NOTICE_COLUMNS "id, kind, application, endpoint, delivery, detail, at"

Result<model::Notice> read(const Row& row) {
  model::Notice notice;
  notice.id = row.id<model::NoticeId>(0);
  notice.kind = TRY(known(model::parse_notice_kind(row.text(1)), "kind of notice", row.text(1)));
  notice.application = row.id<ApplicationId>(2);
  notice.endpoint = row.id<EndpointId>(3);
  if (!row.is_null(4)) notice.delivery = row.id<DeliveryId>(4);
  notice.detail = row.text(5);
  notice.at = row.time(6);
  return notice;
}

}  // namespace

Result<void> insert(Tx& tx, const model::Notice& notice) {
  TRY(tx.execute("INSERT INTO notice (" NOTICE_COLUMNS ") "
                 "VALUES ($1, $2, $3, $4, $5, $6, $7)",
                 notice.id, model::name_of(notice.kind), notice.application, notice.endpoint, notice.delivery,
                 notice.detail, notice.at));
  return {};
}

Result<std::vector<model::Notice>> list(Tx& tx, ApplicationId application) {
  const Rows rows = TRY(tx.query("SELECT " NOTICE_COLUMNS " FROM notice WHERE application = $1 ORDER BY id LIMIT $2",
                                 application, kListedMax));
  return all_of<model::Notice>(rows, kListedMax, "notices", read);
}

}  // namespace signpost::store::notices
