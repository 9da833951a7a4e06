// SPDX-License-Identifier: Apache-2.0
#include "services/tokens.h"

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"
#include "base/text.h"
#include "crypto/jwt.h"

namespace signpost::services {
namespace {

crypto::MasterKey master_key(char digit) { return crypto::MasterKey::from_text(std::string(64, digit)).value(); }

TEST(Tokens, NameTheirApplicationForSixtyMinutes) {
  signpost::testing::FakeClock clock;
  const Tokens tokens(master_key('a'), clock);
  const auto token = tokens.mint(ApplicationId(7));
  clock.advance(std::chrono::minutes(60) - std::chrono::seconds(1));
  EXPECT_EQ(tokens.verify(token), ApplicationId(7));
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(tokens.verify(token).error().kind, Kind::kUnauthenticated);
}

TEST(Tokens, OfAnotherMasterKeyAreRefused) {
  const signpost::testing::FakeClock clock;
  const Tokens ours(master_key('a'), clock), theirs(master_key('b'), clock);
  EXPECT_EQ(ours.verify(theirs.mint(ApplicationId(7))).error().kind, Kind::kUnauthenticated);
}

TEST(Tokens, ForAnotherPurposeAreRefused) {
  const signpost::testing::FakeClock clock;
  const auto key = master_key('a');
  const Tokens tokens(key, clock);
  const auto claims = format(R"({{"iss":"signpost","aud":"{}","purpose":"session","exp":{}}})", ApplicationId(7).text(),
                             to_seconds(clock.now()) + 60);
  EXPECT_EQ(tokens.verify(crypto::sign_hs256(claims, key.derive("auth token"))).error().kind, Kind::kUnauthenticated);
}

TEST(Tokens, RefuseAnyChangedByte) {
  const signpost::testing::FakeClock clock;
  const Tokens tokens(master_key('a'), clock);
  const auto token = tokens.mint(ApplicationId(7));
  for (std::size_t i = 0; i < token.size(); i += 7) {
    auto changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    if (changed == token) continue;
    EXPECT_FALSE(tokens.verify(changed)) << i;
  }
}

}  // namespace
}  // namespace signpost::services
