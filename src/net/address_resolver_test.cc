// SPDX-License-Identifier: Apache-2.0
#include "net/address_resolver.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <vector>

#include "net/testing/fake_address_resolver.h"
#include "net/testing/run_task.h"

namespace signpost::net {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

TEST(SystemResolver, TakesLocalhostAndItsNamesForLoopbackWithoutAsking) {
  Loop loop(1);
  SystemResolver resolver({.threads_max = 1, .waiting_max = 0});
  for (const auto* host : {"localhost", "shop.localhost"}) {
    const auto addresses = testing::run_task(loop, resolver.resolve(host, steady_clock::now() + 1s));
    ASSERT_TRUE(addresses.has_value());
    for (const auto& address : *addresses) EXPECT_TRUE(address.is_loopback());
  }
}

TEST(SystemResolver, AsksTheSystemOnAnotherThread) {
  Loop loop(1);
  SystemResolver resolver;
  const auto addresses = testing::run_task(loop, resolver.resolve("127.0.0.7", steady_clock::now() + 10s));
  ASSERT_TRUE(addresses.has_value()) << addresses.error().message;
  ASSERT_EQ(addresses->size(), 1u);
  EXPECT_EQ(addresses->front().to_string(), "127.0.0.7");
}

TEST(SystemResolver, AnswersAllWhoAskForOneHostAtOnce) {
  Loop loop(1);
  SystemResolver resolver({.threads_max = 1, .waiting_max = 100});
  std::vector<std::future<Result<std::vector<IpAddress>>>> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(
        boost::asio::co_spawn(loop, resolver.resolve("127.0.0.7", steady_clock::now() + 10s), boost::asio::use_future));
  }
  loop.run();
  for (auto& answer : answers) EXPECT_TRUE(answer.get().has_value());
}

TEST(SystemResolver, GivesUpAtTheDeadline) {
  Loop loop(1);
  SystemResolver resolver;
  const auto addresses = testing::run_task(loop, resolver.resolve("late.invalid", steady_clock::now() - 1s));
  ASSERT_FALSE(addresses.has_value());
  EXPECT_EQ(addresses.error().kind, Kind::kTimeout);
}

TEST(SystemResolver, RefusesMoreLookupsThanMayWait) {
  Loop loop(1);
  SystemResolver resolver({.threads_max = 1, .waiting_max = 0});
  const auto addresses = testing::run_task(loop, resolver.resolve("127.0.0.1", steady_clock::now() + 1s));
  ASSERT_FALSE(addresses.has_value());
  EXPECT_EQ(addresses.error().kind, Kind::kUnavailable);
}

TEST(FakeAddressResolver, AnswersWhatTheTestWroteDown) {
  Loop loop(1);
  testing::FakeAddressResolver resolver;
  resolver.set("hooks.shop.example", {"192.0.2.1", "2001:db8::1"});
  EXPECT_EQ(testing::run_task(loop, resolver.resolve("hooks.shop.example", {}))->size(), 2u);
  EXPECT_FALSE(testing::run_task(loop, resolver.resolve("other.example", {})).has_value());
  EXPECT_EQ(resolver.lookups(), 2);
}

}  // namespace
}  // namespace signpost::net
