// SPDX-License-Identifier: Apache-2.0
#include "services/certificate_change.h"

#include <algorithm>

#include "base/text.h"
#include "store/authorizations.h"
#include "store/certificates.h"
#include "store/connections.h"
#include "store/distributions.h"
#include "store/jobs.h"

namespace signpost::services {
namespace {

/// What the certificate's change means for the connection's life; nothing if it does not concern it.
std::optional<model::Happening> told_of(const model::Certificate& before, const model::Certificate& after) {
  // What is revoked ends with that, for whoever reconnects.
  const bool is_revoked = after.held && after.held->revoked_at && !(before.held && before.held->revoked_at);
  if (is_revoked) return model::CertificateObtained{*after.held->revoked_at};
  const bool is_new = after.held && (!before.held || before.held->serial != after.held->serial ||
                                     before.held->not_after != after.held->not_after);
  if (is_new) return model::CertificateObtained{after.held->not_after};
  if (after.trouble) return model::CertificateTroubled{after.trouble->cause, after.trouble->explanation};
  if (before.trouble) return model::CertificateHealthy{};
  return std::nullopt;
}

}  // namespace

Result<std::optional<CertificateSubject>> load_certificate_subject(store::Tx& tx, ConnectionId id) {
  auto connection = TRY(store::connections::find_across_applications(tx, id));
  if (!connection) return std::nullopt;
  auto certificate = TRY(store::certificates::find_of_connection(tx, connection->application, id));
  if (!certificate) return std::nullopt;
  CertificateSubject subject{*std::move(connection), *std::move(certificate)};
  subject.is_superseded = TRY(is_superseded(tx, subject.connection));
  return subject;
}

std::vector<std::string> texts_of(const model::Certificate& certificate) {
  std::vector<std::string> texts;
  if (!certificate.order) return texts;
  for (const auto& challenge : certificate.order->challenges) {
    if (!challenge.challenge_url.empty()) texts.push_back(challenge.text);
  }
  return texts;
}

Result<bool> is_superseded(store::Tx& tx, const model::Connection& connection) {
  if (connection.edge != model::Edge::kCloudfront) return false;
  const auto distribution = TRY(store::distributions::find_of_connection(tx, connection.application, connection.id));
  return distribution && !model::needs_our_certificate(*distribution);
}

bool wants_certificate(const CertificateSubject& subject) {
  const auto& connection = subject.connection;
  if (subject.is_superseded) return false;
  if (!connection.is_live() || connection.certificate_by == model::CertificateBy::kExternal) return false;
  switch (connection.status) {
    case model::Status::kPendingValidation:
    case model::Status::kDisconnected:
      return false;
    case model::Status::kSslValidating:
    case model::Status::kSslValidated:
    case model::Status::kDeployed:
      return true;
  }
  return false;
}

Result<std::optional<CertificateSubject>> CertificateChange::apply(const CertificateSubject& read,
                                                                   const model::CertificateHappening& happening) {
  auto current = TRY(load_certificate_subject(tx_, read.connection.id));
  if (!current) return std::nullopt;
  if (current->certificate.version != read.certificate.version) {
    return fail(Kind::kConflict, "the certificate was changed meanwhile: what was done is looked at again");
  }
  const auto before = current->certificate;
  current->certificate = model::decide(before, happening, now_);
  if (!TRY(store::certificates::update(tx_, current->certificate, before.version))) {
    return fail(Kind::kConflict, "the certificate was changed meanwhile: what was done is looked at again");
  }
  current->certificate.version = before.version + 1;
  if (std::holds_alternative<model::OrderPlaced>(happening)) TRY_VOID(note_authorizations(*current));
  TRY_VOID(tell(before, *current));
  // A job that goes on at once keeps its lease.
  const bool goes_on = own_job_ != nullptr && wants_certificate(*current) &&
                       model::task_of(current->certificate, now_) != model::CertificateTask::kWait;
  if (goes_on) {
    // Once somebody has answered, what follows must not hold a place among names that may be dead. For a plain TXT an
    // order is placed before anybody has looked.
    const auto& [connection, certificate, is_superseded] = *current;
    const bool is_unseen =
        std::holds_alternative<model::OrderPlaced>(happening) && certificate.by == model::CertificateBy::kTxt;
    if (model::is_shared_turn(own_job_->fairness_key) && !is_unseen) {
      TRY_VOID(store::jobs::leave_shared_turns(tx_, connection.id,
                                               fairness_key_of(connection.application, connection.organization)));
      rings_.add_job_of(connection.id);  // for whoever takes the place
    }
    return current;
  }
  if (own_job_ == nullptr) {
    TRY_VOID(settle(*current));
    return current;
  }
  const auto* unseen = std::get_if<model::ChallengeUnseen>(&happening);
  const bool is_dead = unseen != nullptr && unseen->is_dead;
  const auto& connection = current->connection;
  TRY_VOID(settle_own_job(*current, is_dead ? turn_after_silence(own_job_->fairness_key)
                                            : fairness_key_of(connection.application, connection.organization)));
  return current;
}

Result<void> CertificateChange::note_authorizations(const CertificateSubject& subject) {
  if (!subject.certificate.order) return {};
  const auto& connection = subject.connection;
  for (const auto& challenge : subject.certificate.order->challenges) {
    TRY_VOID(store::authorizations::note(tx_, challenge.authorization_url, connection.application,
                                         connection.organization, !challenge.challenge_url.empty(), now_));
  }
  return {};
}

Result<void> CertificateChange::tell(const model::Certificate& before, CertificateSubject& after) {
  const auto told = told_of(before, after.certificate);
  if (!told) return {};
  ConnectionChange change(tx_, ids_, now_, handover_);
  after.connection = TRY(
      change.apply([id = after.connection.id](store::Tx& tx) { return load_connection(tx, std::nullopt, id); }, *told));
  rings_.add(change.rings());
  return {};
}

Result<void> CertificateChange::settle(const CertificateSubject& subject) {
  if (own_job_ != nullptr) return settle_own_job(subject, std::nullopt);
  const auto& connection = subject.connection;
  const auto due = wants_certificate(subject) ? model::task_due(subject.certificate) : std::nullopt;
  if (!due) return {};
  if (*due <= now_ + kBellHorizon) rings_.add_job_of(connection.id);
  return store::jobs::request(tx_, connection.id, fairness_key_of(connection.application, connection.organization),
                              {model::JobKind::kCertificate, std::max(*due, now_)}, ids_.make<JobRowId>(), now_);
}

Result<void> CertificateChange::settle_own_job(const CertificateSubject& subject,
                                               std::optional<std::int64_t> fairness_key) {
  const auto due = wants_certificate(subject) ? model::task_due(subject.certificate) : std::nullopt;
  if (!due) {
    TRY_VOID(store::jobs::finish(tx_, own_job_->id, own_job_->generation, model::JobState::kDone,
                                 "nobody waits for a certificate"));
    return {};
  }
  const Time at = std::max(*due, now_);
  if (fairness_key) {
    TRY_VOID(store::jobs::reschedule_with_key(tx_, own_job_->id, own_job_->generation, at, *fairness_key));
  } else {
    TRY_VOID(store::jobs::reschedule(tx_, own_job_->id, own_job_->generation, at));
  }
  return {};
}

}  // namespace signpost::services
