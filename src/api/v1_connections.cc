// SPDX-License-Identifier: Apache-2.0
//
// /v1/connections: create, read, list, and what backends and frontends report.
#include "api/desk.h"
#include "api/json_output.h"
#include "api/pages.h"
#include "api/surfaces.h"
#include "base/text.h"
#include "net/url.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

constexpr std::int64_t kTtlMax = 2'147'483'647;  // RFC 2181 8
constexpr std::uint32_t kTtlDefault = 300;

Result<model::RecordRequest> record_of(const ObjectReader& object) {
  TRY_VOID(object.only({"type", "host", "value", "ttl", "priority", "application_url", "power_root_path_access"}));
  model::RecordRequest record;
  const auto type = parse_record_type(TRY(object.text("type")));
  if (!type) {
    return fail(Kind::kUnprocessable, format("{} must be {}", object.path_of("type"), kRecordTypeNames),
                object.path_of("type"));
  }
  record.type = *type;
  record.host = TRY(object.text("host", {.bytes_max = 512}));
  record.value = TRY(object.text("value", {.bytes_max = model::kRecordValueBytesMax}));
  record.ttl = static_cast<std::uint32_t>(TRY(object.optional_integer("ttl", 1, kTtlMax)).value_or(kTtlDefault));
  const auto priority = TRY(object.optional_integer("priority", 0, 65'535));
  if (priority) record.priority = static_cast<std::uint16_t>(*priority);
  record.application_url =
      TRY(object.optional_text("application_url", {.bytes_max = model::kApplicationUrlBytesMax})).value_or("");
  record.power_root_path_access =
      TRY(object.texts("power_root_path_access", model::kRootPathsMax, {.bytes_max = model::kRootPathBytesMax}));
  return record;
}

Result<model::Edge> edge_of(const ObjectReader& body) {
  const auto text = TRY(body.optional_text("edge"));
  if (!text) return model::Edge::kExternal;
  if (const auto edge = model::parse_edge(*text)) return *edge;
  return fail(Kind::kUnprocessable,
              "edge must be \"external\" (the traffic is served elsewhere) or \"cloudfront\" (a distribution that "
              "Signpost writes to)",
              "edge");
}

Result<std::vector<model::RecordRequest>> records_of(const ObjectReader& body) {
  std::vector<model::RecordRequest> records;
  for (const auto& object : TRY(body.objects("records", model::kRecordsMax))) records.push_back(TRY(record_of(object)));
  if (records.empty()) return fail(Kind::kUnprocessable, "records must hold at least one record", "records");
  return records;
}

Result<std::optional<model::CertificateBy>> certificate_of(const ObjectReader& body) {
  const auto text = TRY(body.optional_text("certificate"));
  if (!text) return std::nullopt;
  const auto by = model::parse_certificate_by(*text);
  if (by) return by;
  return fail(Kind::kUnprocessable,
              "certificate must be \"external\" (who calls brings it and reports its issue), \"cname\" or \"txt\" "
              "(Signpost obtains it, proven by that record)",
              "certificate");
}

/// {"from":"apex","to":"https://www.shop.example/"}
Result<std::optional<model::Redirection>> redirection_of(const ObjectReader& body) {
  const auto object = TRY(body.optional_object("redirection"));
  if (!object) return std::nullopt;
  TRY_VOID(object->only({"from", "to"}));
  const auto from = model::parse_redirection_from(TRY(object->text("from")));
  if (!from) return fail(Kind::kUnprocessable, "redirection.from must be apex or www", object->path_of("from"));
  const auto to = TRY(object->text("to", {.bytes_max = net::Url::bytes_max}));
  return model::Redirection{*from, TRY(at_member(net::Url::parse(to), object->path_of("to"))).text()};
}

Result<services::CreateConnection> wish_of(const Exchange& exchange, const ObjectReader& body) {
  TRY_VOID(
      body.only({"application", "organization", "host", "user_id", "records", "certificate", "wildcard", "metadata",
                 "origin_flow_id", "redirection", "free_domain", "edge", "distribution_id", "origin"}));
  const auto application = TRY(application_of(exchange, TRY(body.optional_text("application"))));
  auto organization = TRY(body.text("organization", {.bytes_max = model::kOrganizationBytesMax}));
  const auto host_text = TRY(body.text("host", {.bytes_min = 0, .bytes_max = 4096}));
  auto host = TRY(at_member(HostName::parse(host_text), "host"));
  auto user_id = TRY(body.optional_text("user_id", {.bytes_max = services::kUserIdBytesMax}));
  const auto edge = TRY(edge_of(body));
  // CloudFront's own records are added: a caller need not have others.
  const bool may_have_none = edge == model::Edge::kCloudfront && !body.has("records");
  auto records = may_have_none ? std::vector<model::RecordRequest>{} : TRY(records_of(body));
  auto metadata = TRY(body.optional_object_json("metadata", model::kMetadataBytesMax)).value_or("{}");
  services::CreateConnection wish{application,        std::move(organization), std::move(host),
                                  std::move(user_id), std::move(records),      std::move(metadata)};
  wish.origin_flow_id = TRY(body.optional_text("origin_flow_id", {.bytes_max = model::kOriginFlowIdBytesMax}));
  wish.redirection = TRY(redirection_of(body));
  wish.is_free_domain = TRY(body.optional_flag("free_domain"));
  wish.certificate_by = TRY(certificate_of(body));
  wish.wants_wildcard = TRY(body.optional_flag("wildcard")).value_or(false);
  wish.edge = edge;
  wish.distribution_id = TRY(body.optional_text("distribution_id", {.bytes_max = 64})).value_or("");
  if (const auto origin = TRY(body.optional_text("origin", {.bytes_max = 4096})))
    wish.origin = TRY(at_member(HostName::parse(*origin), "origin"));
  return wish;
}

net::Response answer_with_new(const model::Connection& connection) {
  auto response = json_response(201, to_json(connection));
  response.set("Location", "/v1/connections/" + connection.id.text());
  return response;
}

Answer create_connection(Desk& desk, Exchange& exchange) {
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  auto wish = CO_TRY(wish_of(exchange, body.object()));
  const auto connection = CO_TRY(co_await desk.parts.connections.create(
      scope_of(exchange), std::move(wish), [&](store::Tx& tx, const model::Connection& made) {
        return desk.keep_answer(tx, exchange, answer_with_new(made));
      }));
  exchange.is_answer_kept = exchange.ticket.has_value();
  co_return answer_with_new(connection);
}

Result<services::ConnectionFilter> filter_of(const Query& query) {
  TRY_VOID(
      query.only({"application", "organization", "host", "proxy_status", "propagation_status", "cursor", "limit"}));
  services::ConnectionFilter filter;
  filter.application = TRY(query.parsed<ApplicationId>("application", ApplicationId::parse));
  filter.organization = query.find("organization");
  if (const auto host = query.find("host")) filter.host = TRY(at_member(HostName::parse(*host), "host"));
  filter.status = TRY(query.parsed<model::Status>("proxy_status", model::parse_status));
  filter.propagation = TRY(query.parsed<model::FacetState>("propagation_status", model::parse_facet_state));
  return filter;
}

Answer list_connections(Desk& desk, Exchange& exchange) {
  auto filter = CO_TRY(filter_of(exchange.query));
  const auto limit = CO_TRY(exchange.query.integer("limit", 1, services::kPageMax, services::kPageDefault));
  const auto page = CO_TRY(co_await desk.parts.connections.list(
      scope_of(exchange), std::move(filter), exchange.query.find("cursor"), static_cast<std::size_t>(limit)));
  co_return json_response(200, page_json(page.items, page.next_cursor));
}

Answer get_connection(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ConnectionId>(exchange));
  CO_TRY_VOID(exchange.query.only({}));
  const auto scope = scope_of(exchange);
  const auto connection = CO_TRY(co_await desk.parts.connections.read(scope, id));
  ConnectionDetail detail;
  detail.observation = CO_TRY(co_await desk.parts.connections.last_observation(scope, id));
  detail.jobs = CO_TRY(co_await desk.parts.connections.jobs_of(scope, id));
  detail.distribution = CO_TRY(co_await desk.parts.connections.distribution_of(scope, id));
  detail.search = CO_TRY(co_await desk.parts.search.read(scope, id));
  co_return json_response(200, to_json(connection, detail));
}

Answer delete_connection(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ConnectionId>(exchange));
  CO_TRY_VOID(co_await desk.parts.connections.remove(scope_of(exchange), id));
  co_return no_content();
}

