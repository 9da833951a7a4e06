// SPDX-License-Identifier: Apache-2.0
#include "net/testing/raw_peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/text.h"

namespace signpost::net::testing {

RawPeer::RawPeer(int descriptor) : descriptor_(descriptor) {
  const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

RawPeer::RawPeer(const TcpEndpoint& to) : RawPeer(::socket(to.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (::connect(descriptor_, to.data(), static_cast<socklen_t>(to.size())) != 0)
    throw std::runtime_error("cannot connect");
}

RawPeer::RawPeer(RawPeer&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), buffer_(std::move(other.buffer_)) {}

RawPeer::~RawPeer() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool RawPeer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawPeer::fill() {
  char bytes[16 * 1024];
  const auto got = ::recv(descriptor_, bytes, sizeof bytes, 0);
  if (got > 0) buffer_.append(bytes, static_cast<std::size_t>(got));
  return got > 0;
}

std::string RawPeer::read_until(std::string_view marker) {
  std::size_t at;
  while ((at = buffer_.find(marker)) == std::string::npos) {
    if (!fill()) return std::exchange(buffer_, {});
  }
  return read_bytes(at + marker.size());
}

std::string RawPeer::read_bytes(std::size_t count) {
  while (buffer_.size() < count && fill()) {
  }
  auto bytes = buffer_.substr(0, count);
  buffer_.erase(0, bytes.size());
  return bytes;
}

std::string RawPeer::read_message() {
  auto head = read_until("\r\n\r\n");
  const auto field = to_lower(head).find("content-length:");
  if (field == std::string::npos) return head;
  const auto value = std::string_view(head).substr(field + 15);
  const auto length = parse_integer(trim(value.substr(0, value.find('\r'))));
  return head + read_bytes(static_cast<std::size_t>(length.value_or(0)));
}

std::string RawPeer::read_to_end() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

std::string RawPeer::remote_address() const {
  TcpEndpoint remote;
  auto size = static_cast<socklen_t>(remote.capacity());
  if (::getpeername(descriptor_, remote.data(), &size) != 0) return {};
  return remote.address().to_string();
}

void RawPeer::finish_sending() { ::shutdown(descriptor_, SHUT_WR); }

void RawPeer::reset() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  ::close(std::exchange(descriptor_, -1));
}

}  // namespace signpost::net::testing
