// SPDX-License-Identifier: Apache-2.0
//
// Which kind of job is done by whom: the one table. Start-up; the runner's loop later.
#pragma once

#include "services/certificates.h"
#include "services/distributions.h"
#include "services/job_runner.h"
#include "services/original_dns.h"
#include "services/propagation.h"
#include "services/search_engines.h"

namespace signpost::services {

/// Who does what; all of them outlive the runner.
struct JobHandlers {
  Propagation& propagation;
  OriginalDns& original_dns;
  Certificates* certificates = nullptr;    // null: no authority is configured
  SearchEngines* search = nullptr;         // null: nobody tells search engines
  Distributions* distributions = nullptr;  // null: no cloud account is configured
};

/// Gives the runner a handler for every kind.
void set_up_handlers(JobRunner& runner, JobHandlers handlers);

}  // namespace signpost::services
