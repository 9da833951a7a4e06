// SPDX-License-Identifier: Apache-2.0
#include "services/redirect_probe.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "net/loops.h"
#include "net/testing/fake_address_resolver.h"
#include "net/testing/run_task.h"
#include "net/testing/scripted_server.h"
#include "services/testing/webhook_receiver.h"
#include "services/testing/webhook_world.h"

namespace signpost::services {
namespace {

using testing::must;
using testing::raw_response;

net::PostOutcome answer(int status, std::string location = "") {
  net::PostOutcome outcome;
  outcome.status = status;
  outcome.location = std::move(location);
  return outcome;
}

RedirectReply reply(std::string_view asked, const net::PostOutcome& outcome) {
  return reply_of(must(net::Url::parse(asked)), must(net::Url::parse("https://www.shop.example/")), outcome);
}

TEST(RedirectReply, AgreesOnlyWithTheWantedUrl) {
  constexpr auto kAsked = "http://shop.example/";
  for (const int status : {301, 302, 303, 307, 308})
    EXPECT_EQ(reply(kAsked, answer(status, "https://www.shop.example/")), RedirectReply::kAgrees) << status;
  EXPECT_EQ(reply(kAsked, answer(301, "HTTPS://WWW.shop.example:443#top")), RedirectReply::kAgrees);
  EXPECT_EQ(reply("https://shop.example/", answer(301, "//www.shop.example/")), RedirectReply::kAgrees);
  EXPECT_EQ(reply(kAsked, answer(301, "https://www.shop.example/shop")), RedirectReply::kDisagrees);
  EXPECT_EQ(reply(kAsked, answer(301, "http://www.shop.example/")), RedirectReply::kDisagrees);
  EXPECT_EQ(reply(kAsked, answer(301, "https://parking.example/")), RedirectReply::kDisagrees);
}

TEST(RedirectReply, DisagreesWithWhatIsNoRedirection) {
  constexpr auto kAsked = "http://shop.example/";
  EXPECT_EQ(reply(kAsked, answer(200)), RedirectReply::kDisagrees);
  EXPECT_EQ(reply(kAsked, answer(304, "https://www.shop.example/")), RedirectReply::kDisagrees);
  EXPECT_EQ(reply(kAsked, answer(404)), RedirectReply::kDisagrees);
  EXPECT_EQ(reply(kAsked, answer(301)), RedirectReply::kDisagrees) << "to itself";
  EXPECT_EQ(reply(kAsked, answer(301, "/shop")), RedirectReply::kDisagrees);
  EXPECT_EQ(reply(kAsked, answer(301, "file:///etc/passwd")), RedirectReply::kDisagrees);
  EXPECT_EQ(reply(kAsked, answer(301, "https://user@www.shop.example/")), RedirectReply::kDisagrees);
}

TEST(RedirectReply, LeavesTheUpgradeToHttpsToHttps) {
  EXPECT_EQ(reply("http://shop.example/", answer(301, "https://shop.example/")), RedirectReply::kUpgrades);
  EXPECT_EQ(reply("https://shop.example/", answer(301, "https://shop.example/")), RedirectReply::kDisagrees);
  EXPECT_EQ(reply("https://shop.example/", answer(0)), RedirectReply::kSilent);
}

TEST(RedirectReply, OfBothSchemesMakesTheRedirectionIfOneAgreesAndNoneDisagrees) {
  using enum RedirectReply;
  EXPECT_EQ(is_there(kAgrees, kAgrees), true);
  EXPECT_EQ(is_there(kAgrees, kSilent), true);
  EXPECT_EQ(is_there(kUpgrades, kAgrees), true);
  EXPECT_EQ(is_there(kSilent, kAgrees), true);
  EXPECT_EQ(is_there(kUpgrades, kSilent), false);
  EXPECT_EQ(is_there(kSilent, kSilent), false);
  EXPECT_EQ(is_there(kAgrees, kDisagrees), false);
  EXPECT_EQ(is_there(kDisagrees, kAgrees), false);
}

TEST(RedirectReply, SaysNothingOfWhatThisMachineHadNoRoomToAsk) {
  using enum RedirectReply;
  net::PostOutcome full;
  full.failure = net::PostOutcome::Failure::kConnect;
  full.cause = net::kSenderFull;
  EXPECT_EQ(reply("http://shop.example/", full), kUnseen);
  EXPECT_EQ(is_there(kUnseen, kUnseen), std::nullopt);
  EXPECT_EQ(is_there(kAgrees, kUnseen), std::nullopt);
  EXPECT_EQ(is_there(kDisagrees, kUnseen), false);
}

/// shop.example on loopback: http answers as the test says, https speaks no TLS.
class RedirectProbeTest : public ::testing::Test {
 protected:
  bool probe(const std::string& response, std::string address = "127.0.0.1") {
    return look(response, std::move(address), 8).value();
  }
  std::optional<bool> look(const std::string& response, std::string address, std::size_t exchanges_max) {
    const net::testing::ScriptedServer http([&](net::testing::RawPeer& peer, int) {
      request_ = peer.read_until("\r\n\r\n");
      peer.send(response);
    });
    const net::testing::ScriptedServer https([](net::testing::RawPeer& peer, int) { peer.send("no TLS\r\n"); });
    resolver_.set("shop.example", {std::move(address)});
    net::PostSender sender(loops_.at(0), policy_, resolver_, {.exchanges_max = exchanges_max});
    RedirectProbe probe(sender, {.http_port = http.port(), .https_port = https.port(), .user_agent = "Signpost/test"});
    const auto is_redirected =
        net::testing::run_task(loops_.at(0), probe.is_redirected("shop.example", "https://www.shop.example/"));
    net::testing::run_task(loops_.at(0), boxed_stop(sender));
    return is_redirected;
  }
  static Task<bool> boxed_stop(net::PostSender& sender) {
    co_await sender.stop();
    co_return true;
  }

  std::string request_;
  net::AddressPolicy policy_{{must(net::Network::parse("127.0.0.0/8"))}};
  net::testing::FakeAddressResolver resolver_;
  net::Loops loops_{1};
};

TEST_F(RedirectProbeTest, IsContentWithHttpWhereHttpsIsNotSpoken) {
  EXPECT_TRUE(probe(raw_response(301, "Location: https://www.shop.example/\r\nConnection: close\r\n")));
  EXPECT_TRUE(request_.starts_with("GET / HTTP/1.1\r\nHost: shop.example")) << request_;
  EXPECT_EQ(request_.find("Content-Length"), std::string::npos);
}

TEST_F(RedirectProbeTest, IsNotContentWithAnUpgradeThatLeadsNowhere) {
  EXPECT_FALSE(probe(raw_response(301, "Location: https://shop.example/\r\nConnection: close\r\n")));
}

TEST_F(RedirectProbeTest, IsNotContentWithAPage) {
  EXPECT_FALSE(probe(raw_response(200, "Connection: close\r\n", "parked")));
}

TEST_F(RedirectProbeTest, HasSeenNothingWhileTheSenderIsFull) {
  EXPECT_EQ(look(raw_response(301, "Location: https://www.shop.example/\r\n"), "127.0.0.1", 0), std::nullopt);
}

TEST_F(RedirectProbeTest, AsksNoAddressThatThePolicyForbids) {
  EXPECT_FALSE(probe(raw_response(301, "Location: https://www.shop.example/\r\n"), "10.0.0.1"));
  EXPECT_EQ(request_, "");
}

}  // namespace
}  // namespace signpost::services
