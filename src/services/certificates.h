// SPDX-License-Identifier: Apache-2.0
//
// Obtains certificates and renews them: the handler of the jobs kCertificate, and what callers may ask for.
// Owned by app/wiring; jobs run on the loop of their partition, the rest on any loop; storage, master key, bell, clock,
// ids, authorities, zone and sights outlive it.
// An order is a row whose steps are saved before what they begin, so that a crash resumes at the last one and no order
// is forgotten; what a step does, and what one run need not ask twice, is in certificate_tasks.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/sealed.h"
#include "model/certificate.h"
#include "net/task.h"
#include "services/also_in_tx.h"
#include "services/authorities.h"
#include "services/bell.h"
#include "services/certificate_change.h"
#include "services/certificate_tasks.h"
#include "services/challenge_zone.h"
#include "services/connections.h"
#include "services/issuance_sight.h"
#include "services/job_runner.h"
#include "services/storage.h"

namespace signpost::services {

struct CertificatePage {
  std::vector<model::Certificate> items;   // newest first
  std::optional<std::string> next_cursor;  // opaque; empty on the last page
};

class Certificates {
 public:
  using Settings = CertificateTasks::Settings;

  /// `zone` may be null: then no certificate comes by a CNAME. `sights`: one per loop, in the order of the loops.
  Certificates(Storage& storage, const crypto::MasterKey& master_key, Bell& bell, const Clock& clock, IdMaker& ids,
               Authorities& authorities, ChallengeZone* zone, std::vector<IssuanceSight*> sights, Settings settings);

  bool has_authority() const { return !authorities_.empty(); }
  Authorities& authorities() { return authorities_; }
  /// Where CNAMEs of step 1 lead below; null without an ACME zone.
  const DnsName* zone_name() const { return zone_ == nullptr ? nullptr : &zone_->name(); }

  /// kCertificate: whatever is due of the connection's certificate, step by step.
  Task<Result<JobOutcome>> pursue(model::Job job);

  /// An order for the connection's certificate, the one on its way or a new one (`start-certificate`): the TXT value of
  /// a plain TXT is known only then. kConflict if the certificate is not ours to bring, or held and not due; what keeps
  /// an order from being placed otherwise, with the way out.
  Task<Result<CertificateSubject>> start(ApplicationId application, ConnectionId connection);

  /// Somebody waits (`complete-certificate`): looks at once, and answers with what there is once the connection has
  /// left SSL_VALIDATING, trouble is known, or the budget is over.
  Task<Result<CertificateSubject>> complete(ApplicationId application, ConnectionId connection, net::Deadline deadline);

  Task<Result<CertificateSubject>> read_of_connection(Scope scope, ConnectionId connection);
  Task<Result<model::Certificate>> read(Scope scope, CertificateId id);
  /// `ends_within`: only those that are held and end within it.
  Task<Result<CertificatePage>> list(Scope scope, std::optional<Milliseconds> ends_within,
                                     std::optional<std::string> cursor, std::size_t limit);
  /// A new one as soon as it can be had; what is held serves until then. One that is on its way already is not ordered
  /// again. kRateLimited within an hour of a failed attempt, while the authority wants a pause, and where its limit of
  /// certificates of the same names would be left too small for the renewals that must be.
  Task<Result<model::Certificate>> renew(Scope scope, CertificateId id, AlsoInTx also = {});
  /// Tells the authority that nobody may trust it any more, and obtains another. Cannot be undone. `first` is written
  /// before the authority is asked. kConflict if another than `serial` is held. What was issued meanwhile stays as it
  /// is, and is what comes back.
  Task<Result<model::Certificate>> revoke(Scope scope, CertificateId id, acme::RevocationReason reason,
                                          AlsoInTx first = {}, std::optional<std::string> serial = {});

 private:
  using Happening = model::CertificateHappening;

  /// Whether a renewal by hand may be had now; kRateLimited with the time if not.
  Task<Result<void>> check_hand_limit(const CertificateSubject& subject);
  Task<Result<std::optional<CertificateSubject>>> load(ConnectionId id);
  Task<Result<std::optional<CertificateSubject>>> save(const CertificateSubject& read, const Happening& happening,
                                                       const model::Job* own_job, const AlsoInTx& also = {});
  IssuanceSight& sight_of(ConnectionId id) const;

  Storage& storage_;
  Bell& bell_;
  const Clock& clock_;
  IdMaker& ids_;
  Authorities& authorities_;
  ChallengeZone* const zone_;
  const std::vector<IssuanceSight*> sights_;
  CertificateTasks tasks_;  // dies first
};

}  // namespace signpost::services
