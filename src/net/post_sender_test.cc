// SPDX-License-Identifier: Apache-2.0
#include "net/post_sender.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <vector>

#include "net/post_dial.h"

#include "net/testing/fake_address_resolver.h"
#include "net/testing/run_task.h"
#include "net/testing/scripted_server.h"

namespace signpost::net {
namespace {

using namespace std::chrono_literals;
using Failure = PostOutcome::Failure;
using std::chrono::steady_clock;
using testing::RawPeer;
using testing::ScriptedServer;

AddressPolicy loopback_opened() { return AddressPolicy({Network::parse("127.0.0.0/8").value()}); }

class Sending {
 public:
  explicit Sending(PostSettings settings = {}, AddressPolicy opened = loopback_opened())
      : policy(std::move(opened)), sender(loop, policy, resolver, std::move(settings)) {
    resolver.set("hooks.shop.example", {"127.0.0.1"});
  }
  ~Sending() { testing::run_task(loop, sender.stop()); }

  PostOutcome post(const std::string& url, std::chrono::milliseconds budget = 10s, std::vector<Header> headers = {},
                   std::string body = "{\"id\":1}") {
    return testing::run_task(
        loop, sender.post(Url::parse(url).value(), std::move(headers), std::move(body), steady_clock::now() + budget));
  }
  PostOutcome post_to(const ScriptedServer& server, std::chrono::milliseconds budget = 10s) {
    return post("http://hooks.shop.example:" + std::to_string(server.port()) + "/hook", budget);
  }

