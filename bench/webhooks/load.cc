// SPDX-License-Identifier: Apache-2.0
//
// Both ends of `./dev bench webhooks` and `./dev bench soak`: the receiver of deliveries, and who causes the events.
// One thread, one epoll each, so that the servers get the cores; both stamp with the monotonic clock of the machine.
//
//   webhooks_load receive PORT
//   webhooks_load send HOST PORT REQUESTS_FILE CONNECTIONS RATE STARTS_FILE UNTIL_ACCEPTED
//
// `receive` answers a POST as the first part of its path says: /ok 200, /hang nothing, /fail 500, /reset a reset;
// each is noted by the eight digits after `"user_id":"u-` in its body. GET /take hands out and forgets what was noted
// (key and nanoseconds, two int64 each), GET /count says how many that are, GET /bytes how long the last body was.
// `send`: RATE 0 is as fast as answers come. STARTS_FILE gets, for each request, when it was begun (open loop: due), in
// nanoseconds. UNTIL_ACCEPTED 1: what a dead server did not accept is sent again. Connections take turns; one that the
// server closed between two requests (RFC 9112 9.5) is opened anew, one that it closed under a request ends the load.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "webhooks_load: %s\n", why.c_str());
  std::exit(1);
}

std::int64_t ns_of(Clock::time_point at) { return at.time_since_epoch().count(); }

std::size_t content_length(std::string_view head) {
  std::string low(head);
  std::ranges::transform(low, low.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto at = low.find("content-length:");
  return at == std::string::npos ? 0 : std::strtoul(low.c_str() + at + 15, nullptr, 10);
}

void watch(int epoll, int socket, void* owner) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = owner;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) die("epoll_ctl");
}

void set_up(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(socket, F_SETFL, O_NONBLOCK);
}

// ── the receiver ────────────────────────────────────────────────────────────────────────────────────────────────────

class Receiver {
 public:
  explicit Receiver(int port) : epoll_(epoll_create1(0)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("cannot bind");
    if (listen(listener_, 4096) != 0) die("cannot listen");
    fcntl(listener_, F_SETFL, O_NONBLOCK);
    watch(epoll_, listener_, nullptr);
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }

  [[noreturn]] void run() {
    std::printf("ready\n");
    std::fflush(stdout);
    std::array<epoll_event, 256> events;
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        auto* peer = static_cast<Peer*>(events[static_cast<std::size_t>(i)].data.ptr);
        peer == nullptr ? accept_all() : read(*peer);
      }
    }
  }

 private:
  struct Peer {
    int socket;
    std::string seen;
  };
  struct Noted {
    std::int64_t key;
    std::int64_t at;
  };

  void accept_all() {
    while (true) {
      const int socket = accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      set_up(socket);
      auto* peer = new Peer{socket, {}};
      watch(epoll_, socket, peer);
    }
  }

  void close_peer(Peer& peer) {
    close(peer.socket);
    delete &peer;
  }

  void read(Peer& peer) {
    std::array<char, 65536> buffer;
    const auto size = recv(peer.socket, buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) return close_peer(peer);
    peer.seen.append(buffer.data(), static_cast<std::size_t>(size));
    const auto head = peer.seen.find("\r\n\r\n");
    if (head == std::string::npos) return;
    const auto length = content_length(std::string_view(peer.seen).substr(0, head));
    if (peer.seen.size() < head + 4 + length) return;
    const std::string request = std::exchange(peer.seen, {});
    answer(peer, request, std::string_view(request).substr(head + 4, length));
  }

  void answer(Peer& peer, std::string_view request, std::string_view body) {
    const auto is = [&](std::string_view start) { return request.starts_with(start); };
    if (is("GET /take ")) return take(peer);
    if (is("GET /count ")) return say(peer, "200 OK", std::to_string(noted_.size()));
    if (is("GET /bytes ")) return say(peer, "200 OK", std::to_string(bytes_));
    note(body);
    if (is("POST /hang")) return;
    if (is("POST /fail")) return say(peer, "500 Internal Server Error", "no");
    if (is("POST /reset")) {
      const linger now{1, 0};
      setsockopt(peer.socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      return close_peer(peer);
    }
    say(peer, "200 OK", "ok");
  }

  void note(std::string_view body) {
    constexpr std::string_view kMark = "\"user_id\":\"u-";
    bytes_ = body.size();
    std::int64_t key = -1;
    if (const auto at = body.find(kMark); at != std::string_view::npos) {
      std::from_chars(body.data() + at + kMark.size(), body.data() + body.size(), key);
    }
    noted_.push_back({key, ns_of(Clock::now())});
  }

  void take(Peer& peer) {
    const auto all = std::exchange(noted_, {});
    say(peer, "200 OK", std::string_view(reinterpret_cast<const char*>(all.data()), all.size() * sizeof(Noted)));
  }

  static void say(Peer& peer, std::string_view status, std::string_view body) {
    std::string text = "HTTP/1.1 ";
    text.append(status).append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    text.append(body);
    fcntl(peer.socket, F_SETFL, 0);
    for (std::size_t sent = 0; sent < text.size();) {
      const auto size = send(peer.socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) break;  // gone meanwhile
      sent += static_cast<std::size_t>(size);
    }
    fcntl(peer.socket, F_SETFL, O_NONBLOCK);
  }

  int epoll_, listener_;
  std::vector<Noted> noted_;
  std::size_t bytes_ = 0;
};

