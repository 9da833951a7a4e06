// SPDX-License-Identifier: Apache-2.0
//
// Writes TXT records into a zone of another server by dynamic update (RFC 2136), signed and verified by TSIG (RFC
// 8945). Owned by services/challenge_zone; any loop: an update uses the loop that calls it. An update ends within its
// budget. Exact records are added and deleted, nothing else is touched, and a repetition changes nothing.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "dns/update_message.h"
#include "net/task.h"

namespace signpost::dns {

class ZoneWriter {
 public:
  struct Settings {
    DnsName zone;                     // the zone's own name, as the server has it
    net::UdpEndpoint server;          // its primary server
    std::optional<TsigKey> key = {};  // nothing: unsigned, for servers that trust an address
    Milliseconds update_max{5'000};   // one update, repetitions and TCP included
    Milliseconds try_max{1'000};      // after which a datagram is sent again
    std::uint32_t ttl = 0;            // seconds, of what is added: as ZoneAnswer::kTextTtl, for the same reason
  };

  explicit ZoneWriter(Settings settings) : settings_(std::move(settings)) {}

  const DnsName& zone() const { return settings_.zone; }

  /// The TXT value stands at the name, or does not stand there any more. kForbidden (REFUSED, NOTAUTH, the key),
  /// kUnprocessable (NOTZONE), kUnavailable (SERVFAIL), kTimeout, kNetwork, kProtocol (an answer whose signature is not
  /// the server's); each sentence says the way out.
  Task<Result<void>> add(DnsName name, std::string value) const;
  Task<Result<void>> remove(DnsName name, std::string value) const;

 private:
  Task<Result<void>> update(TextUpdate wish) const;

  Settings settings_;
};

}  // namespace signpost::dns
