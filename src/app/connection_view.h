// SPDX-License-Identifier: Apache-2.0
//
// A connection as `connect` and `watch` show it, read from the JSON of /v1.
// Values and pure functions; the main thread. All texts are cleaned of control characters when they are written.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/observation_view.h"
#include "base/result.h"
#include "base/time.h"

namespace signpost::app {

struct ConnectionView {
  struct Record {
    std::string type;
    std::string host;
    std::string value;
    std::string ttl;
    std::string priority;  // empty unless MX
    std::string step;      // "1": the certificate's, "2": the traffic's; empty of the claim's
  };
  std::string id;
  std::string host;
  std::string domain;
  std::string organization;
  std::string status;       // proxy_status
  std::string propagation;  // facets.propagation_status
  bool is_flow_open = false;
  std::string certificate;                  // who brings it: "external", "cname", "txt"
  std::optional<Time> certificate_ends_at;  // of the one that Signpost holds
  std::string claim;                        // claim.status
  std::vector<Record> records;
  std::optional<Record> claim_record;
  std::optional<Time> next_look_at;
  std::string attention;             // its explanation
  std::vector<RecordView> observed;  // empty until somebody has looked
  std::optional<Time> seen_at;       // when
};

/// kProtocol if it is not a connection.
Result<ConnectionView> parse_connection(std::string_view json);

/// The ids in a page of connections. kProtocol if it is none.
Result<std::vector<std::string>> parse_connection_ids(std::string_view json);

/// Signpost obtains the certificate, so the customer's records come in two steps.
bool has_steps(const ConnectionView& connection);

/// How watching it ends. With steps it goes on until the traffic's records, too, have propagated.
enum class WatchEnd { kGoesOn, kSuccess, kFailure };
WatchEnd end_of(const ConnectionView& connection);

/// Which records the customer has to add, and what to do then.
std::string instructions(const ConnectionView& connection, std::size_t columns);

/// The live picture, what matters most first: state, when the next look is, table of servers and records, remedies.
std::string watch_picture(const ConnectionView& connection, Time now, std::size_t columns);

/// What is worth a line when it changes, without times: the state, and each record with the servers that do not agree.
std::string watch_lines(const ConnectionView& connection);

}  // namespace signpost::app
