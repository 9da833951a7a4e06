// SPDX-License-Identifier: Apache-2.0
//
// Name servers and a resolver for benchmarks that need a million zones, a delay or silence: answers by rule, over UDP.
// One thread, one poll; an answer leaves DELAY_MS after its question came.
//
//   zone_server PORT DELAY_MS NAME_SERVERS [resolver=ADDRESS] [silent=ADDRESS]... [provider=ZONE]
//
// NAME_SERVERS is "127.0.1.1,127.0.1.2/127.0.1.3,127.0.1.4": ns1 and ns2 with two addresses each, of every zone there
// is, named in the zone itself or, as customers of one DNS provider have it, in the provider's. A zone is the last two
// labels of a name. Its www is an alias for app.saas.example, whose address is 127.0.0.9.
// Zones that begin with `d` are dead: nobody answers, neither their name servers nor the resolver.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t kA = 1, kNs = 2, kCname = 5, kSoa = 6, kOpt = 41;
constexpr std::uint16_t kQuestionAt = 12;
constexpr std::uint32_t kTtl = 3600, kRecordTtl = 30;
constexpr std::string_view kTargetZone = "saas.example";

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "zone_server: %s\n", why.c_str());
  std::exit(1);
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == by) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

void put16(std::string& to, std::uint16_t number) {
  to += static_cast<char>(number >> 8);
  to += static_cast<char>(number);
}
void put32(std::string& to, std::uint32_t number) {
  put16(to, static_cast<std::uint16_t>(number >> 16));
  put16(to, static_cast<std::uint16_t>(number));
}
void put_pointer(std::string& to, std::size_t at) { put16(to, static_cast<std::uint16_t>(0xC000 | at)); }
void put_name(std::string& to, std::string_view name) {
  for (const auto& label : split(name, '.')) {
    to += static_cast<char>(label.size());
    to += label;
  }
  to += '\0';
}

struct Question {
  std::vector<std::string> labels;     // lower case
  std::vector<std::size_t> labels_at;  // where each begins in the message
  std::uint16_t type = 0;
  std::size_t end = 0;

  std::string zone() const {
    const auto count = labels.size();
    return count < 2 ? std::string() : labels[count - 2] + "." + labels[count - 1];
  }
  std::size_t zone_at() const { return labels_at[labels.size() - 2]; }
};

bool read(std::string_view message, Question& question) {
  std::size_t at = kQuestionAt;
  while (at < message.size() && message[at] != 0) {
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(message[at]));
    if (size > 63 || at + 1 + size >= message.size()) return false;
    question.labels_at.push_back(at);
    question.labels.emplace_back(message.substr(at + 1, size));
    for (char& c : question.labels.back()) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    at += 1 + size;
  }
  if (at + 5 > message.size() || question.labels.empty()) return false;
  question.type = static_cast<std::uint16_t>(static_cast<unsigned char>(message[at + 1]) << 8 |
                                             static_cast<unsigned char>(message[at + 2]));
  question.end = at + 5;
  return true;
}

/// One answer on its way: sections are filled in their order.
class Reply {
 public:
  Reply(std::string_view query, const Question& question, bool is_resolver)
      : text_(query.substr(0, question.end)), question_(question), has_opt_(query[11] != 0) {
    text_[2] = static_cast<char>(0x80 | (query[2] & 1) | (is_resolver ? 0 : 4));  // QR, RD as asked, AA
    text_[3] = static_cast<char>(is_resolver ? 0x80 : 0);                         // RA
    std::fill_n(text_.begin() + 6, 6, '\0');
  }

