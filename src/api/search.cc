// SPDX-License-Identifier: Apache-2.0
//
// What SearchCompany's API has for search engines (docs/contract.md): verification with Google and sitemaps, called by
// frontends with the token of their organization; submissions of changed URLs, called by crons with an API key.
#include <boost/json.hpp>

#include "api/desk.h"
#include "api/json_words.h"
#include "api/organization_caller.h"
#include "api/surfaces.h"
#include "base/text.h"
#include "cloud/indexnow.h"

namespace signpost::api {
namespace {

namespace json = boost::json;
using Answer = Task<Result<net::Response>>;

net::Response answered(const json::object& object) { return json_response(200, json::serialize(object)); }

/// What Google did not do is told in the contract's own shape, with 200.
net::Response answered_with_trouble(const services::GoogleAnswer& answer) {
  return answered({{"status", "error"},
                   {"message", answer.trouble},
                   {"google_verification_status", word(model::name_of(answer.status))}});
}

Answer start_google_verification(Desk& desk, Exchange& exchange) {
  auto identity = CO_TRY(co_await authenticate_organization(desk, exchange));
  CO_TRY_VOID(ignore_body(desk, exchange));
  auto host = CO_TRY(host_of(exchange));
  const auto answer = CO_TRY(
      co_await desk.parts.search.start_google(identity.application, std::move(identity.organization), std::move(host)));
  if (!answer.trouble.empty()) co_return answered_with_trouble(answer);
  co_return answered({{"status", "success"},
                      {"txt_record", json::object{{"name", "@"}, {"value", answer.token}}},
                      {"google_verification_status", word(model::name_of(answer.status))}});
}

Answer complete_google_verification(Desk& desk, Exchange& exchange) {
  auto identity = CO_TRY(co_await authenticate_organization(desk, exchange));
  CO_TRY_VOID(ignore_body(desk, exchange));
  auto host = CO_TRY(host_of(exchange));
  const auto answer = CO_TRY(co_await desk.parts.search.complete_google(
      identity.application, std::move(identity.organization), std::move(host)));
  if (!answer.trouble.empty()) co_return answered_with_trouble(answer);
  co_return answered({{"status", "success"}, {"google_verification_status", word(model::name_of(answer.status))}});
}

Answer resubmit_sitemap(Desk& desk, Exchange& exchange) {
  auto identity = CO_TRY(co_await authenticate_organization_or_key(desk, exchange));
  CO_TRY_VOID(ignore_body(desk, exchange));
  auto host = CO_TRY(host_of(exchange));
  const auto answer = CO_TRY(co_await desk.parts.search.resubmit_sitemap(
      identity.application, std::move(identity.organization), std::move(host)));
  if (!answer.trouble.empty()) co_return answered_with_trouble(answer);
  co_return answered({{"status", "success"}});
}

static_assert(kUrlsBodyBytesMax >= 400 * cloud::kIndexNowUrlsMax);
static_assert(JsonValue::values_max > cloud::kIndexNowUrlsMax + 3);

/// Both published answers in one: {"status","submitted","http_status"} and
/// {"status","submitted","accepted","rejected"}.
Answer submit_indexnow(Desk& desk, Exchange& exchange) {
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  desk.metrics.unknown_members_domain.add(body.object().unknown({"source_url", "urls"}));
  services::UrlReport report;
  report.source_url = CO_TRY(body.object().text("source_url", {.bytes_max = net::Url::bytes_max}));
  report.urls = CO_TRY(body.object().texts("urls", cloud::kIndexNowUrlsMax, {.bytes_max = net::Url::bytes_max}));
  if (report.urls.empty()) co_return fail(Kind::kUnprocessable, "urls must name at least one URL", "urls");
  const auto answer = CO_TRY(co_await desk.parts.search.submit(scope_of(exchange), std::move(report)));
  json::object object{{"status", answer.trouble.empty() ? "success" : "error"},
                      {"submitted", answer.submitted},
                      {"http_status", answer.http_status == 0 ? json::value(nullptr) : json::value(answer.http_status)},
                      {"accepted", answer.accepted},
                      {"rejected", answer.rejected}};
  if (!answer.trouble.empty()) object["message"] = answer.trouble;
  co_return answered(object);
}

}  // namespace

std::vector<Route> search_routes() {
  return {
      {"POST", "/api/domain/start-google-verification/{org_id}", "startGoogleVerification", Surface::kDomain,
       Access::kHandler, start_google_verification},
      {"POST", "/api/domain/complete-google-verification/{org_id}", "completeGoogleVerification", Surface::kDomain,
       Access::kHandler, complete_google_verification},
      {"POST", "/api/domain/resubmit-sitemap/{org_id}", "resubmitSitemap", Surface::kDomain, Access::kHandler,
       resubmit_sitemap},
      {"POST", "/api/cron/submit-indexnow", "submitIndexnow", Surface::kV1, Access::kKey, submit_indexnow,
       kUrlsBodyBytesMax},
  };
}

}  // namespace signpost::api
