// SPDX-License-Identifier: Apache-2.0
#include "dns/zone_server.h"

#include <gmock/gmock.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "base/text.h"
#include "dns/testing/fake_texts.h"
#include "dns/testing/on_loop.h"
#include "dns/transport.h"

namespace signpost::dns {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::SizeIs;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }
net::Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(5); }
net::UdpEndpoint at(const char* address, std::uint16_t port = 0) {
  return {boost::asio::ip::make_address(address), port};
}

class ZoneServerTest : public ::testing::Test {
 protected:
  ZoneServerTest() {
    texts.labels["abc"] = {"first", "second"};
    for (int i = 0; i < 32; ++i) texts.labels["many"].push_back(format("{:043}", i));
    settings.listen = {at("127.0.0.1")};
  }
  ~ZoneServerTest() override {
    if (server) server->stop();
    loops.stop_and_join();
  }
  void open() {
    auto opened = ZoneServer::open(loops, small_zone(), texts, settings);
    ASSERT_TRUE(opened) << opened.error().message;
    server = *std::move(opened);
    loops.start();
  }
  net::UdpEndpoint where() const { return server->endpoints().front(); }

  Exchange ask(std::string_view asked, net::UdpEndpoint to) {
    Transport transport(client.get_executor(), {});
    auto exchange = on_loop(client, transport.ask(to, {name(asked), WireType::kTxt}, Recursion::kNotDesired, soon()));
    on_loop(client, transport.stop());
    return exchange;
  }
  Exchange ask(std::string_view asked) { return ask(asked, where()); }

  net::TcpSocket connect() {
    net::TcpSocket socket(client.get_executor());
    socket.connect({where().address(), where().port()});
    return socket;
  }
  static std::string with_length(const std::string& message) {
    return std::string{static_cast<char>(message.size() >> 8), static_cast<char>(message.size() & 0xFF)} + message;
  }
  static std::string query(std::string_view asked) {
    return encode_query({name(asked), WireType::kTxt}, 0x1234, Recursion::kNotDesired, Edns::kOn);
  }
  /// What comes until the server hangs up.
  static std::string read_all(net::TcpSocket& socket) {
    std::string all;
    boost::system::error_code error;
    boost::asio::read(socket, boost::asio::dynamic_buffer(all), error);
    return all;
  }
  static Answer read_answer(net::TcpSocket& socket) {
    std::array<std::uint8_t, 2> length{};
    boost::asio::read(socket, boost::asio::buffer(length));
    std::string octets(static_cast<std::size_t>(length[0] << 8 | length[1]), '\0');
    boost::asio::read(socket, boost::asio::buffer(octets));
    return parse_answer(octets).value();
  }

  FakeTexts texts;
  ZoneServer::Settings settings;
  net::Loops loops{2};
  std::unique_ptr<ZoneServer> server;
  net::Loop client{1};
};

TEST_F(ZoneServerTest, AnswersByUdp) {
  open();
  const auto exchange = ask("abc.acme.saas.example");
  ASSERT_TRUE(exchange.answer);
  EXPECT_THAT(exchange.answer->answer, SizeIs(2));
  EXPECT_THAT(exchange.notes, ::testing::IsEmpty());
  EXPECT_GE(server->counters().answered_udp, 1U);
}

TEST_F(ZoneServerTest, AnswersLongSetsByTcp) {
  open();
  const auto exchange = ask("many.acme.saas.example");
  ASSERT_TRUE(exchange.answer);
  EXPECT_THAT(exchange.answer->answer, SizeIs(32));
  EXPECT_EQ(server->counters().truncated, 1U);
  EXPECT_EQ(server->counters().answered_tcp, 1U);
}

TEST_F(ZoneServerTest, AnswersFromTheAddressThatWasAskedThoughItListensOnAll) {
  settings.listen = {at("0.0.0.0"), at("::")};
  open();
  const auto port = server->endpoints()[0].port();
  for (const auto* address : {"127.0.0.1", "127.0.0.7"})
    EXPECT_TRUE(ask("abc.acme.saas.example", at(address, port)).answer) << address;
  if (server->endpoints().size() > 1) {
    EXPECT_TRUE(ask("abc.acme.saas.example", at("::1", server->endpoints()[1].port())).answer);
  }
}

TEST_F(ZoneServerTest, AnswersSeveralQueriesOfOneConnectionInOrder) {
  open();
  auto socket = connect();
  boost::asio::write(socket, boost::asio::buffer(with_length(query("abc.acme.saas.example")) +
                                                 with_length(query("nobody.acme.saas.example"))));
  EXPECT_EQ(read_answer(socket).rcode, Rcode::kNoError);
  EXPECT_EQ(read_answer(socket).rcode, Rcode::kNxDomain);
}

TEST_F(ZoneServerTest, HangsUpOnWhoKeepsSilent) {
  settings.idle_budget = Milliseconds(20);
  open();
  auto socket = connect();
  EXPECT_EQ(read_all(socket), "");
}

