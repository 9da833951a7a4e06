// SPDX-License-Identifier: Apache-2.0
//
// A DNS server on loopback, UDP and TCP, that does what a test tells it, also what no server should do.
// Owned by a test; lives on the given loop, which must run for it to answer. What is in flight when it dies is dropped.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "dns/message.h"
#include "net/task.h"

namespace signpost::dns::testing {

enum class Role {
  kAuthority,  // answers with authority for its zones, refers at the cuts it knows, refuses other names
  kResolver,   // answers for every name it has been told, without authority
};

enum class Behaviour {
  kNormal,
  kSilent,
  kGarbage,           // octets that are no message
  kGarbageWithOurId,  // a header that fits, records that do not
  kWrongIdThenRight,  // three answers with a wrong id, then the right one
  kWrongIdOnly,
  kWrongQuestionFirst,   // an answer to another question, then the right one
  kTruncates,            // TC over UDP, everything over TCP
  kTruncatesWithoutTcp,  // TC over UDP; TCP connections are closed
  kTruncatesAndHangs,    // TC over UDP; TCP is accepted, then silence
  kRefuses,
  kServFails,
  kFormErrOnEdns,
  kSilentOnEdns,
  kLame,    // answers without authority
  kFloods,  // TC over UDP; over TCP a message of 64 KiB that claims 10,000 records
  kStorm,   // wrong ids without end
};

class ScriptedServer {
 public:
  /// Port 0: any port that is free for both UDP and TCP. Throws if there is none.
  explicit ScriptedServer(net::Loop& loop, Role role = Role::kAuthority, std::string_view address = "127.0.0.1",
                          std::uint16_t port = 0);
  ~ScriptedServer();

  net::UdpEndpoint endpoint() const;
  std::uint16_t port() const { return endpoint().port(); }

  /// A zone of an authority: answers below it are negative with its SOA instead of REFUSED. Its SOA record exists.
  void add_zone(std::string_view zone);
  /// Values as Rr::value has them.
  void add(std::string_view name, WireType type, std::string_view value, std::uint32_t ttl = 60);
  /// Without a type: all of the name.
  void remove(std::string_view name);
  void remove(std::string_view name, WireType type);
  void behave(Behaviour behaviour);
  /// SERVFAIL for the zone and what is below, whatever the behaviour: a resolver whose zone's servers are dead.
  void fail_within(std::string_view zone);
  /// No answer for the zone and what is below, or only to questions of a type; over UDP.
  void silent_about(std::string_view zone, std::optional<WireType> type = {});
  /// Every answer comes so much later.
  void delay(Milliseconds by);

  /// Questions received so far, over UDP and TCP.
  std::size_t questions() const;
  std::size_t questions(std::string_view name, WireType type) const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the handlers in flight
};

}  // namespace signpost::dns::testing
