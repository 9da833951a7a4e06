// SPDX-License-Identifier: Apache-2.0
#include "acme/nonces.h"

#include <gtest/gtest.h>

namespace signpost::acme {
namespace {

TEST(Nonces, AreHandedOutOnceTheYoungestFirst) {
  Nonces nonces;
  nonces.keep("a");
  nonces.keep("b");
  EXPECT_EQ(nonces.take(), "b");
  EXPECT_EQ(nonces.take(), "a");
  EXPECT_EQ(nonces.take(), "");
}

TEST(Nonces, AreKeptUpToALimit) {
  Nonces nonces;
  for (std::size_t i = 0; i <= Nonces::kept_max; ++i) nonces.keep(std::to_string(i));
  std::string oldest;
  std::size_t count = 0;
  for (auto nonce = nonces.take(); !nonce.empty(); nonce = nonces.take()) {
    oldest = nonce;
    ++count;
  }
  EXPECT_EQ(count, Nonces::kept_max);
  EXPECT_EQ(oldest, "1");
}

}  // namespace
}  // namespace signpost::acme
