// SPDX-License-Identifier: Apache-2.0
#include "net/http_server.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <thread>

#include "net/testing/raw_peer.h"
#include "net/wait.h"

namespace signpost::net {
namespace {

using namespace std::chrono_literals;
using testing::RawPeer;

/// What /held requests wait for, so that a test decides when they end.
struct Gate {
  std::promise<void> entered;
  std::promise<Resume<int>> held;
  std::future<Resume<int>> resume = held.get_future();
};

Task<Response> respond(Gate& gate, Request request) {
  Response response;
  if (request.path == "/throws") throw std::logic_error("a bug");
  if (request.path == "/held") {
    response.status = co_await hop<int>([&](Resume<int> resume) { gate.held.set_value(std::move(resume)); });
  }
  response.set("Content-Type", "text/plain");
  response.body =
      request.method + " " + request.path + "|" + request.query + "|" + request.body + "|" + request.peer.to_string();
  co_return response;
}

class Server {
 public:
  explicit Server(HttpLimits limits = {}, std::size_t loop_count = 1, const char* address = "127.0.0.1:0")
      : loops(loop_count) {
    http = HttpServer::open(loops, address, limits, [this](Request request) {
             return respond(gate, std::move(request));
           }).value();
    loops.start();
  }
  ~Server() {
    http->stop(0ms);
    loops.stop_and_join();
  }
  RawPeer connect() const { return RawPeer(http->endpoint()); }
  std::string ask(std::string_view bytes) const {
    auto peer = connect();
    peer.send(bytes);
    return peer.read_message();
  }

