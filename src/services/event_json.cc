// SPDX-License-Identifier: Apache-2.0
#include "services/event_json.h"

#include <array>
#include <boost/json.hpp>

#include "base/text.h"

namespace signpost::services {
namespace {

namespace json = boost::json;

void put(json::object& object, std::string_view name, const std::optional<std::string>& value) {
  if (value) object[name] = *value;
}

/// An empty list is left out.
void put(json::object& object, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json::array& array = object[name].emplace_array();
  for (const auto& text : texts) array.emplace_back(text);
}

json::array array_of(const std::vector<model::EventRecord>& records) {
  json::array array;
  array.reserve(records.size());
  for (const auto& record : records) {
    json::object& object = array.emplace_back(json::object()).as_object();
    object["type"] = record.type;
    object["host"] = record.host;
    object["value"] = record.value;
    if (!record.application_url.empty()) object["applicationUrl"] = record.application_url;
    put(object, "powerRootPathAccess", record.power_root_path_access);
  }
  return array;
}

void put_data(json::object& object, const std::optional<model::EventPayload::Data>& data) {
  if (!data) return;
  json::object& both = object["data"].emplace_object();
  both["records_propagated"] = array_of(data->propagated);
  both["records_non_propagated"] = array_of(data->non_propagated);
}

void put_attention(json::object& object, const std::optional<model::EventPayload::AttentionMember>& attention) {
  if (!attention) return;
  json::object& member = object["attention"].emplace_object();
  member["cause"] = attention->cause;
  member["explanation"] = attention->explanation;
}

}  // namespace

std::string to_json(const model::EventPayload& payload) {
  // Most events fit, and then nothing is allocated member by member.
  std::array<unsigned char, 8'192> room;
  json::monotonic_resource memory(room.data(), room.size());
  json::object object(&memory);  // keeps the order of insertion
  object["id"] = payload.id;
  put(object, "user_id", payload.user_id);
  object["domain"] = payload.domain;
  object["subdomain"] = payload.subdomain;
  object["provider"] = payload.provider;
  object["type"] = name_of(payload.type);
  put(object, "propagation_status", payload.propagation_status);
  put(object, "dkim_status", payload.dkim_status);
  put(object, "redirection_status", payload.redirection_status);
  put(object, "setup_type", payload.setup_type);
  put(object, "secure_status", payload.secure_status);
  put(object, "power_status", payload.power_status);
  put(object, "monitor_status", payload.monitor_status);
  put(object, "dmarc_updated", payload.dmarc_updated);
  put(object, "cname_target", payload.cname_target);
  put(object, "purchased_domains", payload.purchased_domains);
  if (payload.free_domain) object["free_domain"] = *payload.free_domain;
  put_data(object, payload.data);
  put(object, "updated_objects", payload.updated_objects);
  put(object, "originFlowId", payload.origin_flow_id);
  object["event_id"] = payload.event_id.text();
  object["job_id"] = payload.job_id;
  object["sequence"] = payload.sequence;
  object["created_at"] = to_rfc3339(payload.created_at);
  put(object, "proxy_status", payload.proxy_status);
  put_attention(object, payload.attention);
  return json::serialize(object);
}

}  // namespace signpost::services
