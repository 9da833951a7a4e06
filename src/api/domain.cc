// SPDX-License-Identifier: Apache-2.0
//
// /api/domain/*: requests and answers of seed 000, called by frontends with the token of their organization.
#include "api/credentials.h"
#include "api/desk.h"
#include "api/surfaces.h"
#include "base/text.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

/// Who calls; kForbidden if the path is another organization's.
Task<Result<services::OrganizationIdentity>> authenticate(Desk& desk, Exchange& exchange) {
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

/// `?host=` chooses among several connections of one organization.
Result<std::optional<HostName>> host_of(const Exchange& exchange) {
  const auto text = exchange.query.find("host");
  if (!text) return std::nullopt;
  return TRY(at_member(HostName::parse(*text), "host"));
}

Answer mark_step_complete(Desk& desk, Exchange& exchange) {
  auto identity = CO_TRY(co_await authenticate(desk, exchange));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  desk.metrics.unknown_members_domain.add(body.object().unknown({"step"}));
  const auto step = CO_TRY(body.object().integer("step", 1, 2));
  auto host = CO_TRY(host_of(exchange));
  const auto connection = CO_TRY(co_await desk.parts.connections.mark_step(
      identity.application, std::move(identity.organization), std::move(host), static_cast<int>(step)));
  co_return json_response(200,
                          format(R"({{"status":"success","proxy_status":"{}"}})", model::name_of(connection.status)));
}

/// The members of `ai_sites` in the published order; those of the CloudFront edge are not known to a connection whose
/// certificate is external. Host names in canonical form need no escaping.
std::string proxy_json(const model::Connection& connection) {
  const auto& host = connection.host;
  return format(R"({{"has_proxy":true,"proxy_status":"{}","cloudfront_domain":null,"distribution_id":null,)"
                R"("certificate_arn":null,"origin_cname":null,"original_www_cname":null,"custom_domain":"{}",)"
                R"("domain_type":"{}","naked_domain":"{}","subdomain_label":"{}","apex_gateway_ips":null}})",
                model::name_of(connection.status), host.text(), host.is_apex() ? "apex" : "subdomain", host.domain(),
                host.is_apex() ? std::string_view("@") : host.subdomain());
}

Answer get_proxy(Desk& desk, Exchange& exchange) {
  auto identity = CO_TRY(co_await authenticate(desk, exchange));
  auto host = CO_TRY(host_of(exchange));
  const auto found = CO_TRY(co_await desk.parts.connections.of_organization(
      identity.application, std::move(identity.organization), std::move(host)));
  co_return json_response(200, found ? proxy_json(*found) : R"({"has_proxy":false})");
}

}  // namespace

std::vector<Route> domain_routes() {
  return {
      {"POST", "/api/domain/mark-step-complete/{org_id}", "markStepComplete", Surface::kDomain, Access::kHandler,
       mark_step_complete},
      {"GET", "/api/domain/get-proxy/{org_id}", "getProxy", Surface::kDomain, Access::kHandler, get_proxy},
  };
}

}  // namespace signpost::api