  Loop loop{1};
  AddressPolicy policy;
  testing::FakeAddressResolver resolver;
  PostSender sender;
};

/// Answers every request of a connection with the same bytes, until the sender closes.
ScriptedServer::Script always(std::string answer) {
  return [answer](RawPeer& peer, int) {
    while (!peer.read_message().empty() && peer.send(answer)) {
    }
  };
}

/// Answers once and closes.
ScriptedServer::Script once(std::string answer) {
  return [answer](RawPeer& peer, int) {
    peer.read_message();
    peer.send(answer);
  };
}

constexpr auto kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(PostSender, SendsExactlyOneWellFormedRequest) {
  std::string seen;
  {
    const ScriptedServer server([&](RawPeer& peer, int) {
      seen = peer.read_message();
      peer.send(kOk);
    });
    Sending s;
    const auto outcome = s.post("http://hooks.shop.example:" + std::to_string(server.port()) + "/hook?x=1", 10s,
                                {{"Content-Type", "application/json"}, {"webhook-id", "evt_1"}}, "{}");
    EXPECT_EQ(outcome.failure, Failure::kNone) << outcome.detail;
    EXPECT_EQ(outcome.status, 200);
    EXPECT_EQ(outcome.response_body, "ok");
    EXPECT_EQ(outcome.response_head, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(outcome.remote_address, "127.0.0.1:" + std::to_string(server.port()));
    EXPECT_FALSE(outcome.body_truncated);
    EXPECT_EQ(seen, "POST /hook?x=1 HTTP/1.1\r\nHost: hooks.shop.example:" + std::to_string(server.port()) +
                        "\r\nContent-Length: 2\r\nCDN-Loop: signpost\r\nContent-Type: application/json\r\nwebhook-id: "
                        "evt_1\r\n\r\n{}");
  }
}

TEST(PostSender, GetsWithoutABody) {
  std::string seen;
  {
    const ScriptedServer server([&](RawPeer& peer, int) {
      seen = peer.read_until("\r\n\r\n");
      peer.send(kOk);
    });
    Sending s;
    const auto url = Url::parse("http://hooks.shop.example:" + std::to_string(server.port())).value();
    const auto outcome =
        testing::run_task(s.loop, s.sender.get(url, {{"User-Agent", "Signpost"}}, steady_clock::now() + 10s));
    EXPECT_EQ(outcome.status, 200) << outcome.detail;
    EXPECT_EQ(seen, "GET / HTTP/1.1\r\nHost: hooks.shop.example:" + std::to_string(server.port()) +
                        "\r\nCDN-Loop: signpost\r\nUser-Agent: Signpost\r\n\r\n");
  }
}

TEST(PostSender, ReportsFailingStatusesAsTheyAre) {
  for (const int status : {204, 304, 400, 404, 410, 500, 503}) {
    const ScriptedServer server(
        once("HTTP/1.1 " + std::to_string(status) + " S\r\nContent-Length: 0\r\nRetry-After: 120\r\n\r\n"));
    Sending s;
    const auto outcome = s.post_to(server);
    EXPECT_EQ(outcome.failure, Failure::kNone) << outcome.detail;
    EXPECT_EQ(outcome.status, status);
    EXPECT_EQ(outcome.retry_after, "120");
  }
}

TEST(PostSender, NeverFollowsARedirect) {
  const ScriptedServer target(once(kOk));
  for (const int status : {301, 302, 303, 307, 308}) {
    const auto location = "http://127.0.0.1:" + std::to_string(target.port()) + "/";
    const ScriptedServer server(
        once("HTTP/1.1 " + std::to_string(status) + " S\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n"));
    Sending s;
    const auto outcome = s.post_to(server);
    EXPECT_EQ(outcome.status, status);
    EXPECT_EQ(outcome.location, location);
  }
  EXPECT_EQ(target.connections(), 0);
}

TEST(PostSender, KeepsAConnectionForTheNextPost) {
  const ScriptedServer server(always(kOk));
  Sending s;
  EXPECT_FALSE(s.post_to(server).reused_connection);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(s.post_to(server).reused_connection);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(s.resolver.lookups(), 1);
  EXPECT_EQ(s.sender.idle_connections(), 1u);
}

TEST(PostSender, ReusesNoConnectionWhoseAnswerSaysCloseOrHasMoreThanItClaims) {
  for (const auto* answer : {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
                             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 X\r\n\r\n",
                             "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"}) {
    const ScriptedServer server(always(answer));
    Sending s;
    EXPECT_EQ(s.post_to(server).status, 200);
    EXPECT_EQ(s.sender.idle_connections(), 0u) << answer;
  }
}

TEST(PostSender, OpensANewConnectionWhenTheOldOneWasClosed) {
  std::promise<void> closed;
  const ScriptedServer server([&](RawPeer& peer, int number) {
    peer.read_message();
    peer.send(kOk);
    if (number > 0) peer.read_to_end();
  });
  Sending s;
  EXPECT_EQ(s.post_to(server).status, 200);
  const auto second = s.post_to(server);
  EXPECT_EQ(second.status, 200) << second.detail;
  EXPECT_EQ(server.connections(), 2);
}

TEST(PostSender, SendsAgainOnceWhenAReusedConnectionBreaksWithoutAByte) {
  const ScriptedServer server([&](RawPeer& peer, int number) {
    peer.read_message();
    peer.send(kOk);
    peer.read_message();
    if (number == 0) return peer.reset();
    peer.send(kOk);
  });
  Sending s;
  EXPECT_EQ(s.post_to(server).status, 200);
  const auto second = s.post_to(server);
  EXPECT_EQ(second.status, 200) << second.detail;
  EXPECT_TRUE(second.retried_on_new_connection);
  EXPECT_FALSE(second.detail.empty());
  EXPECT_EQ(server.connections(), 2);
}

TEST(PostSender, SaysThatItSentAgainWhateverCameOfIt) {
  const ScriptedServer server([&](RawPeer& peer, int number) {
    peer.read_message();
    if (number == 0) peer.send(kOk);
    if (number == 0) peer.read_message();
    peer.reset();
  });
  Sending s;
  EXPECT_EQ(s.post_to(server).status, 200);
  const auto second = s.post_to(server);
  EXPECT_EQ(second.failure, Failure::kReset);
  EXPECT_NE(second.detail.find("sent again on a new one"), std::string::npos) << second.detail;
  EXPECT_EQ(server.connections(), 2);
}

TEST(PostSender, NeverSendsAgainAfterAByteOrOnANewConnection) {
  const ScriptedServer partial([&](RawPeer& peer, int) {
    peer.read_message();
    peer.send(kOk);
    peer.read_message();
    peer.send("HTTP/1.1 2");
  });
  Sending s;
  EXPECT_EQ(s.post_to(partial).status, 200);
  const auto second = s.post_to(partial);
  EXPECT_EQ(second.failure, Failure::kReset) << second.detail;
  EXPECT_FALSE(second.retried_on_new_connection);
  EXPECT_EQ(partial.connections(), 1);

  const ScriptedServer resetting([](RawPeer& peer, int) {
    peer.read_message();
    peer.reset();
  });
  EXPECT_EQ(s.post_to(resetting).failure, Failure::kReset);
  EXPECT_EQ(resetting.connections(), 1);
}

TEST(PostSender, GivesUpOnAReceiverThatNeverAnswers) {
  const ScriptedServer server([](RawPeer& peer, int) { peer.read_to_end(); });
  Sending s;
  const auto start = steady_clock::now();
  const auto outcome = s.post_to(server, 60ms);
  EXPECT_EQ(outcome.failure, Failure::kTimeout) << outcome.detail;
  EXPECT_EQ(outcome.status, 0);
  EXPECT_LT(steady_clock::now() - start, 5s);
  EXPECT_GE(outcome.timing.total, 50ms);
}

TEST(PostSender, TakesTheHeadForTheAnswerWhenTheBodyDrips) {
  const ScriptedServer server([](RawPeer& peer, int) {
    peer.read_message();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nab");
    peer.read_to_end();
  });
  Sending s;
  const auto outcome = s.post_to(server, 80ms);
  EXPECT_EQ(outcome.failure, Failure::kNone);
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.response_body, "ab");
  EXPECT_TRUE(outcome.body_truncated);
  EXPECT_FALSE(outcome.detail.empty());
  EXPECT_EQ(s.sender.idle_connections(), 0u);
}

TEST(PostSender, ReadsABoundedPartOfAHugeBody) {
  for (const auto* head : {"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"}) {
    std::atomic<std::size_t> sent{0};
    {
      const ScriptedServer server([&](RawPeer& peer, int) {
        peer.read_message();
        peer.send(head);
        const std::string piece(64 * 1024, 'x');
        while (sent < std::size_t{1} << 30 && peer.send(piece)) sent += piece.size();
      });
      Sending s;
      const auto outcome = s.post_to(server);
      EXPECT_EQ(outcome.status, 200) << outcome.detail;
      EXPECT_EQ(outcome.response_body.size(), 8u * 1024);
      EXPECT_TRUE(outcome.body_truncated);
    }
    EXPECT_LT(sent, std::size_t{1} << 30) << "the sender read on and on";
  }
}

TEST(PostSender, RefusesHeadsWithoutEndAndAnswersThatAreNotHttp) {
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 200; ++i) many += "A: b\r\n";
  for (const auto& answer :
       {"HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'a'), many + "\r\n", std::string("SSH-2.0-OpenSSH_9.2\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), std::string("HTTP/2 200\r\n\r\n")}) {
    const ScriptedServer server([&](RawPeer& peer, int) {
      peer.read_message();
      peer.send(answer);
      peer.read_to_end();
    });
    Sending s;
    const auto outcome = s.post_to(server, 5s);
    EXPECT_EQ(outcome.failure, Failure::kProtocol) << answer.substr(0, 80) << ": " << outcome.detail;
    EXPECT_EQ(outcome.status, 0);
  }
}

