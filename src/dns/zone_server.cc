// SPDX-License-Identifier: Apache-2.0
#include "dns/zone_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <list>
#include <unordered_map>
#include <utility>

#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "dns/zone_answer.h"
#include "net/datagram_socket.h"
#include "net/rate_limit.h"
#include "net/task_group.h"
#include "net/wait.h"
#include "net/watchdog.h"

namespace signpost::dns {
namespace {

using boost::system::error_code;
using std::chrono::steady_clock;

constexpr std::size_t kDatagramsMax = 64;  // in a row, before others of the loop have their turn
constexpr int kPortTries = 16;             // for a port that is free for UDP and TCP
constexpr Milliseconds kAcceptPause{100};  // after an accept that failed for want of descriptors
constexpr Milliseconds kPollPause{5};      // of a stop on loops that nobody runs

auto as_tuple() { return boost::asio::as_tuple(net::use_task); }

std::string text_of(const net::UdpEndpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? format("[{}]:{}", address, endpoint.port())
                                    : format("{}:{}", address, endpoint.port());
}

/// What clients of all loops share.
struct Shared {
  Shared(Zone zone, const ZoneTexts& texts, const ZoneServer::Settings& from)
      : settings(from),
        answers(std::move(zone), texts),
        answer_limit({from.answers_per_second, from.answers_burst, from.networks_max}),
        reply_limit({from.replies_per_second, from.replies_burst, from.networks_max}) {}

  const ZoneServer::Settings settings;
  const ZoneAnswer answers;
  net::RateLimit answer_limit;
  net::RateLimit reply_limit;
  ZoneServerCounters counters;
  std::atomic<std::size_t> connections{0};
  Guarded<std::unordered_map<std::uint64_t, std::size_t>> connections_of_network;
};

void count(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

void count_answer(const ZoneReply& reply, Via via, ZoneServerCounters& counters) {
  count(via == Via::kUdp ? counters.answered_udp : counters.answered_tcp);
  if (reply.rcode != Rcode::kNoError && reply.rcode != Rcode::kNxDomain) count(counters.refused);
  if (reply.is_truncated) count(counters.truncated);
}

/// A place among the connections of its network and of all.
class Place {
 public:
  static std::optional<Place> take(Shared& shared, std::uint64_t network) {
    const bool is_free = shared.connections_of_network.with([&](auto& counts) {
      auto& count = counts[network];
      return count < shared.settings.connections_per_network_max && (++count, true);
    });
    if (!is_free) return std::nullopt;
    ++shared.connections;
    return Place(shared, network);
  }
  Place(Place&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)), network_(other.network_) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (shared_ == nullptr) return;
    --shared_->connections;
    shared_->connections_of_network.with([&](auto& counts) {
      const auto found = counts.find(network_);
      if (--found->second == 0) counts.erase(found);
    });
  }

 private:
  Place(Shared& shared, std::uint64_t network) : shared_(&shared), network_(network) {}
  Shared* shared_;
  std::uint64_t network_;
};

/// One client over TCP. Lives in the frame of its task.
class Connection {
 public:
  Connection(Shared& shared, net::TcpSocket socket)
      : shared_(shared), socket_(std::move(socket)), watchdog_(socket_.get_executor(), [this] { close(); }) {}

