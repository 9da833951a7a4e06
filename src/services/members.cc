// SPDX-License-Identifier: Apache-2.0
#include "services/members.h"

#include <algorithm>

#include "base/text.h"
#include "services/applications.h"
#include "store/directory_revision.h"
#include "store/members.h"

namespace signpost::services {
namespace {

Result<std::optional<MailAddress>> parse_email(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  auto address = MailAddress::parse(*text);
  if (!address) return fail(Kind::kUnprocessable, "email: " + address.error().message, "email");
  return *std::move(address);
}

/// Kept so that somebody can always receive deliveries and hand them over.
Result<void> check_admin_stays(store::Tx& tx, const model::Member& leaving) {
  if (leaving.role != model::Role::kAdmin) return {};
  const auto members = TRY(store::members::list(tx, leaving.application));
  const auto is_other_admin = [&](const model::Member& member) {
    return member.id != leaving.id && member.role == model::Role::kAdmin;
  };
  if (std::ranges::any_of(members, is_other_admin)) return {};
  return fail(
      Kind::kConflict,
      format("{} is the only Admin of the application; give another member the role Admin first", leaving.id.text()));
}

std::string description_of(const model::Member& member) {
  return format("{}, {}, {}", member.name, model::name_of(member.role),
                member.email ? member.email->text() : "no mail address");
}

}  // namespace

Result<model::Member> find_member(store::Tx& tx, ApplicationId application, MemberId id) {
  auto found = TRY(store::members::find(tx, application, id));
  if (!found) return fail(Kind::kNotFound, "there is no member " + id.text() + " of this application");
  return *std::move(found);
}

Result<model::Member> create_member(store::Tx& tx, const Administration& by, ApplicationId application,
                                    const MemberWish& wish) {
  TRY(find_application(tx, application));
  TRY_VOID(check_name(wish.name));
  model::Member member;
  member.email = TRY(parse_email(wish.email));
  if (TRY(store::members::list(tx, application)).size() >= model::kMembersMax) {
    return fail(
        Kind::kConflict,
        format("the application has {} members already, the most it may have; remove one first", model::kMembersMax));
  }
  member.id = by.ids.make<MemberId>();
  member.application = application;
  member.name = wish.name;
  member.role = wish.role;
  member.created_at = by.now;
  TRY_VOID(store::members::insert(tx, member));
  TRY_VOID(audit(tx, by, application, "member.create", member.id.text(), description_of(member)));
  TRY_VOID(store::directory_revision::bump(tx));
  return member;
}

Result<model::Member> update_member(store::Tx& tx, const Administration& by, ApplicationId application, MemberId id,
                                    const MemberChange& change) {
  auto member = TRY(find_member(tx, application, id));
  if (change.name) {
    TRY_VOID(check_name(*change.name));
    member.name = *change.name;
  }
  if (change.email) member.email = TRY(parse_email(*change.email));
  if (change.role && *change.role != model::Role::kAdmin) TRY_VOID(check_admin_stays(tx, member));
  member.role = change.role.value_or(member.role);
  TRY(store::members::update(tx, member));
  TRY_VOID(audit(tx, by, application, "member.update", id.text(), description_of(member)));
  TRY_VOID(store::directory_revision::bump(tx));
  return member;
}

Result<void> remove_member(store::Tx& tx, const Administration& by, ApplicationId application, MemberId id) {
  const auto member = TRY(find_member(tx, application, id));
  TRY_VOID(check_admin_stays(tx, member));
  TRY(store::members::remove(tx, application, id));
  TRY_VOID(audit(tx, by, application, "member.delete", id.text(), description_of(member)));
  return store::directory_revision::bump(tx);
}

Result<std::vector<model::Member>> list_members(store::Tx& tx, ApplicationId application) {
  TRY(find_application(tx, application));
  return store::members::list(tx, application);
}

}  // namespace signpost::services
