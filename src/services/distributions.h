// SPDX-License-Identifier: Apache-2.0
//
// Brings a connection's certificate to its CloudFront distribution, and upgrades it to Amazon's own: the handler of the
// jobs kDistribution and kCertificateUpgrade.
// Owned by app/wiring; jobs run on the loop of their partition, the rest on any loop; storage, master key, bell, clock,
// ids, clients and sights outlive it.
// One row, one driver at a time: the upgrade's job from step 2 (or a disconnection) to its end, the distribution's job
// before and after. Whichever runs first tells the row what it has not heard of its connection, hands over if it is not
// the driver, and goes on act by act; each act's outcome is saved before the next begins, with the job's next time in
// the same transaction.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/sealed.h"
#include "model/certificate.h"
#include "model/distribution.h"
#include "net/task.h"
#include "services/bell.h"
#include "services/connection_change.h"
#include "services/connections.h"
#include "services/distribution_acts.h"
#include "services/edge_records.h"
#include "services/job_runner.h"
#include "services/storage.h"

namespace signpost::services {

/// A connection, its distribution, and our certificate if we hold one that counts; of one moment.
struct DistributionSubject {
  model::Connection connection;
  model::Distribution distribution;
  std::optional<model::HeldCertificate> held;
};

/// Who goes on with the row.
model::JobKind driver_of(const model::Distribution& distribution);

/// Something the row has not been told of its connection or of our certificate yet, and when it happened. Pure.
struct Unheard {
  model::DistributionHappening happening;
  Time at{};
};
std::optional<Unheard> unheard_of(const DistributionSubject& subject, Time now);

class Distributions final : public DistributionSource {
 public:
  /// `sights`: one per loop, in the order of the loops.
  Distributions(Storage& storage, const crypto::MasterKey& master_key, Bell& bell, const Clock& clock, IdMaker& ids,
                cloud::Acm& acm, cloud::CloudFront& cloudfront, const std::vector<AmazonSight*>& sights, EdgePlan plan);

  /// Both kinds.
  Task<Result<JobOutcome>> pursue(model::Job job);

  /// Somebody has mended something: what is parked is done now. Nothing happens where nothing is parked.
  Task<Result<void>> retry(Scope scope, ConnectionId id);

  // DistributionSource
  Task<Result<cloud::NewDistribution>> plan(model::Distribution distribution) override;
  Task<Result<OurCertificate>> certificate(model::Distribution distribution) override;
  Task<Result<bool>> is_host_proven(model::Distribution distribution) override;

 private:
  using Happening = model::DistributionHappening;
  using MaybeSubject = std::optional<DistributionSubject>;

  Task<Result<MaybeSubject>> load(ConnectionId id);
  Task<Happening> perform(model::Distribution distribution, model::Act act);
  Task<Result<JobOutcome>> settle_later(model::Job job, Time not_before);

  struct Saved {
    MaybeSubject subject;
    Rings rings;
    bool goes_on = false;  // something is due now, and the job keeps its lease
  };
  Task<Result<Saved>> save(ConnectionId id, Happening happening, Time at, model::Job own_job);
  Result<Saved> apply(store::Tx& tx, ConnectionId id, const Happening& happening, Time at, const model::Job* own_job);
  Result<void> tell(store::Tx& tx, const model::DistributionDecision& decision, DistributionSubject& subject,
                    Rings& rings);
  Result<void> settle(store::Tx& tx, const DistributionSubject& subject, const model::Job* own_job, Time now,
                      Time not_before, Rings& rings);

  Storage& storage_;
  const crypto::MasterKey& master_key_;
  Bell& bell_;
  const Clock& clock_;
  IdMaker& ids_;
  const EdgePlan plan_;
  std::vector<std::unique_ptr<DistributionActs>> acts_;  // one per loop
};

}  // namespace signpost::services
