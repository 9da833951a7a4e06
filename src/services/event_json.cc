// SPDX-License-Identifier: Apache-2.0
#include "services/event_json.h"

#include "base/json_text.h"

namespace signpost::services {
namespace {

/// What is not there, or empty, is left out.
void put(JsonText& json, std::string_view name, const std::optional<std::string>& value) {
  if (value) json.member(name, *value);
}
void put(JsonText& json, std::string_view name, const std::vector<std::string>& texts) {
  if (!texts.empty()) json.member(name, texts);
}

void write(JsonText& json, const model::EventRecord& record) {
  json.begin_object();
  json.member("type", record.type);
  json.member("host", record.host);
  json.member("value", record.value);
  if (!record.application_url.empty()) json.member("applicationUrl", record.application_url);
  put(json, "powerRootPathAccess", record.power_root_path_access);
  json.end_object();
}

void write(JsonText& json, const std::vector<model::EventRecord>& records) {
  json.begin_array();
  for (const auto& record : records) write(json, record);
  json.end_array();
}

void put_data(JsonText& json, const std::optional<model::EventPayload::Data>& data) {
  if (!data) return;
  json.name("data");
  json.begin_object();
  json.name("records_propagated");
  write(json, data->propagated);
  json.name("records_non_propagated");
  write(json, data->non_propagated);
  json.end_object();
}

void put_attention(JsonText& json, const std::optional<model::EventPayload::AttentionMember>& attention) {
  if (!attention) return;
  json.name("attention");
  json.begin_object();
  json.member("cause", attention->cause);
  json.member("explanation", attention->explanation);
  json.end_object();
}

}  // namespace

std::string to_json(const model::EventPayload& payload) {
  JsonText json;
  json.begin_object();
  json.member("id", payload.id);
  put(json, "user_id", payload.user_id);
  json.member("domain", payload.domain);
  json.member("subdomain", payload.subdomain);
  json.member("provider", payload.provider);
  json.member("type", name_of(payload.type));
  put(json, "propagation_status", payload.propagation_status);
  put(json, "dkim_status", payload.dkim_status);
  put(json, "redirection_status", payload.redirection_status);
  put(json, "setup_type", payload.setup_type);
  put(json, "secure_status", payload.secure_status);
  put(json, "power_status", payload.power_status);
  put(json, "monitor_status", payload.monitor_status);
  put(json, "dmarc_updated", payload.dmarc_updated);
  put(json, "cname_target", payload.cname_target);
  put(json, "purchased_domains", payload.purchased_domains);
  if (payload.free_domain) json.member("free_domain", *payload.free_domain);
  put_data(json, payload.data);
  put(json, "updated_objects", payload.updated_objects);
  put(json, "originFlowId", payload.origin_flow_id);
  json.member("event_id", payload.event_id);
  json.member("job_id", payload.job_id);
  json.member("sequence", payload.sequence);
  json.member("created_at", payload.created_at);
  put(json, "proxy_status", payload.proxy_status);
  put_attention(json, payload.attention);
  json.end_object();
  return std::move(json).take();
}

}  // namespace signpost::services
