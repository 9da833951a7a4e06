// SPDX-License-Identifier: Apache-2.0
//
// /v1/certificates: those that Signpost obtains, without their private keys.
#include "api/certificate_json.h"
#include "api/desk.h"
#include "api/json_output.h"
#include "api/pages.h"
#include "api/surfaces.h"
#include "base/text.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

services::AlsoInTx audited(const Desk& desk, const Exchange& exchange, std::string action, CertificateId id,
                           std::string detail) {
  return [by = desk.administration(exchange), application = exchange.application, action = std::move(action), id,
          detail = std::move(detail)](store::Tx& tx) {
    return services::audit(tx, by, application, action, id.text(), detail);
  };
}

Answer list_certificates(Desk& desk, Exchange& exchange) {
  CO_TRY_VOID(exchange.query.only({"ends_within", "cursor", "limit"}));
  const auto limit = CO_TRY(exchange.query.integer("limit", 1, services::kPageMax, services::kPageDefault));
  std::optional<Milliseconds> ends_within;
  if (const auto text = exchange.query.find("ends_within"))
    ends_within = CO_TRY(at_member(parse_duration(*text), "ends_within"));
  const auto page = CO_TRY(co_await desk.parts.certificates.list(
      scope_of(exchange), ends_within, exchange.query.find("cursor"), static_cast<std::size_t>(limit)));
  std::vector<CertificateView> views;
  for (const auto& certificate : page.items) views.push_back({certificate, desk.parts.clock.now()});
  co_return json_response(200, page_json(views, page.next_cursor));
}

Answer get_certificate(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<CertificateId>(exchange));
  CO_TRY_VOID(exchange.query.only({}));
  const auto certificate = CO_TRY(co_await desk.parts.certificates.read(scope_of(exchange), id));
  co_return json_response(200, to_json(CertificateView{certificate, desk.parts.clock.now()}));
}

Answer renew_certificate(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<CertificateId>(exchange));
  const auto body = CO_TRY(JsonBody::read_or_empty(exchange.request));
  CO_TRY_VOID(body.object().only({}));
  const auto certificate = CO_TRY(co_await desk.parts.certificates.renew(
      scope_of(exchange), id, audited(desk, exchange, "certificate.renew", id, "")));
  co_return json_response(202, to_json(CertificateView{certificate, desk.parts.clock.now()}));
}

Result<acme::RevocationReason> reason_of(const ObjectReader& body) {
  TRY_VOID(body.only({"reason", "serial"}));
  const auto text = TRY(body.optional_text("reason"));
  if (!text) return acme::RevocationReason::kUnspecified;
  const auto reason = acme::parse_revocation_reason(*text);
  if (reason) return *reason;
  return fail(Kind::kUnprocessable,
              "reason must be unspecified, key_compromise, affiliation_changed, superseded or cessation_of_operation",
              "reason");
}

Answer revoke_certificate(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<CertificateId>(exchange));
  const auto body = CO_TRY(JsonBody::read_or_empty(exchange.request));
  const auto reason = CO_TRY(reason_of(body.object()));
  auto serial = CO_TRY(body.object().optional_text("serial"));
  const auto certificate = CO_TRY(co_await desk.parts.certificates.revoke(
      scope_of(exchange), id, reason,
      audited(desk, exchange, "certificate.revoke", id, std::string(acme::name_of(reason))), std::move(serial)));
  co_return json_response(200, to_json(CertificateView{certificate, desk.parts.clock.now()}));
}

}  // namespace

std::vector<Route> v1_certificate_routes() {
  constexpr auto kV1 = Surface::kV1;
  constexpr auto kKey = Access::kKey;
  return {
      {"GET", "/v1/certificates", "listCertificates", kV1, kKey, list_certificates},
      {"GET", "/v1/certificates/{id}", "getCertificate", kV1, kKey, get_certificate},
      {"POST", "/v1/certificates/{id}/renew", "renewCertificate", kV1, kKey, renew_certificate},
      {"POST", "/v1/certificates/{id}/revoke", "revokeCertificate", kV1, kKey, revoke_certificate},
  };
}

}  // namespace signpost::api
