// SPDX-License-Identifier: Apache-2.0
#include "api/router.h"

#include <gtest/gtest.h>

#include "api/client_address.h"

namespace signpost::api {
namespace {

Router things() {
  return Router({{"GET", "/things/{id}", "getThing"},
                 {"DELETE", "/things/{id}", "deleteThing"},
                 {"GET", "/things", "listThings"}});
}

TEST(Router, DecodesCapturesAfterSplitting) {
  const auto router = things();
  const auto match = router.find("GET", "/things/a%2Fb%20c+d");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->captures, std::vector<std::string>{"a/b c+d"});
}

TEST(Router, RefusesSegmentsThatAreNotUtf8) {
  const auto router = things();
  EXPECT_EQ(router.find("GET", "/things/%ff").error().kind, Kind::kInvalid);
  EXPECT_EQ(router.find("GET", "/things/a%00b").error().kind, Kind::kInvalid);
}

TEST(Router, TellsAWrongMethodFromAWrongPath) {
  const auto router = things();
  EXPECT_EQ(router.find("POST", "/things").error().kind, Kind::kMethodNotAllowed);
  EXPECT_EQ(router.allowed("/things/1"), "GET, HEAD, DELETE, OPTIONS");
  for (const auto* path : {"/", "/thing", "/things/", "/things/1/2", "/things//", "//things", "*", ""}) {
    EXPECT_EQ(router.find("GET", path).error().kind, Kind::kNotFound) << path;
  }
}

TEST(Router, FindsGetForHead) {
  const auto router = things();
  EXPECT_EQ(router.find("HEAD", "/things")->route, 2U);
  EXPECT_EQ(router.find("head", "/things").error().kind, Kind::kMethodNotAllowed);
}

TEST(Query, RefusesWhatIsTwiceOrUnreadable) {
  EXPECT_EQ(Query::parse("a=1&a=2").error().member, "a");
  EXPECT_FALSE(Query::parse("a=%ff"));
  EXPECT_EQ(Query::parse("host=www.shop%2Eexample&x=a+b")->find("host"), "www.shop.example");
  EXPECT_EQ(Query::parse("x=a+b")->find("x"), "a b");
}

TEST(Query, HasABoundedNumberOfParameters) {
  std::string text = "p=1";
  for (std::size_t i = 1; i < Query::parameters_max; ++i) text += "&p" + std::to_string(i) + "=1";
  EXPECT_TRUE(Query::parse(text));
  EXPECT_FALSE(Query::parse(text + "&q=1"));
}

TEST(Query, ReadsNumbersStrictly) {
  const auto query = Query::parse("limit=20&bad=2x").value();
  EXPECT_EQ(query.integer("limit", 1, 100, 50), 20);
  EXPECT_EQ(query.integer("none", 1, 100, 50), 50);
  EXPECT_EQ(query.integer("bad", 1, 100, 50).error().member, "bad");
  EXPECT_FALSE(query.integer("limit", 1, 10, 5));
}

net::Request from(const char* peer, std::vector<std::string> forwarded) {
  net::Request request;
  request.peer = boost::asio::ip::make_address(peer);
  for (auto& value : forwarded) request.headers.push_back({"X-Forwarded-For", std::move(value)});
  return request;
}

std::string client_of(const char* peer, std::vector<std::string> forwarded) {
  const std::vector<net::Network> trusted{net::Network::parse("10.0.0.0/8").value(),
                                          net::Network::parse("fd00::/8").value()};
  return client_address(from(peer, std::move(forwarded)), trusted).to_string();
}

TEST(ClientAddress, BelievesOnlyTrustedProxies) {
  EXPECT_EQ(client_of("192.0.2.1", {"198.51.100.9"}), "192.0.2.1");
  EXPECT_EQ(client_of("10.0.0.1", {"198.51.100.9"}), "198.51.100.9");
  EXPECT_EQ(client_of("fd00::1", {"2001:db8::9"}), "2001:db8::9");
}

TEST(ClientAddress, TakesTheFirstFromTheRightThatIsNoProxyOfOurs) {
  EXPECT_EQ(client_of("10.0.0.1", {"203.0.113.66, 198.51.100.9, 10.0.0.2"}), "198.51.100.9");
  EXPECT_EQ(client_of("10.0.0.1", {"203.0.113.66", "198.51.100.9", "10.0.0.2"}), "198.51.100.9");
  EXPECT_EQ(client_of("::ffff:10.0.0.1", {"198.51.100.9"}), "198.51.100.9");
}

TEST(ClientAddress, StopsAtGarbage) {
  EXPECT_EQ(client_of("10.0.0.1", {"198.51.100.9, unknown, 10.0.0.2"}), "10.0.0.2");
  EXPECT_EQ(client_of("10.0.0.1", {""}), "10.0.0.1");
}

TEST(ClientAddress, IsLimitedByTheNetworkOfOneCustomer) {
  const auto key = [](const char* text) { return rate_key(boost::asio::ip::make_address(text)); };
  EXPECT_EQ(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
  EXPECT_NE(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
  EXPECT_NE(key("192.0.2.1"), key("192.0.2.2"));
}

}  // namespace
}  // namespace signpost::api
