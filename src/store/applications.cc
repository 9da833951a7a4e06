// SPDX-License-Identifier: Apache-2.0
#include "store/applications.h"

#include "base/text.h"
#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::applications {
namespace {

#define APPLICATION_COLUMNS "id, name, cname_target, allowed_origins, issuer, audiences, created_at, supports_dkim"

Result<model::Application> read(const Row& row) {
  model::Application application;
  application.id = row.id<ApplicationId>(0);
  application.name = row.text(1);
  if (!row.is_null(2)) application.cname_target = TRY(DnsName::parse(row.text(2)));
  application.allowed_origins = items_of(row.text(3));
  application.identity.issuer = row.text(4);
  application.identity.audiences = items_of(row.text(5));
  application.created_at = row.time(6);
  application.supports_dkim = row.flag(7);
  return application;
}

}  // namespace

Result<void> insert(Tx& tx, const model::Application& application) {
  const std::string origins = TRY(lines_of(application.allowed_origins));
  const std::string audiences = TRY(lines_of(application.identity.audiences));
  TRY(tx.execute("INSERT INTO application (" APPLICATION_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                 application.id, application.name, application.cname_target, origins, application.identity.issuer,
                 audiences, application.created_at, application.supports_dkim));
  return {};
}

Result<std::optional<model::Application>> find(Tx& tx, ApplicationId id) {
  const Rows rows = TRY(tx.query("SELECT " APPLICATION_COLUMNS " FROM application WHERE id = $1", id));
  return first_of<model::Application>(rows, read);
}

Result<std::optional<std::string>> cname_target(Tx& tx, ApplicationId id) {
  const Rows rows = TRY(tx.query("SELECT cname_target FROM application WHERE id = $1", id));
  if (rows.empty()) return fail(Kind::kNotFound, format("the application {} does not exist any more", id.text()));
  return rows.front().optional_text(0);
}

Result<Page<model::Application>> list_across_applications(Tx& tx, const PageRequest<ApplicationId>& page) {
  const Rows rows =
      TRY(tx.query("SELECT " APPLICATION_COLUMNS " FROM application WHERE id < $1 ORDER BY id DESC LIMIT $2",
                   page.below(), page.row_limit()));
  return page_of<model::Application>(rows, page, read);
}

Result<bool> update(Tx& tx, const model::Application& application) {
  const std::string origins = TRY(lines_of(application.allowed_origins));
  const std::string audiences = TRY(lines_of(application.identity.audiences));
  return TRY(tx.execute(
             "UPDATE application SET name = $1, cname_target = $2, allowed_origins = $3, issuer = $4, audiences = $5, "
             "supports_dkim = $6 WHERE id = $7",
             application.name, application.cname_target, origins, application.identity.issuer, audiences,
             application.supports_dkim, application.id)) == 1;
}

Result<bool> remove(Tx& tx, ApplicationId id) {
  return TRY(tx.execute("DELETE FROM application WHERE id = $1", id)) == 1;
}

Result<std::optional<ApplicationId>> find_of_any_audience_across_applications(Tx& tx, std::string_view issuer,
                                                                              ApplicationId but) {
  const Rows rows = TRY(tx.query(
      "SELECT id FROM application WHERE issuer = $1 AND audiences = '' AND id <> $2 ORDER BY id LIMIT 1", issuer, but));
  if (rows.empty()) return std::nullopt;
  return rows.front().id<ApplicationId>(0);
}

Result<std::vector<model::Application>> load_all_across_applications(Tx& tx) {
  const Rows rows =
      TRY(tx.query("SELECT " APPLICATION_COLUMNS " FROM application ORDER BY id LIMIT $1", kApplicationsMax + 1));
  return all_of<model::Application>(rows, kApplicationsMax, "applications", read);
}

}  // namespace signpost::store::applications
