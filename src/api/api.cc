// SPDX-License-Identifier: Apache-2.0
#include "api/api.h"

#include "api/client_address.h"
#include "api/cors.h"
#include "api/credentials.h"
#include "api/problem.h"
#include "api/surfaces.h"
#include "base/log.h"
#include "base/text.h"
#include "net/cdn_loop.h"
#include "services/keys.h"

namespace signpost::api {
namespace {

std::vector<std::string> patterns_of(const std::vector<Route>& routes) {
  std::vector<std::string> patterns;
  for (const auto& route : routes) patterns.push_back(std::string(route.method) + " " + std::string(route.pattern));
  return patterns;
}

Result<void> authenticate_key(Exchange& exchange) {
  const auto text = bearer_of(exchange.request);
  if (text.empty()) return fail(Kind::kUnauthenticated, "this needs an API key: Authorization: Bearer sp_…");
  exchange.key = services::authenticate_key(*exchange.directory, text);
  if (exchange.key == nullptr) return fail(Kind::kUnauthenticated, "the API key is unknown or revoked");
  exchange.application = exchange.key->application;
  return {};
}

Result<void> authenticate_token(Exchange& exchange, const services::Tokens& tokens) {
  const auto application = TRY(tokens.verify(bearer_of(exchange.request)));
  if (exchange.directory->find(application) == nullptr) {
    return fail(Kind::kUnauthenticated, "the token's application is no longer there");
  }
  exchange.application = application;
  return {};
}

/// Where one request can make webhooks leave.
bool makes_webhooks(Access access) {
  switch (access) {
    case Access::kKey:
    case Access::kAdminKey:
    case Access::kKeyOrToken:
    case Access::kSignature:
      return true;
    case Access::kPublic:
    case Access::kHandler:
      return false;
  }
  return false;
}

/// A webhook with a key of this API among its headers, or one that we take as the hosted Entri's, could order what
/// makes the next webhook, without end.
bool is_going_in_a_circle(const Exchange& exchange) {
  const auto hops = net::count_hops(exchange.request.headers);
  return hops > net::kHopsMax || (hops > 0 && makes_webhooks(exchange.route->access));
}

std::string caller_of(const Exchange& exchange) {
  if (exchange.key != nullptr) return exchange.key->id.text();
  return exchange.application ? exchange.application->text() : std::string("-");
}

}  // namespace

std::vector<Route> all_routes() {
  std::vector<Route> all;
  for (auto* surface : {domain_routes, search_routes, v1_page_routes, entri_routes, v1_application_routes,
                        v1_endpoint_routes, v1_member_routes, v1_key_routes, v1_connection_routes,
                        v1_certificate_routes, v1_authority_routes, v1_delivery_routes, v1_webhook_routes,
                        v1_audit_log_routes, v1_meta_routes, entri_receiver_routes, openapi_routes}) {
    for (auto& route : surface()) all.push_back(route);
  }
  return all;
}

Api::Api(const ApiParts& parts, Settings settings)
    : settings_(std::move(settings)),
      router_(all_routes()),
      metrics_(patterns_of(router_.routes())),
      desk_(parts, metrics_, settings_.per_key),
      per_address_(settings_.per_address),
      request_id_prefix_("req_" + to_hex(parts.random.bytes(4))) {}

Task<net::Response> Api::handle(net::Request request) {
  const auto started = std::chrono::steady_clock::now();
  auto exchange = begin(std::move(request));
  auto response = co_await respond(exchange);
  finish(exchange, response, std::chrono::steady_clock::now() - started);
  co_return response;
}

net::Response Api::refuse(const net::Refusal& refusal, net::Request seen) {
  auto exchange = begin(std::move(seen));
  static_cast<void>(find_route(exchange));  // often there is not even a path
  auto response = problem(refusal);
  if (refusal.status == 413 && exchange.route != nullptr && exchange.route->body_bytes_max > 0) {
    // "Send less" would be no help to a caller who may send more, but for the key.
    if (const auto known = authenticate_key(exchange); !known) response = problem(known.error());
  }
  finish(exchange, response, std::chrono::nanoseconds(0));
  return response;
}

std::size_t Api::larger_body_max(const net::Request& head) const {
  const auto match = router_.find(head.method, head.path);
  if (!match) return 0;
  const auto most = router_.routes()[match->route].body_bytes_max;
  if (most == 0) return 0;
  const auto directory = desk_.parts.directory.snapshot();
  return services::authenticate_key(*directory, bearer_of(head)) != nullptr ? most : 0;
}

Exchange Api::begin(net::Request request) {
  Exchange exchange;
  exchange.request = std::move(request);
  exchange.request_id = next_request_id();
  exchange.client = client_address(exchange.request, settings_.trusted_proxies);
  exchange.directory = desk_.parts.directory.snapshot();
  return exchange;
}

Task<net::Response> Api::respond(Exchange& exchange) {
  const auto found = find_route(exchange);  // first, so that log and metrics know it whatever the answer is
  if (auto limited = per_address_.take(rate_key(exchange.client)); !limited) {
    metrics_.rate_limited.add();
    co_return problem(limited.error());
  }
  if (exchange.request.method == "OPTIONS") co_return preflight(router_, *exchange.directory, exchange.request);
  if (!found) co_return answer_to(exchange, found.error());
  if (is_going_in_a_circle(exchange)) {
    co_return problem(
        net::Refusal{508, "this is a webhook of Signpost's own: an endpoint's URL must not lead to this API"});
  }
  auto passed = co_await pass(exchange);
  if (passed) co_return *std::move(passed);
  co_return answer_to(exchange, passed.error());
}

net::Response Api::answer_to(const Exchange& exchange, const Error& error) const {
  if (error.kind == Kind::kInternal) {
    log::error("a request failed by a bug", {{"request_id", exchange.request_id}, {"error", error.message}});
  }
  auto response = problem(error);
  if (error.kind == Kind::kMethodNotAllowed) response.set("Allow", router_.allowed(exchange.request.path));
  return response;
}

Task<Result<net::Response>> Api::pass(Exchange& exchange) {
  CO_TRY_VOID(authenticate(exchange));
  exchange.query = CO_TRY(Query::parse(exchange.request.query));
  const Route& route = *exchange.route;
  if (exchange.key == nullptr || route.method != "POST") co_return co_await route.handler(desk_, exchange);
  exchange.ticket = CO_TRY(Idempotency::ticket_of(exchange.request, exchange.key->id));
  if (!exchange.ticket) co_return co_await route.handler(desk_, exchange);
  if (auto saved = CO_TRY(co_await desk_.idempotency.begin(*exchange.ticket))) {
    metrics_.replays.add();
    co_return *std::move(saved);
  }
  auto answer = co_await route.handler(desk_, exchange);
  auto response = answer ? *std::move(answer) : problem(answer.error());
  if (!exchange.is_answer_kept) co_await desk_.idempotency.end(*exchange.ticket, response);
  co_return response;
}

Result<void> Api::find_route(Exchange& exchange) const {
  auto match = TRY(router_.find(exchange.request.method, exchange.request.path));
  exchange.route = &router_.routes()[match.route];
  exchange.captures = std::move(match.captures);
  return {};
}

Result<void> Api::authenticate(Exchange& exchange) {
  switch (exchange.route->access) {
    case Access::kPublic:
    case Access::kHandler:
    case Access::kSignature:
      return {};
    case Access::kKeyOrToken: {
      const auto text = bearer_of(exchange.request);
      if (!text.empty() && !text.starts_with(services::kKeyPrefix)) {
        TRY_VOID(authenticate_token(exchange, desk_.parts.tokens));
        return desk_.take_request_of(exchange.application->text());
      }
      TRY_VOID(authenticate_key(exchange));
      break;
    }
    case Access::kKey:
    case Access::kAdminKey:
      TRY_VOID(authenticate_key(exchange));
      break;
  }
  TRY_VOID(desk_.take_request_of(exchange.key->id.text()));
  if (exchange.route->access == Access::kAdminKey && exchange.key->application) {
    return fail(Kind::kForbidden, "this needs an admin key; yours is for one application");
  }
  return {};
}

void Api::finish(const Exchange& exchange, net::Response& response, std::chrono::nanoseconds took) {
  response.headers.push_back({"X-Request-Id", exchange.request_id});
  response.headers.push_back({"X-Content-Type-Options", "nosniff"});
  response.headers.push_back({"Cache-Control", "no-store"});
  if (exchange.request.method != "OPTIONS") allow_origin(response, exchange, router_);
  const auto route = exchange.route == nullptr ? router_.routes().size()
                                               : static_cast<std::size_t>(exchange.route - router_.routes().data());
  metrics_.count(route, response.status, took);
  const auto level = response.status >= 500 ? log::Level::kWarn : log::Level::kInfo;
  if (!log::is_written(level)) return;
  log::write(level, "request",
             {{"method", printable(exchange.request.method, 20)},
              {"route", exchange.route == nullptr ? Metrics::kNoRoute : exchange.route->pattern},
              {"status", response.status},
              {"ms", std::chrono::duration<double, std::milli>(took).count()},
              {"bytes", response.body.size()},
              {"request_id", exchange.request_id},
              {"caller", caller_of(exchange)},
              {"peer", exchange.client.to_string()}});
}

std::string Api::next_request_id() {
  return request_id_prefix_ + format("{:010x}", requests_.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace signpost::api