Answer replace_records(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ConnectionId>(exchange));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  CO_TRY_VOID(body.object().only({"records"}));
  auto records = CO_TRY(records_of(body.object()));
  const auto connection =
      CO_TRY(co_await desk.parts.connections.replace_records(scope_of(exchange), id, std::move(records)));
  co_return json_response(200, to_json(connection));
}

Answer check_connection(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ConnectionId>(exchange));
  const auto body = CO_TRY(JsonBody::read_or_empty(exchange.request));
  CO_TRY_VOID(body.object().only({}));
  const auto connection = CO_TRY(co_await desk.parts.connections.check_now(scope_of(exchange), id));
  if (desk.parts.distributions != nullptr)
    CO_TRY_VOID(co_await desk.parts.distributions->retry(scope_of(exchange), id));
  co_return json_response(202, to_json(connection));
}

Result<model::FlowEnded> flow_of(const ObjectReader& body) {
  TRY_VOID(body.only({"setup_type", "provider", "dmarc_updated"}));
  const auto type = model::parse_setup_type(TRY(body.text("setup_type")));
  if (!type) return fail(Kind::kUnprocessable, "setup_type must be automatic, manual, async or api", "setup_type");
  auto provider = TRY(body.optional_text("provider", {.bytes_max = 100}));
  const auto dmarc_text = TRY(body.optional_text("dmarc_updated"));
  const auto dmarc = dmarc_text ? model::parse_dmarc_update(*dmarc_text) : std::nullopt;
  if (dmarc_text && !dmarc) {
    return fail(Kind::kUnprocessable, "dmarc_updated must be the text \"true\", \"false\" or \"exempt\"",
                "dmarc_updated");
  }
  return model::FlowEnded{*type, std::move(provider).value_or(""), dmarc};
}

