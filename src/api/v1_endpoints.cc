// SPDX-License-Identifier: Apache-2.0
//
// /v1/…/endpoints: where an application's events go.
#include "services/endpoints.h"

#include "api/desk.h"
#include "api/json_output.h"
#include "api/secret_input.h"
#include "api/surfaces.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

constexpr TextRule kUrlRule{.bytes_max = 2048};
constexpr std::size_t kTypesMax = model::kEventTypes.size();
// What a new endpoint may bring; all but the secret can be changed.
constexpr ObjectReader::Names kWishable{
    "url",     "owner",    "event_types", "enabled",         "sends_v1",      "v1_covers_body", "v2_is_hmac",
    "timeout", "schedule", "headers",     "rate_per_second", "in_flight_max", "secret"};
constexpr ObjectReader::Names kChangeable{"url",      "owner",          "event_types",     "enabled",
                                          "sends_v1", "v1_covers_body", "v2_is_hmac",      "timeout",
                                          "schedule", "headers",        "rate_per_second", "in_flight_max"};

Result<std::optional<model::RetrySchedule>> schedule_of(const ObjectReader& body) {
  const auto text = TRY(body.optional_text("schedule"));
  if (!text) return std::nullopt;
  const auto schedule = model::parse_retry_schedule(*text);
  if (!schedule) return fail(Kind::kUnprocessable, "schedule must be \"contract\" or \"extended\"", "schedule");
  return schedule;
}

/// A limit of the endpoint's own: null removes it.
Result<std::optional<std::optional<std::int32_t>>> limit_of(const ObjectReader& body, std::string_view name,
                                                            std::int32_t max) {
  using Limit = std::optional<std::int32_t>;
  if (body.is_null(name)) return std::optional<Limit>(Limit());
  const auto number = TRY(body.optional_integer(name, 1, max));
  if (!number) return std::nullopt;
  return std::optional<Limit>(static_cast<std::int32_t>(*number));
}

Result<std::optional<std::vector<net::Header>>> headers_of(const ObjectReader& body) {
  const auto object = TRY(body.optional_object("headers"));
  if (!object) return std::nullopt;
  std::vector<net::Header> headers;
  for (const auto& name : object->names()) headers.push_back({name, TRY(object->text(name, {.bytes_max = 1024}))});
  return headers;
}

Result<services::EndpointChange> change_of(const ObjectReader& body) {
  services::EndpointChange change;
  change.url = TRY(body.optional_text("url", kUrlRule));
  if (const auto owner = TRY(body.optional_text("owner")))
    change.owner = TRY(at_member(MemberId::parse(*owner), "owner"));
  if (body.has("event_types")) change.event_types = TRY(body.texts("event_types", kTypesMax));
  change.is_enabled = TRY(body.optional_flag("enabled"));
  change.sends_v1 = TRY(body.optional_flag("sends_v1"));
  change.v1_covers_body = TRY(body.optional_flag("v1_covers_body"));
  change.v2_is_hmac = TRY(body.optional_flag("v2_is_hmac"));
  if (const auto timeout = TRY(body.optional_text("timeout")))
    change.timeout = TRY(at_member(parse_duration(*timeout), "timeout"));
  change.schedule = TRY(schedule_of(body));
  change.headers = TRY(headers_of(body));
  change.rate_per_second = TRY(limit_of(body, "rate_per_second", model::kEndpointRateMax));
  change.in_flight_max = TRY(limit_of(body, "in_flight_max", model::kEndpointInFlightMax));
  return change;
}

/// A new endpoint is a change of one with every default, but its URL must be there; it may bring its secret.
Result<services::EndpointWish> wish_of(const ObjectReader& body) {
  services::EndpointWish wish;
  wish.url = TRY(body.text("url", kUrlRule));
  wish.secret = TRY(given_secret(body));
  wish.more = TRY(change_of(body));
  return wish;
}

/// A new secret or header must count for the very next event, if this process sends it. If reading fails, the poll does
/// it a moment later.
Task<void> refresh(Desk& desk) { static_cast<void>(co_await desk.parts.directory.reload()); }

struct Target {
  ApplicationId application;
  EndpointId endpoint;
};

Result<Target> target_of(const Exchange& exchange) {
  const auto id = TRY(id_from_path<EndpointId>(exchange));
  TRY_VOID(exchange.query.only({"application"}));
  return Target{TRY(application_of(exchange, exchange.query.find("application"))), id};
}