  Task<void> serve();
  void close() {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  void arm(Milliseconds budget) { watchdog_.arm(steady_clock::now() + budget); }

  Shared& shared_;
  net::TcpSocket socket_;
  net::Watchdog watchdog_;
};

/// Queries one after the other, as they come (RFC 7766 6.2.1).
Task<void> Connection::serve() {
  const auto& settings = shared_.settings;
  std::string query;
  for (std::size_t served = 0; served < settings.queries_per_connection_max && socket_.is_open(); ++served) {
    std::array<std::uint8_t, 2> length{};
    arm(settings.idle_budget);
    const auto [length_error, length_size] =
        co_await boost::asio::async_read(socket_, boost::asio::buffer(length), as_tuple());
    const auto size = static_cast<std::size_t>(length[0] << 8 | length[1]);
    if (length_error || size > settings.query_bytes_max) co_return;
    query.resize(size);
    arm(settings.message_budget);
    const auto [read_error, read_size] =
        co_await boost::asio::async_read(socket_, boost::asio::buffer(query), as_tuple());
    if (read_error) co_return;
    const auto reply = shared_.answers.reply(query, Via::kTcp);
    if (!reply) co_return count(shared_.counters.unanswered);
    count_answer(*reply, Via::kTcp, shared_.counters);
    // In one piece, so that length and message leave in one packet (RFC 7766 8).
    std::string octets;
    put_number(octets, static_cast<std::uint16_t>(reply->octets.size()));
    octets += reply->octets;
    arm(settings.message_budget);
    const auto [write_error, written] =
        co_await boost::asio::async_write(socket_, boost::asio::buffer(octets), as_tuple());
    if (write_error) co_return;
  }
}

/// One address on one loop.
class Shard {
 public:
  Shard(net::Loop& loop, Shared& shared) : shared_(shared), acceptor_(loop), group_(loop.get_executor()) {}

  /// The port that was had, if the system was to choose one.
  Result<net::UdpEndpoint> listen(const net::UdpEndpoint& endpoint);
  void start() {
    group_.spawn(answer_datagrams(), "zone server, UDP");
    group_.spawn(accept(), "zone server, TCP");
  }
  Task<void> stop();
  net::Executor executor() { return acceptor_.get_executor(); }

 private:
  Task<void> answer_datagrams();
  void answer(const net::Datagram& datagram);
  Task<void> accept();
  void take(net::TcpSocket socket, const net::IpAddress& peer);
  static Task<void> serve(Shard* shard, net::TcpSocket socket, Place place);

