// SPDX-License-Identifier: Apache-2.0
#include "api/desk.h"

namespace signpost::api {

services::Administration Desk::administration(const Exchange& exchange) const {
  return {parts.master_key,
          parts.random,
          parts.ids,
          parts.clock.now(),
          exchange.key != nullptr ? exchange.key->id.text() : std::string("token"),
          parts.targets};
}

Result<void> Desk::take_request_of(std::string_view caller) {
  auto taken = per_caller_.take(caller);
  if (!taken) metrics.rate_limited.add();
  return taken;
}

Result<void> Desk::keep_answer(store::Tx& tx, const Exchange& exchange, const net::Response& response) const {
  return exchange.ticket ? idempotency.keep_in(tx, *exchange.ticket, response) : Result<void>{};
}

Result<ApplicationId> application_of(const Exchange& exchange, const std::optional<std::string>& named) {
  if (!named) {
    if (exchange.application) return *exchange.application;
    return fail(Kind::kUnprocessable, "application is missing: an admin key must say for which application it acts",
                "application");
  }
  const auto id = ApplicationId::parse(*named);
  if (!id) return std::unexpected(at_member(id.error(), "application"));
  // Whether it exists is for the transaction to say: another process may have created it a moment ago.
  if (exchange.application && *exchange.application != *id) {
    return fail(Kind::kUnprocessable, "application: there is no application " + *named + " for this key",
                "application");
  }
  return *id;
}

Result<void> check_visible(const Exchange& exchange, ApplicationId id) {
  if (exchange.application && *exchange.application != id) {
    return fail(Kind::kNotFound, "there is no application " + id.text() + " for this key");
  }
  return {};
}

net::Response json_response(int status, std::string body) {
  net::Response response;
  response.status = status;
  response.body = std::move(body);
  response.headers.push_back({"Content-Type", "application/json"});
  return response;
}

net::Response no_content() {
  net::Response response;
  response.status = 204;
  return response;
}

}  // namespace signpost::api
