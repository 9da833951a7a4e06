// SPDX-License-Identifier: Apache-2.0
#include "net/loops.h"

#include <algorithm>

namespace signpost::net {

Loops::Loops(std::size_t count) {
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
    loops_.push_back(std::make_unique<Loop>(1));  // concurrency hint 1: no locks against ourselves
    guards_.emplace_back(loops_.back()->get_executor());
  }
}

Loops::~Loops() { stop_and_join(); }

std::size_t Loops::here() const {
  const auto runs_us = [](const auto& loop) { return loop->get_executor().running_in_this_thread(); };
  return static_cast<std::size_t>(std::ranges::find_if(loops_, runs_us) - loops_.begin());
}

void Loops::start() {
  if (is_running()) return;
  for (const auto& loop : loops_) {
    loop->restart();
    threads_.emplace_back([io = loop.get()] { io->run(); });
  }
}

void Loops::stop_and_join() {
  for (const auto& loop : loops_) loop->stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace signpost::net
