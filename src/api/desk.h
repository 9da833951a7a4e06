// SPDX-License-Identifier: Apache-2.0
//
// What handlers work with, and the few things that all of them do with it.
// Owned by Api; any loop; everything in it outlives the Api.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "api/exchange.h"
#include "api/idempotency.h"
#include "api/json_input.h"
#include "api/metrics.h"
#include "base/clock.h"
#include "net/rate_limit.h"
#include "net/target_policy.h"
#include "services/applications.h"
#include "services/certificates.h"
#include "services/connections.h"
#include "services/directory.h"
#include "services/distributions.h"
#include "services/entri_receiver.h"
#include "services/history.h"
#include "services/identity.h"
#include "services/pages.h"
#include "services/proxies.h"
#include "services/replay.h"
#include "services/search_engines.h"
#include "services/storage.h"
#include "services/tokens.h"
#include "services/webhook_tester.h"

namespace signpost::api {

/// What the API is made of; app/wiring fills it in.
struct ApiParts {
  services::Storage& storage;
  services::Directory& directory;
  services::Connections& connections;
  services::Certificates& certificates;
  services::Proxies& proxies;
  services::Pages& pages;
  services::SearchEngines& search;
  const services::History& history;
  services::Replay& replay;
  services::EntriReceiver& entri_receiver;
  services::Identity& identity;
  const services::Tokens& tokens;
  services::WebhookTester& tester;
  const crypto::MasterKey& master_key;
  crypto::Random& random;
  IdMaker& ids;
  const Clock& clock;
  net::TargetPolicy targets{};  // which URLs endpoints may have
  /// What GET /v1/meta tells receivers.
  struct About {
    std::string version;
    std::vector<net::IpAddress> source_addresses;  // public ones; empty: not known, or any
  } about{};
  services::Distributions* distributions = nullptr;  // null: no cloud account is configured
};

class Desk {
 public:
  Desk(const ApiParts& parts, Metrics& metrics, net::RateLimit::Settings per_caller)
      : parts(parts),
        metrics(metrics),
        idempotency(parts.storage, parts.master_key, parts.clock),
        per_caller_(per_caller) {}

  const ApiParts parts;
  Metrics& metrics;
  Idempotency idempotency;

  /// Counts a request of a caller that has proven who it is: an API key, a user of an organization, an application with
  /// its auth_token. kRateLimited if there were too many.
  Result<void> take_request_of(std::string_view caller);

  /// In a write transaction, with the audit line in the caller's name. `work` may run twice.
  services::Administration administration(const Exchange& exchange) const;

  /// The effect of a POST that must not happen twice, in one transaction with the answer that its Idempotency-Key gets
  /// again. `work` and `answer_of` may run twice.
  template <typename T>
  Task<Result<net::Response>> effect(Exchange& exchange, std::function<Result<T>(store::Tx&)> work,
                                     std::function<net::Response(const T&)> answer_of) {
    auto response = CO_TRY(co_await parts.storage.write<net::Response>([&](store::Tx& tx) -> Result<net::Response> {
      auto made = answer_of(TRY(work(tx)));
      TRY_VOID(keep_answer(tx, exchange, made));
      return made;
    }));
    exchange.is_answer_kept = exchange.ticket.has_value();
    co_return response;
  }
  /// For an effect whose transaction a service opens.
  Result<void> keep_answer(store::Tx& tx, const Exchange& exchange, const net::Response& response) const;

 private:
  net::RateLimit per_caller_;
};

/// What the caller may see of connections.
inline services::Scope scope_of(const Exchange& exchange) { return {exchange.application}; }

/// The application that the caller means: an application's key may name only its own, an admin key must name one.
Result<ApplicationId> application_of(const Exchange& exchange, const std::optional<std::string>& named);
/// kNotFound unless the caller may see this application.
Result<void> check_visible(const Exchange& exchange, ApplicationId id);

/// The capture as an id; kNotFound if it is none: such a thing cannot exist.
template <typename AnyId>
Result<AnyId> id_from_path(const Exchange& exchange) {
  auto id = AnyId::parse(exchange.captures.at(0));
  if (!id) return fail(Kind::kNotFound, id.error().message);
  return *id;
}

net::Response json_response(int status, std::string body);
net::Response no_content();

}  // namespace signpost::api
