// SPDX-License-Identifier: Apache-2.0
#include "api/json_output.h"

#include <boost/json.hpp>

#include "api/json_value.h"

namespace signpost::api {
namespace {

namespace json = boost::json;

json::value text_or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}
json::value time_or_null(const std::optional<Time>& time) {
  return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}
json::string word(std::string_view text) { return json::string(text.data(), text.size()); }

json::array texts(const std::vector<std::string>& items) {
  json::array array;
  for (const auto& item : items) array.emplace_back(item);
  return array;
}

/// Text that we wrote ourselves or checked at the door; what does not parse is shown as null.
json::value embedded(const std::string& text) {
  json::error_code error;
  auto value = json::parse(text, error);
  return error ? json::value(nullptr) : value;
}

/// As it was spelled: Boost.JSON would make 1.5E0 of 1.5, and of large whole numbers what fits a double.
std::string metadata_of(const model::Connection& connection) {
  if (connection.metadata_json.empty()) return "{}";
  const auto value = parse_json(connection.metadata_json);
  return value ? to_json(*value) : std::string("null");
}

/// One object of the members of two, a member between them that is JSON already.
std::string joined(const json::object& first, std::string_view name, std::string_view value,
                   const json::object& second) {
  std::string text = json::serialize(first);
  text.back() = ',';
  text.append("\"").append(name).append("\":").append(value);
  return text.append(",").append(json::serialize(second), 1);
}

json::value number_or_null(const std::optional<std::int32_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::object masked(const std::vector<model::EndpointHeader>& headers) {
  json::object object;
  for (const auto& header : headers) object[header.name] = word(services::kMaskedValue);
  return object;
}

/// Its secret is never shown.
json::value entri_receiver_of(const model::Application& application) {
  if (!application.entri_receiver) return nullptr;
  const auto& receiver = *application.entri_receiver;
  return {{"form", word(name_of(receiver.form))},
          {"allow_v1", receiver.allows_v1},
          {"source_addresses", texts(receiver.source_addresses)},
          {"updated_at", to_rfc3339(receiver.updated_at)}};
}

json::object object_of(const services::EndpointView& view) {
  const auto& endpoint = view.endpoint;
  const auto paused = model::paused_reason(endpoint, view.owner_role);
  return {{"id", endpoint.id.text()},
          {"application", endpoint.application.text()},
          {"owner", endpoint.owner.text()},
          {"url", endpoint.url},
          {"event_types", texts(endpoint.event_types)},
          {"enabled", endpoint.is_enabled},
          {"disabled_reason",
           endpoint.is_enabled ? json::value(nullptr) : json::value(word(name_of(endpoint.disabled_reason)))},
          {"disabled_at", time_or_null(endpoint.disabled_at)},
          {"failing_since", time_or_null(endpoint.failing_since)},
          {"paused_reason", paused.empty() ? json::value(nullptr) : json::value(paused)},
          {"sends_v1", endpoint.sends_v1},
          {"v1_covers_body", endpoint.v1_covers_body},
          {"v2_is_hmac", endpoint.v2_is_hmac},
          {"own_secret", endpoint.has_own_secret},
          {"timeout", to_text(endpoint.timeout)},
          {"schedule", word(name_of(endpoint.schedule))},
          {"headers", masked(endpoint.headers)},
          {"rate_per_second", number_or_null(endpoint.rate_per_second)},
          {"in_flight_max", number_or_null(endpoint.in_flight_max)},
          {"created_at", to_rfc3339(endpoint.created_at)}};
}

json::object object_of(const model::Record& record) {
  json::object object{{"id", record.id.text()}, {"type", word(name_of(record.type))},
                      {"host", record.host},    {"name", record.name.text()},
                      {"value", record.value},  {"ttl", record.ttl}};
  if (record.priority) object["priority"] = *record.priority;
  object["propagated"] = record.is_propagated;
  object["purpose"] = word(name_of(record.purpose));
  object["step"] = model::step_of(record.purpose);
  if (!record.application_url.empty()) object["application_url"] = record.application_url;
  if (!record.power_root_path_access.empty()) object["power_root_path_access"] = texts(record.power_root_path_access);
  return object;
}

void add_facet(json::object& object, std::string_view name, model::FacetState state) {
  if (state != model::FacetState::kAbsent) object[json::string_view(name.data(), name.size())] = word(name_of(state));
}

json::object object_of(const model::Facets& facets) {
  json::object object;
  add_facet(object, "propagation_status", facets.propagation);
  add_facet(object, "dkim_status", facets.dkim);
  add_facet(object, "redirection_status", facets.redirection);
  add_facet(object, "secure_status", facets.secure);
  add_facet(object, "power_status", facets.power);
  add_facet(object, "monitor_status", facets.monitor);
  return object;
}

/// The record that proves the claim, as the customer has to enter it: `host` is relative to the domain.
json::object claim_of(const model::Connection& connection) {
  const auto name = model::claim_name(connection).text();
  const auto domain = connection.host.domain();
  return {{"status", word(name_of(connection.claim))},
          {"record",
           {{"type", "TXT"},
            {"host", name.substr(0, name.size() - domain.size() - 1)},
            {"name", name},
            {"value", model::claim_value(connection)}}},
          {"ends_at", connection.claim == model::Claim::kUnproven ? json::value(to_rfc3339(connection.claim_ends_at))
                                                                  : json::value(nullptr)}};
}

json::object flow_of(const model::Connection& connection) {
  return {
      {"setup_type", connection.setup_type ? json::value(word(name_of(*connection.setup_type))) : json::value(nullptr)},
      {"ended_at", time_or_null(connection.flow_ended_at)},
      {"provider", connection.provider},
      {"dmarc_updated",
       connection.dmarc_updated ? json::value(word(name_of(*connection.dmarc_updated))) : json::value(nullptr)}};
}

json::value redirection_of(const model::Connection& connection) {
  if (!connection.redirection) return nullptr;
  return {{"from", word(name_of(connection.redirection->from))}, {"to", connection.redirection->to}};
}

json::value attention_of(const model::Connection& connection) {
  if (!connection.attention) return nullptr;
  return {{"cause", connection.attention->cause},
          {"explanation", connection.attention->explanation},
          {"since", to_rfc3339(connection.attention->since)}};
}

json::object object_of(const model::Job& job) {
  return {{"id", job.id.text()},
          {"kind", word(name_of(job.kind))},
          {"state", word(name_of(job.state))},
          {"not_before", to_rfc3339(job.not_before)},
          {"attempts", job.attempts},
          {"outcome", job.outcome.empty() ? json::value(nullptr) : json::value(job.outcome)},
          {"created_at", to_rfc3339(job.created_at)}};
}

json::value text_or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

json::value park_of(const std::optional<model::Park>& park) {
  if (!park) return nullptr;
  return {
      {"reason", word(name_of(park->reason))}, {"explanation", park->explanation}, {"since", to_rfc3339(park->since)}};
}

/// How far the distribution has come, for support people.
json::value distribution_of(const std::optional<model::Distribution>& distribution) {
  if (!distribution) return nullptr;
  const auto& row = *distribution;
  json::value validation = nullptr;
  if (row.validation) {
    validation = {{"type", "CNAME"},
                  {"name", row.validation->name},
                  {"value", row.validation->value},
                  {"seen", row.is_validation_seen}};
  }
  return {{"id", row.id.text()},
          {"distribution_id", text_or_null(row.cloudfront_id)},
          {"domain", text_or_null(row.domain_name)},
          {"made_by_signpost", row.is_made_by_us},
          {"origin", text_or_null(row.origin)},
          {"serving_certificate_arn", text_or_null(row.serving_arn)},
          {"setup",
           {{"state", word(name_of(row.setup))},
            {"imported_certificate_arn", text_or_null(row.imported_arn)},
            {"tries", row.setup_tries},
            {"next_at", time_or_null(row.setup_next_at)},
            {"parked", park_of(row.setup_park)}}},
          {"upgrade",
           {{"state", word(name_of(row.upgrade))},
            {"certificate_arn", text_or_null(row.amazon.arn)},
            {"certificate_status", word(name_of(row.amazon.status))},
            {"certificate_ends_at", time_or_null(row.amazon.not_after)},
            {"validation_record", std::move(validation)},
            {"tries", row.upgrade_tries},
            {"next_at", time_or_null(row.upgrade_next_at)},
            {"parked", park_of(row.upgrade_park)}}}};
}

void add_detail(json::object& object, const ConnectionDetail& detail) {
  if (detail.observation) {
    auto observation = embedded(detail.observation->json);
    if (auto* members = observation.if_object())
      members->insert_or_assign("seen_at", to_rfc3339(detail.observation->seen_at));
    object["observation"] = std::move(observation);
  } else {
    object["observation"] = nullptr;
  }
  json::array jobs;
  for (const auto& job : detail.jobs) jobs.emplace_back(object_of(job));
  object["jobs"] = std::move(jobs);
  object["distribution"] = distribution_of(detail.distribution);
}

json::object object_of(const model::Attempt& attempt) {
  const auto& timing = attempt.timing;
  return {{"id", attempt.id.text()},
          {"number", attempt.number},
          {"started_at", to_rfc3339(attempt.started_at)},
          {"ended_at", time_or_null(attempt.ended_at)},
          {"result", word(name_of(attempt.result))},
          {"status", attempt.status ? json::value(*attempt.status) : json::value(nullptr)},
          {"cause", attempt.cause.empty() ? json::value(nullptr) : json::value(attempt.cause)},
          {"detail", attempt.detail},
          {"remote_address", attempt.remote_address},
          {"response_body", attempt.response_body},
          {"timing_ms",
           {{"dns", timing.dns},
            {"connect", timing.connect},
            {"tls", timing.tls},
            {"first_byte", timing.first_byte},
            {"total", timing.total}}}};
}

}  // namespace

std::string to_json(const model::Application& application, const std::optional<std::string>& secret,
                    const std::optional<services::EndpointView>& endpoint) {
  json::object object{
      {"id", application.id.text()},
      {"name", application.name},
      {"cname_target", application.cname_target ? json::value(application.cname_target->text()) : json::value(nullptr)},
      {"allowed_origins", texts(application.allowed_origins)},
      {"identity", {{"issuer", application.identity.issuer}, {"audiences", texts(application.identity.audiences)}}},
      {"supports_dkim", application.supports_dkim},
      {"entri_receiver", entri_receiver_of(application)},
      {"created_at", to_rfc3339(application.created_at)}};
  if (secret) object["secret"] = *secret;
  if (endpoint) object["endpoint"] = object_of(*endpoint);
  return json::serialize(object);
}

std::string to_json(const services::EndpointView& view) { return json::serialize(object_of(view)); }

std::string to_json(const model::Member& member) {
  return json::serialize(
      json::object{{"id", member.id.text()},
                   {"application", member.application.text()},
                   {"name", member.name},
                   {"email", member.email ? json::value(member.email->text()) : json::value(nullptr)},
                   {"role", word(name_of(member.role))},
                   {"created_at", to_rfc3339(member.created_at)}});
}

std::string to_json(const services::AuditEntry& entry) {
  return json::serialize(
      json::object{{"id", entry.id.text()},
                   {"application", entry.application ? json::value(entry.application->text()) : json::value(nullptr)},
                   {"actor", entry.actor},
                   {"action", entry.action},
                   {"subject", entry.subject},
                   {"detail", entry.detail},
                   {"at", to_rfc3339(entry.at)}});
}

std::string to_json(const model::ApiKey& key, const std::optional<std::string>& text) {
  json::object object{{"id", key.id.text()},
                      {"name", key.name},
                      {"application", key.application ? json::value(key.application->text()) : json::value(nullptr)},
                      {"revoked_at", time_or_null(key.revoked_at)},
                      {"created_at", to_rfc3339(key.created_at)}};
  if (text) object["key"] = *text;
  return json::serialize(object);
}

std::string to_json(const model::Connection& connection, const std::optional<ConnectionDetail>& detail) {
  json::array records;
  for (const auto& record : connection.records) records.emplace_back(object_of(record));
  const json::object object{
      {"id", connection.id.text()},
      {"application", connection.application.text()},
      {"organization", connection.organization},
      {"host", connection.host.text()},
      {"domain", word(connection.host.domain())},
      {"subdomain", word(connection.host.subdomain())},
      {"unicode_host", connection.host.unicode()},
      {"user_id", text_or_null(connection.user_id)},
      {"job_id", connection.job_id},
      {"origin_flow_id", text_or_null(connection.origin_flow_id)},
      {"proxy_status", word(name_of(connection.status))},
      {"certificate", word(name_of(connection.certificate_by))},
      {"edge", word(name_of(connection.edge))},
      {"certificate_ends_at", time_or_null(connection.certificate_ends_at)},
      {"facets", object_of(connection.facets)},
      {"records", std::move(records)},
      {"claim", claim_of(connection)},
      {"flow", flow_of(connection)},
      {"redirection", redirection_of(connection)},
      {"purchased_domains", texts(connection.purchased_domains)},
      {"free_domain", connection.is_free_domain ? json::value(*connection.is_free_domain) : json::value(nullptr)},
      {"next_look_at", time_or_null(connection.next_look_at)},
      {"last_look_at", time_or_null(connection.last_look_at)},
      {"attention", attention_of(connection)}};
  json::object rest{{"deployed_at", time_or_null(connection.deployed_at)},
                    {"created_at", to_rfc3339(connection.created_at)},
                    {"updated_at", to_rfc3339(connection.updated_at)}};
  if (detail) add_detail(rest, *detail);
  return joined(object, "metadata", metadata_of(connection), rest);
}

std::string to_json(const model::Event& event) {
  return json::serialize(json::object{{"id", event.id.text()},
                                      {"application", event.application.text()},
                                      {"connection", event.connection.text()},
                                      {"job_id", event.job_id},
                                      {"type", word(name_of(event.type))},
                                      {"sequence", event.sequence},
                                      {"body", embedded(event.body)},
                                      {"created_at", to_rfc3339(event.created_at)}});
}

std::string to_json(const services::FoundDelivery& found, const std::optional<std::vector<model::Attempt>>& attempts) {
  const auto& delivery = found.delivery;
  const bool is_waiting = delivery.state == model::DeliveryState::kPending;
  json::object object{
      {"id", delivery.id.text()},
      {"event", delivery.event.text()},
      {"endpoint", delivery.endpoint.text()},
      {"application", delivery.application.text()},
      {"connection", delivery.connection.text()},
      {"type", word(name_of(found.type))},
      {"job_id", found.job_id},
      {"state", word(name_of(delivery.state))},
      {"attempts_made", delivery.attempts},
      {"replays", delivery.replays},
      {"next_attempt_at", is_waiting ? json::value(to_rfc3339(delivery.next_attempt_at)) : json::value(nullptr)},
      {"created_at", to_rfc3339(delivery.created_at)}};
  if (attempts) {
    json::array array;
    for (const auto& attempt : *attempts) array.emplace_back(object_of(attempt));
    object["attempts"] = std::move(array);
  }
  return json::serialize(object);
}

std::string to_json(const services::WebhookTest& test) {
  const auto& outcome = test.outcome;
  const auto& timing = outcome.timing;
  json::array headers;
  for (const auto& header : test.headers) headers.push_back({{"name", header.name}, {"value", header.value}});
  json::value response = nullptr;
  if (outcome.status != 0) {
    response = {{"status", outcome.status},
                {"head", outcome.response_head},
                {"body", outcome.response_body},
                {"body_truncated", outcome.body_truncated}};
  }
  const bool has_failed = outcome.failure != net::PostOutcome::Failure::kNone;
  return json::serialize(
      json::object{{"success", test.is_success},
                   {"detail", test.sentence},
                   {"request", {{"url", test.url}, {"headers", std::move(headers)}, {"body", test.body}}},
                   {"response", std::move(response)},
                   {"failure", has_failed ? json::value(word(net::name_of(outcome.failure))) : json::value(nullptr)},
                   {"cause", outcome.cause.empty() ? json::value(nullptr) : json::value(outcome.cause)},
                   {"remote_address", outcome.remote_address},
                   {"timing_ms",
                    {{"dns", timing.dns.count()},
                     {"connect", timing.connect.count()},
                     {"tls", timing.tls.count()},
                     {"first_byte", timing.first_byte.count()},
                     {"total", timing.total.count()}}}});
}

}  // namespace signpost::api
