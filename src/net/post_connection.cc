// SPDX-License-Identifier: Apache-2.0
#include "net/post_connection.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>

namespace signpost::net {
namespace {

using boost::system::error_code;

auto as_tuple() { return boost::asio::as_tuple(use_task); }

}  // namespace

PostConnection::PostConnection(const Executor& executor)
    : socket_(executor), opened_at_(std::chrono::steady_clock::now()), watchdog_(executor, [this] { close(); }) {}

void PostConnection::close() {
  error_code ignored;
  socket_.close(ignored);
}

Task<error_code> PostConnection::connect(TcpEndpoint peer, std::optional<IpAddress> source, Deadline deadline) {
  peer_ = peer;
  error_code error;
  socket_.open(peer.protocol(), error);
  if (!error && source) socket_.bind(TcpEndpoint(*source, 0), error);
  if (error) co_return error;
  watchdog_.arm(deadline);
  const auto [failed] = co_await socket_.async_connect(peer, as_tuple());
  if (failed) co_return failed;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), error);
  socket_.non_blocking(true, error);
  co_return error;
}

Task<TlsTrouble> PostConnection::shake_hands(boost::asio::ssl::context& context, std::string host, Deadline deadline) {
  tls_.emplace(socket_, context);
  auto* ssl = tls_->native_handle();
  error_code ignored;
  const bool is_name = (boost::asio::ip::make_address(host, ignored), ignored.failed());
  // RFC 6066 3: no address in the server name indication.
  if (is_name) SSL_set_tlsext_host_name(ssl, host.c_str());
  if (is_name) SSL_set1_host(ssl, host.c_str());
  if (!is_name) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  watchdog_.arm(deadline);
  const auto [error] = co_await tls_->async_handshake(boost::asio::ssl::stream_base::client, as_tuple());
  if (!error || has_timed_out()) co_return TlsTrouble{};
  co_return tls_trouble_of(ssl, error);
}

Task<error_code> PostConnection::write(std::string_view bytes, Deadline deadline) {
  watchdog_.arm(deadline);
  if (tls_) {
    const auto [error, sent] = co_await boost::asio::async_write(*tls_, boost::asio::buffer(bytes), as_tuple());
    co_return error;
  }
  while (!bytes.empty()) {
    error_code error;
    bytes.remove_prefix(socket_.write_some(boost::asio::buffer(bytes), error));
    if (!error) continue;
    if (error != boost::asio::error::would_block) co_return error;
    const auto [waited] = co_await socket_.async_wait(TcpSocket::wait_write, as_tuple());
    if (waited) co_return waited;
  }
  co_return error_code{};
}

Task<std::pair<error_code, std::size_t>> PostConnection::read(std::span<char> room, Deadline deadline) {
  watchdog_.arm(deadline);
  const auto buffer = boost::asio::buffer(room.data(), room.size());
  if (tls_) {
    const auto [error, bytes] = co_await tls_->async_read_some(buffer, as_tuple());
    co_return std::pair{error, bytes};
  }
  const auto [error, bytes] = co_await socket_.async_read_some(buffer, as_tuple());
  co_return std::pair{error, bytes};
}

bool PostConnection::is_stale() {
  if (!socket_.is_open()) return true;
  char byte;
  const auto seen = recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace signpost::net
