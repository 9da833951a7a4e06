// SPDX-License-Identifier: Apache-2.0
//
// One message about one connection, complete in itself: which type, which members (seed 001).
// Plain values; any thread. Which members a type has is in model/event_contract; services/event_json writes them in the
// seed's order and spelling.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace signpost::model {

struct Connection;

enum class EventType {
  // the Entri contract, in the order of seed 001, "Event type"
  kDomainAdded,
  kDomainPurchased,
  kPropagationTimeout,
  kFlowCompleted,
  kRecordMissing,
  kRecordRestored,
  kTransferInInitiated,
  kTransferInStarted,
  kTransferInAck,
  kTransferInFailed,
  kTransferOutInitiated,
  kPurchaseError,
  kPurchaseExpired,
  // signpost.connection.*: only to endpoints that ask
  kCertificateIssued,
  kDeployed,
  kDisconnected,
  kAttention,
};
inline constexpr std::array kEventTypes{EventType::kDomainAdded,
                                        EventType::kDomainPurchased,
                                        EventType::kPropagationTimeout,
                                        EventType::kFlowCompleted,
                                        EventType::kRecordMissing,
                                        EventType::kRecordRestored,
                                        EventType::kTransferInInitiated,
                                        EventType::kTransferInStarted,
                                        EventType::kTransferInAck,
                                        EventType::kTransferInFailed,
                                        EventType::kTransferOutInitiated,
                                        EventType::kPurchaseError,
                                        EventType::kPurchaseExpired,
                                        EventType::kCertificateIssued,
                                        EventType::kDeployed,
                                        EventType::kDisconnected,
                                        EventType::kAttention};
std::string_view name_of(EventType type);  // "domain.added"
std::optional<EventType> parse_event_type(std::string_view text);

/// Types of the Entri contract go to every endpoint without a filter; ours only to those that name them.
bool is_wanted(EventType type, const std::vector<std::string>& event_types_of_endpoint);

/// What a decision says happened; id, time and text come from the service.
struct EventDraft {
  EventType type = EventType::kDomainAdded;
  std::int64_t sequence = 0;                 // within the connection
  std::vector<std::string> updated_objects;  // top-level names; empty for a first message
};

struct EventRecord {
  std::string type;
  std::string host;
  std::string value;
  std::string application_url;                      // Power; empty: left out
  std::vector<std::string> power_root_path_access;  // Power; empty: left out
};

/// Every member in the seed's order; what is empty is left out. The statuses are the wire's words.
struct EventPayload {
  std::string id;  // the flow's; repeats in its updates
  std::optional<std::string> user_id;
  std::string domain;
  std::string subdomain;
  std::string provider;
  EventType type = EventType::kDomainAdded;
  std::optional<std::string> propagation_status;
  std::optional<std::string> dkim_status;
  std::optional<std::string> redirection_status;
  std::optional<std::string> setup_type;
  std::optional<std::string> secure_status;
  std::optional<std::string> power_status;
  std::optional<std::string> monitor_status;
  std::optional<std::string> dmarc_updated;
  std::optional<std::string> cname_target;
  std::vector<std::string> purchased_domains;
  std::optional<bool> free_domain;
  struct Data {
    std::vector<EventRecord> propagated;
    std::vector<EventRecord> non_propagated;
  };
  std::optional<Data> data;
  std::vector<std::string> updated_objects;
  std::optional<std::string> origin_flow_id;  // "originFlowId" of a derived flow
  // ours, added at the end
  EventId event_id;
  std::string job_id;
  std::int64_t sequence = 0;
  Time created_at{};
  // of signpost.connection.* only
  std::optional<std::string> proxy_status;
  struct AttentionMember {
    std::string cause;
    std::string explanation;
  };
  std::optional<AttentionMember> attention;
};

/// The members that event_contract gives the type, as the connection has them. Pure.
EventPayload payload_of(const Connection& connection, const EventDraft& draft, EventId id, Time created_at,
                        const std::optional<std::string>& cname_target);

struct Event {
  EventId id;
  ApplicationId application;
  ConnectionId connection;
  std::string job_id;
  EventType type = EventType::kDomainAdded;
  std::int64_t sequence = 0;
  std::string body;  // the exact bytes that every attempt sends
  Time created_at{};
};

}  // namespace signpost::model
