// SPDX-License-Identifier: Apache-2.0
//
// Which kind of job is done by whom: the one table. Start-up; the runner's loop later.
#pragma once

#include "services/job_runner.h"
#include "services/propagation.h"

namespace signpost::services {

/// Gives the runner a handler for every kind. The propagation outlives the runner.
void set_up_handlers(JobRunner& runner, Propagation& propagation);

}  // namespace signpost::services
