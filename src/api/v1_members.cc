// SPDX-License-Identifier: Apache-2.0
//
// /v1/applications/{id}/members: the people of an application.
#include "services/members.h"

#include "api/desk.h"
#include "api/json_output.h"
#include "api/surfaces.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

constexpr TextRule kNameRule{.bytes_max = 400};
constexpr TextRule kEmailRule{.bytes_max = 320};

Result<std::optional<model::Role>> role_of(const ObjectReader& body) {
  const auto text = TRY(body.optional_text("role"));
  if (!text) return std::nullopt;
  const auto role = model::parse_role(*text);
  if (!role) return fail(Kind::kUnprocessable, "role must be Admin, Developer, Support or Viewer", "role");
  return role;
}

Result<services::MemberChange> change_of(const ObjectReader& body) {
  TRY_VOID(body.only({"name", "email", "role"}));
  services::MemberChange change;
  change.name = TRY(body.optional_text("name", kNameRule));
  if (body.is_null("email")) {
    change.email.emplace(std::nullopt);
  } else if (auto email = TRY(body.optional_text("email", kEmailRule))) {
    change.email.emplace(std::move(email));
  }
  change.role = TRY(role_of(body));
  return change;
}

Result<services::MemberWish> wish_of(const ObjectReader& body) {
  const auto change = TRY(change_of(body));
  services::MemberWish wish;
  wish.name = TRY(body.text("name", kNameRule));
  wish.email = change.email.value_or(std::nullopt);
  if (!change.role)
    return fail(Kind::kInvalid, "role is missing; it must be Admin, Developer, Support or Viewer", "role");
  wish.role = *change.role;
  return wish;
}

struct Target {
  ApplicationId application;
  MemberId member;
};

Result<Target> target_of(const Exchange& exchange) {
  const auto application = TRY(id_from_path<ApplicationId>(exchange));
  TRY_VOID(check_visible(exchange, application));
  const auto member = MemberId::parse(exchange.captures.at(1));
  if (!member) return fail(Kind::kNotFound, member.error().message);
  return Target{application, *member};
}

Answer create_member(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ApplicationId>(exchange));
  CO_TRY_VOID(check_visible(exchange, id));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  const auto wish = CO_TRY(wish_of(body.object()));
  const auto by = desk.administration(exchange);
  co_return co_await desk.effect<model::Member>(
      exchange, [by, id, wish](store::Tx& tx) { return services::create_member(tx, by, id, wish); },
      [](const model::Member& member) { return json_response(201, to_json(member)); });
}

Answer list_members(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ApplicationId>(exchange));
  CO_TRY_VOID(exchange.query.only({}));
  CO_TRY_VOID(check_visible(exchange, id));
  const auto members = CO_TRY(co_await desk.parts.storage.read<std::vector<model::Member>>(
      [id](store::Tx& tx) { return services::list_members(tx, id); }));
  co_return json_response(200, page_json(members));
}

Answer update_member(Desk& desk, Exchange& exchange) {
  const auto target = CO_TRY(target_of(exchange));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  const auto change = CO_TRY(change_of(body.object()));
  const auto by = desk.administration(exchange);
  const auto member = CO_TRY(co_await desk.parts.storage.write<model::Member>([by, target, change](store::Tx& tx) {
    return services::update_member(tx, by, target.application, target.member, change);
  }));
  co_return json_response(200, to_json(member));
}

Answer delete_member(Desk& desk, Exchange& exchange) {
  const auto target = CO_TRY(target_of(exchange));
  const auto by = desk.administration(exchange);
  CO_TRY_VOID(co_await desk.parts.storage.write<void>(
      [by, target](store::Tx& tx) { return services::remove_member(tx, by, target.application, target.member); }));
  co_return no_content();
}

}  // namespace

std::vector<Route> v1_member_routes() {
  return {
      {"POST", "/v1/applications/{id}/members", "createMember", Surface::kV1, Access::kKey, create_member},
      {"GET", "/v1/applications/{id}/members", "listMembers", Surface::kV1, Access::kKey, list_members},
      {"PATCH", "/v1/applications/{id}/members/{member}", "updateMember", Surface::kV1, Access::kKey, update_member},
      {"DELETE", "/v1/applications/{id}/members/{member}", "deleteMember", Surface::kV1, Access::kKey, delete_member},
  };
}

}  // namespace signpost::api
