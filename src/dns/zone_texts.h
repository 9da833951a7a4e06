// SPDX-License-Identifier: Apache-2.0
//
// What a zone server answers with: the TXT values of the zone's labels, and the zone itself.
// Implemented by services/challenge_zone; owned by app/wiring or a test, and outlives the server. Any loop.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "net/task.h"

namespace signpost::dns {

class ZoneTexts {
 public:
  virtual ~ZoneTexts() = default;
  /// The values that stand now at "<label>.<zone>", in no order; empty: no such name. The label is in lower case.
  /// Never waits.
  virtual std::vector<std::string> texts_of(std::string_view label) const = 0;
  /// Grows with every change: the serial of the zone.
  virtual std::uint32_t serial() const = 0;
};

/// A name server of the zone. Inside the zone it has addresses (the glue that the zone above needs); outside none.
struct ZoneNameServer {
  DnsName name;
  std::vector<net::IpAddress> addresses = {};
};

struct Zone {
  DnsName name;                              // "acme.saas.example"
  std::vector<ZoneNameServer> name_servers;  // at least one
};

}  // namespace signpost::dns
