// SPDX-License-Identifier: Apache-2.0
//
// /api/domain/*: requests and answers of seed 000, and of the pages beside it (docs/contract.md), called by frontends
// with the token of their organization.
#include <algorithm>
#include <boost/json.hpp>

#include "api/desk.h"
#include "api/json_words.h"
#include "api/organization_caller.h"
#include "api/surfaces.h"
#include "base/text.h"

namespace signpost::api {
namespace {

namespace json = boost::json;
using Answer = Task<Result<net::Response>>;

Answer mark_step_complete(Desk& desk, Exchange& exchange) {
  auto identity = CO_TRY(co_await authenticate_organization(desk, exchange));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  desk.metrics.unknown_members_domain.add(body.object().unknown({"step"}));
  const auto step = CO_TRY(body.object().integer("step", 1, 2));
  auto host = CO_TRY(host_of(exchange));
  const auto connection = CO_TRY(co_await desk.parts.connections.mark_step(
      identity.application, std::move(identity.organization), std::move(host), static_cast<int>(step)));
  co_return json_response(200,
                          format(R"({{"status":"success","proxy_status":"{}"}})", model::name_of(connection.status)));
}

std::string_view label_of(const HostName& host) { return host.is_apex() ? std::string_view("@") : host.subdomain(); }
std::string_view domain_type_of(const HostName& host) { return host.is_apex() ? "apex" : "subdomain"; }

json::array entries_json(const std::vector<services::DnsEntry>& entries) {
  json::array array;
  for (const auto& entry : entries) {
    array.emplace_back(json::object{{"name", entry.name}, {"type", entry.type}, {"value", entry.value}});
  }
  return array;
}

/// Where the traffic went before: the alias, or the first address.
std::optional<std::string> origin_of(const std::optional<model::OriginalDns>& original) {
  if (!original) return std::nullopt;
  if (original->cname) return original->cname;
  if (!original->a.empty()) return original->a.front();
  return std::nullopt;
}

/// Addresses of the records that lead an apex to the edge.
json::value gateways_of(const model::Connection& connection) {
  if (connection.edge != model::Edge::kCloudfront || !connection.host.is_apex()) return nullptr;
  json::array addresses;
  for (const auto& record : connection.records) {
    if (record.type == RecordType::kA && services::leads_host(connection.host, record))
      addresses.emplace_back(record.value);
  }
  return addresses;
}

json::value text_unless_empty(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

/// What Amazon wants to see before it issues a certificate of its own, and what that waits for.
json::value validation_of(const services::Proxy& proxy) {
  if (!proxy.distribution || !proxy.distribution->validation) return nullptr;
  const auto& domain = proxy.connection.host.domain();
  const auto name = DnsName::parse(proxy.distribution->validation->name);
  return {{"name", name ? json::value(services::relative_name(*name, domain)) : json::value(nullptr)},
          {"type", "CNAME"},
          {"value", proxy.distribution->validation->value}};
}
json::value upgrade_of(const services::Proxy& proxy) {
  if (!proxy.distribution) return nullptr;
  const auto& row = *proxy.distribution;
  return {{"state", word(model::name_of(row.upgrade))},
          {"missing", row.upgrade_park ? json::value(row.upgrade_park->explanation) : json::value(nullptr)}};
}

/// The members of `ai_sites` in the published order, then ours.
std::string proxy_json(const services::Proxy& proxy) {
  const auto& connection = proxy.connection;
  const auto& host = connection.host;
  const bool has_cname = proxy.original && !host.is_apex();
  const auto& row = proxy.distribution;
  auto challenges = entries_json(services::challenge_entries(proxy));
  json::value attention = nullptr;
  if (connection.attention) {
    attention = {{"cause", connection.attention->cause}, {"explanation", connection.attention->explanation}};
  }
  return json::serialize(json::object{
      {"has_proxy", true},
      {"proxy_status", word(model::name_of(connection.status))},
      {"cloudfront_domain", row ? text_unless_empty(row->domain_name) : json::value(nullptr)},
      {"distribution_id", row ? text_unless_empty(row->cloudfront_id) : json::value(nullptr)},
      {"certificate_arn", row ? text_unless_empty(row->serving_arn) : json::value(nullptr)},
      {"origin_cname",
       row && !row->origin.empty() ? json::value(row->origin) : text_or_null(origin_of(proxy.original))},
      {"original_www_cname", has_cname ? text_or_null(proxy.original->cname) : json::value(nullptr)},
      {"custom_domain", host.text()},
      {"domain_type", word(domain_type_of(host))},
      {"naked_domain", word(host.domain())},
      {"subdomain_label", word(label_of(host))},
      {"apex_gateway_ips", gateways_of(connection)},
      {"ssl_validation_records", std::move(challenges)},
      {"acm_validation_record", validation_of(proxy)},
      {"certificate_upgrade", upgrade_of(proxy)},
      {"attention", std::move(attention)},
  });
}

Answer get_proxy(Desk& desk, Exchange& exchange) {
  auto identity = CO_TRY(co_await authenticate_organization(desk, exchange));
  auto host = CO_TRY(host_of(exchange));
  const auto found =
      CO_TRY(co_await desk.parts.proxies.find(identity.application, std::move(identity.organization), std::move(host)));
  co_return json_response(200, found ? proxy_json(*found) : R"({"has_proxy":false})");
}

/// Who calls, and the proxy that the path means. kNotFound if there is none.
struct Caller {
  services::OrganizationIdentity identity;
  services::Proxy proxy;
};
Task<Result<Caller>> caller_of(Desk& desk, Exchange& exchange) {
  auto identity = CO_TRY(co_await authenticate_organization(desk, exchange));
  auto host = CO_TRY(host_of(exchange));
  auto found = CO_TRY(co_await desk.parts.proxies.find(identity.application, identity.organization, std::move(host)));
  if (!found) {
    co_return fail(Kind::kNotFound,
                   format("organization {} has no live connection: create one first", identity.organization));
  }
  co_return Caller{std::move(identity), *std::move(found)};
}

/// What Entri is told to add: members of the page, and where step 1 is a CNAME, that.
json::object started_json(const services::CertificateSubject& subject) {
  const auto& certificate = subject.certificate;
  const auto& connection = subject.connection;
  json::object object{{"txt_record_name", nullptr},   {"txt_record_value", nullptr}, {"order_url", nullptr},
                      {"authorization_url", nullptr}, {"challenge_url", nullptr},    {"finalize_url", nullptr}};
  if (certificate.order && !certificate.order->challenges.empty()) {
    const auto& order = *certificate.order;
    // Of two names one may be proven already: the page's members are those of one that is not.
    const auto pending = std::ranges::find_if(
        order.challenges, [](const model::Challenge& challenge) { return !challenge.challenge_url.empty(); });
    const auto& challenge = pending != order.challenges.end() ? *pending : order.challenges.front();
    object["order_url"] = order.url;
    object["authorization_url"] = challenge.authorization_url;
    object["challenge_url"] = challenge.challenge_url;
    object["finalize_url"] = order.finalize_url;
    if (const auto texts = services::texts_of(certificate);
        certificate.by == model::CertificateBy::kTxt && !texts.empty()) {
      const auto name = model::challenge_name(connection.host);
      object["txt_record_name"] = name ? name->text() : std::string();
      object["txt_record_value"] = texts.front();
      json::array values;
      for (const auto& text : texts) values.emplace_back(text);
      object["txt_record_values"] = std::move(values);  // all of them, where a wildcard needs two
    }
  }
  const auto record =
      std::ranges::find(connection.records, model::RecordPurpose::kCertificate, &model::Record::purpose);
  if (record != connection.records.end()) {
    object["cname_record_name"] = record->name.text();
    object["cname_record_value"] = record->value;
  }
  return object;
}

Answer start_certificate(Desk& desk, Exchange& exchange) {
  CO_TRY_VOID(ignore_body(desk, exchange));
  const auto caller = CO_TRY(co_await caller_of(desk, exchange));
  const auto subject =
      CO_TRY(co_await desk.parts.certificates.start(caller.identity.application, caller.proxy.connection.id));
  co_return json_response(200, json::serialize(started_json(subject)));
}

// How long a frontend waits; browsers and proxies give up after 30 s.
constexpr Milliseconds kCompleteBudget = std::chrono::seconds(20);

Answer complete_certificate(Desk& desk, Exchange& exchange) {
  CO_TRY_VOID(ignore_body(desk, exchange));
  const auto caller = CO_TRY(co_await caller_of(desk, exchange));
  const auto deadline = std::chrono::steady_clock::now() + kCompleteBudget;
  const auto subject = CO_TRY(
      co_await desk.parts.certificates.complete(caller.identity.application, caller.proxy.connection.id, deadline));
  const auto& connection = subject.connection;
  const auto& certificate = subject.certificate;
  if (connection.status == model::Status::kSslValidating) {
    if (certificate.trouble) co_return fail(Kind::kConflict, certificate.trouble->explanation);
    if (!certificate.missing.empty()) co_return fail(Kind::kConflict, certificate.missing);
    if (connection.attention && connection.attention->cause.starts_with(model::kEdgeCausePrefix))
      co_return fail(Kind::kConflict, connection.attention->explanation);
    co_return json_response(
        202, json::serialize(json::object{
                 {"status", "pending"},
                 {"proxy_status", word(model::name_of(connection.status))},
                 {"certificate_arn", nullptr},
                 {"message", "the certificate is on its way: nothing is missing, ask again in some seconds"}}));
  }
  const auto distribution = CO_TRY(
      co_await desk.parts.connections.distribution_of({caller.identity.application}, caller.proxy.connection.id));
  co_return json_response(
      200, json::serialize(json::object{
               {"status", "success"},
               {"proxy_status", word(model::name_of(connection.status))},
               {"certificate_arn", distribution ? text_unless_empty(distribution->serving_arn) : json::value(nullptr)},
               {"message", format("the certificate for {} is ready: the traffic may be switched (step 2)",
                                  connection.host.text())}}));
}

Answer disconnect_proxy(Desk& desk, Exchange& exchange) {
  CO_TRY_VOID(ignore_body(desk, exchange));
  const auto caller = CO_TRY(co_await caller_of(desk, exchange));
  const auto& connection = caller.proxy.connection;
  const auto& original = caller.proxy.original;
  const auto& host = connection.host;
  if (!original) {
    co_return fail(Kind::kConflict,
                   format("what {} answered before it led here was not seen in time: restore its records from the DNS "
                          "provider's history, then report the disconnection",
                          host.text()));
  }
  json::value addresses = nullptr;
  if (host.is_apex() && !original->cname) {
    json::array list;
    for (const auto& address : original->a) list.emplace_back(address);
    addresses = std::move(list);
  }
  json::object object{{"success", true},
                      {"custom_domain", host.text()},
                      {"domain_type", word(domain_type_of(host))},
                      {"subdomain_label", word(label_of(host))},
                      {"original_www_cname", host.is_apex() ? json::value(nullptr) : text_or_null(original->cname)},
                      {"original_apex_a_records", std::move(addresses)},
                      {"original_apex_cname", host.is_apex() ? text_or_null(original->cname) : json::value(nullptr)},
                      {"dns_records", entries_json(services::restoring_entries(host, *original))}};
  if (const auto entries = services::entries_to_delete(caller.proxy); !entries.empty()) {
    auto all = entries_json(entries);
    const bool is_txt = entries.front().type == "TXT";
    object[is_txt ? "ssl_txt_record_to_delete" : "ssl_cname_record_to_delete"] = all.front();
    if (is_txt) object["ssl_txt_records_to_delete"] = std::move(all);  // where a wildcard needed two
  }
  co_return json_response(200, json::serialize(object));
}

Answer mark_disconnect_complete(Desk& desk, Exchange& exchange) {
  CO_TRY_VOID(ignore_body(desk, exchange));
  auto identity = CO_TRY(co_await authenticate_organization(desk, exchange));
  auto host = CO_TRY(host_of(exchange));
  const auto connection = CO_TRY(co_await desk.parts.connections.happen_to_organization(
      identity.application, std::move(identity.organization), std::move(host), model::Disconnected{}));
  co_return json_response(
      200, json::serialize(json::object{
               {"status", "success"},
               {"proxy_status", word(model::name_of(connection.status))},
               {"message",
                format("{} is disconnected; its certificate and its distribution are kept", connection.host.text())},
               {"can_reconnect", true}}));
}

Answer reconnect_proxy(Desk& desk, Exchange& exchange) {
  CO_TRY_VOID(ignore_body(desk, exchange));
  auto identity = CO_TRY(co_await authenticate_organization(desk, exchange));
  auto host = CO_TRY(host_of(exchange));
  const auto connection = CO_TRY(co_await desk.parts.connections.happen_to_organization(
      identity.application, std::move(identity.organization), std::move(host), model::Reconnected{}));
  co_return json_response(200,
                          format(R"({{"status":"success","proxy_status":"{}"}})", model::name_of(connection.status)));
}

}  // namespace

std::vector<Route> domain_routes() {
  return {
      {"POST", "/api/domain/mark-step-complete/{org_id}", "markStepComplete", Surface::kDomain, Access::kHandler,
       mark_step_complete},
      {"GET", "/api/domain/get-proxy/{org_id}", "getProxy", Surface::kDomain, Access::kHandler, get_proxy},
      {"POST", "/api/domain/start-certificate/{org_id}", "startCertificate", Surface::kDomain, Access::kHandler,
       start_certificate},
      {"POST", "/api/domain/complete-certificate/{org_id}", "completeCertificate", Surface::kDomain, Access::kHandler,
       complete_certificate},
      {"POST", "/api/domain/disconnect-proxy/{org_id}", "disconnectProxy", Surface::kDomain, Access::kHandler,
       disconnect_proxy},
      {"POST", "/api/domain/mark-disconnect-complete/{org_id}", "markDisconnectComplete", Surface::kDomain,
       Access::kHandler, mark_disconnect_complete},
      {"POST", "/api/domain/reconnect-proxy/{org_id}", "reconnectProxy", Surface::kDomain, Access::kHandler,
       reconnect_proxy},
  };
}

}  // namespace signpost::api
