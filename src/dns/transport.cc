// SPDX-License-Identifier: Apache-2.0
#include "dns/transport.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <functional>
#include <stdexcept>

#include "base/log.h"
#include "base/text.h"

namespace signpost::dns {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr auto kTuple = asio::as_tuple(net::use_task);

std::uint16_t random_number() {
  std::uint16_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) throw std::runtime_error("the system has no randomness");
  return number;
}

std::uint16_t other_than(std::uint16_t number) {
  auto other = random_number();
  while (other == number) other = random_number();
  return other;
}

/// Ports below are left to services. When luck fails the system chooses, also at random.
bool bind_at_random(net::UdpSocket& socket, const asio::ip::udp& protocol) {
  constexpr std::uint16_t kPortMin = 16'384;
  error_code error;
  socket.open(protocol, error);
  if (!error) socket.non_blocking(true, error);
  if (error) return false;
  for (int i = 0; i < 8; ++i) {
    const auto port = static_cast<std::uint16_t>(kPortMin + random_number() % (65'536 - kPortMin));
    socket.bind({protocol, port}, error);
    if (!error) return true;
  }
  socket.bind({protocol, 0}, error);
  return !error;
}

Outcome outcome_of(const error_code& error) {
  if (error == asio::error::connection_refused || error == asio::error::connection_reset) {
    return Outcome::kConnectionRefused;
  }
  return Outcome::kNoRoute;
}

std::string times(int count) { return count == 1 ? "once" : format("{} times", count); }

bool is_error_without_question(Rcode rcode) {
  return rcode == Rcode::kFormErr || rcode == Rcode::kNotImp || rcode == Rcode::kRefused || rcode == Rcode::kServFail ||
         rcode == Rcode::kNotAuth || rcode == Rcode::kBadVers;
}

bool is_about(const Answer& answer, const Question& question) {
  return answer.question ? *answer.question == question
                         : answer.skipped == 0 && is_error_without_question(answer.rcode);
}

/// REFUSED is what some firewalls make of it; the plain question tells them from servers that really refuse.
bool dislikes_edns(const Answer& answer) {
  if (answer.rcode == Rcode::kRefused) return true;
  return answer.rcode == Rcode::kFormErr || answer.rcode == Rcode::kNotImp || answer.rcode == Rcode::kBadVers;
}

std::uint16_t id_of(std::string_view octets) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(octets[0]) << 8 | static_cast<std::uint8_t>(octets[1]));
}

constexpr std::size_t kHeaderBytes = 12;

bool is_response_to(std::string_view octets, std::string_view message) {
  constexpr char kResponse = static_cast<char>(0x80);
  return octets.size() >= kHeaderBytes && id_of(octets) == id_of(message) && (octets[2] & kResponse) != 0;
}

bool is_truncated(std::string_view octets) { return (octets[2] & 0x02) != 0; }

}  // namespace

struct Transport::Waiter {
  net::Timer timer;
  bool admitted = false;
};

struct Transport::Lane {
  std::size_t in_flight_max;
  std::size_t queued_max;
  std::size_t users = 0;
  std::size_t in_flight = 0;
  std::deque<Waiter*> queue;
};

struct Transport::Talk {
  net::UdpEndpoint server;
  Question question;
  Recursion recursion;
  net::Deadline deadline;
  // Two ids tell whether an answer is to a question with EDNS or to the plain one.
  std::uint16_t edns_id = random_number();
  std::uint16_t plain_id = other_than(edns_id);
  Edns edns = Edns::kOn;
  bool knows_no_edns = false;  // it said so, as it should (RFC 6891 7)
  Exchange exchange = {};
  int wrong_ids = 0;
  int wrong_questions = 0;
  int wrong_sources = 0;
  int malformed = 0;

  void note(std::string text) { exchange.notes.push_back(std::move(text)); }
  void conclude();
};

