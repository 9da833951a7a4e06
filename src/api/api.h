// SPDX-License-Identifier: Apache-2.0
//
// The public HTTP surface: every request passes here once, from route to log line.
// Owned by app/wiring; `handle` on any loop; what ApiParts names outlives it, and it outlives the HTTP server.
// The way is always: route, address limit, authentication, caller limit, idempotency, handler, CORS, log. Where the
// handler authenticates, it takes from the caller's limit, too.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <vector>

#include "api/desk.h"
#include "api/metrics.h"
#include "api/router.h"
#include "net/address_policy.h"
#include "net/http_message.h"
#include "net/http_server.h"
#include "net/rate_limit.h"

namespace signpost::api {

class Api {
 public:
  struct Settings {
    std::vector<net::Network> trusted_proxies;                             // whose X-Forwarded-For is believed
    net::RateLimit::Settings per_address{.per_second = 50, .burst = 200};  // requests of one address (IPv6: one /64)
    // Requests of one API key, of one user of an organization, of one application with its auth_tokens.
    net::RateLimit::Settings per_key{.per_second = 100, .burst = 400};
  };
  Api(const ApiParts& parts, Settings settings);

  Task<net::Response> handle(net::Request request);
  /// The answer to what the HTTP server refuses by itself: headers, log line and count are those of any other answer.
  net::Response refuse(const net::Refusal& refusal, net::Request seen);
  /// How long a body may follow this head, bytes, where the HTTP server takes less by itself; 0: no longer one. Such a
  /// body is read only from callers whose API key the head holds. Any loop.
  std::size_t larger_body_max(const net::Request& head) const;

  const std::vector<Route>& routes() const { return router_.routes(); }
  Metrics& metrics() { return metrics_; }

 private:
  Exchange begin(net::Request request);
  Task<net::Response> respond(Exchange& exchange);
  Task<Result<net::Response>> pass(Exchange& exchange);
  net::Response answer_to(const Exchange& exchange, const Error& error) const;
  Result<void> find_route(Exchange& exchange) const;
  Result<void> authenticate(Exchange& exchange);
  void finish(const Exchange& exchange, net::Response& response, std::chrono::nanoseconds took);
  std::string next_request_id();

  const Settings settings_;
  Router router_;
  Metrics metrics_;
  Desk desk_;
  net::RateLimit per_address_;
  const std::string request_id_prefix_;  // random, so that ids of two runs differ
  std::atomic<std::uint64_t> requests_{0};
};

/// Every route of ours, as the router, openapi.yaml and the metrics know it.
std::vector<Route> all_routes();

}  // namespace signpost::api
