// SPDX-License-Identifier: Apache-2.0
//
// The measuring half of `./dev bench observe`: our DNS library against servers that `run` has started.
// One loop on the main thread; prints one JSON line. CPU time is this process's own, in user and kernel mode.
//
//   observe_bench wire ours|bare ADDRESS PORT QUESTIONS IN_FLIGHT ZONES
//   observe_bench looks RESOLVER RESOLVER_PORT AUTHORITY_PORT ZONES ROUNDS AT_ONCE PREFIX
//
// wire: CNAME of www.z0.example … one after the other, IN_FLIGHT at a time: by dns::Transport, or by a loop without
// coroutines, timers and queues that keeps the same rules on the wire (a fresh socket on a random port and a random id
// for every question, EDNS) and reads of an answer no more than header and question.
// looks: every round looks once at each of the zones, by the same Observer; the first round and all later ones
// together.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "dns/observer.h"
#include "dns/together.h"
#include "net/testing/run_task.h"

namespace {

using namespace signpost;
using Steady = std::chrono::steady_clock;

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "observe_bench: %s\n", why.c_str());
  std::exit(1);
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double seconds_since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

struct Work {
  std::size_t questions;
  std::size_t in_flight;
  std::size_t zones;

  std::string name(std::size_t index) const { return format("www.z{}.example", index % zones); }
};

// ── ours ────────────────────────────────────────────────────────────────────────────────────────────────────────────

Task<void> ask_in_turn(dns::Transport& transport, net::UdpEndpoint server, const Work& work, std::size_t& next,
                       std::size_t& answered) {
  while (next < work.questions) {
    auto name = DnsName::parse(work.name(next++)).value();
    const auto exchange = co_await transport.ask(server, {std::move(name), dns::WireType::kCname},
                                                 dns::Recursion::kNotDesired, Steady::now() + std::chrono::seconds(2));
    if (exchange.answer && exchange.answer->answer.size() == 1) ++answered;
  }
}

Task<bool> all_in_turn(dns::Transport& transport, net::UdpEndpoint server, const Work& work, std::size_t& answered) {
  std::size_t next = 0;
  std::vector<Task<void>> tasks;
  for (std::size_t i = 0; i < work.in_flight; ++i) {
    tasks.push_back(ask_in_turn(transport, server, work, next, answered));
  }
  co_await dns::together(std::move(tasks));
  co_await transport.stop();
  co_return true;
}

std::size_t ask_ours(const char* address, std::uint16_t port, const Work& work) {
  net::Loop loop(1);
  dns::Transport::Settings settings;
  settings.in_flight_server_max = work.in_flight;
  dns::Transport transport(loop.get_executor(), settings);
  std::size_t answered = 0;
  const net::UdpEndpoint server(boost::asio::ip::make_address(address), port);
  net::testing::run_task(loop, all_in_turn(transport, server, work, answered));
  return answered;
}

// ── the bare loop ───────────────────────────────────────────────────────────────────────────────────────────────────

std::uint16_t random_number() {
  std::uint16_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) die("no randomness");
  return number;
}

class BareLoop {
 public:
  BareLoop(const char* address, std::uint16_t port, const Work& work) : work_(work), slots_(work.in_flight) {
    server_.sin_family = AF_INET;
    server_.sin_port = htons(port);
    inet_pton(AF_INET, address, &server_.sin_addr);
  }

