// SPDX-License-Identifier: Apache-2.0
//
// Connections that rest between two posts, by scheme, host and port. Only the sender includes this.
// A member of the sender; its loop only. Bounded per key and in total: the one that has rested longest goes first.
#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/post_connection.h"
#include "net/task.h"

namespace signpost::net {

class PostPool {
 public:
  PostPool(std::size_t per_key_max, std::size_t total_max) : per_key_max_(per_key_max), total_max_(total_max) {}

  /// The one of this key that was used last; null if there is none.
  std::unique_ptr<PostConnection> take(const std::string& key);
  void put(const std::string& key, std::unique_ptr<PostConnection> connection, Deadline now);
  /// Closes what has rested since before `limit`.
  void drop_older_than(Deadline limit);
  void clear();
  bool is_empty() const { return by_age_.empty(); }
  std::size_t size() const { return by_age_.size(); }
  /// When the oldest began to rest; only if not empty.
  Deadline oldest() const { return by_age_.front().since; }

 private:
  struct Resting {
    std::string key;
    std::unique_ptr<PostConnection> connection;
    Deadline since;
  };
  using Place = std::list<Resting>::iterator;
  void drop_oldest_of(const std::string& key);

  std::size_t per_key_max_;
  std::size_t total_max_;
  std::list<Resting> by_age_;                                  // the oldest in front
  std::unordered_map<std::string, std::deque<Place>> by_key_;  // the oldest in front
};

}  // namespace signpost::net
