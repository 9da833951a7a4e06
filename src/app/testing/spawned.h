// SPDX-License-Identifier: Apache-2.0
//
// A command of ours in a process of its own, whose two streams come back through one pipe.
// Owned by a test; its thread. It never outlives its owner, and no wait for it is longer than kPatienceMs.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace signpost::app::testing {

class Spawned {
 public:
  static constexpr int kPatienceMs = 30'000;

  /// The words after `signpost`; `environment` holds "NAME=value".
  explicit Spawned(std::vector<std::string> words, const std::vector<std::string>& environment = {});
  ~Spawned();
  Spawned(const Spawned&) = delete;
  Spawned& operator=(const Spawned&) = delete;

  /// Waits until it has said this; false if it ends or says nothing for too long.
  bool says(std::string_view what);
  void signal(int number) const;
  /// Waits for the end: the exit status; 128 and more for a signal, also that of a process which had to be killed.
  int end();
  const std::string& text() const { return text_; }

 private:
  bool read_more();
  pid_t child_ = -1;
  int out_ = -1;
  bool has_closed_ = false;
  std::string text_;
};

}  // namespace signpost::app::testing
