// SPDX-License-Identifier: Apache-2.0
//
// /v1/event-types, and the tester of endpoints.
#include "api/desk.h"
#include "api/json_output.h"
#include "api/surfaces.h"
#include "services/event_schema_json.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

Answer list_event_types(Desk&, Exchange& exchange) {
  CO_TRY_VOID(exchange.query.only({}));
  co_return json_response(200, services::event_catalogue());
}

Result<model::EventType> type_of(const ObjectReader& body) {
  TRY_VOID(body.only({"type"}));
  const auto text = TRY(body.optional_text("type"));
  if (!text) return model::EventType::kDomainAdded;
  const auto type = model::parse_event_type(*text);
  if (!type) return fail(Kind::kUnprocessable, "type is not an event type: GET /v1/event-types lists them", "type");
  return *type;
}

Answer test_endpoint(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<EndpointId>(exchange));
  CO_TRY_VOID(exchange.query.only({"application"}));
  const auto application = CO_TRY(application_of(exchange, exchange.query.find("application")));
  const auto body = CO_TRY(JsonBody::read_or_empty(exchange.request));
  const auto type = CO_TRY(type_of(body.object()));
  co_return json_response(200, to_json(CO_TRY(co_await desk.parts.tester.test(application, id, type))));
}

}  // namespace

std::vector<Route> v1_webhook_routes() {
  return {
      {"GET", "/v1/event-types", "listEventTypes", Surface::kV1, Access::kKey, list_event_types},
      {"POST", "/v1/endpoints/{id}/test", "testEndpoint", Surface::kV1, Access::kKey, test_endpoint},
  };
}

}  // namespace signpost::api
