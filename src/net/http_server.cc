// SPDX-License-Identifier: Apache-2.0
#include "net/http_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "net/request_reader.h"
#include "net/response_head.h"
#include "net/task_group.h"
#include "net/wait.h"
#include "net/watchdog.h"

namespace signpost::net {
namespace {

using boost::system::error_code;
using std::chrono::steady_clock;

constexpr std::size_t kRejectingMax = 64;             // connections over the limit that still get their 503, per loop
constexpr std::size_t kOutKeptMax = 64 * 1024;        // a longer response's buffer is given back
constexpr std::size_t kLingerBytesMax = 1024 * 1024;  // what a refused client may still send before we hang up
constexpr Milliseconds kLingerBudget{1000};
constexpr Milliseconds kAcceptPause{100};  // after an accept that failed for want of descriptors

auto as_tuple() { return boost::asio::as_tuple(use_task); }

class Shard;

/// One client. Lives in the frame of its task.
class Connection {
 public:
  Connection(Shard& shard, TcpSocket socket, const IpAddress& peer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Task<void> serve();
  Task<void> reject();
  bool is_idle() const { return is_reading_ && reader_.phase() == RequestReader::Phase::kIdle; }
  void close();

 private:
  enum class Got { kRequest, kRefusal, kEnd };
  Task<Got> read_request();
  Task<Response> run_handler(Request request);
  Task<void> write_out();
  Task<void> refuse(Refusal refusal);
  Task<void> linger();
  void arm(RequestReader::Phase phase);

  Shard& shard_;
  TcpSocket socket_;
  RequestReader reader_;
  Watchdog watchdog_;
  std::string out_;
  std::size_t served_ = 0;
  bool is_reading_ = false;
};

/// What one loop has of the server.
class Shard {
 public:
  Shard(Loop& loop, const HttpLimits& limits, const HttpHandler& handler, const HttpRefuser& refuser,
        std::atomic<std::size_t>& connections, std::atomic<std::size_t>& larger_bodies)
      : limits(limits),
        handler(handler),
        refuser(refuser),
        connections(connections),
        larger_bodies(larger_bodies),
        acceptor_(loop),
        group_(loop.get_executor()) {}

  Result<void> listen(const TcpEndpoint& endpoint);
  TcpEndpoint endpoint() const { return acceptor_.local_endpoint(); }
  void start() { group_.spawn(accept(), "http accept"); }
  Task<void> stop(Deadline deadline);
  Executor executor() { return acceptor_.get_executor(); }
  bool is_stopping() const { return is_stopping_; }
  Response answer_to(const Refusal& refusal, Request seen) const;

  const HttpLimits& limits;
  const HttpHandler& handler;
  const HttpRefuser& refuser;
  std::atomic<std::size_t>& connections;
  std::atomic<std::size_t>& larger_bodies;
  std::set<Connection*> open;
  DateLine date;

 private:
  Task<void> accept();
  void take(TcpSocket socket, const IpAddress& peer);
  static Task<void> serve(Shard* shard, TcpSocket socket, IpAddress peer);
  static Task<void> reject(Shard* shard, TcpSocket socket, IpAddress peer);

