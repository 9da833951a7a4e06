// SPDX-License-Identifier: Apache-2.0
//
// One look at DNS as a person reads it. Made from its JSON, so that a look of our own and one that the API tells look
// alike. Values; the main thread. Every text that comes from DNS is cleaned of control characters when it is written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "dns/observation.h"

namespace signpost::app {

struct ServerView {
  std::string server;
  std::string address;
  std::string verdict;  // dns::name_of(Verdict)
  std::vector<std::string> values;
  std::string note;
  bool operator==(const ServerView&) const = default;
};

struct CauseView {
  std::string code;
  std::string weight;
  std::string text;
  std::string fix;
  std::vector<std::string> evidence = {};  // "ns1.dns.example 192.0.2.53:53 at 12:00:00: NXDOMAIN for www.shop.example"
  bool operator==(const CauseView&) const = default;
};

struct RecordView {
  std::string name;
  std::string type;
  std::string expected;
  std::string zone;
  bool propagated = false;
  std::string cause;
  std::string explanation;
  std::vector<ServerView> authorities;
  std::vector<ServerView> resolvers;
  std::vector<CauseView> causes = {};
  bool operator==(const RecordView&) const = default;
};

/// Reads services::to_json(Observation). kProtocol if it is something else.
Result<std::vector<RecordView>> parse_observation(std::string_view json);
std::vector<RecordView> view_of(const dns::Observation& observation, Time ended);

/// Each record with every server below it, its values and notes, and every cause with its fix; for `dns observe`.
std::string observation_details(const std::vector<RecordView>& records, std::size_t columns);

/// One table: servers down, records across; below it each record with what is wrong. For `watch`.
std::string observation_table(const std::vector<RecordView>& records, std::size_t columns);

/// "agrees" → "✓ agrees", "silent" → "? silent", "nxdomain" → "✗ no such name".
std::string verdict_text(std::string_view verdict);

}  // namespace signpost::app
