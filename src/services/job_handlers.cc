// SPDX-License-Identifier: Apache-2.0
#include "services/job_handlers.h"

namespace signpost::services {

void set_up_handlers(JobRunner& runner, JobHandlers handlers) {
  auto& propagation = handlers.propagation;
  runner.on(model::JobKind::kPropagation, [&propagation](model::Job job) { return propagation.look(std::move(job)); });
  runner.on(model::JobKind::kClaimEnd,
            [&propagation](model::Job job) { return propagation.end_claim(std::move(job)); });
  auto& original_dns = handlers.original_dns;
  runner.on(model::JobKind::kOriginalDns,
            [&original_dns](model::Job job) { return original_dns.keep(std::move(job)); });
  if (auto* certificates = handlers.certificates) {
    runner.on(model::JobKind::kCertificate,
              [certificates](model::Job job) { return certificates->pursue(std::move(job)); });
  } else {
    runner.on(model::JobKind::kCertificate, not_configured("no certificate authority is configured any more"));
  }
  if (auto* distributions = handlers.distributions) {
    for (const auto kind : {model::JobKind::kDistribution, model::JobKind::kCertificateUpgrade}) {
      runner.on(kind, [distributions](model::Job job) { return distributions->pursue(std::move(job)); });
    }
  } else {
    runner.on(model::JobKind::kDistribution, not_configured("no cloud account is configured"));
    runner.on(model::JobKind::kCertificateUpgrade,
              not_configured("no cloud account is configured: the certificate stays with the one who reported it"));
  }
  if (auto* search = handlers.search) {
    runner.on(model::JobKind::kSearchSubmission, [search](model::Job job) { return search->pursue(std::move(job)); });
  } else {
    runner.on(model::JobKind::kSearchSubmission,
              not_configured("no search engine is configured: nothing was submitted"));
  }
}

}  // namespace signpost::services
