// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <vector>

#include "crypto/testing/fake_random.h"

namespace signpost::crypto {
namespace {

TEST(SystemRandom, NeverGivesTheSameTwice) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(random.bytes(16));
  EXPECT_EQ(seen.size(), 1'000U);
  EXPECT_EQ(random.bytes(0), "");
  EXPECT_EQ(random.bytes(3'000'000).size(), 3'000'000U);
}

TEST(Random, BelowReachesEveryNumberAndNoOther) {
  testing::FakeRandom random;
  std::vector<int> hits(7);
  for (int i = 0; i < 7'000; ++i) ++hits.at(random.below(7));
  EXPECT_GT(*std::ranges::min_element(hits), 800);
  EXPECT_EQ(random.below(0), 0U);
  EXPECT_EQ(random.below(1), 0U);
}

/// Draws what it was given, in the order of the machine's octets.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(std::vector<std::uint32_t> draws) : draws_(std::move(draws)) {}
  void fill(std::span<std::byte> bytes) override {
    const auto word = std::as_bytes(std::span(draws_).subspan(next_++, 1));
    std::ranges::copy(word, bytes.begin());
  }
  std::size_t drawn() const { return next_; }

 private:
  std::vector<std::uint32_t> draws_;
  std::size_t next_ = 0;
};

TEST(Random, BelowDrawsAgainWhatWouldFavourSmallNumbers) {
  ScriptedRandom random({0xFFFFFFFF, 5});  // 2^32 mod 3 is 1: the last value is one too many
  EXPECT_EQ(random.below(3), 2U);
  EXPECT_EQ(random.drawn(), 2U);
  ScriptedRandom fair({0xFFFFFFFF});  // 2^32 mod 4 is 0
  EXPECT_EQ(fair.below(4), 3U);
}

TEST(Random, UuidIsOfVersion4) {
  const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  testing::FakeRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) {
    const auto uuid = random.uuid();
    EXPECT_TRUE(std::regex_match(uuid, form)) << uuid;
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 500U);
}

TEST(FakeRandom, RepeatsItselfForTheSameSeed) {
  testing::FakeRandom one(7), same(7), other(8);
  const auto bytes = one.bytes(40);
  EXPECT_EQ(same.bytes(40), bytes);
  EXPECT_NE(other.bytes(40), bytes);
  EXPECT_NE(one.bytes(40), bytes);
}

}  // namespace
}  // namespace signpost::crypto