  std::size_t run() {
    for (auto& slot : slots_) ask(slot);
    std::array<epoll_event, 64> events;
    while (open_ > 0) {
      const int count = epoll_wait(epoll_, events.data(), events.size(), 2'000);
      if (count <= 0) break;  // lost datagrams show as fewer answers
      for (int i = 0; i < count; ++i) take(*static_cast<Slot*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
    return answered_;
  }

 private:
  struct Slot {
    int socket = -1;
    std::uint16_t id = 0;
    std::string query;
  };

  void ask(Slot& slot) {
    if (next_ >= work_.questions) return;
    slot.socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in local{};
    local.sin_family = AF_INET;
    do {
      local.sin_port = htons(static_cast<std::uint16_t>(16'384 + random_number() % 49'152));
    } while (bind(slot.socket, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0);
    if (connect(slot.socket, reinterpret_cast<sockaddr*>(&server_), sizeof server_) != 0) die("connect");
    slot.id = random_number();
    encode(work_.name(next_++), slot);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &slot;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, slot.socket, &event);
    if (send(slot.socket, slot.query.data(), slot.query.size(), 0) < 0) die("send");
    ++open_;
  }

  static void encode(std::string_view name, Slot& slot) {
    auto& to = slot.query;
    to.assign({static_cast<char>(slot.id >> 8), static_cast<char>(slot.id), 0, 0, 0, 1, 0, 0, 0, 0, 0, 1});
    while (!name.empty()) {
      const auto label = name.substr(0, name.find('.'));
      to += static_cast<char>(label.size());
      to += label;
      name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    to.append({0, 0, 5, 0, 1, 0, 0, 41, 4, static_cast<char>(0xD0), 0, 0, 0, 0, 0, 0});  // CNAME IN, OPT 1232
  }

  void take(Slot& slot) {
    std::array<char, 4'096> buffer;
    const auto size = recv(slot.socket, buffer.data(), buffer.size(), 0);
    if (size < 0) return;
    if (is_answer(std::string_view(buffer.data(), static_cast<std::size_t>(size)), slot)) ++answered_;
    close(slot.socket);
    --open_;
    ask(slot);
  }

  static bool is_answer(std::string_view octets, const Slot& slot) {
    const auto question = std::string_view(slot.query).substr(12, slot.query.size() - 12 - 11);
    return octets.size() >= 12 + question.size() && octets.substr(0, 2) == slot.query.substr(0, 2) &&
           (octets[2] & static_cast<char>(0x80)) != 0 && (octets[3] & 15) == 0 && octets[5] == 1 && octets[7] == 1 &&
           octets.substr(12, question.size()) == question;
  }

  const Work& work_;
  sockaddr_in server_{};
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Slot> slots_;
  std::size_t next_ = 0, open_ = 0, answered_ = 0;
};

int measure_wire(std::string_view who, const char* address, std::uint16_t port, const Work& work) {
  const auto start = Steady::now();
  const auto cpu = cpu_seconds();
  const auto answered = who == "ours" ? ask_ours(address, port, work) : BareLoop(address, port, work).run();
  const auto used = cpu_seconds() - cpu;
  std::printf("{\"questions\": %zu, \"answered\": %zu, \"seconds\": %.3f, \"cpu_seconds\": %.3f}\n", work.questions,
              answered, seconds_since(start), used);
  return 0;
}

// ── looks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// What some rounds have seen together.
struct Figures {
  std::size_t propagated = 0;
  double seconds = 0;
  double cpu_seconds = 0;
  std::vector<double> took_ms;

  std::string json() {
    if (took_ms.empty()) return "null";
    std::ranges::sort(took_ms);
    const auto percentile = [this](double share) {
      return took_ms[static_cast<std::size_t>(share * static_cast<double>(took_ms.size() - 1))];
    };
    return format(
        R"({{"looks": {}, "propagated": {}, "seconds": {:.3f}, "cpu_seconds": {:.3f}, "p50_ms": {:.1f}, "p95_ms": {:.1f}, "max_ms": {:.1f}}})",
        took_ms.size(), propagated, seconds, cpu_seconds, percentile(0.5), percentile(0.95), percentile(1));
  }
};

struct Round {
  Figures& figures;
  std::size_t next = 0;
  std::string odd = {};  // why the first look that saw no agreement saw none
};

Task<void> look_in_turn(dns::Observer& observer, std::string_view prefix, std::size_t zones, Round& round) {
  while (round.next < zones) {
    auto name = DnsName::parse(format("www.{}{}.example", prefix, round.next++)).value();
    const auto start = Steady::now();
    std::vector<dns::Expectation> expected{{std::move(name), RecordType::kCname, "app.saas.example", std::nullopt}};
    const auto seen = co_await observer.observe(std::move(expected), start + std::chrono::seconds(10));
    round.figures.took_ms.push_back(seconds_since(start) * 1'000);
    if (seen.all_propagated()) ++round.figures.propagated;
    if (!seen.all_propagated() && round.odd.empty()) round.odd = seen.records.front().explanation;
  }
}

Task<bool> look_at_all(dns::Observer& observer, std::string_view prefix, std::size_t zones, std::size_t at_once,
                       Round& round) {
  std::vector<Task<void>> tasks;
  for (std::size_t i = 0; i < at_once; ++i) tasks.push_back(look_in_turn(observer, prefix, zones, round));
  co_await dns::together(std::move(tasks));
  co_return true;
}

Task<bool> stop(dns::Observer& observer) {
  co_await observer.stop();
  co_return true;
}

int measure_looks(net::UdpEndpoint resolver, std::uint16_t authority_port, std::size_t zones, std::size_t rounds,
                  std::size_t at_once, std::string_view prefix) {
  net::Loop loop(1);
  const net::AddressPolicy policy({net::Network::parse("127.0.0.0/8").value()});
  dns::Observer::Settings settings;
  settings.resolvers = {resolver};
  settings.authority_port = authority_port;
  dns::Observer observer(loop.get_executor(), settings, policy);
  Figures first, later;
  for (std::size_t i = 0; i < rounds; ++i) {
    auto& figures = i == 0 ? first : later;
    Round round{figures};
    const auto start = Steady::now();
    const auto cpu = cpu_seconds();
    net::testing::run_task(loop, look_at_all(observer, prefix, zones, at_once, round));
    figures.cpu_seconds += cpu_seconds() - cpu;
    figures.seconds += seconds_since(start);
    if (!round.odd.empty()) std::fprintf(stderr, "observe_bench: a look saw no agreement: %s\n", round.odd.c_str());
  }
  net::testing::run_task(loop, stop(observer));
  std::printf("{\"first\": %s, \"later\": %s}\n", first.json().c_str(), later.json().c_str());
  return 0;
}

std::uint16_t port_of(const std::string& text) { return static_cast<std::uint16_t>(std::stoul(text)); }

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  if (count == 8 && arguments[0] == "wire") {
    return measure_wire(arguments[1], words[3], port_of(arguments[3]),
                        {std::stoul(arguments[4]), std::stoul(arguments[5]), std::stoul(arguments[6])});
  }
  if (count == 9 && arguments[0] == "looks") {
    return measure_looks({boost::asio::ip::make_address(arguments[1]), port_of(arguments[2])}, port_of(arguments[3]),
                         std::stoul(arguments[4]), std::stoul(arguments[5]), std::stoul(arguments[6]), arguments[7]);
  }
  die("usage: wire ours|bare ADDRESS PORT QUESTIONS IN_FLIGHT ZONES | "
      "looks RESOLVER RESOLVER_PORT AUTHORITY_PORT ZONES ROUNDS AT_ONCE PREFIX");
}
