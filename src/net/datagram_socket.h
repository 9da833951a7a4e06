// SPDX-License-Identifier: Apache-2.0
//
// The UDP side of a server: what comes, and an answer from the very address it came to, also on machines with several.
// Owned by the server; lives on one loop. Several may share an address, one a loop: each datagram reaches one of them.
// Never blocks; an answer that finds no room is lost like one on the way.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "net/task.h"

namespace signpost::net {

struct Datagram {
  std::string_view octets;  // in the caller's buffer
  UdpEndpoint peer;
  IpAddress local;  // which of ours it came to
  unsigned interface = 0;
};

class DatagramSocket {
 public:
  /// kUnavailable if the address cannot be had; kUnprocessable if this machine has no addresses of its family.
  static Result<DatagramSocket> open(const Executor& executor, const UdpEndpoint& endpoint);

  UdpEndpoint endpoint() const { return socket_.local_endpoint(); }
  /// True when there may be something to receive; false once the socket is closed.
  Task<bool> wait();
  /// What has come; nothing when nothing more is there. What does not fit the buffer comes cut to an empty one.
  std::optional<Datagram> receive(std::span<char> buffer);
  void answer(const Datagram& to, std::string_view octets);
  void close();

 private:
  explicit DatagramSocket(UdpSocket socket) : socket_(std::move(socket)) {}
  UdpSocket socket_;
};

}  // namespace signpost::net