TEST_F(ZoneServerTest, HangsUpOnWhoDripsAQuery) {
  settings.message_budget = Milliseconds(20);
  open();
  auto socket = connect();
  boost::asio::write(socket, boost::asio::buffer(with_length(query("abc.acme.saas.example")).substr(0, 20)));
  EXPECT_EQ(read_all(socket), "");
}

TEST_F(ZoneServerTest, HangsUpOnQueriesOverTheLimit) {
  open();
  auto socket = connect();
  boost::asio::write(socket, boost::asio::buffer(std::string("\xFF\xFF", 2)));
  EXPECT_EQ(read_all(socket), "");
}

TEST_F(ZoneServerTest, HangsUpAfterTheLastQueryOfAConnection) {
  settings.queries_per_connection_max = 1;
  open();
  auto socket = connect();
  boost::asio::write(socket, boost::asio::buffer(with_length(query("abc.acme.saas.example"))));
  EXPECT_GT(read_all(socket).size(), 30U);
}

TEST_F(ZoneServerTest, OneNetworkHasSoManyConnections) {
  settings.connections_per_network_max = 2;
  open();
  auto first = connect();
  auto second = connect();
  boost::asio::write(first, boost::asio::buffer(with_length(query("abc.acme.saas.example"))));
  boost::asio::write(second, boost::asio::buffer(with_length(query("abc.acme.saas.example"))));
  read_answer(first);
  read_answer(second);
  auto third = connect();
  EXPECT_EQ(read_all(third), "");
  EXPECT_EQ(server->counters().hung_up_on, 1U);
  EXPECT_EQ(server->connections(), 2U);
}

TEST_F(ZoneServerTest, TheConnectionOpenLongestGivesWay) {
  settings.connections_max = 1;
  net::Loops one(1);
  auto opened = ZoneServer::open(one, small_zone(), texts, settings);
  ASSERT_TRUE(opened) << opened.error().message;
  server = *std::move(opened);
  one.start();
  auto first = connect();
  boost::asio::write(first, boost::asio::buffer(with_length(query("abc.acme.saas.example"))));
  read_answer(first);
  auto second = connect();
  EXPECT_EQ(read_all(first), "");
  boost::asio::write(second, boost::asio::buffer(with_length(query("abc.acme.saas.example"))));
  EXPECT_THAT(read_answer(second).answer, SizeIs(2));
  server->stop();
  one.stop_and_join();
  server.reset();
}

TEST_F(ZoneServerTest, ANetworkThatAsksTooMuchIsSentToTcp) {
  settings.answers_per_second = 0;
  settings.answers_burst = 1;
  open();
  EXPECT_THAT(ask("abc.acme.saas.example").notes, ::testing::IsEmpty());
  const auto second = ask("abc.acme.saas.example");
  ASSERT_TRUE(second.answer);
  EXPECT_THAT(second.answer->answer, SizeIs(2));
  EXPECT_THAT(second.notes, ::testing::Contains(HasSubstr("TCP")));
  EXPECT_EQ(server->counters().sent_to_tcp, 1U);
}

TEST_F(ZoneServerTest, ANetworkThatAsksFarTooMuchIsNotAnswered) {
  settings.replies_per_second = 0;
  settings.replies_burst = 1;
  open();
  EXPECT_TRUE(ask("abc.acme.saas.example").answer);
  EXPECT_EQ(ask("abc.acme.saas.example").outcome, Outcome::kSilent);
  EXPECT_GE(server->counters().unanswered, 1U);
}

TEST_F(ZoneServerTest, AnAddressThatAnotherServerHasIsNotShared) {
  open();
  const auto second = ZoneServer::open(loops, small_zone(), texts, {.listen = {where()}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Kind::kUnavailable);
  EXPECT_THAT(second.error().message, HasSubstr("dns.acme_zone_listen"));
}

TEST_F(ZoneServerTest, AnAddressOfAnotherMachineCannotBeListenedOn) {
  const auto opened = ZoneServer::open(loops, small_zone(), texts, {.listen = {at("192.0.2.1", 5353)}});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("addresses of this machine"));
}

TEST(NetworkOf, CountsNeighboursTogether) {
  const auto of = [](const char* address) { return network_of(boost::asio::ip::make_address(address)); };
  EXPECT_EQ(of("192.0.2.1"), of("192.0.2.254"));
  EXPECT_NE(of("192.0.2.1"), of("192.0.3.1"));
  EXPECT_EQ(of("::ffff:192.0.2.1"), of("192.0.2.1"));
  EXPECT_EQ(of("2001:db8:0:1::1"), of("2001:db8:0:ff::9"));
  EXPECT_NE(of("2001:db8:0:100::1"), of("2001:db8:0:200::1"));
  EXPECT_NE(of("2001:db8:1::1"), of("2001:db8:2::1"));
}

}  // namespace
}  // namespace signpost::dns
