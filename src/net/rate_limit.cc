// SPDX-License-Identifier: Apache-2.0
#include "net/rate_limit.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace signpost::net {

RateLimit::RateLimit(Settings settings) : settings_(settings) {
  settings_.per_second = std::max(settings_.per_second, 1e-6);
  settings_.burst = std::max(settings_.burst, 1.0);
  shard_entries_max_ = std::max<std::size_t>(1, settings_.entries_max / kShards);
}

Result<void> RateLimit::take(std::string_view key, Instant now) {
  auto& shard = shards_[std::hash<std::string_view>{}(key) % kShards];
  return shard.with([&](Shard& inside) { return take_in(inside, key, now); });
}

Result<void> RateLimit::take(std::uint64_t key, Instant now) {
  char bytes[sizeof key];
  std::memcpy(bytes, &key, sizeof key);
  return take(std::string_view(bytes, sizeof bytes), now);
}

Result<void> RateLimit::take_in(Shard& shard, std::string_view key, Instant now) const {
  auto found = shard.by_key.find(key);
  if (found == shard.by_key.end()) {
    if (shard.by_use.size() >= shard_entries_max_) {
      shard.by_key.erase(shard.by_use.back().key);
      shard.by_use.pop_back();
    }
    shard.by_use.push_front(Bucket{std::string(key), settings_.burst, now});
    found = shard.by_key.emplace(shard.by_use.front().key, shard.by_use.begin()).first;
  } else {
    shard.by_use.splice(shard.by_use.begin(), shard.by_use, found->second);
  }
  Bucket& bucket = *found->second;
  const double passed = std::chrono::duration<double>(now - bucket.filled_at).count();
  if (passed > 0) {
    bucket.tokens = std::min(settings_.burst, bucket.tokens + passed * settings_.per_second);
    bucket.filled_at = now;
  }
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return {};
  }
  const auto wait = static_cast<std::int64_t>(std::ceil((1 - bucket.tokens) / settings_.per_second));
  const std::chrono::seconds retry_after(std::max<std::int64_t>(wait, 1));
  return std::unexpected(Error{Kind::kRateLimited,
                               "too many requests: try again in " + std::to_string(retry_after.count()) + " s",
                               {},
                               retry_after});
}

std::size_t RateLimit::size() const {
  std::size_t total = 0;
  for (const auto& shard : shards_) total += shard.with([](const Shard& inside) { return inside.by_use.size(); });
  return total;
}

}  // namespace signpost::net
