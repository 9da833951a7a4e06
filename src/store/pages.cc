// SPDX-License-Identifier: Apache-2.0
#include "store/pages.h"

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::pages {
namespace {

#define PAGE_COLUMNS "id, kind, path, hash, updated_at"

Result<model::Page> read(const Row& row) {
  return model::Page{.id = row.id<model::PageId>(0),
                     .kind = TRY(known(model::parse_page_kind(row.text(1)), "page kind", row.text(1))),
                     .path = std::string(row.text(2)),
                     .hash = std::string(row.text(3)),
                     .updated_at = row.time(4)};
}

}  // namespace

Result<std::vector<model::Page>> list_all(Tx& tx, ApplicationId application, std::string_view organization) {
  constexpr auto kMax = static_cast<std::int32_t>(model::kPagesMax);
  const Rows rows = TRY(tx.query("SELECT " PAGE_COLUMNS
                                 " FROM page WHERE application = $1 AND organization = $2 ORDER BY id LIMIT $3",
                                 application, organization, kMax + 1));
  return all_of<model::Page>(rows, kMax, "pages of one organization", read);
}

Result<Page<model::Page>> list(Tx& tx, ApplicationId application, std::string_view organization,
                               const PageRequest<model::PageId>& request) {
  const Rows rows =
      TRY(tx.query("SELECT " PAGE_COLUMNS
                   " FROM page WHERE application = $1 AND organization = $2 AND id < $3 ORDER BY id DESC LIMIT $4",
                   application, organization, request.below(), request.row_limit()));
  return page_of<model::Page>(rows, request, read);
}

Result<std::int64_t> count(Tx& tx, ApplicationId application, std::string_view organization, model::PageKind kind) {
  const Rows rows = TRY(tx.query("SELECT COUNT(*) FROM page WHERE application = $1 AND organization = $2 AND kind = $3",
                                 application, organization, model::name_of(kind)));
  return rows.front().integer(0);
}

Result<void> insert(Tx& tx, ApplicationId application, std::string_view organization, const model::Page& page) {
  TRY(
      tx.execute("INSERT INTO page (id, application, organization, path, kind, hash, updated_at) "
                 "VALUES ($1, $2, $3, $4, $5, $6, $7)",
                 page.id, application, organization, page.path, model::name_of(page.kind), page.hash, page.updated_at));
  return {};
}

Result<void> update(Tx& tx, ApplicationId application, std::string_view organization, const model::Page& page) {
  TRY(
      tx.execute("UPDATE page SET kind = $1, hash = $2, updated_at = $3 "
                 "WHERE application = $4 AND organization = $5 AND id = $6",
                 model::name_of(page.kind), page.hash, page.updated_at, application, organization, page.id));
  return {};
}

Result<void> remove(Tx& tx, ApplicationId application, std::string_view organization, model::PageId id) {
  TRY(tx.execute("DELETE FROM page WHERE application = $1 AND organization = $2 AND id = $3", application, organization,
                 id));
  return {};
}

}  // namespace signpost::store::pages