  void add_cname(std::uint32_t ttl, std::string_view target) {
    begin(7, kQuestionAt, kCname, ttl);
    target_at_ = text_.size() + 2;
    end([&](std::string& to) { put_name(to, target); });
  }
  void add_address(std::uint32_t ttl, std::string_view address, bool is_of_target = false) {
    begin(7, is_of_target ? target_at_ : kQuestionAt, kA, ttl);
    in_addr octets{};
    inet_pton(AF_INET, std::string(address).c_str(), &octets);
    end([&](std::string& to) { to.append(reinterpret_cast<const char*>(&octets), 4); });
  }
  void add_name_server(std::size_t number, std::string_view provider) {
    begin(7, kQuestionAt, kNs, kTtl);
    const auto zone = provider.empty() ? question_.zone() : std::string(provider);
    end([&](std::string& to) { put_name(to, "ns" + std::to_string(number) + "." + zone); });
  }
  void add_soa(std::uint8_t count_at) {
    begin(count_at, question_.zone_at(), kSoa, kRecordTtl);
    end([&](std::string& to) {
      put_pointer(to, question_.zone_at());
      put_pointer(to, question_.zone_at());
      for (const std::uint32_t number : {1U, 3600U, 600U, 86400U, kRecordTtl}) put32(to, number);
    });
  }
  void say_name_error() { text_[3] = static_cast<char>(text_[3] | 3); }

  std::string finish() && {
    if (has_opt_) {
      text_ += '\0';
      put16(text_, kOpt);
      put16(text_, 1232);
      put32(text_, 0);
      put16(text_, 0);
      ++text_[11];
    }
    return std::move(text_);
  }

 private:
  void begin(std::uint8_t count_at, std::size_t owner_at, std::uint16_t type, std::uint32_t ttl) {
    ++text_[count_at];
    put_pointer(text_, owner_at);
    put16(text_, type);
    put16(text_, 1);
    put32(text_, ttl);
  }
  template <typename Write>
  void end(Write write) {
    std::string data;
    write(data);
    put16(text_, static_cast<std::uint16_t>(data.size()));
    text_ += data;
  }

  std::string text_;
  const Question& question_;
  bool has_opt_;
  std::size_t target_at_ = 0;
};

using NameServers = std::vector<std::vector<std::string>>;  // the addresses of each

std::string answer(std::string_view query, const Question& question, const NameServers& servers,
                   std::string_view provider, bool is_resolver) {
  Reply reply(query, question, is_resolver);
  const auto& first = question.labels.front();
  const auto type = question.type;
  const bool is_target_zone = question.zone() == kTargetZone;
  // Of a registry nothing is known here: its resolver says so at once.
  if (question.labels.size() == 1) return std::move(reply).finish();
  if (question.labels.size() == 2) {
    if (type == kNs) {
      for (std::size_t i = 1; i <= servers.size(); ++i) reply.add_name_server(i, provider);
    } else {
      reply.add_soa(type == kSoa ? 7 : 9);
    }
  } else if (question.labels.size() > 3) {
    reply.say_name_error();
    reply.add_soa(9);
  } else if (is_target_zone && first == "app") {
    type == kA ? reply.add_address(kTtl, "127.0.0.9") : reply.add_soa(9);
  } else if (!is_target_zone && first == "www") {
    reply.add_cname(kRecordTtl, "app.saas.example");
    if (is_resolver && type == kA) reply.add_address(kTtl, "127.0.0.9", true);
  } else if (const auto number =
                 static_cast<std::size_t>(std::atoi(first.c_str() + std::min<std::size_t>(2, first.size())));
             first.starts_with("ns") && number >= 1 && number <= servers.size()) {
    if (type == kA) {
      for (const auto& address : servers[number - 1]) reply.add_address(kTtl, address);
    } else {
      reply.add_soa(9);
    }
  } else {
    reply.say_name_error();
    reply.add_soa(9);
  }
  return std::move(reply).finish();
}

struct Listener {
  int socket = -1;
  bool is_resolver = false;
  bool is_silent = false;
};

struct Waiting {
  Clock::time_point due;
  int socket;
  sockaddr_in peer;
  std::string octets;
};

