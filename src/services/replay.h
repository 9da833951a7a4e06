// SPDX-License-Identifier: Apache-2.0
//
// Sending again what an endpoint did not get, or got and lost: one delivery, or all of an endpoint since a time, at a
// chosen rate. Owned by app/wiring; methods from any loop; storage and bell outlive it. What is to be sent is a row
// with its time, so a restart changes nothing; ids and bodies are those of the first time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "model/delivery.h"
#include "net/task.h"
#include "services/administration.h"
#include "services/bell.h"
#include "services/storage.h"
#include "store/replay.h"

namespace signpost::services {

struct ReplayWish {
  Time since{};
  std::optional<Time> until;                               // empty: now
  std::int32_t rate_per_second = 10;                       // 1…kReplayRateMax: how fast they come due
  enum class What { kFailed, kAll } what = What::kFailed;  // kAll: also what was delivered
  enum class Run { kReally, kDry } run = Run::kReally;
};
constexpr std::int32_t kReplayRateMax = 1'000;

struct ReplayCount {
  std::int64_t failed = 0;     // deliveries whose last retry had failed
  std::int64_t missed = 0;     // events that never had a delivery there: the endpoint was disabled, or not there yet
  std::int64_t delivered = 0;  // with What::kAll
  std::optional<Time> first_at;
  std::optional<Time> last_at;
  bool has_more = false;  // kReplayMax was reached: ask again, what is scheduled is not counted twice
  std::int64_t total() const { return failed + missed + delivered; }
};
constexpr std::int64_t kReplayMax = 20'000;

class Replay {
 public:
  Replay(Storage& storage, Bell& bell) : storage_(storage), bell_(bell) {}

  /// The delivery comes due at once, with a schedule of retries of its own. kNotFound; kConflict if it is pending, or
  /// its endpoint gets nothing now.
  Task<Result<model::Delivery>> one(Administration by, ApplicationId application, DeliveryId id);

  /// All that the endpoint would get now by its filter, in the order of the events, `rate_per_second` behind each other
  /// and behind what an earlier call has scheduled. In batches, each its own transaction: what a crash cuts off is
  /// asked for again.
  Task<Result<ReplayCount>> all(Administration by, ApplicationId application, EndpointId endpoint, ReplayWish wish);

 private:
  Storage& storage_;
  Bell& bell_;
};

}  // namespace signpost::services
