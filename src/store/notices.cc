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

Result<std::vector<Waiting>> waiting_across_applications(Tx& tx, ApplicationId after) {
  // Jumps from application to application in the index: a hundred thousand notices of one cost as much as one.
  const Rows rows = TRY(tx.query(
      "WITH RECURSIVE head (application) AS (SELECT MIN(application) FROM notice WHERE application > $1 UNION ALL "
      "SELECT (SELECT MIN(n.application) FROM notice n WHERE n.application > head.application) FROM head "
      "WHERE head.application IS NOT NULL) "
      "SELECT a.id, a.name, a.last_warned_at FROM head JOIN application a ON a.id = head.application ORDER BY a.id "
      "LIMIT $2",
      after, kWaitingMax));
  std::vector<Waiting> waiting;
  for (const Row row : rows)
    waiting.push_back({row.id<ApplicationId>(0), std::string(row.text(1)), row.optional_time(2)});
  return waiting;
}

Result<Extent> extent_of(Tx& tx, ApplicationId application, model::NoticeKind kind, Time until) {
  const auto word = model::name_of(kind);
  const Rows rows =
      TRY(tx.query("SELECT COUNT(*), MAX(id) FROM notice WHERE application = $1 AND kind = $2 AND at <= $3",
                   application, word, until));
  if (rows.front().integer(0) == 0) return Extent{};
  const Rows oldest = TRY(
      tx.query("SELECT at FROM notice WHERE application = $1 AND kind = $2 ORDER BY id LIMIT 1", application, word));
  return Extent{rows.front().integer(0), rows.front().id<model::NoticeId>(1), oldest.front().time(0)};
}

namespace {

/// Up to kNamedMax words, sorted; each row has one.
std::vector<std::string> words_of(const Rows& rows) {
  std::vector<std::string> words;
  for (const Row row : rows) words.emplace_back(row.text(0));
  return words;
}

Result<void> add_names(Tx& tx, ApplicationId application, model::NoticeId last, FailedAtEndpoint& failed) {
  const auto kind = model::name_of(model::NoticeKind::kDeliveryFailed);
  failed.last_detail = TRY(tx.query("SELECT detail FROM notice WHERE application = $1 AND kind = $2 AND endpoint = $3 "
                                    "AND id <= $4 ORDER BY id DESC LIMIT 1",
                                    application, kind, failed.endpoint, last))
                           .front()
                           .text(0);
  failed.event_types = words_of(TRY(tx.query(
      "SELECT DISTINCT e.type FROM (SELECT delivery FROM notice WHERE application = $1 AND kind = $2 AND endpoint = $3 "
      "AND id <= $4 ORDER BY id DESC LIMIT $5) AS newest JOIN delivery d ON d.id = newest.delivery "
      "JOIN event e ON e.id = d.event ORDER BY e.type LIMIT $6",
      application, kind, failed.endpoint, last, kReadForNamesMax, kNamedMax)));
  failed.hosts = words_of(TRY(tx.query(
      "SELECT DISTINCT c.host FROM (SELECT delivery FROM notice WHERE application = $1 AND kind = $2 AND endpoint = $3 "
      "AND id <= $4 ORDER BY id DESC LIMIT $5) AS newest JOIN delivery d ON d.id = newest.delivery "
      "JOIN connection c ON c.id = d.connection ORDER BY c.host LIMIT $6",
      application, kind, failed.endpoint, last, kReadForNamesMax, kNamedMax)));
  return {};
}

}  // namespace

Result<std::vector<FailedAtEndpoint>> failed_by_endpoint(Tx& tx, ApplicationId application, model::NoticeId last) {
  const Rows rows =
      TRY(tx.query("SELECT n.endpoint, e.url, COUNT(*), MIN(n.at), MAX(n.at) FROM notice n JOIN endpoint e ON e.id = "
                   "n.endpoint WHERE n.application = $1 AND n.kind = $2 AND n.id <= $3 GROUP BY n.endpoint, e.url "
                   "ORDER BY n.endpoint LIMIT $4",
                   application, model::name_of(model::NoticeKind::kDeliveryFailed), last, kListedMax));
  std::vector<FailedAtEndpoint> all;
  for (const Row row : rows) {
    FailedAtEndpoint failed;
    failed.endpoint = row.id<EndpointId>(0);
    failed.url = row.text(1);
    failed.count = row.integer(2);
    failed.first_at = row.time(3);
    failed.last_at = row.time(4);
    TRY_VOID(add_names(tx, application, last, failed));
    all.push_back(std::move(failed));
  }
  return all;
}

Result<std::vector<Disabled>> disabled(Tx& tx, ApplicationId application) {
  const Rows rows =
      TRY(tx.query("SELECT n.id, n.endpoint, e.url, n.detail, n.at FROM notice n JOIN endpoint e ON e.id = n.endpoint "
                   "WHERE n.application = $1 AND n.kind = $2 AND e.is_enabled = 0 ORDER BY n.id LIMIT $3",
                   application, model::name_of(model::NoticeKind::kEndpointDisabled), kDisabledMax));
  std::vector<Disabled> all;
  for (const Row row : rows) {
    all.push_back({row.id<model::NoticeId>(0), row.id<EndpointId>(1), std::string(row.text(2)),
                   std::string(row.text(3)), row.time(4)});
  }
  return all;
}

Result<void> forget_disabled(Tx& tx, ApplicationId application, EndpointId endpoint) {
  TRY(tx.execute("DELETE FROM notice WHERE application = $1 AND kind = $2 AND endpoint = $3", application,
                 model::name_of(model::NoticeKind::kEndpointDisabled), endpoint));
  return {};
}

Result<std::int64_t> remove_told(Tx& tx, ApplicationId application, model::NoticeKind kind, model::NoticeId last,
                                 std::int32_t limit) {
  return tx.execute(
      "DELETE FROM notice WHERE id IN "
      "(SELECT id FROM notice WHERE application = $1 AND kind = $2 AND id <= $3 ORDER BY id LIMIT $4)",
      application, model::name_of(kind), last, limit);
}

Result<void> remove(Tx& tx, ApplicationId application, model::NoticeId id) {
  TRY(tx.execute("DELETE FROM notice WHERE application = $1 AND id = $2", application, id));
  return {};
}

Result<std::optional<Time>> last_warned_at(Tx& tx, ApplicationId application) {
  const Rows rows = TRY(tx.query("SELECT last_warned_at FROM application WHERE id = $1", application));
  if (rows.empty()) return std::nullopt;
  return rows.front().optional_time(0);
}

Result<void> set_last_warned_at(Tx& tx, ApplicationId application, std::optional<Time> at) {
  TRY(tx.execute("UPDATE application SET last_warned_at = $1 WHERE id = $2", at, application));
  return {};
}

}  // namespace signpost::store::notices
