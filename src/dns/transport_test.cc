// SPDX-License-Identifier: Apache-2.0
#include "dns/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "dns/testing/on_loop.h"
#include "dns/testing/scripted_server.h"
#include "dns/together.h"

namespace signpost::dns {
namespace {

using testing::Behaviour;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::on_loop;
using testing::Role;
using testing::ScriptedServer;

net::Deadline in(Milliseconds time) { return std::chrono::steady_clock::now() + time; }
const Question& question() {
  static const Question kAsked{DnsName::parse("www.shop.example").value(), WireType::kA};
  return kAsked;
}

class TransportTest : public ::testing::Test {
 protected:
  TransportTest() {
    server.add_zone("shop.example");
    server.add("www.shop.example", WireType::kA, "192.0.2.1");
  }
  ~TransportTest() override { on_loop(loop, transport.stop()); }
  static Transport::Settings settings() {
    Transport::Settings made;
    made.try_max = Milliseconds{100};
    made.in_flight_server_max = 4;
    return made;
  }
  Exchange ask(Milliseconds budget = Milliseconds{2'000}) {
    return on_loop(loop, transport.ask(server.endpoint(), question(), Recursion::kNotDesired, in(budget)));
  }

  net::Loop loop{1};
  ScriptedServer server{loop};
  Transport transport{loop.get_executor(), settings()};
};

TEST_F(TransportTest, BringsTheAnswer) {
  const auto exchange = ask();
  ASSERT_EQ(exchange.outcome, Outcome::kAnswer);
  EXPECT_EQ(exchange.answer->answer.at(0).value, "192.0.2.1");
  EXPECT_TRUE(exchange.answer->authoritative);
  EXPECT_EQ(exchange.attempts, 1);
  EXPECT_TRUE(exchange.notes.empty());
}

TEST_F(TransportTest, AsksAgainAndThenCallsTheServerSilent) {
  server.behave(Behaviour::kSilent);
  const auto exchange = ask();
  EXPECT_EQ(exchange.outcome, Outcome::kSilent);
  EXPECT_EQ(exchange.attempts, 3);
  EXPECT_EQ(server.questions(), 3U);
}

TEST_F(TransportTest, EndsWithItsDeadlineNotWithItsTries) {
  server.behave(Behaviour::kSilent);
  const auto exchange = ask(Milliseconds{30});
  EXPECT_EQ(exchange.outcome, Outcome::kSilent);
  EXPECT_EQ(exchange.attempts, 1);
}

TEST_F(TransportTest, WaitsPastWrongIdsForTheRightOne) {
  server.behave(Behaviour::kWrongIdThenRight);
  const auto exchange = ask();
  ASSERT_EQ(exchange.outcome, Outcome::kAnswer);
  EXPECT_EQ(exchange.answer->answer.at(0).value, "192.0.2.1");
  EXPECT_THAT(exchange.notes, Contains("answered with a wrong id 3 times"));
}

TEST_F(TransportTest, NeverAcceptsAWrongId) {
  server.behave(Behaviour::kWrongIdOnly);
  const auto exchange = ask();
  EXPECT_EQ(exchange.outcome, Outcome::kSilent);
  EXPECT_THAT(exchange.notes, Contains("answered with a wrong id 3 times"));
}

TEST_F(TransportTest, WaitsPastTheAnswerToAnotherQuestion) {
  server.behave(Behaviour::kWrongQuestionFirst);
  const auto exchange = ask();
  ASSERT_EQ(exchange.outcome, Outcome::kAnswer);
  EXPECT_EQ(exchange.answer->question, question());
  EXPECT_THAT(exchange.notes, Contains("answered another question once"));
}

TEST_F(TransportTest, GivesUpOnAStormOfWrongAnswers) {
  server.behave(Behaviour::kStorm);
  Transport::Settings patient = settings();
  patient.try_max = Milliseconds{8'000};
  Transport other(loop.get_executor(), patient);
  const auto exchange =
      on_loop(loop, other.ask(server.endpoint(), question(), Recursion::kNotDesired, in(Milliseconds{20'000})));
  EXPECT_EQ(exchange.outcome, Outcome::kSilent);
  EXPECT_LT(exchange.took_ms, 8'000);
  EXPECT_THAT(exchange.notes, Contains("answered with a wrong id 192 times"));
}

TEST_F(TransportTest, CallsGarbageMalformed) {
  for (const auto behaviour : {Behaviour::kGarbage, Behaviour::kGarbageWithOurId}) {
    server.behave(behaviour);
    EXPECT_EQ(ask().outcome, Outcome::kMalformed);
  }
}

TEST_F(TransportTest, TakesTcpWhenTheAnswerIsTruncated) {
  server.behave(Behaviour::kTruncates);
  const auto exchange = ask();
  ASSERT_EQ(exchange.outcome, Outcome::kAnswer);
  EXPECT_EQ(exchange.answer->answer.at(0).value, "192.0.2.1");
  EXPECT_EQ(exchange.attempts, 2);
}

TEST_F(TransportTest, AsksByTcpAloneWhereThatIsWanted) {
  server.silent_about("shop.example");  // by UDP
  const auto answer = on_loop(loop, transport.ask_over_tcp(server.endpoint(), question(), in(Milliseconds{2'000})));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->answer.at(0).value, "192.0.2.1");
  server.behave(Behaviour::kTruncatesWithoutTcp);
  EXPECT_FALSE(on_loop(loop, transport.ask_over_tcp(server.endpoint(), question(), in(Milliseconds{2'000}))));
}

TEST_F(TransportTest, CarriesAMessageThereAndItsAnswerBackByUdpOrElseByTcp) {
  const auto query = encode_query(question(), 0x1234, Recursion::kNotDesired, Edns::kOn);
  const auto carry = [&] {
    return on_loop(loop, transport.exchange(server.endpoint(), query, in(Milliseconds{2'000})));
  };
  const auto by_udp = carry();
  ASSERT_TRUE(by_udp) << by_udp.error().message;
  EXPECT_EQ(parse_answer(*by_udp)->answer.size(), 1U);
  for (const auto behaviour : {Behaviour::kTruncates, Behaviour::kWrongIdThenRight}) {
    server.behave(behaviour);
    const auto answer = carry();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(parse_answer(*answer)->answer.size(), 1U);
  }
  server.behave(Behaviour::kNormal);
  server.silent_about("shop.example");
  EXPECT_TRUE(carry()) << "by TCP";
  server.behave(Behaviour::kTruncatesWithoutTcp);
  EXPECT_FALSE(carry());
}

TEST_F(TransportTest, SaysWhenTheAnswerIsTruncatedAndTcpFails) {
  for (const auto behaviour : {Behaviour::kTruncatesWithoutTcp, Behaviour::kTruncatesAndHangs}) {
    server.behave(behaviour);
    const auto exchange = ask(Milliseconds{500});
    EXPECT_EQ(exchange.outcome, Outcome::kSilent);
    EXPECT_FALSE(exchange.answer);
    EXPECT_THAT(exchange.notes, Contains(HasSubstr("TCP fails")));
  }
}

TEST_F(TransportTest, ReadsNoMoreThanTheLimitOfTenThousandRecords) {
  server.behave(Behaviour::kFloods);
  const auto exchange = ask();
  ASSERT_EQ(exchange.outcome, Outcome::kAnswer);
  EXPECT_TRUE(exchange.answer->over_limit);
  EXPECT_EQ(exchange.answer->answer.size(), kRrsMax);
}

TEST_F(TransportTest, AsksWithoutEdnsWhereTheServerDoesNotKnowIt) {
  for (const auto behaviour : {Behaviour::kFormErrOnEdns, Behaviour::kSilentOnEdns}) {
    server.behave(behaviour);
    const auto exchange = ask();
    ASSERT_EQ(exchange.outcome, Outcome::kAnswer);
    EXPECT_EQ(exchange.answer->rcode, Rcode::kNoError);
    EXPECT_EQ(exchange.answer->answer.size(), 1U);
  }
}

TEST_F(TransportTest, BringsErrorsAsAnswers) {
  server.behave(Behaviour::kRefuses);
  EXPECT_EQ(ask().answer.value().rcode, Rcode::kRefused);
  server.behave(Behaviour::kServFails);
  EXPECT_EQ(ask().answer.value().rcode, Rcode::kServFail);
}

TEST_F(TransportTest, KnowsAtOnceThatNobodyListens) {
  net::UdpEndpoint closed;
  {
    const ScriptedServer gone(loop);
    closed = gone.endpoint();
  }
  const auto exchange =
      on_loop(loop, transport.ask(closed, question(), Recursion::kNotDesired, in(Milliseconds{20'000})));
  EXPECT_EQ(exchange.outcome, Outcome::kConnectionRefused);
  EXPECT_EQ(exchange.attempts, 1);
}

TEST_F(TransportTest, SpeaksIpv6) {
  ScriptedServer six(loop, Role::kAuthority, "::1");
  six.add_zone("shop.example");
  six.add("www.shop.example", WireType::kA, "192.0.2.6");
  const auto exchange =
      on_loop(loop, transport.ask(six.endpoint(), question(), Recursion::kNotDesired, in(Milliseconds{2'000})));
  ASSERT_EQ(exchange.outcome, Outcome::kAnswer);
  EXPECT_EQ(exchange.answer->answer.at(0).value, "192.0.2.6");
}

Task<void> ask_into(Transport& transport, net::UdpEndpoint server, net::Deadline deadline, Exchange& exchange) {
  exchange = co_await transport.ask(server, question(), Recursion::kNotDesired, deadline);
}

TEST_F(TransportTest, QueuesWhatIsOverTheLimitOfAServer) {
  server.delay(Milliseconds{5});
  std::vector<Exchange> exchanges(20);
  std::vector<Task<void>> tasks;
  for (auto& exchange : exchanges) {
    tasks.push_back(ask_into(transport, server.endpoint(), in(Milliseconds{10'000}), exchange));
  }
  on_loop(loop, together(std::move(tasks)));
  for (const auto& exchange : exchanges) EXPECT_EQ(exchange.outcome, Outcome::kAnswer);
  // Five turns of four: the last waited for four others.
  const auto slowest = std::ranges::max_element(exchanges, {}, &Exchange::took_ms);
  EXPECT_GE(slowest->took_ms, 20);
}

TEST_F(TransportTest, SaysThatItDidNotAskWhenTheQueueOutlivesTheDeadline) {
  server.behave(Behaviour::kSilent);
  std::vector<Exchange> exchanges(6);
  std::vector<Task<void>> tasks;
  for (auto& exchange : exchanges) {
    tasks.push_back(ask_into(transport, server.endpoint(), in(Milliseconds{50}), exchange));
  }
  on_loop(loop, together(std::move(tasks)));
  EXPECT_EQ(std::ranges::count(exchanges, Outcome::kSilent, &Exchange::outcome), 4);
  EXPECT_EQ(std::ranges::count(exchanges, Outcome::kNotAsked, &Exchange::outcome), 2);
}

Task<void> stop_soon(Transport& transport, net::Loop& loop) {
  net::Timer timer(loop, Milliseconds{20});
  co_await timer.async_wait(net::use_task);
  co_await transport.stop();
}

TEST_F(TransportTest, StopEndsWhatIsInFlightAndRefusesWhatComes) {
  server.behave(Behaviour::kTruncatesAndHangs);
  Exchange exchange;
  std::vector<Task<void>> tasks;
  tasks.push_back(ask_into(transport, server.endpoint(), in(Milliseconds{60'000}), exchange));
  tasks.push_back(stop_soon(transport, loop));
  on_loop(loop, together(std::move(tasks)));
  EXPECT_EQ(exchange.outcome, Outcome::kSilent);
  EXPECT_EQ(ask().outcome, Outcome::kNotAsked);
}

TEST_F(TransportTest, UsesAnotherPortAndIdEveryTime) {
  // What a spoofer would have to guess: the same pair twice in 200 questions would be a bug, not chance.
  std::set<std::uint16_t> ports;
  net::UdpSocket listener(loop, net::UdpEndpoint(boost::asio::ip::make_address("127.0.0.1"), 0));
  std::set<std::string> ids;
  for (int i = 0; i < 200; ++i) {
    on_loop(loop, transport.ask(listener.local_endpoint(), question(), Recursion::kNotDesired, in(Milliseconds{1})));
    listener.non_blocking(true);
    for (;;) {
      std::array<char, 512> buffer;
      net::UdpEndpoint sender;
      boost::system::error_code error;
      listener.receive_from(boost::asio::buffer(buffer), sender, 0, error);
      if (error) break;
      ports.insert(sender.port());
      ids.emplace(buffer.data(), 2);
    }
  }
  EXPECT_GT(ports.size(), 180U);
  EXPECT_GT(ids.size(), 180U);
}

}  // namespace
}  // namespace signpost::dns
