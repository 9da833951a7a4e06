// SPDX-License-Identifier: Apache-2.0
#include "api/organization_caller.h"

#include "api/credentials.h"
#include "base/text.h"
#include "services/keys.h"

namespace signpost::api {

Task<Result<services::OrganizationIdentity>> authenticate_organization(Desk& desk, Exchange& exchange) {
  const auto token = bearer_of(exchange.request);
  if (token.empty()) {
    co_return fail(Kind::kUnauthenticated, "this needs the organization's token: Authorization: Bearer …");
  }
  auto identity = CO_TRY(co_await desk.parts.identity.authenticate(std::string(token)));
  exchange.application = identity.application;
  CO_TRY_VOID(
      desk.take_request_of(format("{}/{}/{}", identity.application.text(), identity.organization, identity.subject)));
  if (identity.organization != exchange.captures.at(0)) {
    co_return fail(Kind::kForbidden, "the token is for another organization than the path");
  }
  co_return identity;
}

Task<Result<services::OrganizationIdentity>> authenticate_organization_or_key(Desk& desk, Exchange& exchange) {
  const auto token = bearer_of(exchange.request);
  if (!token.starts_with(services::kKeyPrefix)) co_return co_await authenticate_organization(desk, exchange);
  exchange.key = services::authenticate_key(*exchange.directory, token);
  if (exchange.key == nullptr) co_return fail(Kind::kUnauthenticated, "the API key is unknown or revoked");
  exchange.application = exchange.key->application;
  CO_TRY_VOID(desk.take_request_of(exchange.key->id.text()));
  if (!exchange.application) {
    co_return fail(Kind::kForbidden, "this needs an application's key: an admin key does not say whose organization");
  }
  co_return services::OrganizationIdentity{*exchange.application, exchange.captures.at(0), exchange.key->id.text()};
}

Result<std::optional<HostName>> host_of(const Exchange& exchange) {
  const auto text = exchange.query.find("host");
  if (!text) return std::nullopt;
  return TRY(at_member(HostName::parse(*text), "host"));
}

Result<void> ignore_body(Desk& desk, const Exchange& exchange) {
  const auto body = TRY(JsonBody::read_or_empty(exchange.request));
  desk.metrics.unknown_members_domain.add(body.object().unknown({}));
  return {};
}

}  // namespace signpost::api