void Transport::Talk::conclude() {
  if (wrong_ids > 0) note(format("answered with a wrong id {}", times(wrong_ids)));
  if (wrong_questions > 0) note(format("answered another question {}", times(wrong_questions)));
  if (wrong_sources > 0) note(format("an answer came from another address {}", times(wrong_sources)));
  if (malformed > 0) note(format("answered nonsense {}", times(malformed)));
  if (exchange.outcome == Outcome::kSilent && malformed > 0) exchange.outcome = Outcome::kMalformed;
}

/// The timer outlives us when its handler is already on its way; then it finds no socket to cancel.
class Transport::Wait {
 public:
  Wait(Transport& transport, net::Deadline deadline, std::function<void()> cancel)
      : transport_(transport), state_(std::make_shared<State>(net::Timer(transport.executor_, deadline))) {
    state_->cancel = std::move(cancel);
    state_->timer.async_wait([state = state_](const error_code& error) {
      if (!error) state->expire();
    });
    transport_.waits_.insert(this);
  }
  ~Wait() {
    transport_.waits_.erase(this);
    state_->cancel = nullptr;
    state_->timer.cancel();
  }
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  void expire() { state_->expire(); }
  bool expired() const { return state_->expired; }

 private:
  struct State {
    explicit State(net::Timer at) : timer(std::move(at)) {}
    void expire() {
      expired = true;
      if (cancel) cancel();
    }
    net::Timer timer;
    std::function<void()> cancel;
    bool expired = false;
  };
  Transport& transport_;
  std::shared_ptr<State> state_;  // shared with the timer's handler
};