// ── who causes the events ───────────────────────────────────────────────────────────────────────────────────────────

std::vector<std::string> read_requests(const char* file) {
  std::ifstream in(file, std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(in)), {});
  std::vector<std::string> requests;
  for (std::size_t at = 0; at < all.size();) {
    std::size_t size = 0;
    const char* end = std::from_chars(all.data() + at, all.data() + all.size(), size).ptr;
    at = static_cast<std::size_t>(end - all.data()) + 1;
    requests.push_back(all.substr(at, size));
    at += size;
  }
  if (requests.empty()) die(std::string("no requests in ") + file);
  return requests;
}

struct Wish {
  const char* host;
  int port;
  std::size_t connections;
  double rate;
  bool until_accepted;
};

class Sender {
 public:
  Sender(const Wish& wish, std::vector<std::string> requests)
      : wish_(wish),
        requests_(std::move(requests)),
        epoll_(epoll_create1(0)),
        connections_(wish.connections),
        starts_(requests_.size(), 0) {
    for (auto& connection : connections_) {
      if (!open(connection)) die("cannot connect");
    }
    latencies_.reserve(requests_.size());
  }

  int run(const char* starts_file) {
    start_ = Clock::now();
    const auto limit = start_ + std::chrono::seconds(1800);
    while (finished_ < requests_.size() && Clock::now() < limit) {
      reconnect();
      give_work();
      collect();
    }
    std::ofstream(starts_file, std::ios::binary)
        .write(reinterpret_cast<const char*>(starts_.data()),
               static_cast<std::streamsize>(starts_.size() * sizeof(std::int64_t)));
    report(std::chrono::duration<double>(Clock::now() - start_).count());
    return 0;
  }

 private:
  static constexpr std::size_t kNothing = static_cast<std::size_t>(-1);
  struct Connection {
    int socket = -1;
    std::size_t request = kNothing;
    std::string seen;
  };

  bool open(Connection& connection) {
    connection.socket = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(wish_.port));
    inet_pton(AF_INET, wish_.host, &address.sin_addr);
    if (connect(connection.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      close(connection.socket);
      connection.socket = -1;
      return false;
    }
    set_up(connection.socket);
    watch(epoll_, connection.socket, &connection);
    idle_.push_back(&connection);
    return true;
  }

  void reconnect() {
    if (lost_.empty() || Clock::now() < reconnect_at_) return;
    while (!lost_.empty() && open(*lost_.back())) lost_.pop_back();
    reconnect_at_ = Clock::now() + std::chrono::milliseconds(5);
  }

  void lose(Connection& connection) {
    if (!wish_.until_accepted && connection.request != kNothing) die_of(connection);
    close(connection.socket);
    if (connection.request != kNothing) again_.push_back(connection.request);
    connection = Connection{};
    std::erase(idle_, &connection);
    lost_.push_back(&connection);
  }

