// SPDX-License-Identifier: Apache-2.0
#include "net/post_pool.h"

#include <iterator>
#include <utility>

namespace signpost::net {

std::unique_ptr<PostConnection> PostPool::take(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const auto place = found->second.back();
  found->second.pop_back();
  if (found->second.empty()) by_key_.erase(found);
  auto connection = std::move(place->connection);
  by_age_.erase(place);
  return connection;
}

void PostPool::put(const std::string& key, std::unique_ptr<PostConnection> connection, Deadline now) {
  if (per_key_max_ == 0 || total_max_ == 0) return;
  const auto found = by_key_.find(key);
  if (found != by_key_.end() && found->second.size() >= per_key_max_) drop_oldest_of(key);
  if (by_age_.size() >= total_max_) drop_oldest_of(std::string(by_age_.front().key));
  by_age_.push_back(Resting{key, std::move(connection), now});
  by_key_[key].push_back(std::prev(by_age_.end()));
}

void PostPool::drop_oldest_of(const std::string& key) {
  const auto found = by_key_.find(key);
  by_age_.erase(found->second.front());
  found->second.pop_front();
  if (found->second.empty()) by_key_.erase(found);
}

void PostPool::drop_older_than(Deadline limit) {
  // The list is in order of rest, and so is each key's: the front of one is the front of the other.
  while (!by_age_.empty() && by_age_.front().since < limit) drop_oldest_of(std::string(by_age_.front().key));
}

void PostPool::clear() {
  by_key_.clear();
  by_age_.clear();
}

}  // namespace signpost::net