class Transport::Place {
 public:
  Place(Transport& transport, const net::UdpEndpoint& server) : transport_(transport), server_(server) {
    auto& lane = transport_.lanes_[server];
    const auto& settings = transport_.settings_;
    if (!lane) lane = std::make_unique<Lane>(Lane{settings.in_flight_server_max, settings.queued_max, 0, 0, {}});
    lane_ = lane.get();
    ++lane_->users;
    ++transport_.asks_;
  }
  ~Place() {
    if (has_socket_) transport_.leave(*transport_.everything_);
    if (has_lane_) transport_.leave(*lane_);
    if (--lane_->users == 0) transport_.lanes_.erase(server_);
    if (--transport_.asks_ == 0) transport_.stopped_.cancel();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  /// Waits for a turn: first at the server, then for a socket.
  Task<bool> take(net::Deadline deadline) {
    has_lane_ = co_await transport_.enter(*lane_, deadline);
    if (has_lane_) has_socket_ = co_await transport_.enter(*transport_.everything_, deadline);
    co_return has_socket_;
  }

 private:
  Transport& transport_;
  net::UdpEndpoint server_;
  Lane* lane_;
  bool has_lane_ = false;
  bool has_socket_ = false;
};

Transport::Transport(net::Executor executor, Settings settings)
    : executor_(executor), settings_(settings), stopped_(executor) {
  everything_ = std::make_unique<Lane>(Lane{settings_.in_flight_max, settings_.in_flight_max * 64, 0, 0, {}});
}

Transport::~Transport() {
  if (asks_ == 0) return;
  log::error("a DNS transport died before its questions: its owner has to await stop()", {{"questions", asks_}});
  std::abort();
}

Task<bool> Transport::enter(Lane& lane, net::Deadline deadline) {
  if (stopping_) co_return false;
  if (lane.in_flight < lane.in_flight_max) {
    ++lane.in_flight;
    co_return true;
  }
  if (lane.queue.size() >= lane.queued_max) co_return false;
  Waiter waiter{net::Timer(executor_, deadline)};
  lane.queue.push_back(&waiter);
  co_await waiter.timer.async_wait(kTuple);
  if (!waiter.admitted) std::erase(lane.queue, &waiter);
  co_return waiter.admitted;
}

void Transport::leave(Lane& lane) {
  if (lane.queue.empty()) {
    --lane.in_flight;
    return;
  }
  auto* next = lane.queue.front();
  lane.queue.pop_front();
  next->admitted = true;
  next->timer.cancel();
}

Task<Exchange> Transport::ask(net::UdpEndpoint server, Question question, Recursion recursion, net::Deadline deadline) {
  const auto start = steady_clock::now();
  Talk talk{server, std::move(question), recursion, deadline};
  if (stopping_) {
    talk.note("not asked: shutting down");
    co_return std::move(talk.exchange);
  }
  Place place(*this, server);
  if (co_await place.take(deadline)) {
    // Whoever waited for a turn still has the whole time of an ask, if the look has it.
    talk.deadline = std::min(deadline, steady_clock::now() + settings_.ask_max);
    co_await ask_by_udp(talk);
    if (talk.exchange.answer && talk.exchange.answer->truncated) co_await ask_by_tcp(talk);
    talk.conclude();
  } else {
    talk.note("not asked: no turn in time");
  }
  talk.exchange.took_ms = std::chrono::duration_cast<Milliseconds>(steady_clock::now() - start).count();
  co_return std::move(talk.exchange);
}

Task<void> Transport::ask_by_udp(Talk& talk) {
  net::UdpSocket socket(executor_);
  if (!bind_at_random(socket, talk.server.protocol())) {
    talk.note("not asked: no socket to be had");
    co_return;
  }
  error_code error;
  // Connected, so that the system filters other senders and tells us that nobody listens.
  socket.connect(talk.server, error);
  if (error) {
    talk.exchange.outcome = outcome_of(error);
    talk.note(error.message());
    co_return;
  }
  while (talk.exchange.attempts < settings_.tries_max && steady_clock::now() < talk.deadline && !stopping_) {
    talk.exchange.outcome = Outcome::kSilent;
    ++talk.exchange.attempts;
    const bool is_last = talk.exchange.attempts == settings_.tries_max;
    // Some old servers and firewalls drop what they do not understand.
    if (is_last && settings_.tries_max > 1) talk.edns = Edns::kOff;
    if (!send(talk, socket)) co_return;
    const auto until = is_last ? talk.deadline : std::min(talk.deadline, steady_clock::now() + settings_.try_max);
    co_await receive(talk, socket, until);
    if (!talk.exchange.answer && talk.exchange.outcome != Outcome::kSilent) co_return;
    if (!talk.exchange.answer) continue;
    const bool is_plain = talk.exchange.answer->id == talk.plain_id;
    if (is_plain || !dislikes_edns(*talk.exchange.answer)) {
      const bool seems_so = is_plain && !talk.knows_no_edns && talk.exchange.answer->rcode != Rcode::kRefused;
      talk.exchange.needs_plain = seems_so && (!is_last || co_await is_silent_on_edns(talk, socket));
      co_return;
    }
    if (is_last) co_return;
    talk.edns = Edns::kOff;
    talk.knows_no_edns = talk.exchange.answer->rcode != Rcode::kRefused;
    if (talk.knows_no_edns) talk.note("does not know EDNS");
    talk.exchange.answer.reset();
    talk.exchange.outcome = Outcome::kSilent;
  }
}

/// Two datagrams lost look like dislike: a third with EDNS tells.
Task<bool> Transport::is_silent_on_edns(Talk& talk, net::UdpSocket& socket) {
  auto plain = std::move(talk.exchange.answer);
  talk.exchange.answer.reset();
  talk.edns = Edns::kOn;
  if (send(talk, socket)) {
    co_await receive(talk, socket, std::min(talk.deadline, steady_clock::now() + settings_.try_max));
  }
  const bool is_silent = !talk.exchange.answer;
  talk.exchange.answer = std::move(plain);
  talk.exchange.outcome = Outcome::kAnswer;
  co_return is_silent;
}

/// A datagram that finds no room in the socket's buffer is as lost as one on the way: the next repeats it.
bool Transport::send(Talk& talk, net::UdpSocket& socket) {
  const auto id = talk.edns == Edns::kOn ? talk.edns_id : talk.plain_id;
  error_code error;
  socket.send(asio::buffer(encode_query(talk.question, id, talk.recursion, talk.edns)), 0, error);
  if (!error || error == asio::error::would_block) return true;
  talk.exchange.outcome = outcome_of(error);
  talk.note(error.message());
  return false;
}

Task<void> Transport::receive(Talk& talk, net::UdpSocket& socket, net::Deadline until) {
  const Wait wait(*this, until, [&socket] {
    error_code ignored;
    socket.cancel(ignored);
  });
  for (int strays = 0; strays < settings_.strays_max && !wait.expired(); ++strays) {
    const auto [wait_error] = co_await socket.async_wait(net::UdpSocket::wait_read, kTuple);
    if (wait_error && (wait.expired() || wait_error == asio::error::operation_aborted)) co_return;
    net::UdpEndpoint sender;
    error_code error = wait_error;
    const auto size = error ? 0 : socket.receive_from(asio::buffer(buffer_), sender, 0, error);
    if (error == asio::error::would_block) continue;
    if (error) {
      talk.exchange.outcome = outcome_of(error);
      co_return;
    }
    const std::string_view octets(buffer_.data(), size);
    if (sender != talk.server) {
      ++talk.wrong_sources;
    } else if (size < 2) {
      ++talk.malformed;
    } else if (id_of(octets) != talk.edns_id && id_of(octets) != talk.plain_id) {
      ++talk.wrong_ids;
    } else {
      auto answer = parse_answer(octets);
      if (!answer) {
        ++talk.malformed;
        co_return;  // who knows our id and speaks nonsense will not do better while we wait
      }
      if (is_about(*answer, talk.question)) {
        talk.exchange.outcome = Outcome::kAnswer;
        talk.exchange.answer = *std::move(answer);
        co_return;
      }
      ++talk.wrong_questions;
    }
  }
}

Task<void> Transport::ask_by_tcp(Talk& talk) {
  talk.exchange.answer.reset();
  ++talk.exchange.attempts;
  const auto id = random_number();
  auto query = encode_query(talk.question, id, talk.recursion, talk.edns);
  auto octets = co_await exchange_by_tcp(talk.server, std::move(query), talk.deadline);
  if (!octets) {
    talk.exchange.outcome = Outcome::kSilent;
    talk.exchange.tcp_fails = true;
    talk.note(format("the answer is too long for UDP, and TCP fails: {}", octets.error().message));
    co_return;
  }
  auto answer = parse_answer(*octets);
  const bool is_ours = answer && answer->id == id && is_about(*answer, talk.question) && !answer->truncated;
  if (!is_ours) {
    talk.exchange.outcome = Outcome::kMalformed;
    talk.note(answer ? "answered something else over TCP" : answer.error().message);
    co_return;
  }
  talk.exchange.outcome = Outcome::kAnswer;
  talk.exchange.answer = *std::move(answer);
  talk.note("answered over TCP");
}

Task<Result<std::string>> Transport::exchange_by_tcp(net::UdpEndpoint server, std::string query,
                                                     net::Deadline deadline) {
  net::TcpSocket socket(executor_);
  const Wait wait(*this, deadline, [&socket] {
    error_code ignored;
    socket.close(ignored);
  });
  const auto failed = [&wait](const error_code& error) {
    return wait.expired() ? fail(Kind::kTimeout, "no answer in time") : fail(Kind::kNetwork, error.message());
  };
  const auto [connect_error] = co_await socket.async_connect({server.address(), server.port()}, kTuple);
  if (connect_error || wait.expired()) co_return failed(connect_error);
  std::array<std::uint8_t, 2> length{static_cast<std::uint8_t>(query.size() >> 8),
                                     static_cast<std::uint8_t>(query.size())};
  const std::array<asio::const_buffer, 2> message{asio::buffer(length), asio::buffer(query)};
  const auto [write_error, written] = co_await asio::async_write(socket, message, kTuple);
  if (write_error || wait.expired()) co_return failed(write_error);
  const auto [length_error, length_size] = co_await asio::async_read(socket, asio::buffer(length), kTuple);
  if (length_error || wait.expired()) co_return failed(length_error);
  std::string octets(static_cast<std::size_t>(length[0] << 8 | length[1]), '\0');
  const auto [read_error, read_size] = co_await asio::async_read(socket, asio::buffer(octets), kTuple);
  if (read_error || wait.expired()) co_return failed(read_error);
  co_return octets;
}

Task<Result<std::string>> Transport::exchange(net::UdpEndpoint server, std::string message, net::Deadline deadline) {
  if (stopping_) co_return fail(Kind::kUnavailable, "shutting down");
  Place place(*this, server);
  if (!co_await place.take(deadline)) co_return fail(Kind::kUnavailable, "no turn in time");
  auto answer = co_await exchange_by_udp(server, message, deadline);
  if (answer && !is_truncated(*answer)) co_return answer;
  co_return co_await exchange_by_tcp(server, std::move(message), deadline);
}

Task<Result<Answer>> Transport::ask_over_tcp(net::UdpEndpoint server, Question question, net::Deadline deadline) {
  if (stopping_) co_return fail(Kind::kUnavailable, "shutting down");
  Place place(*this, server);
  if (!co_await place.take(deadline)) co_return fail(Kind::kUnavailable, "no turn in time");
  const auto id = random_number();
  auto query = encode_query(question, id, Recursion::kNotDesired, Edns::kOn);
  const auto octets = CO_TRY(co_await exchange_by_tcp(server, std::move(query), deadline));
  auto answer = CO_TRY(parse_answer(octets));
  if (answer.id != id || !is_about(answer, question)) co_return fail(Kind::kProtocol, "answered something else");
  co_return answer;
}

Task<Result<std::string>> Transport::exchange_by_udp(net::UdpEndpoint server, std::string message,
                                                     net::Deadline deadline) {
  net::UdpSocket socket(executor_);
  if (!bind_at_random(socket, server.protocol())) co_return fail(Kind::kUnavailable, "no socket to be had");
  error_code error;
  socket.connect(server, error);
  if (error) co_return fail(Kind::kNetwork, error.message());
  for (int tries = 0; tries < settings_.tries_max && steady_clock::now() < deadline && !stopping_; ++tries) {
    socket.send(asio::buffer(message), 0, error);
    if (error && error != asio::error::would_block) co_return fail(Kind::kNetwork, error.message());
    const Wait wait(*this, std::min(deadline, steady_clock::now() + settings_.try_max), [&socket] {
      error_code ignored;
      socket.cancel(ignored);
    });
    for (int strays = 0; strays < settings_.strays_max && !wait.expired(); ++strays) {
      const auto [waited] = co_await socket.async_wait(net::UdpSocket::wait_read, kTuple);
      if (waited || wait.expired()) break;
      const auto size = socket.receive(asio::buffer(buffer_), 0, error);
      if (error == asio::error::would_block) continue;
      if (error) co_return fail(Kind::kNetwork, error.message());
      const std::string_view octets(buffer_.data(), size);
      if (is_response_to(octets, message)) co_return std::string(octets);
    }
  }
  co_return fail(Kind::kTimeout, "no answer in time");
}

Task<void> Transport::stop() {
  stopping_ = true;
  for (auto* wait : waits_) wait->expire();
  for (auto& [server, lane] : lanes_) {
    for (auto* waiter : lane->queue) waiter->timer.cancel();
  }
  for (auto* waiter : everything_->queue) waiter->timer.cancel();
  while (asks_ > 0) {
    stopped_.expires_at(net::Deadline::max());
    co_await stopped_.async_wait(kTuple);
  }
}

}  // namespace signpost::dns
