// SPDX-License-Identifier: Apache-2.0
#include "base/id.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/id_time.h"
#include "base/testing/fake_clock.h"

namespace signpost {
namespace {

static_assert(!std::is_convertible_v<ConnectionId, EventId> && !std::is_constructible_v<EventId, ConnectionId>);

TEST(Id, IsReadBackFromItsText) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{1}, std::int64_t{31}, std::int64_t{32},
                                   std::int64_t{0x123456789ABCDEF}, std::numeric_limits<std::int64_t>::max()}) {
    const ConnectionId id(value);
    const auto back = ConnectionId::parse(id.text());
    ASSERT_TRUE(back) << id.text();
    EXPECT_EQ(*back, id);
    EXPECT_EQ(id.text().size(), 17U);
    EXPECT_TRUE(id.text().starts_with("con_"));
  }
}

TEST(Id, RefusesTheTextOfAnotherKind) {
  const auto result = ConnectionId::parse(EventId(7).text());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::kUnprocessable);
  EXPECT_NE(result.error().message.find("con_"), std::string::npos);
}

TEST(Id, RefusesOtherSpellings) {
  for (const auto* text :
       {"", "con_", "con_000000000000", "con_00000000000000", "con_000000000000A", "con_000000000000i",
        "con_000000000000u", "con_000000000000 ", "con_g000000000000", "con_zzzzzzzzzzzzz", "0000000000001"}) {
    EXPECT_FALSE(ConnectionId::parse(text)) << text;
  }
}

TEST(Id, SortsByAgeAsANumberAndAsText) {
  testing::FakeClock clock;
  IdMaker maker(clock, 3);
  auto before = maker.make<EventId>();
  for (int i = 0; i < 1'000; ++i) {
    if (i % 3 == 0) clock.advance(Milliseconds(i));
    const auto next = maker.make<EventId>();
    EXPECT_LT(before, next);
    EXPECT_LT(before.text(), next.text());
    before = next;
  }
}

TEST(IdMaker, NeverRepeatsWhenTheClockStepsBackOrStandsStill) {
  testing::FakeClock clock;
  IdMaker maker(clock);
  std::int64_t before = maker.next();
  for (int i = 0; i < 40'000; ++i) {
    if (i == 20'000) clock.advance(-std::chrono::hours(1));
    const auto next = maker.next();
    ASSERT_LT(before, next);
    before = next;
  }
}

TEST(IdMaker, GoesOnAfterAnIdOfBeforeTheClockWasSetBackOfWhateverNode) {
  testing::FakeClock clock;
  const auto before = IdMaker(clock, 200).next();
  clock.advance(-std::chrono::hours(24));
  IdMaker maker(clock);
  maker.start_after(before);
  const auto next = maker.next();
  EXPECT_GT(next, before);
  maker.start_after(0);
  EXPECT_GT(maker.next(), next);
}

TEST(IdMaker, NeverRepeatsAmongThreads) {
  testing::FakeClock clock;
  IdMaker maker(clock);
  constexpr std::size_t kEach = 2'000;
  std::vector<std::vector<std::int64_t>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&maker, &mine] {
        for (std::size_t i = 0; i < kEach; ++i) mine.push_back(maker.next());
      });
    }
  }
  std::set<std::int64_t> all;
  for (const auto& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), made.size() * kEach);
}

TEST(IdMaker, GivesNodesDifferentIdsAtTheSameInstant) {
  const testing::FakeClock clock;
  IdMaker one(clock, 1);
  IdMaker two(clock, 2);
  EXPECT_NE(one.next(), two.next());
}

TEST(IdTime, LiesBetweenTheIdsOfBeforeAndSince) {
  testing::FakeClock clock;
  IdMaker ids(clock, 255);
  const auto before = ids.next();
  clock.advance(Milliseconds(1));
  const auto since = ids.next();
  EXPECT_LT(before, first_id_at(clock.now()));
  EXPECT_GE(since, first_id_at(clock.now()));
  EXPECT_EQ(first_id_at(Time{}), 0);
  EXPECT_GT(first_id_at(Time::max()), since);
}

TEST(Partition, SpreadsNeighboursOverAll) {
  std::vector<int> hits(256);
  for (std::int64_t id = 0; id < 25'600; ++id) ++hits.at(static_cast<std::size_t>(partition_of(id)));
  EXPECT_GT(*std::ranges::min_element(hits), 50);
  EXPECT_LT(*std::ranges::max_element(hits), 200);
}

}  // namespace
}  // namespace signpost
