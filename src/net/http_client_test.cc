// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <gtest/gtest.h>

#include "net/testing/run_task.h"
#include "net/testing/scripted_server.h"

namespace signpost::net {
namespace {

using namespace std::chrono_literals;
using testing::RawPeer;
using testing::ScriptedServer;

std::string url_of(const ScriptedServer& server, std::string_view path = "/") {
  return "http://127.0.0.1:" + std::to_string(server.port()) + std::string(path);
}

ScriptedServer::Script answering(std::string answer) {
  return [answer](RawPeer& peer, int) {
    peer.read_message();
    peer.send(answer);
  };
}

TEST(HttpClient, GetsStatusHeadersAndBody) {
  const ScriptedServer server(
      answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A:  b \r\nConnection: close\r\n\r\n{}"));
  Loop loop(1);
  HttpClient client;
  const auto reply = testing::run_task(loop, client.get(url_of(server, "/jwks.json")));
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->header("x-a"), "b");
  EXPECT_EQ(reply->body, "{}");
}

TEST(HttpClient, SendsMethodHeadersAndBody) {
  std::string seen;
  {
    const ScriptedServer server([&](RawPeer& peer, int) {
      seen = peer.read_message();
      peer.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    });
    HttpClient client;
    const auto reply = client.call_blocking({.method = "PATCH",
                                             .url = url_of(server, "/a?b=c"),
                                             .headers = {{"Authorization", "Bearer x"}},
                                             .body = "{\"a\":1}"});
    ASSERT_TRUE(reply.has_value()) << reply.error().message;
    EXPECT_EQ(reply->status, 204);
  }
  EXPECT_TRUE(seen.starts_with("PATCH /a?b=c HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("Authorization: Bearer x\r\n"), std::string::npos) << seen;
  EXPECT_TRUE(seen.ends_with("\r\n\r\n{\"a\":1}")) << seen;
}

TEST(HttpClient, ReportsARedirectAndDoesNotFollowIt) {
  const ScriptedServer server(
      answering("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
  HttpClient client;
  const auto reply = client.call_blocking({.url = url_of(server)});
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->status, 302);
  EXPECT_EQ(reply->header("Location"), "/other");
  EXPECT_EQ(server.connections(), 1);
}

constexpr std::string_view kKept = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

TEST(HttpClient, KeepsItsConnectionForTheNextCall) {
  const ScriptedServer server([](RawPeer& peer, int) {
    while (!peer.read_message().empty()) peer.send(kKept);
  });
  {
    HttpClient client;
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.call_blocking({.url = url_of(server)}).has_value());
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ConnectsAnewIfTheServerHasClosedTheKeptOne) {
  const ScriptedServer server([](RawPeer& peer, int number) {
    peer.read_message();
    peer.send(kKept);
    if (number == 0) return;
    peer.read_message();  // and hangs up on the second of this connection
  });
  HttpClient client;
  for (int i = 0; i < 3; ++i) {
    const auto reply = client.call_blocking({.method = "POST", .url = url_of(server), .body = "{}"});
    EXPECT_TRUE(reply.has_value()) << reply.error().message;
  }
}

TEST(HttpClient, LeavesNothingOfACallToTheNext) {
  std::vector<std::string> seen;
  {
    const ScriptedServer server([&](RawPeer& peer, int) {
      for (auto message = peer.read_message(); !message.empty(); message = peer.read_message()) {
        seen.push_back(message);
        peer.send(kKept);
      }
    });
    HttpClient client;
    EXPECT_TRUE(client
                    .call_blocking({.method = "PATCH",
                                    .url = url_of(server),
                                    .headers = {{"Authorization", "Bearer x"}},
                                    .body = "{\"a\":1}"})
                    .has_value());
    EXPECT_TRUE(client.call_blocking({.url = url_of(server)}).has_value());
  }
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[1].starts_with("GET / HTTP/1.1\r\n")) << seen[1];
  EXPECT_EQ(seen[1].find("Authorization"), std::string::npos) << seen[1];
  EXPECT_EQ(seen[1].find("Content-"), std::string::npos) << seen[1];
}

TEST(HttpClient, BoundsTheBody) {
  const ScriptedServer server(answering("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(5000, 'a')));
  HttpClient client;
  const auto reply = client.call_blocking({.url = url_of(server), .body_bytes_max = 1000});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().kind, Kind::kTooLarge);
}

TEST(HttpClient, GivesUpAtItsTimeout) {
  const ScriptedServer server([](RawPeer& peer, int) { peer.read_to_end(); });
  HttpClient client;
  const auto reply = client.call_blocking({.url = url_of(server), .timeout = 50ms});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().kind, Kind::kTimeout);
}

TEST(HttpClient, RefusesOtherSchemesAndBrokenHeaders) {
  HttpClient client;
  EXPECT_EQ(client.call_blocking({.url = "file:///etc/passwd"}).error().kind, Kind::kUnprocessable);
  EXPECT_EQ(client.call_blocking({.url = "http://127.0.0.1:1/", .headers = {{"A", "b\r\nC: d"}}}).error().kind,
            Kind::kUnprocessable);
}

TEST(HttpClient, SaysThatNobodyListens) {
  HttpClient client;
  std::uint16_t port = 0;
  {
    const ScriptedServer gone([](RawPeer&, int) {});
    port = gone.port();
  }
  const auto reply = client.call_blocking({.url = "http://127.0.0.1:" + std::to_string(port) + "/"});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().kind, Kind::kNetwork);
}

TEST(HttpClient, RefusesMoreCallsThanMayWait) {
  Loop loop(1);
  HttpClient client({.threads = 1, .waiting_max = 0});
  const auto reply = testing::run_task(loop, client.get("http://127.0.0.1:1/"));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().kind, Kind::kUnavailable);
}

TEST(HttpClient, AnswersWhatIsUnderWayWhenItEnds) {
  const ScriptedServer server([](RawPeer& peer, int) { peer.read_to_end(); });
  Loop loop(1);
  auto client = std::make_unique<HttpClient>(HttpClient::Settings{.threads = 1});
  auto first = boost::asio::co_spawn(loop, client->get(url_of(server)), boost::asio::use_future);
  auto second = boost::asio::co_spawn(loop, client->get(url_of(server)), boost::asio::use_future);
  loop.poll();
  client.reset();
  loop.restart();
  loop.run();
  EXPECT_EQ(first.get().error().kind, Kind::kUnavailable);
  EXPECT_EQ(second.get().error().kind, Kind::kUnavailable);
}

}  // namespace
}  // namespace signpost::net
