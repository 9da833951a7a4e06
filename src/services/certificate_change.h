// SPDX-License-Identifier: Apache-2.0
//
// One change of a certificate inside one transaction: decide, save, and let its connection know.
// Lives in a work on a database thread; everything it was given outlives it.
// Whoever changes a certificate goes through here, so that the connection's status, its attention and the certificate's
// job always fit what is saved.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "model/certificate.h"
#include "services/connection_change.h"
#include "store/tx.h"

namespace signpost::services {

/// A connection and its certificate, of one moment.
struct CertificateSubject {
  model::Connection connection;
  model::Certificate certificate;
  bool is_superseded = false;  // Amazon's serves in its place: it is not renewed any more
};

/// Nothing if the connection or its certificate is gone.
Result<std::optional<CertificateSubject>> load_certificate_subject(store::Tx& tx, ConnectionId connection);

/// What serves is not our certificate any more, and needs none of ours.
Result<bool> is_superseded(store::Tx& tx, const model::Connection& connection);

/// Somebody wants it now or later: a live connection, that is not disconnected, whose certificate is ours to bring, and
/// whose step 1 is marked; and nothing better serves.
bool wants_certificate(const CertificateSubject& subject);

/// What the TXT records at the challenge's name must hold for the order on its way: none for a name that is proven
/// already, two for a host and its wildcard.
std::vector<std::string> texts_of(const model::Certificate& certificate);

class CertificateChange {
 public:
  /// `own_job`: on behalf of this claimed job, which is rescheduled to what is due next. Null: the job is asked for.
  CertificateChange(store::Tx& tx, IdMaker& ids, Time now, const Handover* handover, const model::Job* own_job)
      : tx_(tx), ids_(ids), now_(now), handover_(handover), own_job_(own_job) {}

  /// The subject as it is afterwards; nothing if it is gone. kConflict if the certificate is another than `read` (its
  /// version): what was seen or done meanwhile does not fit it any more.
  Result<std::optional<CertificateSubject>> apply(const CertificateSubject& read,
                                                  const model::CertificateHappening& happening);
  /// Only the job: it waits for what is due next, or ends with what it waited for.
  Result<void> settle(const CertificateSubject& subject);

  const Rings& rings() const { return rings_; }

 private:
  /// Without a key it keeps its turn.
  Result<void> settle_own_job(const CertificateSubject& subject, std::optional<std::int64_t> fairness_key);
  /// Who has had them is known for longer than the order: see store/authorizations.h.
  Result<void> note_authorizations(const CertificateSubject& subject);
  Result<void> tell(const model::Certificate& before, CertificateSubject& after);

  store::Tx& tx_;
  IdMaker& ids_;
  const Time now_;
  const Handover* handover_;
  const model::Job* own_job_;
  Rings rings_;
};

}  // namespace signpost::services
