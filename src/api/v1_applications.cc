// SPDX-License-Identifier: Apache-2.0
//
// /v1/applications: settings and client secrets.
#include "services/applications.h"

#include "api/desk.h"
#include "api/json_output.h"
#include "api/pages.h"
#include "api/secret_input.h"
#include "api/surfaces.h"
#include "base/text.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

/// {"issuer":"https://…","audiences":["…"]}; null closes /api/domain/* for the application.
Result<std::optional<model::IdentityRule>> identity_of(const ObjectReader& body) {
  if (body.is_null("identity")) return model::IdentityRule{};
  if (!body.has("identity")) return std::nullopt;
  const auto object = *TRY(body.optional_object("identity"));
  TRY_VOID(object.only({"issuer", "audiences"}));
  model::IdentityRule rule;
  rule.issuer = TRY(object.text("issuer", {.bytes_min = 0, .bytes_max = 2048}));
  rule.audiences = TRY(object.texts("audiences", model::kAudiencesMax, {.bytes_max = 512}));
  return rule;
}

/// Members that are not sent stay; null closes POST /webhooks/entri/{application_id}.
Result<std::optional<std::optional<services::EntriReceiverChange>>> entri_receiver_of(const ObjectReader& body) {
  using Change = std::optional<services::EntriReceiverChange>;
  if (body.is_null("entri_receiver")) return std::optional<Change>(std::in_place, std::nullopt);
  if (!body.has("entri_receiver")) return std::nullopt;
  const auto object = *TRY(body.optional_object("entri_receiver"));
  TRY_VOID(object.only({"secret", "form", "allow_v1", "source_addresses"}));
  services::EntriReceiverChange change;
  change.secret = TRY(object.optional_text("secret", {.bytes_max = 4096}));
  if (const auto form = TRY(object.optional_text("form"))) {
    change.form = model::parse_entri_form(*form);
    if (!change.form) {
      return fail(Kind::kUnprocessable, "entri_receiver.form is digest, as Entri's code computes V2, or hmac",
                  "entri_receiver.form");
    }
  }
  change.allows_v1 = TRY(object.optional_flag("allow_v1"));
  if (object.has("source_addresses")) {
    change.source_addresses = TRY(object.texts("source_addresses", model::kSourceAddressesMax));
  }
  return std::optional<Change>(std::in_place, std::move(change));
}

Result<services::ApplicationWish> wish_of(const ObjectReader& body) {
  TRY_VOID(body.only(
      {"name", "webhook_url", "cname_target", "allowed_origins", "identity", "owner_email", "supports_dkim"}));
  services::ApplicationWish wish;
  wish.name = TRY(body.text("name", {.bytes_max = 400}));
  wish.webhook_url = TRY(body.optional_text("webhook_url", {.bytes_max = 2048}));
  wish.owner_email = TRY(body.optional_text("owner_email", {.bytes_max = 320}));
  wish.cname_target = TRY(body.optional_text("cname_target"));
  wish.allowed_origins = TRY(body.texts("allowed_origins", model::kAllowedOriginsMax));
  wish.identity = TRY(identity_of(body)).value_or(model::IdentityRule{});
  wish.supports_dkim = TRY(body.optional_flag("supports_dkim")).value_or(wish.supports_dkim);
  return wish;
}

Result<services::ApplicationChange> change_of(const ObjectReader& body) {
  TRY_VOID(body.only({"name", "cname_target", "allowed_origins", "identity", "supports_dkim", "entri_receiver"}));
  services::ApplicationChange change;
  change.name = TRY(body.optional_text("name", {.bytes_max = 400}));
  if (body.is_null("cname_target")) {
    change.cname_target.emplace(std::nullopt);
  } else if (auto target = TRY(body.optional_text("cname_target"))) {
    change.cname_target.emplace(std::move(target));
  }
  if (body.has("allowed_origins"))
    change.allowed_origins = TRY(body.texts("allowed_origins", model::kAllowedOriginsMax));
  change.identity = TRY(identity_of(body));
  change.supports_dkim = TRY(body.optional_flag("supports_dkim"));
  change.entri_receiver = TRY(entri_receiver_of(body));
  return change;
}

/// Changes are seen by this process at once. If reading them fails, the poll does it a moment later.
Task<void> refresh(Desk& desk) { static_cast<void>(co_await desk.parts.directory.reload()); }

net::Response answer_with_new(const services::NewApplication& made) {
  auto response = json_response(201, to_json(made.application, made.secret, made.endpoint));
  response.set("Location", "/v1/applications/" + made.application.id.text());
  return response;
}