Answer end_flow(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ConnectionId>(exchange));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  model::Happening happening = CO_TRY(flow_of(body.object()));
  const auto connection = CO_TRY(co_await desk.parts.connections.happen(scope_of(exchange), id, std::move(happening)));
  co_return json_response(200, to_json(connection));
}

Result<void> check_issued(const ObjectReader& body) {
  TRY_VOID(body.only({"status"}));
  if (TRY(body.text("status")) == "issued") return {};
  return fail(Kind::kUnprocessable, "status must be \"issued\"", "status");
}

Answer report_certificate(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ConnectionId>(exchange));
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  CO_TRY_VOID(check_issued(body.object()));
  model::Happening happening = model::CertificateIssued{};
  const auto connection = CO_TRY(co_await desk.parts.connections.happen(scope_of(exchange), id, std::move(happening)));
  co_return json_response(200, to_json(connection));
}

Answer list_events(Desk& desk, Exchange& exchange) {
  const auto id = CO_TRY(id_from_path<ConnectionId>(exchange));
  CO_TRY_VOID(exchange.query.only({"cursor", "limit"}));
  const auto request = CO_TRY(page_from<EventId>(exchange.query));
  const auto connection = CO_TRY(co_await desk.parts.connections.read(scope_of(exchange), id));
  const auto page = CO_TRY(co_await desk.parts.history.events_of(connection.application, id, request));
  co_return json_response(200, page_json(page.items, next_cursor_of(page)));
}

}  // namespace

std::vector<Route> v1_connection_routes() {
  constexpr auto kV1 = Surface::kV1;
  constexpr auto kKey = Access::kKey;
  return {
      {"POST", "/v1/connections", "createConnection", kV1, kKey, create_connection},
      {"GET", "/v1/connections", "listConnections", kV1, kKey, list_connections},
      {"GET", "/v1/connections/{id}", "getConnection", kV1, kKey, get_connection},
      {"DELETE", "/v1/connections/{id}", "deleteConnection", kV1, kKey, delete_connection},
      {"PUT", "/v1/connections/{id}/records", "replaceRecords", kV1, kKey, replace_records},
      {"POST", "/v1/connections/{id}/check", "checkConnection", kV1, kKey, check_connection},
      {"POST", "/v1/connections/{id}/flow", "endFlow", kV1, Access::kKeyOrToken, end_flow},
      {"POST", "/v1/connections/{id}/certificate", "reportCertificate", kV1, kKey, report_certificate},
      {"GET", "/v1/connections/{id}/events", "listEvents", kV1, kKey, list_events},
  };
}

}  // namespace signpost::api
