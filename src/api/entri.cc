// SPDX-License-Identifier: Apache-2.0
//
// What integrations written for Entri call: POST /token, and the last webhook of a flow.
#include "api/credentials.h"
#include "api/desk.h"
#include "api/surfaces.h"
#include "base/text.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

/// Compares with every secret, so that the time does not tell which one was right. An unknown application costs one
/// comparison, too.
bool is_secret_of(const services::DirectoryEntry* entry, std::string_view secret, Time now) {
  if (entry == nullptr) {
    static_cast<void>(crypto::equals_in_constant_time(secret, secret));
    return false;
  }
  bool is_right = false;
  for (const auto& live : entry->secrets) {
    const bool is_equal = crypto::equals_in_constant_time(secret, live.secret.expose());
    is_right = is_right || (is_equal && live.is_live(now));
  }
  return is_right;
}

Answer create_token(Desk& desk, Exchange& exchange) {
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  const auto object = body.object();
  desk.metrics.unknown_members_entri.add(object.unknown({"applicationId", "secret"}));
  const auto id = ApplicationId::parse(CO_TRY(object.text("applicationId")));
  const auto secret = CO_TRY(object.text("secret", {.bytes_max = 512}));
  const auto* entry = id ? exchange.directory->find(*id) : nullptr;
  if (entry != nullptr) exchange.application = *id;  // so that its origins may read the answer
  if (!is_secret_of(entry, secret, desk.parts.clock.now())) {
    co_return fail(Kind::kUnauthenticated, "applicationId and secret do not belong together, or the secret has ended");
  }
  co_return json_response(200, format(R"({{"auth_token":"{}"}})", desk.parts.tokens.mint(*id)));
}

Result<ApplicationId> authenticate(Desk& desk, Exchange& exchange) {
  const auto token = bearer_or_bare_of(exchange.request);
  if (token.empty()) return fail(Kind::kUnauthenticated, "this needs the auth_token of POST /token in Authorization");
  const auto application = TRY(desk.parts.tokens.verify(token));
  if (exchange.directory->find(application) == nullptr) {
    return fail(Kind::kUnauthenticated, "the token's application is no longer there");
  }
  exchange.application = application;
  TRY_VOID(desk.take_request_of(application.text()));
  const auto named = exchange.request.header("applicationId");
  if (!named.empty() && named != application.text()) {
    return fail(Kind::kForbidden, "the header applicationId names another application than the token", "applicationId");
  }
  return application;
}

Answer last_webhook(Desk& desk, Exchange& exchange) {
  const auto application = CO_TRY(authenticate(desk, exchange));
  auto event = CO_TRY(co_await desk.parts.history.last_event_of(application, exchange.captures.at(0)));
  co_return json_response(200, std::move(event.body));
}

}  // namespace

std::vector<Route> entri_routes() {
  return {
      {"POST", "/token", "createToken", Surface::kEntri, Access::kHandler, create_token},
      {"GET", "/webhooks/last/{job_id}", "lastWebhook", Surface::kEntri, Access::kHandler, last_webhook},
  };
}

}  // namespace signpost::api
