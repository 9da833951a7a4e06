// SPDX-License-Identifier: Apache-2.0
#include "api/connection_json.h"

#include <boost/json.hpp>

#include "api/json_value.h"
#include "base/json_text.h"

namespace signpost::api {
namespace {

template <typename Enum>
void member_of(JsonText& json, std::string_view name, const std::optional<Enum>& word) {
  json.name(name);
  word ? json.value(name_of(*word)) : json.value(nullptr);
}

/// As it was spelled: Boost.JSON would make 1.5E0 of 1.5, and of large whole numbers what fits a double.
std::string metadata_of(const model::Connection& connection) {
  if (connection.metadata_json.empty() || connection.metadata_json == "{}") return "{}";
  const auto value = parse_json(connection.metadata_json);
  return value ? to_json(*value) : std::string("null");
}

void write(JsonText& json, const model::Record& record) {
  json.begin_object();
  json.member("id", record.id);
  json.member("type", name_of(record.type));
  json.member("host", record.host);
  json.member("name", record.name.text());
  json.member("value", record.value);
  json.member("ttl", record.ttl);
  if (record.priority) json.member("priority", *record.priority);
  json.member("propagated", record.is_propagated);
  json.member("purpose", name_of(record.purpose));
  json.member("step", model::step_of(record.purpose));
  if (!record.application_url.empty()) json.member("application_url", record.application_url);
  if (!record.power_root_path_access.empty()) json.member("power_root_path_access", record.power_root_path_access);
  json.end_object();
}

void put_records(JsonText& json, const std::vector<model::Record>& records) {
  json.name("records");
  json.begin_array();
  for (const auto& record : records) write(json, record);
  json.end_array();
}

void put(JsonText& json, std::string_view name, model::FacetState state) {
  if (state != model::FacetState::kAbsent) json.member(name, name_of(state));
}

void put_facets(JsonText& json, const model::Facets& facets) {
  json.name("facets");
  json.begin_object();
  put(json, "propagation_status", facets.propagation);
  put(json, "dkim_status", facets.dkim);
  put(json, "redirection_status", facets.redirection);
  put(json, "secure_status", facets.secure);
  put(json, "power_status", facets.power);
  put(json, "monitor_status", facets.monitor);
  json.end_object();
}

/// The record that proves the claim, as the customer has to enter it: `host` is relative to the domain.
void put_claim(JsonText& json, const model::Connection& connection) {
  const auto claim_name = model::claim_name(connection);
  const std::string_view name = claim_name.text();
  json.name("claim");
  json.begin_object();
  json.member("status", name_of(connection.claim));
  json.name("record");
  json.begin_object();
  json.member("type", "TXT");
  json.member("host", name.substr(0, name.size() - connection.host.domain().size() - 1));
  json.member("name", name);
  json.member("value", model::claim_value(connection));
  json.end_object();
  json.name("ends_at");
  connection.claim == model::Claim::kUnproven ? json.value(connection.claim_ends_at) : json.value(nullptr);
  json.end_object();
}

void put_flow(JsonText& json, const model::Connection& connection) {
  json.name("flow");
  json.begin_object();
  member_of(json, "setup_type", connection.setup_type);
  json.member("ended_at", connection.flow_ended_at);
  json.member("provider", connection.provider);
  member_of(json, "dmarc_updated", connection.dmarc_updated);
  json.end_object();
}

void put_redirection(JsonText& json, const std::optional<model::Redirection>& redirection) {
  json.name("redirection");
  if (!redirection) return json.value(nullptr);
  json.begin_object();
  json.member("from", name_of(redirection->from));
  json.member("to", redirection->to);
  json.end_object();
}

void put_attention(JsonText& json, const std::optional<model::Attention>& attention) {
  json.name("attention");
  if (!attention) return json.value(nullptr);
  json.begin_object();
  json.member("cause", attention->cause);
  json.member("explanation", attention->explanation);
  json.member("since", attention->since);
  json.end_object();
}

/// Text that we wrote ourselves, with the time beside it; null if it does not parse.
void put_observation(JsonText& json, const std::optional<services::LastObservation>& last) {
  json.name("observation");
  if (!last) return json.value(nullptr);
  boost::json::error_code error;
  auto observation = boost::json::parse(last->json, error);
  if (error) return json.value(nullptr);
  if (auto* members = observation.if_object()) members->insert_or_assign("seen_at", to_rfc3339(last->seen_at));
  json.embed(boost::json::serialize(observation));
}

void write(JsonText& json, const model::Job& job) {
  json.begin_object();
  json.member("id", job.id);
  json.member("kind", name_of(job.kind));
  json.member("state", name_of(job.state));
  json.member("not_before", job.not_before);
  json.member("attempts", job.attempts);
  json.name("outcome");
  job.outcome.empty() ? json.value(nullptr) : json.value(job.outcome);
  json.member("created_at", job.created_at);
  json.end_object();
}

void write(JsonText& json, model::SearchStep step, const model::StepProgress& progress) {
  json.begin_object();
  json.member("step", name_of(step));
  json.member("state", name_of(progress.state));
  json.member("tries", progress.tries);
  json.member("not_before", progress.not_before);
  json.name("detail");
  progress.detail.empty() ? json.value(nullptr) : json.value(progress.detail);
  json.end_object();
}

void put_google(JsonText& json, const model::Search& search) {
  json.name("google");
  json.begin_object();
  json.member("status", name_of(search.google));
  json.name("txt_record");
  if (search.google_token.empty()) {
    json.value(nullptr);
  } else {
    json.begin_object();
    json.member("name", "@");
    json.member("value", search.google_token);
    json.end_object();
  }
  json.end_object();
}

void put_search(JsonText& json, const std::optional<services::SearchView>& view) {
  json.name("search");
  if (!view) return json.value(nullptr);
  const auto& [search, pages] = *view;
  json.begin_object();
  put_google(json, search);
  json.name("pages");
  json.begin_object();
  json.member("submitted", pages.submitted);
  json.member("waiting", pages.waiting);
  json.end_object();
  json.name("steps");
  json.begin_array();
  for (const auto step : model::kSearchSteps) write(json, step, search.at(step));
  json.end_array();
  json.end_object();
}

void member_or_null(JsonText& json, std::string_view name, const std::string& text) {
  json.name(name);
  text.empty() ? json.value(nullptr) : json.value(text);
}

void put_park(JsonText& json, const std::optional<model::Park>& park) {
  json.name("parked");
  if (!park) return json.value(nullptr);
  json.begin_object();
  json.member("reason", name_of(park->reason));
  json.member("explanation", park->explanation);
  json.member("since", park->since);
  json.end_object();
}

void put_setup(JsonText& json, const model::Distribution& row) {
  json.name("setup");
  json.begin_object();
  json.member("state", name_of(row.setup));
  member_or_null(json, "imported_certificate_arn", row.imported_arn);
  json.member("tries", row.setup_tries);
  json.member("next_at", row.setup_next_at);
  put_park(json, row.setup_park);
  json.end_object();
}

void put_validation(JsonText& json, const model::Distribution& row) {
  json.name("validation_record");
  if (!row.validation) return json.value(nullptr);
  json.begin_object();
  json.member("type", "CNAME");
  json.member("name", row.validation->name);
  json.member("value", row.validation->value);
  json.member("seen", row.is_validation_seen);
  json.end_object();
}

void put_upgrade(JsonText& json, const model::Distribution& row) {
  json.name("upgrade");
  json.begin_object();
  json.member("state", name_of(row.upgrade));
  member_or_null(json, "certificate_arn", row.amazon.arn);
  json.member("certificate_status", name_of(row.amazon.status));
  json.member("certificate_ends_at", row.amazon.not_after);
  put_validation(json, row);
  json.member("tries", row.upgrade_tries);
  json.member("next_at", row.upgrade_next_at);
  put_park(json, row.upgrade_park);
  json.end_object();
}

/// How far the distribution has come, for support people.
void put_distribution(JsonText& json, const std::optional<model::Distribution>& distribution) {
  json.name("distribution");
  if (!distribution) return json.value(nullptr);
  const auto& row = *distribution;
  json.begin_object();
  json.member("id", row.id);
  member_or_null(json, "distribution_id", row.cloudfront_id);
  member_or_null(json, "domain", row.domain_name);
  json.member("made_by_signpost", row.is_made_by_us);
  member_or_null(json, "origin", row.origin);
  member_or_null(json, "serving_certificate_arn", row.serving_arn);
  put_setup(json, row);
  put_upgrade(json, row);
  json.end_object();
}

void put_detail(JsonText& json, const ConnectionDetail& detail) {
  put_observation(json, detail.observation);
  json.name("jobs");
  json.begin_array();
  for (const auto& job : detail.jobs) write(json, job);
  json.end_array();
  put_distribution(json, detail.distribution);
  put_search(json, detail.search);
}

}  // namespace

std::string to_json(const model::Connection& connection, const std::optional<ConnectionDetail>& detail) {
  JsonText json;
  json.begin_object();
  json.member("id", connection.id);
  json.member("application", connection.application);
  json.member("organization", connection.organization);
  json.member("host", connection.host.text());
  json.member("domain", connection.host.domain());
  json.member("subdomain", connection.host.subdomain());
  json.member("unicode_host", connection.host.unicode());
  json.member("user_id", connection.user_id);
  json.member("job_id", connection.job_id);
  json.member("origin_flow_id", connection.origin_flow_id);
  json.member("proxy_status", name_of(connection.status));
  json.member("certificate", name_of(connection.certificate_by));
  json.member("edge", name_of(connection.edge));
  json.member("certificate_ends_at", connection.certificate_ends_at);
  put_facets(json, connection.facets);
  put_records(json, connection.records);
  put_claim(json, connection);
  put_flow(json, connection);
  put_redirection(json, connection.redirection);
  json.member("purchased_domains", connection.purchased_domains);
  json.member("free_domain", connection.is_free_domain);
  json.member("next_look_at", connection.next_look_at);
  json.member("last_look_at", connection.last_look_at);
  put_attention(json, connection.attention);
  json.name("metadata");
  json.embed(metadata_of(connection));
  json.member("deployed_at", connection.deployed_at);
  json.member("created_at", connection.created_at);
  json.member("updated_at", connection.updated_at);
  if (detail) put_detail(json, *detail);
  json.end_object();
  return std::move(json).take();
}

}  // namespace signpost::api
