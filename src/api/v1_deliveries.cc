// SPDX-License-Identifier: Apache-2.0
//
// /v1/events and /v1/deliveries: what was said, to whom, and what came back.
#include "api/desk.h"
#include "api/json_output.h"
#include "api/pages.h"
#include "api/surfaces.h"
#include "services/history.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

Answer get_event(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<EventId>(exchange));
  CO_TRY_VOID(exchange.query.only({"application"}));
  const auto application = CO_TRY(application_of(exchange, exchange.query.find("application")));
  const auto event = CO_TRY(co_await desk.parts.history.event(application, id));
  co_return json_response(200, to_json(event));
}

Result<services::History::DeliveryFilter> filter_of(const Query& query) {
  TRY_VOID(query.only({"application", "connection", "endpoint", "event", "state", "cursor", "limit"}));
  services::History::DeliveryFilter filter;
  filter.connection = TRY(query.parsed<ConnectionId>("connection", ConnectionId::parse));
  filter.endpoint = TRY(query.parsed<EndpointId>("endpoint", EndpointId::parse));
  filter.event = TRY(query.parsed<EventId>("event", EventId::parse));
  filter.state = TRY(query.parsed<model::DeliveryState>("state", model::parse_delivery_state));
  return filter;
}

Answer list_deliveries(Desk& desk, Exchange& exchange) {
  const auto filter = CO_TRY(filter_of(exchange.query));
  const auto application = CO_TRY(application_of(exchange, exchange.query.find("application")));
  const auto request = CO_TRY(page_from<DeliveryId>(exchange.query));
  const auto page = CO_TRY(co_await desk.parts.history.deliveries(application, filter, request));
  co_return json_response(200, page_json(page.items, next_cursor_of(page)));
}

Answer get_delivery(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<DeliveryId>(exchange));
  CO_TRY_VOID(exchange.query.only({"application"}));
  const auto application = CO_TRY(application_of(exchange, exchange.query.find("application")));
  const auto found = CO_TRY(co_await desk.parts.history.delivery(application, id));
  co_return json_response(200, to_json(found.delivery, found.attempts));
}

}  // namespace

std::vector<Route> v1_delivery_routes() {
  return {
      {"GET", "/v1/events/{id}", "getEvent", Surface::kV1, Access::kKey, get_event},
      {"GET", "/v1/deliveries", "listDeliveries", Surface::kV1, Access::kKey, list_deliveries},
      {"GET", "/v1/deliveries/{id}", "getDelivery", Surface::kV1, Access::kKey, get_delivery},
  };
}

}  // namespace signpost::api