class Server {
 public:
  Server(std::uint16_t port, int delay_ms, NameServers servers, std::string provider)
      : port_(port),
        delay_(std::chrono::milliseconds(delay_ms)),
        servers_(std::move(servers)),
        provider_(std::move(provider)) {}

  void listen(const std::string& address, bool is_resolver, bool is_silent) {
    Listener listener{socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), is_resolver, is_silent};
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_port = htons(port_);
    if (inet_pton(AF_INET, address.c_str(), &local.sin_addr) != 1) die("no address: " + address);
    const int bytes = 8 << 20;
    setsockopt(listener.socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (bind(listener.socket, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0) die("cannot bind " + address);
    listeners_.push_back(listener);
  }

  [[noreturn]] void run() {
    std::vector<pollfd> polled;
    for (const auto& listener : listeners_) polled.push_back({listener.socket, POLLIN, 0});
    std::puts("ready");
    std::fflush(stdout);
    for (;;) {
      timespec pause{1, 0};
      if (!waiting_.empty()) {
        const auto left = std::max<Clock::duration>(waiting_.front().due - Clock::now(), Clock::duration::zero());
        pause = {0, std::chrono::nanoseconds(left).count()};
      }
      ppoll(polled.data(), polled.size(), &pause, nullptr);
      for (std::size_t i = 0; i < polled.size(); ++i) {
        if ((polled[i].revents & POLLIN) != 0) take(listeners_[i]);
      }
      send_due();
    }
  }

 private:
  void take(const Listener& listener) {
    char buffer[2048];
    for (int i = 0; i < 64; ++i) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      const auto got = recvfrom(listener.socket, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&peer), &size);
      if (got < 0) return;
      if (got <= kQuestionAt || listener.is_silent) continue;
      const std::string_view query(buffer, static_cast<std::size_t>(got));
      Question question;
      if (!read(query, question)) continue;
      if (question.labels.size() > 1 && question.labels[question.labels.size() - 2].front() == 'd') continue;
      auto octets = answer(query, question, servers_, provider_, listener.is_resolver);
      if (delay_ == Clock::duration::zero()) {
        send(listener.socket, peer, octets);
      } else {
        waiting_.push_back({Clock::now() + delay_, listener.socket, peer, std::move(octets)});
      }
    }
  }

  static void send(int socket, const sockaddr_in& peer, const std::string& octets) {
    sendto(socket, octets.data(), octets.size(), 0, reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
  }

  void send_due() {
    while (!waiting_.empty() && waiting_.front().due <= Clock::now()) {
      const auto& next = waiting_.front();
      send(next.socket, next.peer, next.octets);
      waiting_.pop_front();
    }
  }

  std::uint16_t port_;
  Clock::duration delay_;
  NameServers servers_;
  std::string provider_;
  std::vector<Listener> listeners_;
  std::deque<Waiting> waiting_;
};

}  // namespace

int main(int count, char** words) {
  if (count < 4) die("usage: PORT DELAY_MS NAME_SERVERS [resolver=ADDRESS] [silent=ADDRESS]... [provider=ZONE]");
  NameServers servers;
  for (const auto& group : split(words[3], '/')) servers.push_back(split(group, ','));
  std::string resolver, provider;
  std::vector<std::string> silent;
  for (int i = 4; i < count; ++i) {
    const std::string word = words[i];
    if (word.starts_with("resolver=")) resolver = word.substr(9);
    if (word.starts_with("provider=")) provider = word.substr(9);
    if (word.starts_with("silent=")) silent.push_back(word.substr(7));
  }
  Server server(static_cast<std::uint16_t>(std::atoi(words[1])), std::atoi(words[2]), servers, provider);
  if (!resolver.empty()) server.listen(resolver, true, false);
  for (const auto& group : servers) {
    for (const auto& address : group) {
      server.listen(address, false, std::ranges::find(silent, address) != silent.end());
    }
  }
  server.run();
}
