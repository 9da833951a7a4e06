// SPDX-License-Identifier: Apache-2.0
//
// What the couriers count, in the words of docs/operating/metrics.md.
// A pure function of counters that others own; any thread.
#pragma once

#include "api/metrics.h"
#include "services/courier.h"
#include "services/handover.h"

namespace signpost::api {

void write_webhook_metrics(const services::CourierCounters& counters, const services::Handover& handover,
                           Exposition& to);

}  // namespace signpost::api