  Loops loops;
  Gate gate;
  std::unique_ptr<HttpServer> http;
};

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

constexpr std::string_view kGet = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(HttpServer, AnswersWithDateAndLength) {
  const Server server;
  const auto answer = server.ask(kGet);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(holds(answer, "\r\nDate: ")) << answer;
  EXPECT_TRUE(holds(answer, " GMT\r\n")) << answer;
  EXPECT_TRUE(holds(answer, "Content-Type: text/plain\r\n")) << answer;
  EXPECT_FALSE(holds(answer, "Connection:")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nGET /a|b=c||127.0.0.1")) << answer;
}

TEST(HttpServer, KeepsAConnectionForManyRequests) {
  const Server server;
  auto peer = server.connect();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(peer.send(kGet));
    EXPECT_TRUE(holds(peer.read_message(), "GET /a"));
  }
  EXPECT_EQ(server.http->connections(), 1u);
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  const Server server;
  auto peer = server.connect();
  std::string all;
  for (int i = 0; i < 50; ++i)
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nz";
  std::thread writer([&] { peer.send(all); });
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(holds(peer.read_message(), "POST /" + std::to_string(i) + "|")) << i;
  writer.join();
}

TEST(HttpServer, ClosesWhenTheClientAsksOrSpeaksTheOldVersion) {
  const Server server;
  for (const auto* bytes : {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    auto peer = server.connect();
    peer.send(bytes);
    EXPECT_TRUE(holds(peer.read_to_end(), "Connection: close\r\n"));
  }
  auto old = server.connect();
  old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(holds(old.read_message(), "Connection: keep-alive\r\n"));
}

TEST(HttpServer, CountsTheBodyOfHeadButDoesNotSendIt) {
  const Server server;
  auto peer = server.connect();
  peer.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = peer.read_until("\r\n\r\n");
  EXPECT_TRUE(holds(head, "Content-Length: 21\r\n")) << head;
  peer.send(kGet);
  EXPECT_TRUE(peer.read_message().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServer, SendsContinueBeforeItReadsTheBody) {
  const Server server;
  auto peer = server.connect();
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("body");
  EXPECT_TRUE(holds(peer.read_message(), "|body|"));
}

TEST(HttpServer, RefusesABodyOverTheLimitWithAProblemAndCloses) {
  const Server server({.body_bytes_max = 1000});
  auto peer = server.connect();
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'a'));
  const auto answer = peer.read_to_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 Content Too Large\r\n")) << answer;
  EXPECT_TRUE(holds(answer, "application/problem+json")) << answer;
  EXPECT_TRUE(holds(answer, "the body is over 1000 bytes")) << answer;
  EXPECT_TRUE(holds(answer, "Connection: close")) << answer;
}

TEST(HttpServer, HasOnlySoManyLongerBodiesUnderWayAtOnce) {
  Server server({.body_bytes_max = 10, .larger_body_max = [](const Request&) { return 20; }, .larger_bodies_max = 1});
  const auto request = [](const std::string& path) {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n" + std::string(20, 'a');
  };
  auto first = server.connect();
  first.send(request("/held"));
  auto resume = server.gate.resume.get();  // the handler is inside
  const auto refused = server.ask(request("/second"));
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
  EXPECT_TRUE(holds(refused, "\r\nRetry-After: 1\r\n")) << refused;
  resume(200);
  EXPECT_TRUE(first.read_message().starts_with("HTTP/1.1 200 OK\r\n"));
  first.send(request("/third"));
  EXPECT_TRUE(holds(first.read_message(), "POST /third||aaaaaaaaaaaaaaaaaaaa|"));
}

TEST(HttpServer, AnswersMalformedRequestsWithAProblem) {
  const Server server;
  for (const auto* bytes :
       {"GARBAGE\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    auto peer = server.connect();
    peer.send(bytes);
    const auto answer = peer.read_to_end();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
    EXPECT_TRUE(holds(answer, "\"status\":400")) << answer;
  }
}

TEST(HttpServer, RefusesAHeadOverTheLimit) {
  const Server server;
  auto peer = server.connect();
  peer.send("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n");
  EXPECT_TRUE(peer.read_to_end().starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
}

TEST(HttpServer, TurnsAnExceptionIntoAProblemAndGoesOn) {
  const Server server;
  auto peer = server.connect();
  peer.send("GET /throws HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(peer.read_message().starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
  peer.send(kGet);
  EXPECT_TRUE(peer.read_message().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServer, HangsUpOnASlowHeadHoweverItDrips) {
  const Server server({.head_budget = 60ms});
  auto peer = server.connect();
  const auto start = std::chrono::steady_clock::now();
  std::atomic<bool> is_closed{false};
  std::thread drip([&] {
    while (!is_closed && peer.send("G")) std::this_thread::yield();
  });
  EXPECT_FALSE(holds(peer.read_to_end(), "200"));
  is_closed = true;
  drip.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(HttpServer, HangsUpOnASlowBodyAndOnAnIdleClient) {
  const Server server({.body_budget = 50ms, .idle_budget = 50ms});
  auto slow = server.connect();
  slow.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(slow.read_to_end(), "");
  auto idle = server.connect();
  EXPECT_EQ(idle.read_to_end(), "");
}

TEST(HttpServer, HangsUpOnAClientThatDoesNotTakeItsAnswer) {
  HttpLimits limits{.body_bytes_max = 32 * 1024 * 1024, .write_budget = 50ms};
  const Server server(limits);
  auto peer = server.connect();
  const std::string body(16 * 1024 * 1024, 'a');
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  while (server.http->connections() > 0) std::this_thread::yield();
  EXPECT_LT(peer.read_to_end().size(), body.size());
}

TEST(HttpServer, AnswersConnectionsOverTheLimitWith503) {
  const Server server({.connections_max = 1});
  auto first = server.connect();
  first.send(kGet);
  EXPECT_TRUE(holds(first.read_message(), "200 OK"));
  auto second = server.connect();
  second.send(kGet);
  const auto refused = second.read_to_end();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n")) << refused;
  EXPECT_TRUE(holds(refused, "\r\nRetry-After: 1\r\n")) << refused;
  first.send(kGet);
  EXPECT_TRUE(holds(first.read_message(), "200 OK"));
}

TEST(HttpServer, HasItsRefusalsWordedByWhoeverOwnsIt) {
  Loops loops(1);
  const auto word = [](const Refusal& refusal, Request seen) {
    if (refusal.status == 431) throw std::logic_error("a bug");
    Response response;
    response.status = refusal.status;
    response.set("X-Seen", seen.method + " " + seen.path + " " + std::string(seen.header("Origin")) + " " +
                               std::to_string(seen.body.size()) + " " + seen.peer.to_string());
    return response;
  };
  const auto fail = [](Request) -> Task<Response> {
    throw std::logic_error("a bug");
    co_return Response{};
  };
  const HttpLimits limits{.body_bytes_max = 1000, .header_bytes_max = 2000};
  const auto server = HttpServer::open(loops, "127.0.0.1:0", limits, fail, word).value();
  loops.start();
  const auto ask = [&](std::string_view bytes) {
    RawPeer peer(server->endpoint());
    peer.send(bytes);
    return peer.read_message();
  };
  const auto large = ask("POST /a HTTP/1.1\r\nHost: x\r\nOrigin: https://o.example\r\nContent-Length: 2000\r\n\r\nzzz");
  EXPECT_TRUE(large.starts_with("HTTP/1.1 413 ")) << large;
  EXPECT_TRUE(holds(large, "\r\nX-Seen: POST /a https://o.example 0 127.0.0.1\r\n")) << large;
  EXPECT_TRUE(holds(large, "\r\nConnection: close\r\n")) << large;
  EXPECT_TRUE(holds(ask("GARBAGE\r\n\r\n"), "\r\nX-Seen:    0 127.0.0.1\r\n"));
  EXPECT_TRUE(holds(ask("GET /b HTTP/1.1\r\nHost: x\r\n\r\n"), "\r\nX-Seen: GET /b  0 127.0.0.1\r\n"));
  const auto plain = ask("GET / HTTP/1.1\r\nA: " + std::string(3000, 'a') + "\r\n\r\n");
  EXPECT_TRUE(plain.starts_with("HTTP/1.1 431 ")) << plain;
  EXPECT_TRUE(holds(plain, "about:blank")) << plain;
  server->stop(Milliseconds{0});
  loops.stop_and_join();
}

TEST(HttpServer, FinishesWhatIsUnderWayWhenItStops) {
  Server server;
  auto busy = server.connect();
  busy.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
  auto resume = server.gate.resume.get();  // the handler is inside
  auto idle = server.connect();
  idle.send(kGet);
  EXPECT_TRUE(holds(idle.read_message(), "200 OK"));
  std::thread stopping([&] { server.http->stop(20s); });
  EXPECT_EQ(idle.read_to_end(), "");  // idle connections are closed at once
  resume(201);
  const auto answer = busy.read_to_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 201 Created\r\n")) << answer;
  EXPECT_TRUE(holds(answer, "Connection: close\r\n")) << answer;
  stopping.join();
  EXPECT_EQ(server.http->connections(), 0u);
  EXPECT_THROW(server.connect(), std::runtime_error);
}

TEST(HttpServer, CutsWhatOutlastsTheBudgetOfItsStop) {
  Server server;
  auto half = server.connect();
  half.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  while (server.http->connections() == 0) std::this_thread::yield();
  const auto start = std::chrono::steady_clock::now();
  server.http->stop(30ms);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_EQ(half.read_to_end(), "");
}

TEST(HttpServer, ServesOnEveryLoopUnderOnePort) {
  const Server server({}, 2, "[::1]:0");
  std::vector<RawPeer> peers;
  for (int i = 0; i < 16; ++i) {
    peers.push_back(server.connect());
    peers.back().send(kGet);
  }
  for (auto& peer : peers) EXPECT_TRUE(holds(peer.read_message(), "|::1"));
  EXPECT_EQ(server.http->connections(), 16u);
}

TEST(HttpServer, StopsBeforeItsLoopsEverRan) {
  Loops loops(2);
  const auto server =
      HttpServer::open(loops, "127.0.0.1:0", {}, [](Request) -> Task<Response> { co_return Response{}; });
  ASSERT_TRUE(server.has_value());
  (*server)->stop(1s);
}

TEST(HttpServer, SaysWhyItCannotListen) {
  Loops loops(1);
  const auto handler = [](Request) -> Task<Response> { co_return Response{}; };
  for (const auto* address :
       {"", "127.0.0.1", "localhost:80", "::1:80", "[127.0.0.1]:80", "127.0.0.1:99999", "127.0.0.1:x", "[::1]"}) {
    const auto server = HttpServer::open(loops, address, {}, handler);
    ASSERT_FALSE(server.has_value()) << address;
    EXPECT_EQ(server.error().kind, Kind::kUnprocessable) << address;
  }
  const auto elsewhere = HttpServer::open(loops, "192.0.2.1:8080", {}, handler);
  ASSERT_FALSE(elsewhere.has_value());
  EXPECT_EQ(elsewhere.error().kind, Kind::kUnavailable);
}

}  // namespace
}  // namespace signpost::net
