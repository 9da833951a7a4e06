// SPDX-License-Identifier: Apache-2.0
//
// /v1/authorities: the certificate authorities of the settings, with our accounts there. For operators alone: all
// applications share them.
#include <boost/json.hpp>

#include "api/desk.h"
#include "api/json_words.h"
#include "api/pages.h"
#include "api/surfaces.h"

namespace signpost::api {
namespace {

namespace json = boost::json;
using Answer = Task<Result<net::Response>>;

json::value account_of(const std::optional<services::AuthorityAccount>& account) {
  if (!account) return nullptr;
  return {{"url", account->url},
          {"contact", text_or_null(account->contact)},
          {"created_at", to_rfc3339(account->created_at)},
          {"key_changed_at", time_or_null(account->key_changed_at)},
          {"is_key_changing", account->is_key_changing}};
}

json::object object_of(const services::AuthorityView& view) {
  return {{"name", view.name},
          {"directory_url", view.directory_url},
          {"profile", text_or_null(view.profile)},
          {"account", account_of(view.account)}};
}

Answer list_authorities(Desk& desk, Exchange& exchange) {
  CO_TRY_VOID(exchange.query.only({}));
  json::array all;
  for (const auto& view : CO_TRY(co_await desk.parts.certificates.authorities().list()))
    all.emplace_back(object_of(view));
  co_return json_response(200, json::serialize(json::object{{"data", std::move(all)}, {"next_cursor", nullptr}}));
}

Answer change_key(Desk& desk, Exchange& exchange) {
  const std::string name = exchange.captures.at(0);
  const auto body = CO_TRY(JsonBody::read_or_empty(exchange.request));
  CO_TRY_VOID(body.object().only({}));
  const auto changed = CO_TRY(co_await desk.parts.certificates.authorities().change_key(
      name, [by = desk.administration(exchange), name](store::Tx& tx) {
        return services::audit(tx, by, std::nullopt, "authority.rollover_key", name, "");
      }));
  co_return json_response(200, json::serialize(object_of(changed)));
}

}  // namespace

std::vector<Route> v1_authority_routes() {
  constexpr auto kV1 = Surface::kV1;
  constexpr auto kKey = Access::kAdminKey;
  return {
      {"GET", "/v1/authorities", "listAuthorities", kV1, kKey, list_authorities},
      {"POST", "/v1/authorities/{name}/rollover-key", "rolloverAuthorityKey", kV1, kKey, change_key},
  };
}

}  // namespace signpost::api
