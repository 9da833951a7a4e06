// SPDX-License-Identifier: Apache-2.0
#include "api/cors.h"

#include <algorithm>

#include "api/problem.h"
#include "base/text.h"

namespace signpost::api {
namespace {

bool is_for_browsers(const Exchange& exchange, const Router& router) {
  if (exchange.route != nullptr) return exchange.route->is_for_browsers();
  return router.is_for_browsers(exchange.request.path);  // refused before there was a route
}

bool may_read(std::string_view origin, const Exchange& exchange) {
  if (!exchange.application) {
    // An admin key speaks for no application, and what it is answered is no refusal.
    return exchange.key == nullptr && exchange.directory->is_allowed_origin(origin);
  }
  const auto* entry = exchange.directory->find(*exchange.application);
  if (entry == nullptr) return false;
  const auto& allowed = entry->application.allowed_origins;
  return std::ranges::find(allowed, origin) != allowed.end();
}

}  // namespace

net::Response preflight(const Router& router, const services::DirectorySnapshot& directory,
                        const net::Request& request) {
  const auto allowed = router.allowed(request.path);
  if (allowed.empty()) return problem(Error{Kind::kNotFound, "there is nothing at this path", "", {}});
  net::Response response;
  response.status = 204;
  response.set("Allow", allowed);
  if (!router.is_for_browsers(request.path)) return response;
  response.set("Vary", "Origin");
  const auto origin = request.header("Origin");
  if (origin.empty()) return response;
  if (!directory.is_allowed_origin(origin)) {
    auto refused =
        problem(Error{Kind::kForbidden,
                      "no application has the origin " + printable(origin, 100) + " among its allowed_origins",
                      "",
                      {}});
    refused.set("Vary", "Origin");
    return refused;
  }
  response.set("Access-Control-Allow-Origin", origin);
  response.set("Access-Control-Allow-Methods", allowed);
  response.set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, applicationId");
  response.set("Access-Control-Max-Age", std::to_string(kPreflightSeconds));
  return response;
}

void allow_origin(net::Response& response, const Exchange& exchange, const Router& router) {
  if (!is_for_browsers(exchange, router)) return;
  response.set("Vary", "Origin");
  const auto origin = exchange.request.header("Origin");
  if (origin.empty() || !may_read(origin, exchange)) return;
  response.set("Access-Control-Allow-Origin", origin);
  response.set("Access-Control-Expose-Headers", "Retry-After, X-Request-Id");
}

}  // namespace signpost::api
