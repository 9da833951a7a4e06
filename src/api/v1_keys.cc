// SPDX-License-Identifier: Apache-2.0
//
// /v1/keys: API keys, made and revoked by admin keys only.
#include "services/keys.h"

#include "api/desk.h"
#include "api/json_output.h"
#include "api/pages.h"
#include "api/surfaces.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

struct KeyWish {
  std::string name;
  std::optional<ApplicationId> application;
};

Result<KeyWish> wish_of(const Exchange& exchange, const ObjectReader& body) {
  TRY_VOID(body.only({"name", "application"}));
  KeyWish wish;
  wish.name = TRY(body.text("name", {.bytes_max = 400}));
  if (const auto named = TRY(body.optional_text("application")))
    wish.application = TRY(application_of(exchange, named));
  return wish;
}

Answer create_key(Desk& desk, Exchange& exchange) {
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  const auto wish = CO_TRY(wish_of(exchange, body.object()));
  const auto by = desk.administration(exchange);
  auto response = CO_TRY(co_await desk.effect<services::NewKey>(
      exchange, [by, wish](store::Tx& tx) { return services::create_key(tx, by, wish.name, wish.application); },
      [](const services::NewKey& made) { return json_response(201, to_json(made.key, made.text)); }));
  static_cast<void>(co_await desk.parts.directory.reload());  // if it fails, the poll does it a moment later
  co_return response;
}

Answer list_keys(Desk& desk, Exchange& exchange) {
  CO_TRY_VOID(exchange.query.only({"cursor", "limit"}));
  const auto request = CO_TRY(page_from<KeyId>(exchange.query));
  const auto page = CO_TRY(co_await desk.parts.storage.read<store::Page<model::ApiKey>>(
      [request](store::Tx& tx) { return services::list_keys(tx, request); }));
  co_return json_response(200, page_json(page.items, next_cursor_of(page)));
}

Answer revoke_key(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<KeyId>(exchange));
  const auto by = desk.administration(exchange);
  CO_TRY_VOID(
      co_await desk.parts.storage.write<void>([by, id](store::Tx& tx) { return services::revoke_key(tx, by, id); }));
  static_cast<void>(co_await desk.parts.directory.reload());
  co_return no_content();
}

}  // namespace

std::vector<Route> v1_key_routes() {
  return {
      {"POST", "/v1/keys", "createKey", Surface::kV1, Access::kAdminKey, create_key},
      {"GET", "/v1/keys", "listKeys", Surface::kV1, Access::kAdminKey, list_keys},
      {"DELETE", "/v1/keys/{id}", "revokeKey", Surface::kV1, Access::kAdminKey, revoke_key},
  };
}

}  // namespace signpost::api
