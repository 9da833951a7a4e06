// SPDX-License-Identifier: Apache-2.0
//
// The authoritative server of one small zone: UDP and TCP on every address it is given, one socket of each a loop.
// Owned by app/wiring or a test; opened and stopped by the main thread; what it answers lives on the loops. Stopped
// before the loops; the Loops and the texts outlive it.
// Whatever clients do, memory is bounded, no client waits for another, and nobody can be flooded through it: a network
// that asks too much is told to come by TCP, then not answered at all.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "dns/zone_texts.h"
#include "net/loops.h"

namespace signpost::dns {

/// What it has done since the start; any thread.
struct ZoneServerCounters {
  std::atomic<std::uint64_t> answered_udp{0};
  std::atomic<std::uint64_t> answered_tcp{0};
  std::atomic<std::uint64_t> refused{0};      // of the answered: any code but NOERROR and NXDOMAIN
  std::atomic<std::uint64_t> truncated{0};    // of the answered: too long for the client's UDP
  std::atomic<std::uint64_t> sent_to_tcp{0};  // too many of one network: "come by TCP"
  std::atomic<std::uint64_t> unanswered{0};   // far too many of one network, or no query at all
  std::atomic<std::uint64_t> hung_up_on{0};   // TCP connections over a limit
};

class ZoneServer {
 public:
  struct Settings {
    std::vector<net::UdpEndpoint> listen;  // UDP and TCP; port 0: any port that is free for both
    // Answers by UDP to one network (an IPv4 /24, an IPv6 /56): a resolver asks for a challenge a handful of times.
    double answers_per_second = 200;
    double answers_burst = 400;
    // Above it "come by TCP"; above this nothing.
    double replies_per_second = 1'000;
    double replies_burst = 2'000;
    std::size_t networks_max = 65'536;  // remembered
    std::size_t connections_max = 512;  // TCP, all loops together; beyond it the one open longest gives way
    std::size_t connections_per_network_max = 32;
    std::size_t queries_per_connection_max = 1'000;
    std::size_t query_bytes_max = 4'096;
    Milliseconds idle_budget{8'000};     // for the length of the next query
    Milliseconds message_budget{4'000};  // for the rest of a query, and again for the client to take the answer
  };

  /// kUnavailable, with the way out, if an address cannot be had. Serves as soon as the loops run. An IPv6 address is
  /// left out, with a warning, where the machine has no IPv6 and another address is served.
  static Result<std::unique_ptr<ZoneServer>> open(net::Loops& loops, Zone zone, const ZoneTexts& texts,
                                                  Settings settings);
  ~ZoneServer();
  ZoneServer(const ZoneServer&) = delete;
  ZoneServer& operator=(const ZoneServer&) = delete;

  /// Where it listens, in the order of the settings.
  const std::vector<net::UdpEndpoint>& endpoints() const;
  const ZoneServerCounters& counters() const;
  /// TCP connections open now, over all loops.
  std::size_t connections() const;

  /// Takes nothing more, cuts connections and returns when nothing is left. Blocks: never call it on a loop.
  /// Idempotent.
  void stop();

 private:
  struct Impl;
  explicit ZoneServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Whose answers are counted together: the /24 of an IPv4 client, the /56 of an IPv6 client.
std::uint64_t network_of(const net::IpAddress& client);

}  // namespace signpost::dns
