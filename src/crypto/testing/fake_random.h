// SPDX-License-Identifier: Apache-2.0
//
// Chance that a seed decides: the same seed, the same sequence (SplitMix64). Any thread; never for keys that matter.
#pragma once

#include <atomic>

#include "crypto/random.h"

namespace signpost::crypto::testing {

class FakeRandom final : public Random {
 public:
  explicit FakeRandom(std::uint64_t seed = 1) : state_(seed) {}
  void fill(std::span<std::byte> bytes) override {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i, word >>= 8) {
      if (i % 8 == 0) word = next();
      bytes[i] = static_cast<std::byte>(word & 0xFF);
    }
  }

 private:
  std::uint64_t next() {
    constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15;
    std::uint64_t z = state_.fetch_add(kStep) + kStep;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  std::atomic<std::uint64_t> state_;
};

}  // namespace signpost::crypto::testing
