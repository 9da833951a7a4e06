// SPDX-License-Identifier: Apache-2.0
//
// How a loop takes due rows into its hands: its share of the partitions, the lease, and the caps.
// Values; any thread. Two loops never ask for the same partition, so they never meet at a row.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace signpost::store {

/// A loop works on the partitions p with p % count == index.
struct Loop {
  std::int32_t index = 0;
  std::int32_t count = 1;
};

struct ClaimRequest {
  Loop loop;
  Time now{};
  Time lease_until{};
  std::int32_t limit = 100;        // rows of this claim
  std::int32_t in_flight_max = 8;  // leased rows per endpoint (deliveries) or fairness key (jobs), this claim included
};

/// The wall clock has stepped back, and what waits for a time of before must not wait for it a second time.
struct PullBack {
  Loop loop;
  Milliseconds by{};           // how far it stepped
  Time now{};                  // after the step
  std::int32_t limit = 5'000;  // rows of one transaction
};

/// For metrics.
struct QueueDepth {
  std::int64_t waiting = 0;  // not finished, not in flight
  std::int64_t in_flight = 0;
  std::optional<Time> oldest_due;  // when the longest overdue row became due; may lie in the future
};

}  // namespace signpost::store
