// SPDX-License-Identifier: Apache-2.0
//
// Tells those who work off rows that new ones have been committed, so that nobody has to poll quickly.
// Owned by app/wiring; callbacks are fixed before the loops start, ringing is for any thread; outlives whoever rings.
// A bell is only a hint: what it rings for is already in the database, and a lost ring costs kBellHorizon at most.
#pragma once

#include <bitset>
#include <functional>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "services/handover.h"
#include "store/claim.h"

namespace signpost::services {

/// Every worker looks by itself at least this often, so nobody rings for a row that is due later than that.
constexpr Milliseconds kBellHorizon = std::chrono::seconds(5);

/// Of rows; see partition_of.
using Partitions = std::bitset<kPartitions>;
/// Those that a loop works on.
inline Partitions partitions_of(store::Loop loop) {
  Partitions mine;
  for (auto i = static_cast<std::size_t>(loop.index); i < mine.size(); i += static_cast<std::size_t>(loop.count))
    mine.set(i);
  return mine;
}

class Bell {
 public:
  Bell() = default;
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  /// The callback runs on the ringing thread: it may only notify. Before the first ring. That of jobs hears only of
  /// jobs in the partitions `of`.
  void on_jobs(Partitions of, std::function<void()> notify) { jobs_.push_back({of, std::move(notify)}); }
  void on_deliveries(std::function<void()> notify) { deliveries_.push_back(std::move(notify)); }

  /// For what may be sent without anybody looking for it.
  Handover& handover() const { return handover_; }

  /// After the commit. Any thread.
  void ring_jobs(const Partitions& in) const {
    for (const auto& [of, notify] : jobs_) {
      if ((of & in).any()) notify();
    }
  }
  void ring_deliveries() const {
    for (const auto& notify : deliveries_) notify();
  }

 private:
  struct OfJobs {
    Partitions of;
    std::function<void()> notify;
  };
  mutable Handover handover_;  // any thread, like the bell
  std::vector<OfJobs> jobs_;
  std::vector<std::function<void()>> deliveries_;
};

}  // namespace signpost::services
