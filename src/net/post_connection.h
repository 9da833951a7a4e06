// SPDX-License-Identifier: Apache-2.0
//
// One connection to a receiver, with or without TLS. Only the sender includes this.
// Owned by the exchange that uses it, between exchanges by the pool; its loop only. Its watchdog closes it at the
// deadline.
#pragma once

#include <boost/asio/ssl/stream.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "net/task.h"
#include "net/tls_trouble.h"
#include "net/watchdog.h"

namespace signpost::net {

class PostConnection {
 public:
  explicit PostConnection(const Executor& executor);
  PostConnection(const PostConnection&) = delete;
  PostConnection& operator=(const PostConnection&) = delete;

  /// Binds to the source address, if any, and connects.
  Task<boost::system::error_code> connect(TcpEndpoint peer, std::optional<IpAddress> source, Deadline deadline);
  /// An empty cause if the handshake succeeded and the certificate is the host's, or if the time was over.
  Task<TlsTrouble> shake_hands(boost::asio::ssl::context& tls, std::string host, Deadline deadline);

  Task<boost::system::error_code> write(std::string_view bytes, Deadline deadline);
  Task<std::pair<boost::system::error_code, std::size_t>> read(std::span<char> room, Deadline deadline);

  /// True if the peer has closed or sent something while the connection was idle: not to be used again.
  bool is_stale();
  void close();
  void rest() { watchdog_.disarm(); }
  bool has_timed_out() const { return watchdog_.has_fired(); }
  const TcpEndpoint& peer() const { return peer_; }
  Deadline opened_at() const { return opened_at_; }

 private:
  using TlsStream = boost::asio::ssl::stream<TcpSocket&>;
  TcpSocket socket_;
  std::optional<TlsStream> tls_;
  TcpEndpoint peer_;
  Deadline opened_at_;
  Watchdog watchdog_;
};

}  // namespace signpost::net