Answer create_endpoint(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ApplicationId>(exchange));
  CO_TRY_VOID(check_visible(exchange, id));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  CO_TRY_VOID(body.object().only(kWishable));
  const auto wish = CO_TRY(wish_of(body.object()));
  const auto by = desk.administration(exchange);
  auto response = CO_TRY(co_await desk.effect<services::EndpointView>(
      exchange, [by, id, wish](store::Tx& tx) { return services::create_endpoint(tx, by, id, wish); },
      [](const services::EndpointView& view) { return json_response(201, to_json(view)); }));
  co_await refresh(desk);
  co_return response;
}

Answer list_endpoints(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ApplicationId>(exchange));
  CO_TRY_VOID(exchange.query.only({}));
  CO_TRY_VOID(check_visible(exchange, id));
  const auto endpoints = CO_TRY(co_await desk.parts.storage.read<std::vector<services::EndpointView>>(
      [id](store::Tx& tx) { return services::list_endpoints(tx, id); }));
  co_return json_response(200, page_json(endpoints));
}

Answer get_endpoint(Desk& desk, Exchange& exchange) {
  const auto target = CO_TRY(target_of(exchange));
  const auto view = CO_TRY(co_await desk.parts.storage.read<services::EndpointView>(
      [target](store::Tx& tx) { return services::find_endpoint(tx, target.application, target.endpoint); }));
  co_return json_response(200, to_json(view));
}

Answer update_endpoint(Desk& desk, Exchange& exchange) {
  const auto target = CO_TRY(target_of(exchange));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  CO_TRY_VOID(body.object().only(kChangeable));
  const auto change = CO_TRY(change_of(body.object()));
  const auto by = desk.administration(exchange);
  const auto view =
      CO_TRY(co_await desk.parts.storage.write<services::EndpointView>([by, target, change](store::Tx& tx) {
        return services::update_endpoint(tx, by, target.application, target.endpoint, change);
      }));
  co_return json_response(200, to_json(view));
}

Answer delete_endpoint(Desk& desk, Exchange& exchange) {
  const auto target = CO_TRY(target_of(exchange));
  const auto by = desk.administration(exchange);
  CO_TRY_VOID(co_await desk.parts.storage.write<void>(
      [by, target](store::Tx& tx) { return services::remove_endpoint(tx, by, target.application, target.endpoint); }));
  co_return no_content();
}

Answer rotate_endpoint_secret(Desk& desk, Exchange& exchange) {
  const auto target = CO_TRY(target_of(exchange));
  const auto body = CO_TRY(JsonBody::read_or_empty(exchange.request));
  const auto wish = CO_TRY(secret_wish_of(body.object()));
  const auto by = desk.administration(exchange);
  auto response = CO_TRY(co_await desk.effect<services::NewSecret>(
      exchange,
      [by, target, wish](store::Tx& tx) {
        return services::rotate_endpoint_secret(tx, by, target.application, target.endpoint, wish);
      },
      answer_with_secret));
  co_await refresh(desk);
  co_return response;
}

Answer remove_endpoint_secret(Desk& desk, Exchange& exchange) {
  const auto target = CO_TRY(target_of(exchange));
  const auto by = desk.administration(exchange);
  CO_TRY_VOID(co_await desk.parts.storage.write<void>([by, target](store::Tx& tx) {
    return services::remove_endpoint_secrets(tx, by, target.application, target.endpoint);
  }));
  co_await refresh(desk);
  co_return no_content();
}

}  // namespace

std::vector<Route> v1_endpoint_routes() {
  return {
      {"POST", "/v1/applications/{id}/endpoints", "createEndpoint", Surface::kV1, Access::kKey, create_endpoint},
      {"GET", "/v1/applications/{id}/endpoints", "listEndpoints", Surface::kV1, Access::kKey, list_endpoints},
      {"GET", "/v1/endpoints/{id}", "getEndpoint", Surface::kV1, Access::kKey, get_endpoint},
      {"PATCH", "/v1/endpoints/{id}", "updateEndpoint", Surface::kV1, Access::kKey, update_endpoint},
      {"DELETE", "/v1/endpoints/{id}", "deleteEndpoint", Surface::kV1, Access::kKey, delete_endpoint},
      {"POST", "/v1/endpoints/{id}/rotate-secret", "rotateEndpointSecret", Surface::kV1, Access::kKey,
       rotate_endpoint_secret},
      {"DELETE", "/v1/endpoints/{id}/secret", "removeEndpointSecret", Surface::kV1, Access::kKey,
       remove_endpoint_secret},
  };
}

}  // namespace signpost::api
