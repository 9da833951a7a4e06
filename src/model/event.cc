// SPDX-License-Identifier: Apache-2.0
#include "model/event.h"

#include <algorithm>

#include "model/connection.h"

namespace signpost::model {
namespace {

/// Which members a type carries beyond those that every message has.
struct Members {
  EventType type;
  bool propagation;  // propagation_status and data
  bool proxy_status;
  bool attention;
};

// One row a type: "domain.flow.completed … does not convey any propagation status" (seed 001); the others carry all.
constexpr std::array kMembers{
    Members{EventType::kDomainAdded, true, false, false},
    Members{EventType::kFlowCompleted, false, false, false},
    Members{EventType::kPropagationTimeout, true, false, false},
    Members{EventType::kCertificateIssued, true, true, false},
    Members{EventType::kDeployed, true, true, false},
    Members{EventType::kAttention, true, true, true},
};
static_assert(kMembers.size() == kEventTypes.size());

const Members& members_of(EventType type) { return *std::ranges::find(kMembers, type, &Members::type); }

std::optional<std::string> status_text(FacetState state) {
  if (state == FacetState::kAbsent) return std::nullopt;
  return std::string(name_of(state));
}

EventPayload::Data data_of(const Connection& connection) {
  EventPayload::Data data;
  for (const auto& record : connection.records) {
    auto& list = record.is_propagated ? data.propagated : data.non_propagated;
    list.push_back({std::string(name_of(record.type)), record.host, record.value});
  }
  return data;
}

bool points_to(const Connection& connection, const std::string& target) {
  return std::ranges::any_of(connection.records, [&](const Record& record) { return record.value == target; });
}

}  // namespace

std::string_view name_of(EventType type) {
  switch (type) {
    case EventType::kDomainAdded:
      return "domain.added";
    case EventType::kFlowCompleted:
      return "domain.flow.completed";
    case EventType::kPropagationTimeout:
      return "domain.propagation.timeout";
    case EventType::kCertificateIssued:
      return "signpost.connection.certificate_issued";
    case EventType::kDeployed:
      return "signpost.connection.deployed";
    case EventType::kAttention:
      return "signpost.connection.attention";
  }
  return "";
}

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
  const auto& members = members_of(draft.type);
  EventPayload payload;
  payload.id = connection.job_id;
  payload.user_id = connection.user_id;
  payload.domain = connection.host.domain();
  payload.subdomain = connection.host.subdomain();
  payload.provider = connection.provider;
  payload.type = draft.type;
  if (members.propagation) payload.propagation_status = status_text(connection.facets.propagation);
  payload.dkim_status = status_text(connection.facets.dkim);
  payload.redirection_status = status_text(connection.facets.redirection);
  if (connection.setup_type) payload.setup_type = std::string(name_of(*connection.setup_type));
  payload.secure_status = status_text(connection.facets.secure);
  payload.power_status = status_text(connection.facets.power);
  if (cname_target && points_to(connection, *cname_target)) payload.cname_target = cname_target;
  if (members.propagation) payload.data = data_of(connection);
  payload.updated_objects = draft.updated_objects;
  payload.event_id = id;
  payload.job_id = connection.job_id;
  payload.sequence = draft.sequence;
  payload.created_at = created_at;
  if (members.proxy_status) payload.proxy_status = std::string(name_of(connection.status));
  if (members.attention && connection.attention) {
    payload.attention = {connection.attention->cause, connection.attention->explanation};
  }
  return payload;
}

}  // namespace signpost::model
