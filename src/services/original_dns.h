// SPDX-License-Identifier: Apache-2.0
//
// Keeps what a host answers before its traffic is ours: the handler of the jobs kOriginalDns.
// Owned by app/wiring; called on the loop of the job's partition; storage, clock and eyes outlive it.
// Written once for ever, and never with a value that is known as ours: a customer who was quicker than the first look
// has no original that we know of, which is said, not guessed. Who reads it asks leads_to_us().
#pragma once

#include <vector>

#include "base/clock.h"
#include "dns/observation.h"
#include "model/connection.h"
#include "model/distribution.h"
#include "model/original_dns.h"
#include "services/job_runner.h"
#include "services/propagation.h"
#include "services/storage.h"

namespace signpost::services {

/// What to ask: CNAME, A and AAAA of the host, whatever they are.
std::vector<dns::Expectation> original_expectations(const HostName& host);

/// What the answers mean; nothing if no server that speaks for the zone has answered. Pure.
std::optional<model::OriginalDns> original_of(const dns::Observation& observation, Time now);

/// Does what was seen lead to where Signpost leads the host itself, by the connection's records of now? CloudFront's
/// name is known only later than the first look, and a distribution may be older than its connection. Such an original
/// is none: nobody is sent back to what he leaves. `distribution` may be null. Pure.
bool leads_to_us(const model::OriginalDns& original, const model::Connection& connection,
                 const model::Distribution* distribution);

class OriginalDns {
 public:
  /// `eyes`: one per loop, in the order of the loops.
  OriginalDns(Storage& storage, const Clock& clock, std::vector<DnsEye*> eyes)
      : storage_(storage), clock_(clock), eyes_(std::move(eyes)) {}

  Task<Result<JobOutcome>> keep(model::Job job);

 private:
  Storage& storage_;
  const Clock& clock_;
  const std::vector<DnsEye*> eyes_;
};

/// Looks at a host that nobody answers for; with kJobRetries about four hours.
constexpr std::int32_t kOriginalLooksMax = 12;

}  // namespace signpost::services
