// SPDX-License-Identifier: Apache-2.0
//
// Asks one DNS server one question: UDP from a fresh random port with random ids, TCP when the answer is truncated.
// Owned by an Observer; lives on one loop; `stop` is awaited before it dies.
// An ask ends within its deadline whatever the server does. Only an answer from the asked address and port with our id
// and our question counts (RFC 5452 9.1); others are counted and waited past. A port serves one ask, its repetitions
// included, and is then given up, so that nobody can learn it. A late answer to an earlier datagram counts.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "dns/message.h"
#include "net/task.h"

namespace signpost::dns {

enum class Outcome {
  kAnswer,             // `answer` is there; its rcode may still be an error
  kSilent,             // nothing that counts within the budget
  kConnectionRefused,  // nobody listens there (ICMP port unreachable, TCP reset)
  kNoRoute,            // this machine has no way to the address, such as IPv6 without IPv6
  kMalformed,          // octets that are no DNS answer
  kNotAsked,           // no turn in time, no socket, or we are stopping: says nothing about the server
};

struct Exchange {
  Outcome outcome = Outcome::kNotAsked;
  std::optional<Answer> answer;
  int attempts = 0;
  std::int64_t took_ms = 0;
  std::vector<std::string> notes;  // "answered with a wrong id 3 times"; a handful at most
  bool needs_plain = false;        // no answer to questions with EDNS, one to the question without
  bool tcp_fails = false;          // truncated over UDP, and nothing over TCP
};

class Transport {
 public:
  struct Settings {
    Milliseconds try_max{300};              // after which the next datagram is sent
    Milliseconds ask_max{1'100};            // one ask, repetitions and TCP included, once it has its turn
    int tries_max = 3;                      // datagrams per ask; all inside the ask's deadline
    std::size_t in_flight_server_max = 32;  // questions to one server at a time; the rest queue
    std::size_t in_flight_max = 1'024;      // sockets at a time
    std::size_t queued_max = 4'096;         // per server; beyond it an ask is kNotAsked at once
    int strays_max = 64;                    // wrong answers to one datagram before it is given up
  };

  Transport(net::Executor executor, Settings settings);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  Task<Exchange> ask(net::UdpEndpoint server, Question question, Recursion recursion, net::Deadline deadline);

  /// A message that is no question, such as an update, and what comes back with its id: by UDP, and by TCP where
  /// nothing comes back or too much. Nobody has read it: whoever cannot tell a forged one must not use this. kTimeout,
  /// kNetwork (nobody listens there, no way to it), kUnavailable (no turn, stopping).
  Task<Result<std::string>> exchange(net::UdpEndpoint server, std::string message, net::Deadline deadline);

  /// One question over TCP alone. kTimeout, kNetwork, kUnavailable as above; kProtocol for nonsense.
  Task<Result<Answer>> ask_over_tcp(net::UdpEndpoint server, Question question, net::Deadline deadline);

  /// Ends what is in flight (kNotAsked or kSilent), refuses what comes and waits for the last.
  Task<void> stop();

 private:
  class Wait;     // a deadline that cancels a socket
  class Place;    // one ask's place among all, given back when it dies
  struct Waiter;  // an ask that queues
  struct Lane;    // the asks of one server, or of all
  struct Talk;    // one ask on its way

  Task<bool> enter(Lane& lane, net::Deadline deadline);
  void leave(Lane& lane);
  Task<void> ask_by_udp(Talk& talk);
  bool send(Talk& talk, net::UdpSocket& socket);
  Task<bool> is_silent_on_edns(Talk& talk, net::UdpSocket& socket);
  Task<void> receive(Talk& talk, net::UdpSocket& socket, net::Deadline until);
  Task<void> ask_by_tcp(Talk& talk);
  Task<Result<std::string>> exchange_by_udp(net::UdpEndpoint server, std::string message, net::Deadline deadline);
  Task<Result<std::string>> exchange_by_tcp(net::UdpEndpoint server, std::string query, net::Deadline deadline);

  net::Executor executor_;
  Settings settings_;
  bool stopping_ = false;
  std::size_t asks_ = 0;
  std::map<net::UdpEndpoint, std::unique_ptr<Lane>> lanes_;  // only servers that are being asked
  std::unique_ptr<Lane> everything_;
  std::set<Wait*> waits_;
  // One for all: what is received is parsed before anybody else has the loop. More than we announce, as some servers
  // send what they like.
  std::array<char, 4'096> buffer_;
  net::Timer stopped_;
};

}  // namespace signpost::dns
