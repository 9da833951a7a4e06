// SPDX-License-Identifier: Apache-2.0
//
// One look at DNS: per record and per server, what was answered and whether it is what we wait for.
// Values; any thread. `propagated` is true only if at least one authoritative server agrees and every server that
// answers with authority agrees.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "base/record_type.h"
#include "dns/cause.h"

namespace signpost::dns {

enum class Verdict {
  kAgrees,
  kDisagrees,    // the type is there, its value is another
  kNxDomain,     // no such name
  kNoData,       // the name is there, the type is not
  kRefused,      // answers REFUSED: the zone is not set up there
  kServFail,     // answers SERVFAIL or another error
  kLame,         // answers without authority
  kSilent,       // no answer within the budget
  kUnreachable,  // forbidden by the address policy, no address, no route, nobody listens there, or not asked
  kMalformed,    // answers nonsense
  kUndecided,    // speaks, but what its answer means hangs on a look-up of ours that failed
};

/// "agrees", "disagrees", "nxdomain", "nodata", "refused", "servfail", "lame", "silent", "unreachable", "malformed",
/// "undecided".
std::string_view name_of(Verdict verdict);

/// Does the server speak for the zone? Only such answers decide.
bool is_authoritative(Verdict verdict);

struct Expectation {
  DnsName name;
  RecordType type;
  std::optional<std::string> value;       // nothing: any value will do
  std::optional<std::uint16_t> priority;  // MX; nothing: any preference will do
};

struct ServerAnswer {
  std::string server;   // "ns1.dns.example"; the address for a resolver
  std::string address;  // "192.0.2.53:53", "[2001:db8::53]:53"; empty if it has none
  Verdict verdict = Verdict::kSilent;
  std::vector<std::string> values;  // at most kValuesMax, each at most kValueBytesMax octets of printable UTF-8
  std::uint32_t ttl = 0;            // seconds, the smallest of the values'
  std::int64_t took_ms = 0;
  std::string note;
};
constexpr std::size_t kValuesMax = 16;
constexpr std::size_t kValueBytesMax = 512;

struct RecordObservation {
  DnsName name;
  RecordType type;
  std::string expected;   // "192.0.2.1", "10 mail.example", '0 issue "ca.example"'; "any value" if any will do
  std::string zone = {};  // empty if none was found
  bool propagated = false;
  std::vector<ServerAnswer> authorities = {};
  std::vector<ServerAnswer> resolvers = {};  // the caches' view; never decides
  std::vector<Finding> causes = {};          // most decisive first; also of a propagated record, then none that blocks
  std::string cause = {};                    // the code of the first; empty if propagated
  std::string explanation = {};              // what was wanted, what is seen, what to do
  /// An authority answered with the expected value itself: not with the addresses of a flattened name, which everybody
  /// behind the same target has, and not through an alias that leads out of its zones.
  bool value_seen = false;
};

struct Observation {
  std::vector<RecordObservation> records;  // in the order of the expectations
  std::int64_t took_ms = 0;
  /// False for no records at all: nothing was seen.
  bool all_propagated() const;
};

/// Called on the look's loop when it begins (nothing is asked yet) and whenever a server has answered, or has not in
/// time: what is seen so far, without conclusions, and how many of the questions asked until now are answered.
using Progress = std::function<void(const Observation& so_far, std::size_t answered, std::size_t asked)>;

}  // namespace signpost::dns
