// SPDX-License-Identifier: Apache-2.0
//
// Token buckets by key: so many at once, so many a second after that.
// Owned by whoever limits; any thread (locked inside, in shards). The table is bounded: the key idle longest is
// forgotten first.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/guarded.h"
#include "base/result.h"

namespace signpost::net {

class RateLimit {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  struct Settings {
    double per_second = 10;
    double burst = 20;                 // at least 1
    std::size_t entries_max = 65'536;  // keys remembered
  };
  explicit RateLimit(Settings settings);

  /// Takes one token. kRateLimited with retry_after (whole seconds, rounded up, at least 1) if there is none.
  Result<void> take(std::string_view key, Instant now = std::chrono::steady_clock::now());
  Result<void> take(std::uint64_t key, Instant now = std::chrono::steady_clock::now());
  /// Keys remembered now, for metrics and tests.
  std::size_t size() const;

 private:
  struct Bucket {
    std::string key;
    double tokens = 0;
    Instant filled_at;
  };
  struct Shard {
    std::list<Bucket> by_use;                                                  // the one used last in front
    std::unordered_map<std::string_view, std::list<Bucket>::iterator> by_key;  // views into the buckets
  };
  static constexpr std::size_t kShards = 16;
  Result<void> take_in(Shard& shard, std::string_view key, Instant now) const;

  Settings settings_;
  std::size_t shard_entries_max_;
  std::array<Guarded<Shard>, kShards> shards_;
};

}  // namespace signpost::net
