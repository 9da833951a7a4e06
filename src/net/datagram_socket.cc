// SPDX-License-Identifier: Apache-2.0
#include "net/datagram_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <cstring>

#include "base/text.h"

namespace signpost::net {
namespace {

using boost::system::error_code;

template <int level, int name>
using Flag = boost::asio::detail::socket_option::boolean<level, name>;

constexpr std::size_t kControlBytes = 128;  // room for one in6_pktinfo and its header

/// Which address of ours the datagram came to (ip(7), RFC 3542 6).
void read_local(const msghdr& message, Datagram& datagram) {
  for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(const_cast<msghdr*>(&message), part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(part), sizeof(info));
      datagram.local = boost::asio::ip::address_v4(ntohl(info.ipi_addr.s_addr));
    } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(part), sizeof(info));
      boost::asio::ip::address_v6::bytes_type bytes;
      std::memcpy(bytes.data(), &info.ipi6_addr, bytes.size());
      datagram.local = boost::asio::ip::address_v6(bytes);
      datagram.interface = info.ipi6_ifindex;
    }
  }
}

template <typename Info>
void write_local(msghdr& message, int level, int type, const Info& info) {
  auto* part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = level;
  part->cmsg_type = type;
  part->cmsg_len = CMSG_LEN(sizeof(info));
  std::memcpy(CMSG_DATA(part), &info, sizeof(info));
  message.msg_controllen = CMSG_SPACE(sizeof(info));
}

void write_local(msghdr& message, const Datagram& datagram) {
  if (datagram.local.is_v4()) {
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(datagram.local.to_v4().to_uint());
    write_local(message, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    const auto bytes = datagram.local.to_v6().to_bytes();
    std::memcpy(&info.ipi6_addr, bytes.data(), bytes.size());
    if (datagram.local.to_v6().is_link_local()) info.ipi6_ifindex = datagram.interface;
    write_local(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

}  // namespace

Result<DatagramSocket> DatagramSocket::open(const Executor& executor, const UdpEndpoint& endpoint) {
  UdpSocket socket(executor);
  error_code error;
  const auto step = [&](auto action) {
    if (!error) action();
  };
  step([&] { socket.open(endpoint.protocol(), error); });
  if (error == boost::asio::error::address_family_not_supported) {
    return fail(Kind::kUnprocessable, "this machine has no addresses of this family");
  }
  step([&] { socket.non_blocking(true, error); });
  step([&] { socket.set_option(Flag<SOL_SOCKET, SO_REUSEPORT>(true), error); });
  if (endpoint.address().is_v4()) {
    step([&] { socket.set_option(Flag<IPPROTO_IP, IP_PKTINFO>(true), error); });
  } else {
    step([&] { socket.set_option(boost::asio::ip::v6_only(true), error); });
    step([&] { socket.set_option(Flag<IPPROTO_IPV6, IPV6_RECVPKTINFO>(true), error); });
  }
  step([&] { socket.bind(endpoint, error); });
  if (error) return fail(Kind::kUnavailable, error.message());
  return DatagramSocket(std::move(socket));
}

Task<bool> DatagramSocket::wait() {
  if (!socket_.is_open()) co_return false;
  const auto [error] = co_await socket_.async_wait(UdpSocket::wait_read, boost::asio::as_tuple(use_task));
  co_return !error;
}

std::optional<Datagram> DatagramSocket::receive(std::span<char> buffer) {
  if (!socket_.is_open()) return std::nullopt;
  Datagram datagram;
  alignas(cmsghdr) std::array<char, kControlBytes> control;
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = datagram.peer.data();
  message.msg_namelen = static_cast<socklen_t>(datagram.peer.capacity());
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto size = ::recvmsg(socket_.native_handle(), &message, 0);
  if (size < 0) return std::nullopt;
  datagram.peer.resize(message.msg_namelen);
  if ((message.msg_flags & MSG_TRUNC) == 0) datagram.octets = {buffer.data(), static_cast<std::size_t>(size)};
  read_local(message, datagram);
  return datagram;
}

void DatagramSocket::answer(const Datagram& to, std::string_view octets) {
  alignas(cmsghdr) std::array<char, kControlBytes> control{};
  iovec part{const_cast<char*>(octets.data()), octets.size()};
  auto peer = to.peer;
  msghdr message{};
  message.msg_name = peer.data();
  message.msg_namelen = static_cast<socklen_t>(peer.size());
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!to.local.is_unspecified()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    write_local(message, to);
  }
  (void)::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void DatagramSocket::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace signpost::net
