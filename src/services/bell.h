// SPDX-License-Identifier: Apache-2.0
//
// Tells those who work off rows that new ones have been committed, so that nobody has to poll quickly.
// Owned by app/wiring; callbacks are fixed before the loops start, ringing is for any thread; outlives whoever rings.
// A bell is only a hint: what it rings for is already in the database, and a lost ring costs kBellHorizon at most.
#pragma once

#include <functional>
#include <vector>

#include "base/time.h"
#include "services/handover.h"

namespace signpost::services {

/// Every worker looks by itself at least this often, so nobody rings for a row that is due later than that.
constexpr Milliseconds kBellHorizon = std::chrono::seconds(5);

class Bell {
 public:
  Bell() = default;
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  /// The callback runs on the ringing thread: it may only notify. Before the first ring.
  void on_jobs(std::function<void()> notify) { jobs_.push_back(std::move(notify)); }
  void on_deliveries(std::function<void()> notify) { deliveries_.push_back(std::move(notify)); }

  /// For what may be sent without anybody looking for it.
  Handover& handover() const { return handover_; }

  /// After the commit. Any thread.
  void ring_jobs() const { ring(jobs_); }
  void ring_deliveries() const { ring(deliveries_); }

 private:
  static void ring(const std::vector<std::function<void()>>& callbacks) {
    for (const auto& notify : callbacks) notify();
  }
  mutable Handover handover_;  // any thread, like the bell
  std::vector<std::function<void()>> jobs_;
  std::vector<std::function<void()>> deliveries_;
};

}  // namespace signpost::services
