// SPDX-License-Identifier: Apache-2.0
//
// /v1/audit-log: who did what. An application's key sees what was done to its own application.
#include "api/desk.h"
#include "api/json_output.h"
#include "api/pages.h"
#include "api/surfaces.h"
#include "services/administration.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;
using Page = store::Page<services::AuditEntry>;

/// Empty for an admin key that names none: all.
Result<std::optional<ApplicationId>> scope_from(const Exchange& exchange) {
  const auto named = exchange.query.find("application");
  if (!named && !exchange.application) return std::nullopt;
  return TRY(application_of(exchange, named));
}

Answer list_audit_log(Desk& desk, Exchange& exchange) {
  CO_TRY_VOID(exchange.query.only({"application", "cursor", "limit"}));
  const auto scope = CO_TRY(scope_from(exchange));
  const auto request = CO_TRY(page_from<AuditId>(exchange.query));
  const auto page = CO_TRY(co_await desk.parts.storage.read<Page>(
      [scope, request](store::Tx& tx) { return services::list_audit_log(tx, scope, request); }));
  co_return json_response(200, page_json(page.items, next_cursor_of(page)));
}

}  // namespace

std::vector<Route> v1_audit_log_routes() {
  return {{"GET", "/v1/audit-log", "listAuditLog", Surface::kV1, Access::kKey, list_audit_log}};
}

}  // namespace signpost::api