  Shared& shared_;
  std::optional<net::DatagramSocket> datagrams_;
  net::TcpAcceptor acceptor_;
  net::TaskGroup group_;
  std::list<Connection*> open_;  // the one open longest first
  std::array<char, 4'096> buffer_;
  bool is_stopping_ = false;
};

Result<net::UdpEndpoint> Shard::listen(const net::UdpEndpoint& endpoint) {
  datagrams_ = TRY(net::DatagramSocket::open(acceptor_.get_executor(), endpoint));
  const auto had = datagrams_->endpoint();
  const net::TcpEndpoint at(had.address(), had.port());
  error_code error;
  const auto step = [&](auto action) {
    if (!error) action();
  };
  using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  step([&] { acceptor_.open(at.protocol(), error); });
  step([&] { acceptor_.set_option(boost::asio::socket_base::reuse_address(true), error); });
  step([&] { acceptor_.set_option(ReusePort(true), error); });
  if (at.address().is_v6()) step([&] { acceptor_.set_option(boost::asio::ip::v6_only(true), error); });
  step([&] { acceptor_.bind(at, error); });
  step([&] { acceptor_.listen(boost::asio::socket_base::max_listen_connections, error); });
  if (!error) return had;
  datagrams_.reset();
  acceptor_ = net::TcpAcceptor(acceptor_.get_executor());
  return fail(Kind::kUnavailable, error.message());
}

Task<void> Shard::answer_datagrams() {
  while (co_await datagrams_->wait()) {
    for (std::size_t i = 0; i < kDatagramsMax; ++i) {
      const auto datagram = datagrams_->receive(buffer_);
      if (!datagram) break;
      answer(*datagram);
    }
  }
}

void Shard::answer(const net::Datagram& datagram) {
  auto& counters = shared_.counters;
  const auto network = network_of(datagram.peer.address());
  const auto now = steady_clock::now();
  // Port 0 is nobody's: an answer to it can only be meant for somebody else.
  if (datagram.peer.port() == 0 || !shared_.reply_limit.take(network, now)) return count(counters.unanswered);
  const bool is_too_much = !shared_.answer_limit.take(network, now);
  const auto reply =
      is_too_much ? shared_.answers.come_by_tcp(datagram.octets) : shared_.answers.reply(datagram.octets, Via::kUdp);
  if (!reply) return count(counters.unanswered);
  if (is_too_much) {
    count(counters.sent_to_tcp);
  } else {
    count_answer(*reply, Via::kUdp, counters);
  }
  datagrams_->answer(datagram, reply->octets);
}

Task<void> Shard::accept() {
  while (!is_stopping_) {
    net::TcpSocket socket(acceptor_.get_executor());
    net::TcpEndpoint peer;
    const auto [error] = co_await acceptor_.async_accept(socket, peer, as_tuple());
    if (!error) {
      take(std::move(socket), peer.address());
      continue;
    }
    if (is_stopping_ || error == boost::asio::error::operation_aborted) co_return;
    if (error == boost::asio::error::connection_aborted) continue;
    log::warn("the zone server cannot accept a connection", {{"error", error.message()}});
    co_await net::sleep_until(steady_clock::now() + kAcceptPause);
  }
}

void Shard::take(net::TcpSocket socket, const net::IpAddress& peer) {
  auto place = Place::take(shared_, network_of(peer));
  const bool is_full = place && shared_.connections > shared_.settings.connections_max;
  if (is_full) {
    count(shared_.counters.hung_up_on);
    if (open_.empty()) return;
    open_.front()->close();
    open_.pop_front();
  }
  if (!place) return count(shared_.counters.hung_up_on);
  group_.spawn(serve(this, std::move(socket), *std::move(place)), "zone server, connection");
}

Task<void> Shard::serve(Shard* shard, net::TcpSocket socket, Place place) {
  const auto held = std::move(place);
  Connection connection(shard->shared_, std::move(socket));
  struct Listed {
    std::list<Connection*>& open;
    Connection* connection;
    Listed(std::list<Connection*>& o, Connection* c) : open(o), connection(c) { open.push_back(c); }
    ~Listed() { std::erase(open, connection); }
  } const listed(shard->open_, &connection);
  co_await connection.serve();
}

Task<void> Shard::stop() {
  is_stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  if (datagrams_) datagrams_->close();
  for (auto* connection : open_) connection->close();
  co_await group_.stop();
}

std::string_view way_out_of(const error_code& error) {
  if (error == boost::asio::error::access_denied) {
    return ": ports below 1024 need the capability CAP_NET_BIND_SERVICE (systemd: "
           "AmbientCapabilities=CAP_NET_BIND_SERVICE)";
  }
  if (error == boost::asio::error::address_in_use) {
    return ": another name server has it, often systemd-resolved; let \"dns.acme_zone_listen\" name this machine's "
           "public addresses alone";
  }
  if (error.value() == EADDRNOTAVAIL) return ": \"dns.acme_zone_listen\" must name addresses of this machine";
  return "";
}

/// Shards share their addresses with each other, and would share them with strangers without a word: sockets that
/// share with nobody find out.
Result<void> check_free(const net::Executor& executor, const net::UdpEndpoint& endpoint) {
  if (endpoint.port() == 0) return {};
  error_code error;
  net::UdpSocket datagrams(executor);
  net::TcpAcceptor acceptor(executor);
  const net::TcpEndpoint by_tcp(endpoint.address(), endpoint.port());
  datagrams.open(endpoint.protocol(), error);
  if (error == boost::asio::error::address_family_not_supported) return {};  // said when it is listened on
  if (!error && endpoint.address().is_v6()) datagrams.set_option(boost::asio::ip::v6_only(true), error);
  if (!error) datagrams.bind(endpoint, error);
  if (!error) acceptor.open(by_tcp.protocol(), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(boost::asio::ip::v6_only(true), error);
  if (!error) acceptor.set_option(boost::asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(by_tcp, error);
  if (!error) return {};
  return fail(Kind::kUnavailable, format("the ACME zone cannot be served on {}: {}{}", text_of(endpoint),
                                         error.message(), way_out_of(error)));
}

bool is_missing_family(const Result<net::UdpEndpoint>& had) { return !had && had.error().kind == Kind::kUnprocessable; }

}  // namespace

std::uint64_t network_of(const net::IpAddress& client) {
  if (client.is_v4()) return client.to_v4().to_uint() >> 8;
  const auto address = client.to_v6();
  if (address.is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address).to_uint() >> 8;
  }
  const auto bytes = address.to_bytes();
  std::uint64_t network = 1;  // apart from those of IPv4
  for (std::size_t i = 0; i < 7; ++i) network = network << 8 | bytes[i];
  return network;
}

struct ZoneServer::Impl {
  Impl(net::Loops& l, Zone zone, const ZoneTexts& texts, const Settings& settings)
      : loops(l), shared(std::move(zone), texts, settings) {}

