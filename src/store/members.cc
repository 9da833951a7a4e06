// SPDX-License-Identifier: Apache-2.0
#include "store/members.h"

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::members {
namespace {

#define MEMBER_COLUMNS "id, application, name, role, created_at, email"

Result<model::Member> read(const Row& row) {
  model::Member member;
  member.id = row.id<MemberId>(0);
  member.application = row.id<ApplicationId>(1);
  member.name = row.text(2);
  member.role = TRY(known(model::parse_role(row.text(3)), "role", row.text(3)));
  member.created_at = row.time(4);
  if (!row.is_null(5)) member.email = TRY(MailAddress::parse(row.text(5)));
  return member;
}

std::optional<std::string_view> text_of(const std::optional<MailAddress>& email) {
  if (!email) return std::nullopt;
  return std::string_view(email->text());
}

}  // namespace

Result<void> insert(Tx& tx, const model::Member& member) {
  TRY(tx.execute("INSERT INTO member (" MEMBER_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6)", member.id,
                 member.application, member.name, model::name_of(member.role), member.created_at,
                 text_of(member.email)));
  return {};
}

Result<std::optional<model::Member>> find(Tx& tx, ApplicationId application, MemberId id) {
  const Rows rows =
      TRY(tx.query("SELECT " MEMBER_COLUMNS " FROM member WHERE application = $1 AND id = $2", application, id));
  return first_of<model::Member>(rows, read);
}

Result<std::vector<model::Member>> list(Tx& tx, ApplicationId application) {
  const Rows rows = TRY(tx.query("SELECT " MEMBER_COLUMNS " FROM member WHERE application = $1 ORDER BY id LIMIT $2",
                                 application, kMembersOfApplicationMax));
  return all_of<model::Member>(rows, kMembersOfApplicationMax, "members", read);
}

Result<bool> update(Tx& tx, const model::Member& member) {
  return TRY(tx.execute("UPDATE member SET name = $1, role = $2, email = $3 WHERE application = $4 AND id = $5",
                        member.name, model::name_of(member.role), text_of(member.email), member.application,
                        member.id)) == 1;
}

Result<bool> remove(Tx& tx, ApplicationId application, MemberId id) {
  const Rows owned =
      TRY(tx.query("SELECT id FROM endpoint WHERE application = $1 AND owner = $2 LIMIT 1", application, id));
  if (!owned.empty()) {
    return fail(Kind::kConflict, format("{} owns the endpoint {}: give it another owner or remove it first", id.text(),
                                        owned.front().id<EndpointId>(0).text()));
  }
  return TRY(tx.execute("DELETE FROM member WHERE application = $1 AND id = $2", application, id)) == 1;
}

Result<std::vector<model::Member>> load_all_across_applications(Tx& tx) {
  const Rows rows = TRY(tx.query("SELECT " MEMBER_COLUMNS " FROM member ORDER BY id LIMIT $1", kMembersMax + 1));
  return all_of<model::Member>(rows, kMembersMax, "members", read);
}

}  // namespace signpost::store::members
