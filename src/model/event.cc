// SPDX-License-Identifier: Apache-2.0
#include "model/event.h"

#include <algorithm>

#include "model/connection.h"
#include "model/event_contract.h"

namespace signpost::model {
namespace {

std::optional<std::string> status_text(FacetState state) {
  if (state == FacetState::kAbsent) return std::nullopt;
  return std::string(name_of(state));
}

std::optional<std::string> propagation_text(const EventRow& row, FacetState state) {
  switch (row.propagation) {
    case EventRow::Propagation::kNone:
      return std::nullopt;
    case EventRow::Propagation::kStatus:
      return status_text(state);
    case EventRow::Propagation::kExempt:
      return status_text(FacetState::kExempt);
  }
  return std::nullopt;
}

EventPayload::Data data_of(const Connection& connection) {
  EventPayload::Data data;
  for (const auto& record : connection.records) {
    auto& list = record.is_propagated ? data.propagated : data.non_propagated;
    list.push_back({std::string(name_of(record.type)), record.host, record.value, record.application_url,
                    record.power_root_path_access});
  }
  return data;
}

bool is_used(FacetState state) { return state != FacetState::kAbsent && state != FacetState::kExempt; }

/// "Only applicable for Entri Power and Secure setups" (seed 001). A record that points to the target is one, too:
/// what Secure and Power do begins with it.
bool has_target(const Connection& connection, const std::string& target) {
  if (is_used(connection.facets.secure) || is_used(connection.facets.power)) return true;
  return std::ranges::any_of(connection.records, [&](const Record& record) { return record.value == target; });
}

}  // namespace

std::string_view name_of(EventType type) { return row_of(type).name; }

std::optional<EventType> parse_event_type(std::string_view text) {
  const auto found = std::ranges::find_if(kEventTypes, [&](EventType type) { return name_of(type) == text; });
  if (found == kEventTypes.end()) return std::nullopt;
  return *found;
}

bool is_wanted(EventType type, const std::vector<std::string>& event_types_of_endpoint) {
  const auto name = name_of(type);
  if (event_types_of_endpoint.empty()) return !name.starts_with("signpost.");
  return std::ranges::find(event_types_of_endpoint, name) != event_types_of_endpoint.end();
}

EventPayload payload_of(const Connection& connection, const EventDraft& draft, EventId id, Time created_at,
                        const std::optional<std::string>& cname_target) {
  const auto& row = row_of(draft.type);
  EventPayload payload;
  payload.id = connection.job_id;
  payload.user_id = connection.user_id;
  payload.domain = connection.host.domain();
  payload.subdomain = connection.host.subdomain();
  payload.provider = connection.provider;
  payload.type = draft.type;
  payload.propagation_status = propagation_text(row, connection.facets.propagation);
  payload.dkim_status = status_text(connection.facets.dkim);
  payload.redirection_status = status_text(connection.facets.redirection);
  if (connection.setup_type) payload.setup_type = std::string(name_of(*connection.setup_type));
  payload.secure_status = status_text(connection.facets.secure);
  payload.power_status = status_text(connection.facets.power);
  payload.monitor_status = status_text(connection.facets.monitor);
  if (connection.dmarc_updated) payload.dmarc_updated = std::string(name_of(*connection.dmarc_updated));
  if (cname_target && has_target(connection, *cname_target)) payload.cname_target = cname_target;
  payload.purchased_domains = connection.purchased_domains;
  payload.free_domain = connection.is_free_domain;
  if (row.has_data) payload.data = data_of(connection);
  payload.updated_objects = draft.updated_objects;
  payload.origin_flow_id = connection.origin_flow_id;
  payload.event_id = id;
  payload.job_id = connection.job_id;
  payload.sequence = draft.sequence;
  payload.created_at = created_at;
  if (row.has_proxy_status) payload.proxy_status = std::string(name_of(connection.status));
  if (row.has_attention && connection.attention) {
    payload.attention = {connection.attention->cause, connection.attention->explanation};
  }
  return payload;
}

}  // namespace signpost::model
