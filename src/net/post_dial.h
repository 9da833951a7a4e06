// SPDX-License-Identifier: Apache-2.0
//
// Connects to one of several addresses of a host: the next is tried as soon as one fails or has kept silent for a
// moment, and the first that takes the connection wins (RFC 8305 5). Only the sender includes this.
// A local of one post; its loop only. The tries are the dial's: those under way are closed when it ends.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/post_connection.h"
#include "net/task.h"
#include "net/task_group.h"

namespace signpost::net {

class PostDial {
 public:
  static constexpr std::chrono::milliseconds kHeadStart{250};  // RFC 8305 8, "Connection Attempt Delay"

  struct Target {
    TcpEndpoint peer;
    std::optional<IpAddress> source;  // bind here
  };
  /// `group` runs the tries; `in_use` holds each while it is under way, for whoever wants to close them all.
  PostDial(TaskGroup& group, std::set<PostConnection*>& in_use);
  ~PostDial();
  PostDial(const PostDial&) = delete;
  PostDial& operator=(const PostDial&) = delete;

  /// Null if no target took the connection by the deadline, or once `is_over` says so; peer() and error() are then
  /// those of the try that ended last.
  Task<std::unique_ptr<PostConnection>> connect(std::vector<Target> targets, Deadline deadline,
                                                std::function<bool()> is_over);
  const TcpEndpoint& peer() const { return peer_; }
  const boost::system::error_code& error() const { return error_; }
  bool has_timed_out() const { return has_timed_out_; }

 private:
  struct Tries;
  static Task<void> run(std::shared_ptr<Tries> tries, std::size_t index, Deadline deadline);
  std::size_t add(const Target& target);
  std::unique_ptr<PostConnection> take_winner();

  TaskGroup& group_;
  std::set<PostConnection*>& in_use_;
  std::shared_ptr<Tries> tries_;  // ours and each try's own
  TcpEndpoint peer_;
  boost::system::error_code error_;
  bool has_timed_out_ = false;
};

}  // namespace signpost::net
