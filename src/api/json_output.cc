// SPDX-License-Identifier: Apache-2.0
#include "api/json_output.h"

#include <boost/json.hpp>

#include "api/json_words.h"

namespace signpost::api {
namespace {

namespace json = boost::json;

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

std::string to_json(const model::Page& page) {
  return json::serialize(
      json::object{{"path", page.path},
                   {"kind", word(name_of(page.kind))},
                   {"hash", page.hash.empty() ? json::value(nullptr) : json::value(page.hash)},
                   {"updated_at", page.id.is_set() ? json::value(to_rfc3339(page.updated_at)) : json::value(nullptr)}});
}

}  // namespace signpost::api
