// SPDX-License-Identifier: Apache-2.0
//
// The load of `./dev bench steps`: makes RS256 tokens, sends prepared requests over keep-alive connections, measures.
// One thread, one epoll; the request bytes are ready before the clock starts, so that the servers get the cores.
//
//   steps_load tokens COUNT ISSUER JWKS_FILE TOKENS_FILE
//   steps_load run HOST PORT REQUESTS_FILE CONNECTIONS RATE      RATE 0: as fast as answers come; prints one JSON line
//
// A requests file holds, for each request, its length in decimal, a newline, and its bytes.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "steps_load: %s\n", why.c_str());
  std::exit(1);
}

std::string base64url(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

std::string number_of(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) die("no RSA parameter");
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(number);
  return bytes;
}

std::string signature(EVP_PKEY* key, std::string_view text) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::size_t size = 512;
  std::string bytes(size, '\0');
  const bool good = EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
                    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(bytes.data()), &size,
                                   reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  EVP_MD_CTX_free(context);
  if (!good) die("cannot sign");
  bytes.resize(size);
  return bytes;
}

int make_tokens(std::size_t count, const std::string& issuer, const char* jwks_file, const char* tokens_file) {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  std::ofstream(jwks_file) << "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"bench\",\"alg\":\"RS256\",\"use\":\"sig\",\"n\":\""
                           << base64url(number_of(key, OSSL_PKEY_PARAM_RSA_N)) << "\",\"e\":\""
                           << base64url(number_of(key, OSSL_PKEY_PARAM_RSA_E)) << "\"}]}";
  const std::string head = base64url(R"({"alg":"RS256","typ":"JWT","kid":"bench"})");
  const auto now = std::time(nullptr);
  std::vector<std::string> tokens(count);
  const auto work = [&](std::size_t first) {
    for (std::size_t i = first; i < count; i += 2) {
      const std::string claims = "{\"iss\":\"" + issuer + "\",\"sub\":\"user_" + std::to_string(i) +
                                 "\",\"azp\":\"https://app.saas.example\",\"iat\":" + std::to_string(now) +
                                 ",\"nbf\":" + std::to_string(now - 10) + ",\"exp\":" + std::to_string(now + 7200) +
                                 ",\"sid\":\"sess_2abcdefghijklmnopqrstuvwxyz\",\"org_id\":\"org_2abcdefghijklmnop\","
                                 "\"org_role\":\"org:admin\",\"org_slug\":\"org-" +
                                 std::to_string(i) + "\"}";
      const std::string text = head + "." + base64url(claims);
      tokens[i] = text + "." + base64url(signature(key, text));
    }
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  std::ofstream out(tokens_file);
  for (const auto& token : tokens) out << token << '\n';
  EVP_PKEY_free(key);
  return out.good() ? 0 : 1;
}

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

struct Connection {
  int socket = -1;
  bool is_busy = false;
  Clock::time_point due;
  std::string seen;
};

class Load {
 public:
  Load(const char* host, int port, std::vector<std::string> requests, std::size_t connections, double rate)
      : requests_(std::move(requests)), rate_(rate), epoll_(epoll_create1(0)), connections_(connections) {
    for (auto& connection : connections_) open(connection, host, port);
    latencies_.reserve(requests_.size());
  }

  int run() {
    start_ = Clock::now();
    const auto limit = start_ + std::chrono::seconds(120);
    while (finished_ < requests_.size() && Clock::now() < limit) {
      give_work();
      collect();
    }
    report(std::chrono::duration<double>(Clock::now() - start_).count());
    return 0;
  }

 private:
  void open(Connection& connection, const char* host, int port) {
    connection.socket = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET, host, &address.sin_addr);
    if (connect(connection.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("cannot connect");
    const int on = 1;
    setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(connection.socket, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
    idle_.push_back(&connection);
  }

  /// Open loop: request i is due at i / rate, and its latency counts from then, also if no connection was free.
  Clock::time_point due_of(std::size_t index) const {
    return start_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(index) / rate_));
  }

  void give_work() {
    while (!idle_.empty() && next_ < requests_.size()) {
      const auto now = Clock::now();
      const auto due = rate_ > 0 ? due_of(next_) : now;
      if (due > now) return;
      Connection* connection = idle_.back();
      idle_.pop_back();
      connection->due = due;
      connection->is_busy = true;
      const auto& request = requests_[next_++];
      if (send(connection->socket, request.data(), request.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(request.size()))
        die("short send");
    }
  }

  int wait_ms() const { return rate_ > 0 && !idle_.empty() && next_ < requests_.size() ? 0 : 100; }

  void collect() {
    std::array<epoll_event, 256> events;
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms());
    for (int i = 0; i < count; ++i) read(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
  }

  void read(Connection& connection) {
    char buffer[16384];
    const auto size = recv(connection.socket, buffer, sizeof buffer, 0);
    if (size <= 0) die("the server closed a connection");
    connection.seen.append(buffer, static_cast<std::size_t>(size));
    const auto head = connection.seen.find("\r\n\r\n");
    if (head == std::string::npos) return;
    if (connection.seen.size() < head + 4 + length_of(connection.seen.substr(0, head))) return;
    latencies_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - connection.due).count());
    if (connection.seen.compare(9, 1, "2") != 0) ++failures_;
    if (failures_ == 1 && sample_.empty()) sample_ = connection.seen;
    connection.seen.clear();
    connection.is_busy = false;
    ++finished_;
    idle_.push_back(&connection);
  }

  static std::size_t length_of(std::string head) {
    std::ranges::transform(head, head.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto at = head.find("content-length:");
    return at == std::string::npos ? 0 : static_cast<std::size_t>(std::strtoul(head.c_str() + at + 15, nullptr, 10));
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

  std::vector<std::string> requests_;
  double rate_;
  int epoll_;
  std::vector<Connection> connections_;
  std::vector<Connection*> idle_;
  std::size_t next_ = 0, finished_ = 0, failures_ = 0;
  Clock::time_point start_;
  std::vector<double> latencies_;
  std::string sample_;
};

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  if (count == 6 && arguments[0] == "tokens")
    return make_tokens(std::stoul(arguments[1]), arguments[2], words[4], words[5]);
  if (count == 7 && arguments[0] == "run") {
    return Load(words[2], std::stoi(arguments[2]), read_requests(words[4]), std::stoul(arguments[4]),
                std::stod(arguments[5]))
        .run();
  }
  die("usage: tokens COUNT ISSUER JWKS TOKENS | run HOST PORT REQUESTS CONNECTIONS RATE");
}
