// SPDX-License-Identifier: Apache-2.0
//
// Watches records spread: the handlers of the jobs kPropagation and kClaimEnd.
// Owned by app/wiring; called on the loop of the job's partition; storage, bell, clock, ids and eyes outlive it.
// Nobody is blamed for what one look saw. A look takes seconds, so what was seen is applied to the connection read
// anew, in the one transaction that also writes events, observation and the job's next time. A request that arrived
// during the look stands: it is not overwritten by the look's schedule.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "dns/observation.h"
#include "dns/observer.h"
#include "model/connection.h"
#include "model/mail_provider.h"
#include "services/bell.h"
#include "services/job_runner.h"
#include "services/redirect_probe.h"
#include "services/storage.h"

namespace signpost::services {

/// What looks at DNS; a fake in tests.
class DnsEye {
 public:
  virtual ~DnsEye() = default;
  /// Never fails and ends within its budget: what could not be seen is in the observation, one record per expectation,
  /// in order.
  virtual Task<dns::Observation> observe(std::vector<dns::Expectation> expectations) = 0;
};

/// The real eye of one loop.
class ObserverEye final : public DnsEye {
 public:
  ObserverEye(dns::Observer& observer, Milliseconds look_budget) : observer_(observer), look_budget_(look_budget) {}
  Task<dns::Observation> observe(std::vector<dns::Expectation> expectations) override;

 private:
  dns::Observer& observer_;
  const Milliseconds look_budget_;
};

/// The eyes of one loop.
struct LoopEyes {
  DnsEye* dns;
  RedirectEye* redirects;
};

/// What to ask for a connection: its records in their order, last the TXT of the claim.
std::vector<dns::Expectation> expectations_of(const model::Connection& connection);

/// What an observation of expectations_of(connection) means for its life. Pure.
model::Observed observed_of(const model::Connection& connection, const dns::Observation& observation);

/// The MX records of the connection's domain, whatever they are: asked beside its records where they decide on DKIM.
dns::Expectation mail_of(const model::Connection& connection);

/// What the answer to mail_of means, where DKIM of these providers is supported. Pure.
model::MailSight mail_sight_of(const dns::RecordObservation& mail, const std::vector<model::MailProvider>& supported);

class Propagation {
 public:
  struct Settings {
    std::vector<model::MailProvider> dkim_providers{model::MailProvider::kGoogle, model::MailProvider::kMicrosoft};
  };

  /// `eyes`: one pair per loop, in the order of the loops; those of the job's partition look.
  Propagation(Storage& storage, Bell& bell, const Clock& clock, IdMaker& ids, std::vector<LoopEyes> eyes,
              Settings settings);

  /// kPropagation: one look. The job of a connection that does not exist any more is done.
  Task<Result<JobOutcome>> look(model::Job job);

  /// kClaimEnd: a claim that is still unproven gets one last look, then it ends.
  Task<Result<JobOutcome>> end_claim(model::Job job);

 private:
  /// Whom a look is about.
  struct Subject {
    model::Connection connection;
    bool supports_dkim = false;
  };
  /// A look and what it means for the life.
  struct Sight {
    dns::Observation observation;
    std::optional<dns::RecordObservation> mail;  // if it was asked for
    model::Observed observed;
  };

  const LoopEyes& eyes_of(const model::Job& job) const;
  // The arguments live in the coroutine that awaits it.
  static Task<void> look_at_dns(DnsEye& eye, const Subject& subject, Sight& sight);
  static Task<void> look_at_redirection(RedirectEye& eye, const model::Connection& connection, Sight& sight);
  Task<Sight> see_once(const model::Job& job, const Subject& subject) const;
  /// Looks, and a second time at once where the first would raise an alarm: only a cause that both have may raise it.
  Task<Sight> see(const model::Job& job, const Subject& subject) const;
  Task<Result<std::optional<Subject>>> load(ConnectionId id);
  // The arguments live in the coroutine that awaits it.
  Task<Result<JobOutcome>> save(const model::Job& job, const model::Happening& happening,
                                const dns::Observation* observation);

  Storage& storage_;
  Bell& bell_;
  const Clock& clock_;
  IdMaker& ids_;
  const std::vector<LoopEyes> eyes_;
  const Settings settings_;
};

}  // namespace signpost::services
