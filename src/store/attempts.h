// SPDX-License-Identifier: Apache-2.0
//
// The attempts of a delivery, for reading: those that have ended have rows of their own, an open one stands in its
// delivery's row. store/deliveries writes both. Free functions on a Tx.
#pragma once

#include <cstdint>
#include <vector>

#include "model/delivery.h"
#include "store/tx.h"

namespace signpost::store::attempts {

constexpr std::int32_t kAttemptsMax = 100;

/// Oldest first, the open one last; an interrupted attempt and the one that repeats it have the same number.
Result<std::vector<model::Attempt>> list(Tx& tx, ApplicationId application, DeliveryId delivery);

}  // namespace signpost::store::attempts
