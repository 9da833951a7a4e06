// SPDX-License-Identifier: Apache-2.0
#include "services/site_probe.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "net/loops.h"
#include "net/testing/fake_address_resolver.h"
#include "net/testing/run_task.h"
#include "net/testing/scripted_server.h"
#include "services/testing/webhook_world.h"

namespace signpost::services {
namespace {

using ::testing::HasSubstr;
using testing::must;

constexpr std::string_view kUrl = "https://www.shop.example/search-company.txt";
constexpr std::string_view kKey = "search-company";

net::PostOutcome answer(int status, std::string body = "") {
  net::PostOutcome outcome;
  outcome.status = status;
  outcome.response_body = std::move(body);
  return outcome;
}
FileSight::What what_of(const net::PostOutcome& outcome) { return sight_of(kUrl, kKey, outcome).what; }

TEST(SiteProbe, FindsTheKeyAndNothingElse) {
  EXPECT_EQ(what_of(answer(200, "search-company")), FileSight::What::kThere);
  EXPECT_EQ(what_of(answer(200, "\xEF\xBB\xBFsearch-company\r\n")), FileSight::What::kThere);
  EXPECT_EQ(what_of(answer(200, "search-company2")), FileSight::What::kOther);
  EXPECT_EQ(what_of(answer(200, "<html>search-company</html>")), FileSight::What::kOther);
  EXPECT_EQ(what_of(answer(200, "")), FileSight::What::kOther);
  EXPECT_EQ(what_of(answer(404, "search-company")), FileSight::What::kOther);
  auto cut = answer(200, "search-company");
  cut.body_truncated = true;
  EXPECT_EQ(what_of(cut), FileSight::What::kOther);
}

TEST(SiteProbe, SaysWhatItFoundInstead) {
  auto moved = answer(301);
  moved.location = "https://shop.example/search-company.txt";
  EXPECT_THAT(sight_of(kUrl, kKey, moved).detail, HasSubstr("redirects to https://shop.example/search-company.txt"));
  auto silent = answer(0);
  silent.detail = "the certificate has expired";
  EXPECT_THAT(sight_of(kUrl, kKey, silent).detail, HasSubstr("cannot be reached: the certificate has expired"));
  EXPECT_THAT(sight_of(kUrl, kKey, answer(404)).detail, HasSubstr("answers with 404"));
}

TEST(SiteProbe, HasSeenNothingWhenItDidNotAsk) {
  auto full = answer(0);
  full.cause = net::kSenderFull;
  EXPECT_EQ(what_of(full), FileSight::What::kUnseen);
}

TEST(SiteProbe, AsksVettedAddressesAlone) {
  const net::testing::ScriptedServer server([](net::testing::RawPeer& peer, int) {
    peer.read_until("\r\n\r\n");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\nsearch-company");
  });
  net::Loops loops(1);
  net::testing::FakeAddressResolver addresses;
  addresses.set("www.shop.example", {"127.0.0.1"});
  const auto look = [&](const net::AddressPolicy& policy) {
    net::PostSender sender(loops.at(0), policy, addresses, {.idle_per_key_max = 0});
    SiteProbe probe(sender, {.user_agent = "Signpost/test"});
    const auto url = format("http://www.shop.example:{}/search-company.txt", server.port());
    auto sight = net::testing::run_task(loops.at(0), probe.look(url, std::string(kKey)));
    net::testing::run_task(loops.at(0), sender.stop());
    return sight;
  };
  EXPECT_EQ(look(net::AddressPolicy({must(net::Network::parse("127.0.0.0/8"))})).what, FileSight::What::kThere);
  EXPECT_EQ(look(net::AddressPolicy({})).what, FileSight::What::kOther);
  EXPECT_EQ(server.connections(), 1);
}

}  // namespace
}  // namespace signpost::services