Answer create_application(Desk& desk, Exchange& exchange) {
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  const auto wish = CO_TRY(wish_of(body.object()));
  const auto by = desk.administration(exchange);
  auto response = CO_TRY(co_await desk.effect<services::NewApplication>(
      exchange, [by, wish](store::Tx& tx) { return services::create_application(tx, by, wish); }, answer_with_new));
  co_await refresh(desk);
  co_return response;
}

Answer list_applications(Desk& desk, Exchange& exchange) {
  CO_TRY_VOID(exchange.query.only({"cursor", "limit"}));
  if (exchange.application) {
    const auto application = CO_TRY(co_await desk.parts.storage.read<model::Application>(
        [id = *exchange.application](store::Tx& tx) { return services::find_application(tx, id); }));
    co_return json_response(200, page_json(std::vector{application}));
  }
  const auto request = CO_TRY(page_from<ApplicationId>(exchange.query));
  using Page = store::Page<model::Application>;
  const auto page = CO_TRY(co_await desk.parts.storage.read<Page>(
      [request](store::Tx& tx) { return services::list_applications(tx, request); }));
  co_return json_response(200, page_json(page.items, next_cursor_of(page)));
}

Answer get_application(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ApplicationId>(exchange));
  CO_TRY_VOID(check_visible(exchange, id));
  const auto application = CO_TRY(co_await desk.parts.storage.read<model::Application>(
      [id](store::Tx& tx) { return services::find_application(tx, id); }));
  co_return json_response(200, to_json(application));
}

Answer update_application(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ApplicationId>(exchange));
  CO_TRY_VOID(check_visible(exchange, id));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  const auto change = CO_TRY(change_of(body.object()));
  const auto by = desk.administration(exchange);
  const auto application = CO_TRY(co_await desk.parts.storage.write<model::Application>(
      [by, id, change](store::Tx& tx) { return services::update_application(tx, by, id, change); }));
  co_await refresh(desk);
  co_return json_response(200, to_json(application));
}

Answer delete_application(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ApplicationId>(exchange));
  const auto by = desk.administration(exchange);
  CO_TRY_VOID(co_await desk.parts.storage.write<void>(
      [by, id](store::Tx& tx) { return services::remove_application(tx, by, id); }));
  co_await refresh(desk);
  co_return no_content();
}

Answer rotate_secret(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ApplicationId>(exchange));
  CO_TRY_VOID(check_visible(exchange, id));
  const auto body = CO_TRY(JsonBody::read_or_empty(exchange.request));
  const auto wish = CO_TRY(secret_wish_of(body.object()));
  const auto by = desk.administration(exchange);
  auto response = CO_TRY(co_await desk.effect<services::NewSecret>(
      exchange, [by, id, wish](store::Tx& tx) { return services::rotate_secret(tx, by, id, wish); },
      answer_with_secret));
  co_await refresh(desk);
  co_return response;
}

Answer promote_secret(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ApplicationId>(exchange));
  CO_TRY_VOID(check_visible(exchange, id));
  const auto body = CO_TRY(JsonBody::read_or_empty(exchange.request));
  CO_TRY_VOID(body.object().only({}));
  const auto by = desk.administration(exchange);
  const auto secret = CO_TRY(co_await desk.parts.storage.write<SecretId>(
      [by, id](store::Tx& tx) { return services::promote_secret(tx, by, id); }));
  co_await refresh(desk);
  co_return json_response(200, format(R"({{"id":"{}","promoted":true}})", secret.text()));
}

}  // namespace

std::vector<Route> v1_application_routes() {
  return {
      {"POST", "/v1/applications", "createApplication", Surface::kV1, Access::kAdminKey, create_application},
      {"GET", "/v1/applications", "listApplications", Surface::kV1, Access::kKey, list_applications},
      {"GET", "/v1/applications/{id}", "getApplication", Surface::kV1, Access::kKey, get_application},
      {"PATCH", "/v1/applications/{id}", "updateApplication", Surface::kV1, Access::kKey, update_application},
      {"DELETE", "/v1/applications/{id}", "deleteApplication", Surface::kV1, Access::kAdminKey, delete_application},
      {"POST", "/v1/applications/{id}/rotate-secret", "rotateSecret", Surface::kV1, Access::kKey, rotate_secret},
      {"POST", "/v1/applications/{id}/promote-secret", "promoteSecret", Surface::kV1, Access::kKey, promote_secret},
  };
}

}  // namespace signpost::api
