// SPDX-License-Identifier: Apache-2.0
#include "services/job_handlers.h"

namespace signpost::services {

void set_up_handlers(JobRunner& runner, Propagation& propagation) {
  runner.on(model::JobKind::kPropagation, [&propagation](model::Job job) { return propagation.look(std::move(job)); });
  runner.on(model::JobKind::kClaimEnd,
            [&propagation](model::Job job) { return propagation.end_claim(std::move(job)); });
  runner.on(model::JobKind::kCertificateUpgrade,
            not_configured("no cloud account is configured: the certificate stays with the one who reported it"));
  runner.on(model::JobKind::kSearchSubmission, not_configured("no search engine is configured: nothing was submitted"));
}

}  // namespace signpost::services