  Result<void> listen(const net::UdpEndpoint& endpoint);
  Result<net::UdpEndpoint> listen_on_first(const net::UdpEndpoint& endpoint);

  net::Loops& loops;
  Shared shared;
  std::vector<std::unique_ptr<Shard>> shards;
  std::vector<net::UdpEndpoint> endpoints;
  bool is_stopped = false;
};

/// A port that the system chooses for UDP may be taken for TCP.
Result<net::UdpEndpoint> ZoneServer::Impl::listen_on_first(const net::UdpEndpoint& endpoint) {
  auto shard = std::make_unique<Shard>(loops.at(0), shared);
  auto had = shard->listen(endpoint);
  for (int i = 1; i < kPortTries && !had && endpoint.port() == 0; ++i) had = shard->listen(endpoint);
  if (had) shards.push_back(std::move(shard));
  return had;
}

Result<void> ZoneServer::Impl::listen(const net::UdpEndpoint& endpoint) {
  const auto explained = [&](const Error& error) {
    return fail(Kind::kUnavailable,
                format("the ACME zone cannot be served on {}: {}", text_of(endpoint), error.message));
  };
  TRY_VOID(check_free(loops.at(0).get_executor(), endpoint));
  const auto had = listen_on_first(endpoint);
  if (is_missing_family(had) && endpoint.address().is_v6()) {
    log::warn("the ACME zone is not served by IPv6: this machine has none", {{"address", text_of(endpoint)}});
    return {};
  }
  if (!had) return explained(had.error());
  for (std::size_t i = 1; i < loops.size(); ++i) {
    auto shard = std::make_unique<Shard>(loops.at(i), shared);
    if (const auto same = shard->listen(*had); !same) return explained(same.error());
    shards.push_back(std::move(shard));
  }
  endpoints.push_back(*had);
  return {};
}

ZoneServer::ZoneServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ZoneServer::~ZoneServer() { stop(); }

const std::vector<net::UdpEndpoint>& ZoneServer::endpoints() const { return impl_->endpoints; }
const ZoneServerCounters& ZoneServer::counters() const { return impl_->shared.counters; }
std::size_t ZoneServer::connections() const { return impl_->shared.connections; }

Result<std::unique_ptr<ZoneServer>> ZoneServer::open(net::Loops& loops, Zone zone, const ZoneTexts& texts,
                                                     Settings settings) {
  auto impl = std::make_unique<Impl>(loops, std::move(zone), texts, settings);
  for (const auto& endpoint : settings.listen) TRY_VOID(impl->listen(endpoint));
  if (impl->endpoints.empty()) return fail(Kind::kUnavailable, "the ACME zone has no address to be served on");
  for (const auto& shard : impl->shards) {
    boost::asio::post(shard->executor(), [shard = shard.get()] { shard->start(); });
  }
  return std::unique_ptr<ZoneServer>(new ZoneServer(std::move(impl)));
}

void ZoneServer::stop() {
  if (std::exchange(impl_->is_stopped, true)) return;
  std::vector<std::future<void>> ends;
  for (const auto& shard : impl_->shards) {
    auto ended = std::make_shared<std::promise<void>>();  // owned by the stop under way and by its completion
    ends.push_back(ended->get_future());
    boost::asio::co_spawn(shard->executor(), shard->stop(), [ended](std::exception_ptr) { ended->set_value(); });
  }
  for (auto& end : ends) {
    // Where no thread serves the loops (before start, after stop_and_join), this one does.
    while (!impl_->loops.is_running() && end.wait_for(Milliseconds{0}) != std::future_status::ready) {
      for (std::size_t i = 0; i < impl_->loops.size(); ++i) {
        impl_->loops.at(i).restart();
        impl_->loops.at(i).run_one_for(kPollPause);
      }
    }
    end.wait();
  }
}

}  // namespace signpost::dns
