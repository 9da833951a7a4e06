// SPDX-License-Identifier: Apache-2.0
//
// Drops by age what nobody needs any more: events whose deliveries have ended and whose flows they were, attempts,
// idempotency keys, lines of the audit log, and the keys by which webhooks that were taken are known. Owned by
// app/wiring; lives on one loop; `stop` is awaited before it dies. Small batches with a pause between: retention never
// holds the writer long enough to delay a delivery.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "net/task_group.h"
#include "services/storage.h"

namespace signpost::services {

class Retention {
 public:
  struct Settings {
    std::chrono::days events{90};    // with their deliveries and attempts, once no delivery is pending
    std::chrono::days attempts{30};  // they hold what receivers answered, up to 8 KiB each
    std::chrono::days received_webhooks{
        1};  // longer than a timestamp can be fresh; V1 has none, and is known as long as this
    std::chrono::days idempotency_keys{
        1};                        // kept answers may hold a secret that was shown once: not longer than retries need
    std::chrono::days audit{730};  // lines of the audit log
    std::chrono::days authorizations{398};  // of authorities: no longer may they reuse what was proven (CA/Browser
                                            // Forum Baseline Requirements, 4.2.1)
    Milliseconds round_pause = std::chrono::minutes(10);  // real time, when nothing is left to drop
    Milliseconds batch_pause{50};                         // real time between two batches
    std::int32_t batch_max =
        200;  // rows of one transaction: an event goes with its deliveries and attempts, some 10 ms
  };
  Retention(Storage& storage, const Clock& clock, net::Executor executor, Settings settings);

  void start();
  Task<void> stop();

  /// One batch of each kind, each in its own transaction: how many rows went. Zero when nothing is left to drop.
  Task<Result<std::size_t>> sweep_once();

 private:
  Task<void> run();
  using Remove = Result<std::int64_t> (*)(store::Tx&, Time, std::int32_t);
  Task<Result<std::int64_t>> drop(Remove remove, Time before);

  Storage& storage_;
  const Clock& clock_;
  const Settings settings_;
  net::TaskGroup tasks_;
};

}  // namespace signpost::services