  TcpAcceptor acceptor_;
  TaskGroup group_;
  std::size_t rejecting_ = 0;
  bool is_stopping_ = false;
};

Connection::Connection(Shard& shard, TcpSocket socket, const IpAddress& peer)
    : shard_(shard),
      socket_(std::move(socket)),
      reader_(shard.limits, peer, &shard.larger_bodies),
      watchdog_(socket_.get_executor(), [this] { close(); }) {
  error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  shard_.open.insert(this);
}

Connection::~Connection() { shard_.open.erase(this); }

void Connection::close() {
  error_code ignored;
  socket_.close(ignored);
}

void Connection::arm(RequestReader::Phase phase) {
  const auto now = steady_clock::now();
  switch (phase) {
    case RequestReader::Phase::kIdle:
      return watchdog_.arm(now + shard_.limits.idle_budget);
    case RequestReader::Phase::kHead:
      return watchdog_.arm(now + shard_.limits.head_budget);
    case RequestReader::Phase::kBody:
      return watchdog_.arm(now + shard_.limits.body_budget);
  }
}

Task<Connection::Got> Connection::read_request() {
  std::optional<RequestReader::Phase> armed;
  while (true) {
    switch (reader_.advance()) {
      case RequestReader::Step::kComplete:
        co_return Got::kRequest;
      case RequestReader::Step::kRefused:
        co_return Got::kRefusal;
      case RequestReader::Step::kSendContinue:
        out_ = "HTTP/1.1 100 Continue\r\n\r\n";
        co_await write_out();
        break;
      case RequestReader::Step::kNeedMore:
        break;
    }
    // Each phase has one budget, which more bytes do not renew.
    if (armed != reader_.phase()) arm(*(armed = reader_.phase()));
    const auto room = reader_.room();
    is_reading_ = true;
    if (is_idle() && shard_.is_stopping()) co_return Got::kEnd;
    const auto [error, bytes] =
        co_await socket_.async_read_some(boost::asio::buffer(room.data(), room.size()), as_tuple());
    is_reading_ = false;
    if (error) co_return Got::kEnd;
    reader_.received(bytes);
  }
}

Task<void> Connection::write_out() {
  std::size_t sent = 0;
  while (sent < out_.size() && socket_.is_open()) {
    const auto rest = boost::asio::buffer(out_.data() + sent, out_.size() - sent);
    error_code error;
    sent += socket_.write_some(rest, error);  // nearly always takes all at once: no suspension
    if (!error) continue;
    if (error != boost::asio::error::would_block) {
      close();
      break;
    }
    watchdog_.arm(steady_clock::now() + shard_.limits.write_budget);
    const auto [waited] = co_await socket_.async_wait(TcpSocket::wait_write, as_tuple());
    if (waited) close();
  }
  if (out_.capacity() > kOutKeptMax) out_ = std::string();
  out_.clear();
}

Task<Response> Connection::run_handler(Request request) {
  Request seen;  // as far as an answer to its failure needs it
  seen.method = request.method;
  seen.path = request.path;
  seen.peer = request.peer;
  try {
    co_return co_await shard_.handler(std::move(request));
  } catch (const boost::system::system_error& e) {
    if (e.code() == boost::asio::error::operation_aborted) throw;
    log::error("an exception escaped from a handler", {{"path", printable(seen.path)}, {"what", e.what()}});
  } catch (const std::exception& e) {
    log::error("an exception escaped from a handler", {{"path", printable(seen.path)}, {"what", e.what()}});
  }
  co_return shard_.answer_to({500, "something failed inside the server; it has been logged"}, std::move(seen));
}

Task<void> Connection::serve() {
  while (socket_.is_open()) {
    switch (co_await read_request()) {
      case Got::kEnd:
        co_return;
      case Got::kRefusal:
        co_await refuse(reader_.refusal());
        co_return;
      case Got::kRequest:
        break;
    }
    watchdog_.disarm();
    const bool is_old = reader_.is_version_1_0();
    const bool client_keeps = reader_.keeps_alive();
    auto request = reader_.take();
    const auto body = request.method == "HEAD" ? BodyWritten::kNo : BodyWritten::kYes;
    const auto response = co_await run_handler(std::move(request));
    const bool keeps = client_keeps && !shard_.is_stopping() && ++served_ < shard_.limits.requests_per_connection_max &&
                       !asks_to_close(response);
    const auto connection = !keeps   ? ConnectionField::kClose
                            : is_old ? ConnectionField::kKeepAlive
                                     : ConnectionField::kNone;
    append_response(out_, response, body, connection, shard_.date.now());
    co_await write_out();
    if (!keeps) {
      error_code ignored;
      socket_.shutdown(TcpSocket::shutdown_send, ignored);
      co_return;
    }
  }
}

Task<void> Connection::refuse(Refusal refusal) {
  auto seen = reader_.take_refused();
  const auto body = seen.method == "HEAD" ? BodyWritten::kNo : BodyWritten::kYes;
  append_response(out_, shard_.answer_to(refusal, std::move(seen)), body, ConnectionField::kClose, shard_.date.now());
  co_await write_out();
  co_await linger();
}

/// Closing over unread bytes would reset the connection and may take the answer with it: so read on, a little while.
Task<void> Connection::linger() {
  error_code ignored;
  socket_.shutdown(TcpSocket::shutdown_send, ignored);
  watchdog_.arm(steady_clock::now() + kLingerBudget);
  char dropped[4096];
  for (std::size_t total = 0; total < kLingerBytesMax && socket_.is_open();) {
    const auto [error, bytes] = co_await socket_.async_read_some(boost::asio::buffer(dropped), as_tuple());
    if (error) break;
    total += bytes;
  }
}

Task<void> Connection::reject() {
  co_await refuse(Refusal{503, "too many connections are open; try again in a moment"});
}

Response Shard::answer_to(const Refusal& refusal, Request seen) const {
  try {
    return refuser(refusal, std::move(seen));
  } catch (const std::exception& e) {
    log::error("a refusal could not be worded", {{"status", refusal.status}, {"what", e.what()}});
    return plain_refusal(refusal, {});
  }
}

Result<void> Shard::listen(const TcpEndpoint& endpoint) {
  error_code error;
  const auto step = [&](auto action) {
    if (!error) action();
  };
  step([&] { acceptor_.open(endpoint.protocol(), error); });
  step([&] { acceptor_.set_option(boost::asio::socket_base::reuse_address(true), error); });
  step([&] {
    using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
    acceptor_.set_option(ReusePort(true), error);
  });
  step([&] { acceptor_.bind(endpoint, error); });
  step([&] { acceptor_.listen(boost::asio::socket_base::max_listen_connections, error); });
  if (!error) return {};
  return fail(Kind::kUnavailable,
              format("cannot listen on {}:{}: {}", endpoint.address().to_string(), endpoint.port(), error.message()));
}

Task<void> Shard::accept() {
  while (!is_stopping_) {
    TcpSocket socket(acceptor_.get_executor());
    TcpEndpoint peer;
    const auto [error] = co_await acceptor_.async_accept(socket, peer, as_tuple());
    if (!error) {
      take(std::move(socket), peer.address());
      continue;
    }
    if (is_stopping_ || error == boost::asio::error::operation_aborted) co_return;
    if (error == boost::asio::error::connection_aborted) continue;
    log::warn("cannot accept a connection", {{"error", error.message()}});
    co_await sleep_until(steady_clock::now() + kAcceptPause);
  }
}

void Shard::take(TcpSocket socket, const IpAddress& peer) {
  if (connections.load(std::memory_order_relaxed) < limits.connections_max) {
    return group_.spawn(serve(this, std::move(socket), peer), "http connection");
  }
  if (rejecting_ < kRejectingMax) group_.spawn(reject(this, std::move(socket), peer), "http rejection");
}

Task<void> Shard::serve(Shard* shard, TcpSocket socket, IpAddress peer) {
  struct Count {
    std::atomic<std::size_t>& number;
    explicit Count(std::atomic<std::size_t>& n) : number(n) { ++number; }
    ~Count() { --number; }
  } const count(shard->connections);
  Connection connection(*shard, std::move(socket), peer);
  co_await connection.serve();
}

Task<void> Shard::reject(Shard* shard, TcpSocket socket, IpAddress peer) {
  struct Count {
    std::size_t& number;
    explicit Count(std::size_t& n) : number(n) { ++number; }
    ~Count() { --number; }
  } const count(shard->rejecting_);
  Connection connection(*shard, std::move(socket), peer);
  co_await connection.reject();
}

Task<void> Shard::stop(Deadline deadline) {
  is_stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  for (auto* connection : open) {
    if (connection->is_idle()) connection->close();
  }
  co_await group_.wait_until_empty(deadline);
  for (auto* connection : open) connection->close();
  co_await group_.stop();
}

Result<TcpEndpoint> parse_endpoint(std::string_view text) {
  const auto wrong = [&] {
    return fail(Kind::kUnprocessable,
                "\"" + printable(text, 60) + "\" is not an address and port such as 127.0.0.1:8080 or [::1]:8080");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  auto host = text.substr(0, colon);
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  error_code error;
  const auto address = boost::asio::ip::make_address(std::string(host), error);
  const auto port = parse_integer(text.substr(colon + 1));
  if (error || address.is_v6() != is_bracketed || !port || *port < 0 || *port > 65535) return wrong();
  return TcpEndpoint(address, static_cast<std::uint16_t>(*port));
}

}  // namespace

struct HttpServer::Impl {
  Impl(Loops& l, const HttpLimits& m, HttpHandler h, HttpRefuser r)
      : loops(l), limits(m), handler(std::move(h)), refuser(std::move(r)) {}
  Loops& loops;
  HttpLimits limits;
  HttpHandler handler;
  HttpRefuser refuser;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> larger_bodies{0};
  std::vector<std::unique_ptr<Shard>> shards;
  TcpEndpoint endpoint;
  bool is_stopped = false;
};

Response plain_refusal(const Refusal& refusal, Request) {
  auto response = problem_response(refusal.status, refusal.detail);
  if (refusal.status == 503) response.set("Retry-After", "1");
  return response;
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

/// With SO_REUSEPORT a second server would silently share the address of the first: a socket without it finds out.
static Result<void> check_free(Executor executor, const TcpEndpoint& endpoint) {
  error_code error;
  TcpAcceptor probe(executor);
  probe.open(endpoint.protocol(), error);
  if (!error) probe.set_option(boost::asio::socket_base::reuse_address(true), error);
  if (!error) probe.bind(endpoint, error);
  if (!error) return {};
  return fail(Kind::kUnavailable,
              format("cannot listen on {}:{}: {}", endpoint.address().to_string(), endpoint.port(), error.message()));
}

Result<std::unique_ptr<HttpServer>> HttpServer::open(Loops& loops, std::string_view address, Limits limits,
                                                     Handler handler, HttpRefuser refuser) {
  auto endpoint = TRY(parse_endpoint(address));
  TRY_VOID(check_free(loops.at(0).get_executor(), endpoint));
  auto impl = std::make_unique<Impl>(loops, limits, std::move(handler), std::move(refuser));
  for (std::size_t i = 0; i < loops.size(); ++i) {
    auto shard = std::make_unique<Shard>(loops.at(i), impl->limits, impl->handler, impl->refuser, impl->connections,
                                         impl->larger_bodies);
    TRY_VOID(shard->listen(endpoint));
    endpoint = shard->endpoint();  // the port that the first one got, if the system chose
    impl->shards.push_back(std::move(shard));
  }
  impl->endpoint = endpoint;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    boost::asio::post(loops.at(i), [shard = impl->shards[i].get()] { shard->start(); });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() { stop(Milliseconds{0}); }

TcpEndpoint HttpServer::endpoint() const { return impl_->endpoint; }
std::size_t HttpServer::connections() const { return impl_->connections.load(); }

void HttpServer::stop(Milliseconds budget) {
  if (std::exchange(impl_->is_stopped, true)) return;
  const auto deadline = steady_clock::now() + budget;
  std::vector<std::future<void>> ends;
  for (const auto& shard : impl_->shards) {
    auto ended =
        std::make_shared<std::promise<void>>();  // owned by the stop under way; a future alone may not outlive it
    ends.push_back(ended->get_future());
    boost::asio::co_spawn(shard->executor(), shard->stop(deadline),
                          [ended](std::exception_ptr) { ended->set_value(); });
  }
  for (std::size_t i = 0; i < ends.size(); ++i) {
    // Where no thread serves the loops (before start, after stop_and_join), this one does.
    while (!impl_->loops.is_running() && ends[i].wait_for(Milliseconds{0}) != std::future_status::ready) {
      impl_->loops.at(i).restart();
      impl_->loops.at(i).run_one_for(Milliseconds{5});
    }
    ends[i].wait();
  }
}

}  // namespace signpost::net
