// SPDX-License-Identifier: Apache-2.0
//
// /v1/events and /v1/deliveries: what was said, to whom, and what came back; sending it again, and fetching it.
#include "api/desk.h"
#include "api/json_output.h"
#include "api/pages.h"
#include "api/surfaces.h"
#include "base/text.h"
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

// ── searching ───────────────────────────────────────────────────────────────────────────────────────────────

Result<services::History::DeliveryFilter> filter_of(const Query& query) {
  TRY_VOID(query.only({"application", "connection", "endpoint", "event", "state", "type", "job", "host", "after",
                       "before", "cursor", "limit"}));
  services::History::DeliveryFilter filter;
  filter.connection = TRY(query.parsed<ConnectionId>("connection", ConnectionId::parse));
  filter.endpoint = TRY(query.parsed<EndpointId>("endpoint", EndpointId::parse));
  filter.event = TRY(query.parsed<EventId>("event", EventId::parse));
  filter.state = TRY(query.parsed<model::DeliveryState>("state", model::parse_delivery_state));
  filter.type = TRY(query.parsed<model::EventType>("type", model::parse_event_type));
  if (const auto job = query.find("job")) filter.job_id = to_lower(*job);
  filter.host = TRY(query.parsed<HostName>("host", HostName::parse));
  filter.after = TRY(query.parsed<Time>("after", parse_rfc3339));
  filter.before = TRY(query.parsed<Time>("before", parse_rfc3339));
  return filter;
}

Answer list_deliveries(Desk& desk, Exchange& exchange) {
  const auto filter = CO_TRY(filter_of(exchange.query));
  const auto application = CO_TRY(application_of(exchange, exchange.query.find("application")));
  const auto request = CO_TRY(page_from<DeliveryId>(exchange.query));
  const auto page = CO_TRY(co_await desk.parts.history.deliveries(application, filter, request));
  std::optional<std::string> next;
  if (page.has_more && !page.items.empty()) next = page.items.back().delivery.id.text();
  co_return json_response(200, page_json(page.items, next));
}

Answer get_delivery(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<DeliveryId>(exchange));
  CO_TRY_VOID(exchange.query.only({"application"}));
  const auto application = CO_TRY(application_of(exchange, exchange.query.find("application")));
  const auto both = CO_TRY(co_await desk.parts.history.delivery(application, id));
  co_return json_response(200, to_json(both.found, both.attempts));
}

// ── sending again ───────────────────────────────────────────────────────────────────────────────────────────

Answer replay_delivery(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<DeliveryId>(exchange));
  CO_TRY_VOID(exchange.query.only({"application"}));
  const auto application = CO_TRY(application_of(exchange, exchange.query.find("application")));
  const auto body = CO_TRY(JsonBody::read_or_empty(exchange.request));
  CO_TRY_VOID(body.object().only({}));
  CO_TRY(co_await desk.parts.replay.one(desk.administration(exchange), application, id));
  const auto both = CO_TRY(co_await desk.parts.history.delivery(application, id));
  co_return json_response(202, to_json(both.found, both.attempts));
}

Result<Time> time_at(const ObjectReader& body, std::string_view name) {
  return at_member(parse_rfc3339(TRY(body.text(name))), name);
}

Result<services::ReplayWish> wish_of(const ObjectReader& body) {
  TRY_VOID(body.only({"since", "until", "rate_per_second", "state", "dry_run"}));
  services::ReplayWish wish;
  wish.since = TRY(time_at(body, "since"));
  if (body.has("until")) wish.until = TRY(time_at(body, "until"));
  const auto rate = TRY(body.optional_integer("rate_per_second", 1, services::kReplayRateMax));
  if (rate) wish.rate_per_second = static_cast<std::int32_t>(*rate);
  const auto state = TRY(body.optional_text("state")).value_or("failed");
  if (state == "all") {
    wish.what = services::ReplayWish::What::kAll;
  } else if (state != "failed") {
    return fail(Kind::kUnprocessable,
                "state is failed, which takes in what was missed while the endpoint was disabled, or all", "state");
  }
  if (TRY(body.optional_flag("dry_run")).value_or(false)) wish.run = services::ReplayWish::Run::kDry;
  return wish;
}

std::string text_or_null(const std::optional<Time>& time) {
  return time ? "\"" + to_rfc3339(*time) + "\"" : std::string("null");
}

Answer replay_endpoint(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<EndpointId>(exchange));
  CO_TRY_VOID(exchange.query.only({"application"}));
  const auto application = CO_TRY(application_of(exchange, exchange.query.find("application")));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  const auto wish = CO_TRY(wish_of(body.object()));
  const auto count = CO_TRY(co_await desk.parts.replay.all(desk.administration(exchange), application, id, wish));
  const bool is_dry = wish.run == services::ReplayWish::Run::kDry;
  co_return json_response(
      is_dry ? 200 : 202,
      format(
          R"({{"count":{},"failed":{},"missed":{},"delivered":{},"first_at":{},"last_at":{},"has_more":{},"dry_run":{}}})",
          count.total(), count.failed, count.missed, count.delivered, text_or_null(count.first_at),
          text_or_null(count.last_at), count.has_more, is_dry));
}

// ── fetching ────────────────────────────────────────────────────────────────────────────────────────────────

Answer pull_events(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<EndpointId>(exchange));
  CO_TRY_VOID(exchange.query.only({"application", "after", "limit"}));
  const auto application = CO_TRY(application_of(exchange, exchange.query.find("application")));
  const auto after = CO_TRY(exchange.query.parsed<EventId>("after", EventId::parse)).value_or(EventId());
  const auto limit = CO_TRY(exchange.query.integer("limit", 1, services::kFeedMax, services::kFeedMax));
  const auto feed = CO_TRY(co_await desk.parts.history.feed(application, id, after, static_cast<std::int32_t>(limit)));
  // The body as it stands in the database, so that it is what the endpoint would have got, byte for byte.
  std::string text = R"({"data":[)";
  for (const auto& event : feed.events) {
    if (text.back() != '[') text += ',';
    text += format(R"({{"id":"{}","created_at":"{}","body":{}}})", event.id.text(), to_rfc3339(event.created_at),
                   event.body);
  }
  text += format(R"(],"after":{},"has_more":{}}})", feed.upto.is_set() ? "\"" + feed.upto.text() + "\"" : "null",
                 feed.has_more);
  co_return json_response(200, std::move(text));
}

}  // namespace

std::vector<Route> v1_delivery_routes() {
  return {
      {"GET", "/v1/events/{id}", "getEvent", Surface::kV1, Access::kKey, get_event},
      {"GET", "/v1/deliveries", "listDeliveries", Surface::kV1, Access::kKey, list_deliveries},
      {"GET", "/v1/deliveries/{id}", "getDelivery", Surface::kV1, Access::kKey, get_delivery},
      {"POST", "/v1/deliveries/{id}/replay", "replayDelivery", Surface::kV1, Access::kKey, replay_delivery},
      {"POST", "/v1/endpoints/{id}/replay", "replayEndpoint", Surface::kV1, Access::kKey, replay_endpoint},
      {"GET", "/v1/endpoints/{id}/events", "pullEvents", Surface::kV1, Access::kKey, pull_events},
  };
}

}  // namespace signpost::api
