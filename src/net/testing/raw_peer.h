// SPDX-License-Identifier: Apache-2.0
//
// One end of a TCP connection with nothing between the test and the bytes; it blocks, at most kPatience.
// A value of one thread of the test.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "net/task.h"

namespace signpost::net::testing {

class RawPeer {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  /// Takes over a connected descriptor.
  explicit RawPeer(int descriptor);
  /// Connects; throws std::runtime_error if nobody listens.
  explicit RawPeer(const TcpEndpoint& to);
  ~RawPeer();
  RawPeer(RawPeer&& other) noexcept;
  RawPeer& operator=(RawPeer&&) = delete;

  /// False if the other side has closed.
  bool send(std::string_view bytes);
  /// Up to and with the marker; what has come if the connection ends first or patience does.
  std::string read_until(std::string_view marker);
  /// Exactly so many bytes, or fewer at the end.
  std::string read_bytes(std::size_t count);
  /// Head and body by Content-Length; empty at the end of the connection.
  std::string read_message();
  /// Until the other side closes.
  std::string read_to_end();
  /// "127.0.0.1"
  std::string remote_address() const;
  /// Ends our direction only.
  void finish_sending();
  /// Closes with a reset.
  void reset();

 private:
  bool fill();
  int descriptor_;
  std::string buffer_;
};

}  // namespace signpost::net::testing
