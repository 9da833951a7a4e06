// SPDX-License-Identifier: Apache-2.0
//
// /v1/…/endpoints: where an application's events go.
#include "api/desk.h"
#include "api/json_output.h"
#include "api/surfaces.h"
#include "services/endpoints.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

constexpr TextRule kUrlRule{.bytes_max = 2048};
constexpr std::size_t kTypesMax = model::kEventTypes.size();

Result<services::EndpointChange> change_of(const ObjectReader& body) {
  TRY_VOID(body.only({"url", "event_types", "enabled", "sends_v1", "v1_covers_body", "v2_is_hmac"}));
  services::EndpointChange change;
  change.url = TRY(body.optional_text("url", kUrlRule));
  if (body.has("event_types")) change.event_types = TRY(body.texts("event_types", kTypesMax));
  change.is_enabled = TRY(body.optional_flag("enabled"));
  change.sends_v1 = TRY(body.optional_flag("sends_v1"));
  change.v1_covers_body = TRY(body.optional_flag("v1_covers_body"));
  change.v2_is_hmac = TRY(body.optional_flag("v2_is_hmac"));
  return change;
}

/// A new endpoint is a change of one with every default, but its URL must be there.
Result<services::EndpointWish> wish_of(const ObjectReader& body) {
  const auto change = TRY(change_of(body));
  services::EndpointWish wish;
  wish.url = TRY(body.text("url", kUrlRule));
  wish.event_types = change.event_types.value_or(wish.event_types);
  wish.is_enabled = change.is_enabled.value_or(wish.is_enabled);
  wish.sends_v1 = change.sends_v1.value_or(wish.sends_v1);
  wish.v1_covers_body = change.v1_covers_body.value_or(wish.v1_covers_body);
  wish.v2_is_hmac = change.v2_is_hmac.value_or(wish.v2_is_hmac);
  return wish;
}

Answer create_endpoint(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ApplicationId>(exchange));
  CO_TRY_VOID(check_visible(exchange, id));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  const auto wish = CO_TRY(wish_of(body.object()));
  const auto by = desk.administration(exchange);
  co_return co_await desk.effect<model::Endpoint>(
      exchange, [by, id, wish](store::Tx& tx) { return services::create_endpoint(tx, by, id, wish); },
      [](const model::Endpoint& endpoint) { return json_response(201, to_json(endpoint)); });
}

Answer list_endpoints(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ApplicationId>(exchange));
  CO_TRY_VOID(exchange.query.only({}));
  CO_TRY_VOID(check_visible(exchange, id));
  const auto endpoints = CO_TRY(co_await desk.parts.storage.read<std::vector<model::Endpoint>>(
      [id](store::Tx& tx) { return services::list_endpoints(tx, id); }));
  co_return json_response(200, page_json(endpoints));
}

Answer update_endpoint(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<EndpointId>(exchange));
  CO_TRY_VOID(exchange.query.only({"application"}));
  const auto application = CO_TRY(application_of(exchange, exchange.query.find("application")));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  const auto change = CO_TRY(change_of(body.object()));
  const auto by = desk.administration(exchange);
  const auto endpoint =
      CO_TRY(co_await desk.parts.storage.write<model::Endpoint>([by, application, id, change](store::Tx& tx) {
        return services::update_endpoint(tx, by, application, id, change);
      }));
  co_return json_response(200, to_json(endpoint));
}

Answer delete_endpoint(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<EndpointId>(exchange));
  CO_TRY_VOID(exchange.query.only({"application"}));
  const auto application = CO_TRY(application_of(exchange, exchange.query.find("application")));
  const auto by = desk.administration(exchange);
  CO_TRY_VOID(co_await desk.parts.storage.write<void>(
      [by, application, id](store::Tx& tx) { return services::remove_endpoint(tx, by, application, id); }));
  co_return no_content();
}

}  // namespace

std::vector<Route> v1_endpoint_routes() {
  return {
      {"POST", "/v1/applications/{id}/endpoints", "createEndpoint", Surface::kV1, Access::kKey, create_endpoint},
      {"GET", "/v1/applications/{id}/endpoints", "listEndpoints", Surface::kV1, Access::kKey, list_endpoints},
      {"PATCH", "/v1/endpoints/{id}", "updateEndpoint", Surface::kV1, Access::kKey, update_endpoint},
      {"DELETE", "/v1/endpoints/{id}", "deleteEndpoint", Surface::kV1, Access::kKey, delete_endpoint},
  };
}

}  // namespace signpost::api