TEST(PostSender, SkipsInterimResponses) {
  const ScriptedServer server(
      once("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 "
           "Created\r\nContent-Length: 0\r\n\r\n"));
  Sending s;
  const auto outcome = s.post_to(server);
  EXPECT_EQ(outcome.status, 201) << outcome.detail;
  EXPECT_TRUE(outcome.response_head.starts_with("HTTP/1.1 201"));
}

TEST(PostSender, DecodesAChunkedBody) {
  const ScriptedServer server(
      always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  Sending s;
  EXPECT_EQ(s.post_to(server).response_body, "abcde");
  EXPECT_TRUE(s.post_to(server).reused_connection);
}

TEST(PostSender, RefusesAnAddressThePolicyForbidsWithoutConnecting) {
  const ScriptedServer server(once(kOk));
  Sending s({}, AddressPolicy({}));
  for (const auto* host : {"127.0.0.1", "[::ffff:127.0.0.1]", "hooks.shop.example"}) {
    const auto outcome = s.post("http://" + std::string(host) + ":" + std::to_string(server.port()) + "/");
    EXPECT_EQ(outcome.failure, Failure::kRefusedAddress) << host;
    EXPECT_NE(outcome.detail.find("loopback"), std::string::npos) << outcome.detail;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(PostSender, RefusesAllAddressesForOneAndSaysWhich) {
  const ScriptedServer server(once(kOk));
  Sending s;
  s.resolver.set("mixed.example", {"127.0.0.1", "fd00::1"});
  const auto outcome = s.post("http://mixed.example:" + std::to_string(server.port()) + "/");
  EXPECT_EQ(outcome.failure, Failure::kRefusedAddress);
  EXPECT_NE(outcome.detail.find("IPv6 address fd00::1"), std::string::npos) << outcome.detail;
  EXPECT_EQ(server.connections(), 0);
}

TEST(PostSender, TriesTheNextAddressWhenOneRefuses) {
  const ScriptedServer server(once(kOk));
  Sending s;
  s.resolver.set("two.example", {"127.0.0.2", "127.0.0.1"});  // the server listens on the second only
  const auto outcome = s.post("http://two.example:" + std::to_string(server.port()) + "/");
  EXPECT_EQ(outcome.status, 200) << outcome.detail;
  EXPECT_TRUE(outcome.remote_address.starts_with("127.0.0.1:"));
}

/// A listener whose queue is full: the kernel drops every further SYN.
class DeafListener {
 public:
  explicit DeafListener(const TcpEndpoint& at) {
    descriptors_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(descriptors_[0], at.data(), at.size()) != 0 || ::listen(descriptors_[0], 0) != 0) std::abort();
    for (int i = 0; i < 4; ++i) {
      descriptors_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(descriptors_.back(), at.data(), at.size());
    }
  }
  ~DeafListener() {
    for (const int descriptor : descriptors_) ::close(descriptor);
  }
  DeafListener(const DeafListener&) = delete;
  DeafListener& operator=(const DeafListener&) = delete;

 private:
  std::vector<int> descriptors_;
};

TEST(PostSender, TriesTheNextAddressWhileOneKeepsSilent) {
  const ScriptedServer server(once(kOk));
  const DeafListener deaf(TcpEndpoint(boost::asio::ip::make_address("127.0.0.2"), server.port()));
  Sending s;
  s.resolver.set("two.example", {"127.0.0.2", "127.0.0.1"});
  const auto outcome = s.post("http://two.example:" + std::to_string(server.port()) + "/");
  EXPECT_EQ(outcome.status, 200) << outcome.detail;
  EXPECT_TRUE(outcome.remote_address.starts_with("127.0.0.1:"));
  EXPECT_GE(outcome.timing.connect, PostDial::kHeadStart);
  EXPECT_LT(outcome.timing.connect, 2s) << "half of the budget of the silent one";
}

TEST(PostSender, GivesUpWhenNoAddressTakesTheConnectionInTime) {
  const ScriptedServer gone(once(kOk));
  const DeafListener deaf(TcpEndpoint(boost::asio::ip::make_address("127.0.0.2"), gone.port()));
  Sending s({.connect_budget = 400ms});
  s.resolver.set("deaf.example", {"127.0.0.2", "127.0.0.2", "127.0.0.3"});  // the last refuses
  const auto outcome = s.post("http://deaf.example:" + std::to_string(gone.port()) + "/");
  EXPECT_EQ(outcome.failure, Failure::kTimeout) << outcome.detail;
  EXPECT_LT(outcome.timing.total, 5s);
  EXPECT_EQ(gone.connections(), 0);
}

TEST(PostSender, SaysThatANameHasNoAddressOrThatNobodyListens) {
  Sending s;
  EXPECT_EQ(s.post("http://missing.example/").failure, Failure::kDns);
  std::uint16_t port = 0;
  {
    const ScriptedServer gone(once(kOk));
    port = gone.port();
  }
  const auto outcome = s.post("http://127.0.0.1:" + std::to_string(port) + "/");
  EXPECT_EQ(outcome.failure, Failure::kConnect);
  EXPECT_NE(outcome.detail.find("127.0.0.1"), std::string::npos) << outcome.detail;
}

TEST(PostSender, LeavesFromTheSourceAddress) {
  std::promise<std::string> seen;
  const ScriptedServer server([](RawPeer& peer, int) {
    peer.read_message();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n" + peer.remote_address());
  });
  Sending s({.source_addresses = {boost::asio::ip::make_address("127.0.0.9")}});
  EXPECT_EQ(s.post_to(server).response_body, "127.0.0.9");
  s.resolver.set("six.example", {"::ffff:127.0.0.1"});
  EXPECT_EQ(s.post("http://six.example/").failure, Failure::kConnect);
}

TEST(PostSender, LeavesFromTheSourceAddressOfTheReceiversFamily) {
  const ScriptedServer server([](RawPeer& peer, int) {
    peer.read_message();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n" + peer.remote_address());
  });
  Sending s(
      {.source_addresses = {boost::asio::ip::make_address("2001:db8::9"), boost::asio::ip::make_address("127.0.0.9")}});
  EXPECT_EQ(s.post_to(server).response_body, "127.0.0.9");
}

TEST(PostSender, GoesToAllowedPortsOnlyWithoutConnecting) {
  const ScriptedServer server(once(kOk));
  Sending s({.ports = ports_with({})});
  const auto outcome = s.post_to(server);
  EXPECT_EQ(outcome.failure, Failure::kRefusedAddress);
  EXPECT_NE(outcome.detail.find("80, 443"), std::string::npos) << outcome.detail;
  EXPECT_TRUE(outcome.remote_address.empty());
}

TEST(PostSender, SendsNoHeaderThatBreaksTheRequest) {
  const ScriptedServer server(once(kOk));
  Sending s;
  const auto url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  for (const Header& header :
       {Header{"A", "b\r\nC: d"}, Header{"A\r\nB", "c"}, Header{"Host", "x"}, Header{"content-length", "1"},
        Header{"", "x"}, Header{"A B", "x"}, Header{"Transfer-Encoding", "chunked"}, Header{"CDN-Loop", "other"}}) {
    EXPECT_EQ(s.post(url, 5s, {header}).failure, Failure::kProtocol) << header.name;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(PostSender, BoundsWhatItKeepsOpen) {
  const ScriptedServer one(always(kOk));
  const ScriptedServer two(always(kOk));
  const ScriptedServer three(always(kOk));
  Sending s({.idle_max = 2});
  for (const auto* server : {&one, &two, &three}) EXPECT_EQ(s.post_to(*server).status, 200);
  EXPECT_EQ(s.sender.idle_connections(), 2u);
  EXPECT_FALSE(s.post_to(one).reused_connection);
  EXPECT_TRUE(s.post_to(three).reused_connection);
}

TEST(PostSender, ClosesWhatRestsTooLong) {
  std::promise<void> closed;
  const ScriptedServer server([&](RawPeer& peer, int) {
    peer.read_message();
    peer.send(kOk);
    peer.read_to_end();
    closed.set_value();
  });
  Sending s({.idle_budget = 20ms});
  EXPECT_EQ(s.post_to(server).status, 200);
  s.loop.restart();
  s.loop.run();  // ends when nothing rests any more
  EXPECT_EQ(s.sender.idle_connections(), 0u);
  EXPECT_EQ(closed.get_future().wait_for(5s), std::future_status::ready);
}

TEST(PostSender, OneHangingReceiverDelaysNoOther) {
  const ScriptedServer hanging([](RawPeer& peer, int) { peer.read_to_end(); });
  const ScriptedServer healthy(always(kOk));
  Sending s;
  const auto url = Url::parse("http://127.0.0.1:" + std::to_string(hanging.port()) + "/").value();
  auto hung =
      boost::asio::co_spawn(s.loop, s.sender.post(url, {}, "", steady_clock::now() + 1h), boost::asio::use_future);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(s.post_to(healthy).status, 200);
  testing::run_task(s.loop, s.sender.stop());
  EXPECT_EQ(hung.get().failure, Failure::kReset);
  EXPECT_EQ(s.post_to(healthy).failure, Failure::kReset);
}

}  // namespace
}  // namespace signpost::net
