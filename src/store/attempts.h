// SPDX-License-Identifier: Apache-2.0
//
// The attempts of a delivery, for reading and for retention: those that have ended have rows of their own, an open one
// stands in its delivery's row. store/deliveries writes both. Free functions on a Tx.
#pragma once

#include <cstdint>
#include <vector>

#include "model/delivery.h"
#include "store/tx.h"

namespace signpost::store::attempts {

constexpr std::int32_t kAttemptsMax = 100;

/// The newest kAttemptsMax that have ended, oldest first, the open one last; an interrupted attempt and the one that
/// repeats it have the same number.
Result<std::vector<model::Attempt>> list(Tx& tx, ApplicationId application, DeliveryId delivery);
/// Retention: at most `limit` of the oldest that began before `time`, whatever became of their deliveries; returns how
/// many.
Result<std::int64_t> remove_before_across_applications(Tx& tx, Time time, std::int32_t limit);

}  // namespace signpost::store::attempts
