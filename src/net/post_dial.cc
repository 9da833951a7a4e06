// SPDX-License-Identifier: Apache-2.0
#include "net/post_dial.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "net/wait.h"

namespace signpost::net {
namespace {

using std::chrono::steady_clock;

struct Try {
  PostDial::Target target;
  std::unique_ptr<PostConnection> connection;
  std::optional<boost::system::error_code> ended;
};

}  // namespace

struct PostDial::Tries {
  explicit Tries(const Executor& e) : executor(e), changed(e) {}
  Executor executor;
  std::deque<Try> all;  // a deque: a try under way keeps its place
  Signal changed;
};

PostDial::PostDial(TaskGroup& group, std::set<PostConnection*>& in_use)
    : group_(group), in_use_(in_use), tries_(std::make_shared<Tries>(group.executor())) {}

PostDial::~PostDial() {
  for (auto& one : tries_->all) {
    if (!one.connection) continue;
    in_use_.erase(one.connection.get());
    one.connection->close();
  }
}

Task<void> PostDial::run(std::shared_ptr<Tries> tries, std::size_t index, Deadline deadline) {
  auto& one = tries->all[index];
  one.ended = co_await one.connection->connect(one.target.peer, one.target.source, deadline);
  tries->changed.notify();
}

std::size_t PostDial::add(const Target& target) {
  auto& one = tries_->all.emplace_back();
  one.target = target;
  one.connection = std::make_unique<PostConnection>(tries_->executor);
  in_use_.insert(one.connection.get());
  return tries_->all.size() - 1;
}

std::unique_ptr<PostConnection> PostDial::take_winner() {
  for (auto& one : tries_->all) {
    if (!one.ended || !one.connection) continue;
    peer_ = one.target.peer;
    error_ = *one.ended;
    has_timed_out_ = one.connection->has_timed_out();
    in_use_.erase(one.connection.get());
    auto connection = std::move(one.connection);
    if (!error_) return connection;
  }
  return nullptr;
}

Task<std::unique_ptr<PostConnection>> PostDial::connect(std::vector<Target> targets, Deadline deadline,
                                                        std::function<bool()> is_over) {
  if (targets.size() == 1) {
    co_await run(tries_, add(targets.front()), deadline);
    co_return take_winner();
  }
  auto next_at = steady_clock::now();
  std::size_t next = 0;
  while (true) {
    if (auto winner = take_winner()) co_return winner;
    const auto is_under_way = [](const Try& one) { return one.connection != nullptr; };
    const bool is_idle = std::ranges::none_of(tries_->all, is_under_way);
    const auto now = steady_clock::now();
    const bool may_begin = next < targets.size() && now < deadline && !is_over();
    if (may_begin && (is_idle || now >= next_at)) {
      group_.spawn(run(tries_, add(targets[next++]), deadline), "post dial");
      next_at = steady_clock::now() + kHeadStart;
      continue;
    }
    if (is_idle) co_return nullptr;
    co_await tries_->changed.wait_until(may_begin ? std::min(next_at, deadline) : Deadline::max());
  }
}

}  // namespace signpost::net
