// SPDX-License-Identifier: Apache-2.0
#include "services/limit_queue.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::services {
namespace {

std::string key_of(std::string_view authority, const LimitReached& limit) {
  return format("{}\n{}\n{}", authority, model::name_of(limit.kind), limit.subject);
}

Time turn_behind(const std::map<std::string, Time>& last, const std::string& key, const LimitReached& limit) {
  const auto found = last.find(key);
  return found == last.end() ? limit.until : std::max(limit.until, found->second + limit.refill);
}

}  // namespace

Time LimitQueue::turn_of_next(std::string_view authority, const LimitReached& limit) const {
  const auto key = key_of(authority, limit);
  return last_.with([&](const auto& last) { return turn_behind(last, key, limit); });
}

Time LimitQueue::join(std::string_view authority, const LimitReached& limit, Time now) {
  const auto key = key_of(authority, limit);
  return last_.with([&](auto& last) {
    const Time turn = turn_behind(last, key, limit);
    if (last.size() >= kQueuesMax) std::erase_if(last, [&](const auto& one) { return one.second <= now; });
    if (last.size() < kQueuesMax || last.contains(key)) last.insert_or_assign(key, turn);
    return turn;
  });
}

}  // namespace signpost::services