  [[noreturn]] void die_of(const Connection& connection) {
    const auto reason = std::string(errno == 0 ? "closed it" : std::strerror(errno));
    die("a connection broke under request " + std::to_string(connection.request) + " of " +
        std::to_string(requests_.size()) + " (" + reason + "), " + std::to_string(connection.seen.size()) +
        " bytes into its answer, " +
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - start_).count()) +
        " s after the first; " + std::to_string(finished_) + " were answered");
  }

  Clock::time_point due_of(std::size_t index) const {
    return start_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(index) / wish_.rate));
  }

  bool is_next_due(Clock::time_point now) const {
    return next_ < requests_.size() && (wish_.rate <= 0 || due_of(next_) <= now);
  }

  void give_work() {
    while (!idle_.empty()) {
      const auto now = Clock::now();
      std::size_t index = kNothing;
      if (!again_.empty()) {
        index = again_.front();
        again_.pop_front();
      } else if (is_next_due(now)) {
        index = next_++;
        starts_[index] = ns_of(wish_.rate > 0 ? due_of(index) : now);
      } else {
        return;
      }
      Connection* connection = idle_.front();  // in turn: none rests until the server thinks it forgotten
      idle_.pop_front();
      connection->request = index;
      const auto& request = requests_[index];
      errno = 0;
      const auto sent = send(connection->socket, request.data(), request.size(), MSG_NOSIGNAL);
      if (sent != static_cast<ssize_t>(request.size())) lose(*connection);
    }
  }

  /// Until the next request is due, at most 1 ms early: a loop that spins would take a core from those it measures.
  int wait_ms() const {
    if (!lost_.empty()) return 1;
    if (wish_.rate <= 0 || idle_.empty() || next_ >= requests_.size()) return 100;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(due_of(next_) - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 100));
  }

  void collect() {
    std::array<epoll_event, 256> events;
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms());
    for (int i = 0; i < count; ++i) read(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
  }

  void read(Connection& connection) {
    std::array<char, 16384> buffer;
    errno = 0;
    const auto size = recv(connection.socket, buffer.data(), buffer.size(), 0);
    if (size <= 0) return lose(connection);
    connection.seen.append(buffer.data(), static_cast<std::size_t>(size));
    const auto head = connection.seen.find("\r\n\r\n");
    if (head == std::string::npos) return;
    if (connection.seen.size() < head + 4 + content_length(std::string_view(connection.seen).substr(0, head))) return;
    const auto index = std::exchange(connection.request, kNothing);
    idle_.push_back(&connection);
    const bool is_good = connection.seen.compare(9, 1, "2") == 0;
    if (!is_good && sample_.empty()) sample_ = connection.seen;
    connection.seen.clear();
    if (!is_good && wish_.until_accepted) return again_.push_back(index);
    if (!is_good) ++failures_;
    latencies_.push_back(static_cast<double>(ns_of(Clock::now()) - starts_[index]) / 1e6);
    ++finished_;
  }

  void report(double seconds) {
    std::ranges::sort(latencies_);
    const auto percentile = [&](double share) {
      return latencies_.empty()
                 ? 0.0
                 : latencies_[static_cast<std::size_t>(share * static_cast<double>(latencies_.size() - 1))];
    };
    if (failures_ > 0) std::fprintf(stderr, "the first answer that was not 2xx:\n%s\n", sample_.c_str());
    std::printf(
        "{\"finished\":%zu,\"failures\":%zu,\"seconds\":%.3f,\"per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_"
        "ms\":%.2f}\n",
        finished_, failures_, seconds, static_cast<double>(finished_) / seconds, percentile(0.5), percentile(0.99),
        percentile(1));
  }

  Wish wish_;
  std::vector<std::string> requests_;
  int epoll_;
  std::vector<Connection> connections_;
  std::deque<Connection*> idle_;
  std::vector<Connection*> lost_;
  std::deque<std::size_t> again_;
  std::size_t next_ = 0, finished_ = 0, failures_ = 0;
  Clock::time_point start_, reconnect_at_;
  std::vector<std::int64_t> starts_;
  std::vector<double> latencies_;
  std::string sample_;
};

}  // namespace

int main(int count, char** words) {
  const std::string_view command = count > 1 ? words[1] : "";
  if (command == "receive" && count == 3) Receiver(std::atoi(words[2])).run();
  if (command == "send" && count == 9) {
    const Wish wish{words[2], std::atoi(words[3]), std::stoul(words[5]), std::stod(words[6]), words[8][0] == '1'};
    return Sender(wish, read_requests(words[4])).run(words[7]);
  }
  die("usage: receive PORT | send HOST PORT REQUESTS CONNECTIONS RATE STARTS UNTIL_ACCEPTED");
}
