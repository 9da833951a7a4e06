// SPDX-License-Identifier: Apache-2.0
//
// A TCP server on loopback that plays a script to each connection, one thread each, so that it can misbehave in any
// way. Owned by the test; the script runs on the server's threads. The destructor waits for scripts under way: they end
// when their peer closes.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "net/task.h"
#include "net/testing/raw_peer.h"

namespace signpost::net::testing {

class ScriptedServer {
 public:
  /// The connection closes when the script returns. `number` counts connections from 0.
  using Script = std::function<void(RawPeer& peer, int number)>;
  explicit ScriptedServer(Script script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  TcpEndpoint endpoint() const { return endpoint_; }
  std::uint16_t port() const { return endpoint_.port(); }
  int connections() const { return connections_; }

 private:
  void serve();
  Script script_;
  int listener_;
  TcpEndpoint endpoint_;
  std::atomic<int> connections_{0};
  std::vector<std::thread> scripts_;  // of the accepting thread
  std::thread accepting_;
};

}  // namespace signpost::net::testing
