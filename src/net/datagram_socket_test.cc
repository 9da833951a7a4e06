// SPDX-License-Identifier: Apache-2.0
#include "net/datagram_socket.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>

#include "net/testing/run_task.h"

namespace signpost::net {
namespace {

UdpEndpoint at(const char* address, std::uint16_t port = 0) { return {boost::asio::ip::make_address(address), port}; }

class DatagramSocketTest : public ::testing::Test {
 protected:
  DatagramSocket open(const char* address) {
    return std::move(DatagramSocket::open(loop.get_executor(), at(address)).value());
  }
  UdpSocket client(const UdpEndpoint& to) {
    UdpSocket made(loop.get_executor());
    made.connect(to);  // so that an answer from another address does not arrive
    return made;
  }
  static std::string receive(UdpSocket& socket) {
    std::array<char, 64> octets{};
    return std::string(octets.data(), socket.receive(boost::asio::buffer(octets)));
  }

  Loop loop{1};
  std::array<char, 32> buffer{};
};

TEST_F(DatagramSocketTest, AnswersFromTheAddressThatWasAsked) {
  auto socket = open("0.0.0.0");
  for (const auto* address : {"127.0.0.1", "127.0.0.9"}) {
    auto asking = client(at(address, socket.endpoint().port()));
    asking.send(boost::asio::buffer(std::string_view("question")));
    ASSERT_TRUE(testing::run_task(loop, socket.wait()));
    const auto datagram = socket.receive(buffer);
    ASSERT_TRUE(datagram);
    EXPECT_EQ(datagram->octets, "question");
    EXPECT_EQ(datagram->peer, asking.local_endpoint());
    EXPECT_EQ(datagram->local.to_string(), address);
    socket.answer(*datagram, "answer");
    EXPECT_EQ(receive(asking), "answer");
    EXPECT_FALSE(socket.receive(buffer)) << "nothing more";
  }
}

TEST_F(DatagramSocketTest, WhatDoesNotFitIsEmptyAndNotHalf) {
  auto socket = open("127.0.0.1");
  auto asking = client(socket.endpoint());
  asking.send(boost::asio::buffer(std::string(buffer.size() + 1, 'x')));
  ASSERT_TRUE(testing::run_task(loop, socket.wait()));
  const auto datagram = socket.receive(buffer);
  ASSERT_TRUE(datagram);
  EXPECT_EQ(datagram->octets, "");
}

TEST_F(DatagramSocketTest, ClosingEndsTheWait) {
  auto socket = open("127.0.0.1");
  std::optional<bool> waited;
  boost::asio::co_spawn(loop, socket.wait(), [&](std::exception_ptr, bool may_receive) { waited = may_receive; });
  loop.poll();
  EXPECT_FALSE(waited);
  socket.close();
  loop.restart();
  loop.run();
  EXPECT_EQ(waited, false);
  EXPECT_FALSE(testing::run_task(loop, socket.wait()));
  EXPECT_FALSE(socket.receive(buffer));
}

TEST_F(DatagramSocketTest, AnAddressOfAnotherMachineCannotBeHad) {
  const auto socket = DatagramSocket::open(loop.get_executor(), at("192.0.2.1", 5353));
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().kind, Kind::kUnavailable);
}

}  // namespace
}  // namespace signpost::net
