// SPDX-License-Identifier: Apache-2.0
#include "services/certificates.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "net/wait.h"
#include "services/certificate_cause.h"
#include "services/issuance_limits.h"
#include "store/certificates.h"

namespace signpost::services {
namespace {

using model::AttemptFailed;
using Happening = model::CertificateHappening;

constexpr int kTurnsMax = 24;  // steps of one run; an order has seven, the rest is for changes meanwhile
constexpr Milliseconds kCompletePause{200};
constexpr int kRenewTurnsMax = 8;  // of a renewal by hand while jobs change the certificate

JobOutcome done(std::string text) { return {JobOutcome::Ending::kDone, std::move(text)}; }

std::unexpected<Error> too_early(Time at, Time now, const std::string& why) {
  auto error =
      Error{Kind::kRateLimited, format("it can be renewed by hand again at {}: {}", to_rfc3339(at), why), {}, {}};
  error.retry_after = std::chrono::ceil<std::chrono::seconds>(at - now);
  return std::unexpected(std::move(error));
}

/// Something stops it until later, and the look that whoever waits has asked for will not tell another thing soon: what
/// is not visible everywhere may still spread, what CAA says does not.
bool is_stopped(const model::Certificate& certificate, Time now) {
  if (!certificate.trouble || !certificate.not_before || *certificate.not_before <= now) return false;
  const auto& cause = certificate.trouble->cause;
  return !certificate.unseen_since || cause == cause_of("caa_forbids") || cause == cause_of("caa_fails");
}

/// A job that is at work, or due, is left alone: what it does would not fit a changed certificate.
bool is_waiting_for_dns(const model::Certificate& certificate, Time now) {
  return certificate.unseen_since && certificate.not_before && *certificate.not_before > now;
}

Error no_certificate(ConnectionId id) {
  return {.kind = Kind::kConflict,
          .message = format("the certificate of {} is \"external\": whoever brings it reports it", id.text()),
          .member = {},
          .retry_after = {}};
}

}  // namespace

Certificates::Certificates(Storage& storage, const crypto::MasterKey& master_key, Bell& bell, const Clock& clock,
                           IdMaker& ids, Authorities& authorities, ChallengeZone* zone,
                           std::vector<IssuanceSight*> sights, Settings settings)
    : storage_(storage),
      bell_(bell),
      clock_(clock),
      ids_(ids),
      authorities_(authorities),
      zone_(zone),
      sights_(std::move(sights)),
      tasks_(storage, master_key, bell, clock, ids, authorities, zone, settings) {}

IssuanceSight& Certificates::sight_of(ConnectionId id) const {
  return *sights_[static_cast<std::size_t>(partition_of(id.value())) % sights_.size()];
}

Task<Result<std::optional<CertificateSubject>>> Certificates::load(ConnectionId id) {
  co_return co_await storage_.read<std::optional<CertificateSubject>>(
      [id](store::Tx& tx) { return load_certificate_subject(tx, id); });
}

Task<Result<std::optional<CertificateSubject>>> Certificates::save(const CertificateSubject& read,
                                                                   const Happening& happening,
                                                                   const model::Job* own_job, const AlsoInTx& also) {
  struct Saved {
    std::optional<CertificateSubject> subject;
    Rings rings;
  };
  const Time now = clock_.now();
  auto saved = CO_TRY(co_await storage_.write<Saved>([&, now](store::Tx& tx) -> Result<Saved> {
    CertificateChange change(tx, ids_, now, &bell_.handover(), own_job);
    auto after = TRY(change.apply(read, happening));
    if (also) TRY_VOID(also(tx));
    return Saved{std::move(after), change.rings()};
  }));
  ring(bell_, std::move(saved.rings));
  co_return std::move(saved.subject);
}

// ── the job ─────────────────────────────────────────────────────────────────────────────────────────────────────

Task<Result<JobOutcome>> Certificates::pursue(model::Job job) {
  CertificateRun run;
  auto subject = CO_TRY(co_await load(job.subject));
  for (int turn = 0; turn < kTurnsMax; ++turn) {
    if (!subject) co_return done("the connection is gone");
    const bool is_due = wants_certificate(*subject) &&
                        model::task_of(subject->certificate, clock_.now()) != model::CertificateTask::kWait;
    if (!is_due) break;
    const auto happening = co_await tasks_.perform(*subject, sight_of(job.subject), run);
    auto after = co_await save(*subject, happening, &job,
                               [&](store::Tx& tx) { return tasks_.save_beside(tx, *subject, happening, run); });
    if (!after && after.error().kind == Kind::kConflict) {  // somebody was first: what we knew is over
      run = {};
      subject = CO_TRY(co_await load(job.subject));
      continue;
    }
    if (!after) co_return std::unexpected(after.error());
    if (!*after) {
      co_await tasks_.withdraw(subject->certificate);
      co_return done("the connection is gone");
    }
    const auto& before = subject->certificate.order;
    const auto& order = (*after)->certificate.order;
    const bool has_ended = before && (!order || order->url != before->url);
    if (has_ended) co_await tasks_.withdraw(subject->certificate);
    const bool goes_on = wants_certificate(**after) &&
                         model::task_of((*after)->certificate, clock_.now()) != model::CertificateTask::kWait;
    if (!goes_on) co_return JobOutcome{};  // rescheduled in the same transaction
    subject = *std::move(after);
  }
  const Time now = clock_.now();
  CO_TRY_VOID(co_await storage_.write<void>([&, now](store::Tx& tx) -> Result<void> {
    const auto subject = TRY(load_certificate_subject(tx, job.subject));
    if (!subject) return {};
    return CertificateChange(tx, ids_, now, &bell_.handover(), &job).settle(*subject);
  }));
  co_return JobOutcome{};
}

// ── what callers ask for ────────────────────────────────────────────────────────────────────────────────────────

Task<Result<CertificateSubject>> Certificates::read_of_connection(Scope scope, ConnectionId id) {
  co_return co_await storage_.read<CertificateSubject>([scope, id](store::Tx& tx) -> Result<CertificateSubject> {
    auto connection = TRY(load_connection(tx, scope.application, id));
    auto certificate = TRY(store::certificates::find_of_connection(tx, connection.application, id));
    if (!certificate) return std::unexpected(no_certificate(id));
    CertificateSubject subject{std::move(connection), *std::move(certificate)};
    subject.is_superseded = TRY(is_superseded(tx, subject.connection));
    return subject;
  });
}

Task<Result<CertificateSubject>> Certificates::start(ApplicationId application, ConnectionId id) {
  const Scope scope{application};
  auto subject = CO_TRY(co_await read_of_connection(scope, id));
  if (subject.connection.status == model::Status::kDisconnected) {
    const Time now = clock_.now();
    ring(bell_, CO_TRY(co_await storage_.write<Rings>([&, now](store::Tx& tx) -> Result<Rings> {
           ConnectionChange change(tx, ids_, now, &bell_.handover());
           TRY(change.apply([&](store::Tx& in) { return load_connection(in, scope.application, id); },
                            model::Reconnected{}));
           return change.rings();
         })));
    subject = CO_TRY(co_await read_of_connection(scope, id));
  }
  const auto& certificate = subject.certificate;
  const Time now = clock_.now();
  const bool is_there = certificate.order && certificate.order->expires_at > now;
  if (certificate.by == model::CertificateBy::kCname) co_return subject;
  if (is_there && !certificate.order->challenges.empty()) co_return subject;
  if (subject.is_superseded) {
    co_return fail(Kind::kConflict, format("Amazon's certificate serves {} and renews itself: no order is needed",
                                           subject.connection.host.text()));
  }
  const bool is_renewal_due = certificate.renew_at && *certificate.renew_at <= now;
  if (certificate.held && certificate.held->not_after > now && !certificate.order && !is_renewal_due) {
    co_return fail(Kind::kConflict, format("the certificate of {} is valid until {}: no order is needed",
                                           subject.connection.host.text(), to_rfc3339(certificate.held->not_after)));
  }
  // An order that ended unproven is nobody's fault but the wait's: whoever starts has come back.
  const bool has_only_expired = certificate.trouble && certificate.trouble->cause == cause_of("order_expired");
  // A look at DNS is nobody's pause.
  const bool is_paused = certificate.not_before && *certificate.not_before > now && !certificate.unseen_since;
  if (is_paused && certificate.trouble && !certificate.order && !has_only_expired) {
    auto error = Error{Kind::kUnavailable, certificate.trouble->explanation, {}, {}};
    error.retry_after = std::chrono::ceil<std::chrono::seconds>(*certificate.not_before - now);
    co_return std::unexpected(std::move(error));
  }
  CertificateRun run;
  const auto happening =
      is_there ? co_await tasks_.learn_challenges(subject) : co_await tasks_.place_order(subject, sight_of(id), run);
  const auto saved = co_await save(subject, happening, nullptr);
  if (!saved && saved.error().kind != Kind::kConflict) co_return std::unexpected(saved.error());
  if (const auto* failed = std::get_if<AttemptFailed>(&happening); failed != nullptr && saved) {
    co_return fail(Kind::kUnavailable, failed->explanation);
  }
  if (const auto* unseen = std::get_if<model::ChallengeUnseen>(&happening); unseen != nullptr && saved) {
    co_return fail(Kind::kUnavailable, unseen->explanation);
  }
  auto after = CO_TRY(co_await read_of_connection(scope, id));
  if (after.certificate.order && after.certificate.order->challenges.empty()) {
    co_return fail(Kind::kUnavailable, format("{} has taken the order, but does not say yet what it wants to see: ask "
                                              "again in some seconds",
                                              after.certificate.order->authority));
  }
  co_return after;
}

Task<Result<CertificateSubject>> Certificates::complete(ApplicationId application, ConnectionId id,
                                                        net::Deadline deadline) {
  const Scope scope{application};
  CO_TRY(co_await read_of_connection(scope, id));
  const Time now = clock_.now();
  ring(bell_, CO_TRY(co_await storage_.write<Rings>([&, now](store::Tx& tx) -> Result<Rings> {
         // Who completes says that the record is there: step 1, if nobody has marked it.
         ConnectionChange step(tx, ids_, now, &bell_.handover());
         const auto connection = TRY(step.apply(
             [&](store::Tx& in) { return load_connection(in, scope.application, id); }, model::StepMarked{1}));
         auto rings = step.rings();
         auto certificate = TRY(store::certificates::find_of_connection(tx, connection.application, id));
         if (!certificate) return rings;
         if (!is_waiting_for_dns(*certificate, now)) return rings;
         CertificateChange change(tx, ids_, now, &bell_.handover(), nullptr);
         TRY(change.apply({connection, *certificate}, model::LookWanted{}));
         rings.add(change.rings());
         return rings;
       })));
  for (;;) {
    auto subject = CO_TRY(co_await read_of_connection(scope, id));
    const bool is_over =
        subject.connection.status != model::Status::kSslValidating || is_stopped(subject.certificate, clock_.now()) ||
        (subject.connection.attention && subject.connection.attention->cause.starts_with(model::kEdgeCausePrefix));
    if (is_over || std::chrono::steady_clock::now() >= deadline) co_return subject;
    CO_TRY_VOID(co_await net::sleep_until(std::min(deadline, std::chrono::steady_clock::now() + kCompletePause)));
  }
}

namespace {

Result<model::Certificate> find_in(store::Tx& tx, const Scope& scope, CertificateId id) {
  auto found = TRY(scope.application ? store::certificates::find(tx, *scope.application, id)
                                     : store::certificates::find_across_applications(tx, id));
  if (!found) return fail(Kind::kNotFound, format("there is no certificate {}", id.text()));
  return *std::move(found);
}

}  // namespace

Task<Result<model::Certificate>> Certificates::read(Scope scope, CertificateId id) {
  co_return co_await storage_.read<model::Certificate>([scope, id](store::Tx& tx) { return find_in(tx, scope, id); });
}

Task<Result<CertificatePage>> Certificates::list(Scope scope, std::optional<Milliseconds> ends_within,
                                                 std::optional<std::string> cursor, std::size_t limit) {
  store::PageRequest<CertificateId> request{
      .after = std::nullopt, .limit = static_cast<std::int32_t>(std::clamp<std::size_t>(limit, 1, kPageMax))};
  if (cursor) {
    const auto after = CertificateId::parse(*cursor);
    if (!after)
      co_return fail(Kind::kInvalid, "the cursor is not one of this list: take next_cursor of the page before",
                     "cursor");
    request.after = *after;
  }
  store::certificates::Filter filter;
  if (ends_within) filter.ends_before = clock_.now() + *ends_within;
  co_return co_await storage_.read<CertificatePage>([&](store::Tx& tx) -> Result<CertificatePage> {
    auto page = TRY(scope.application ? store::certificates::list(tx, *scope.application, filter, request)
                                      : store::certificates::list_across_applications(tx, filter, request));
    CertificatePage answer{.items = std::move(page.items), .next_cursor = std::nullopt};
    if (page.has_more && !answer.items.empty()) answer.next_cursor = answer.items.back().id.text();
    return answer;
  });
}

Task<Result<void>> Certificates::check_hand_limit(const CertificateSubject& subject) {
  const auto& certificate = subject.certificate;
  auto* authority = certificate.held ? authorities_.find(certificate.held->authority) : nullptr;
  if (authority == nullptr && !authorities_.empty()) authority = &authorities_.at(0);
  if (authority == nullptr) co_return Result<void>{};
  const Time now = clock_.now();
  const LimitUse use{.authority = authority->name(),
                     .domain = std::string(subject.connection.host.domain()),
                     .names = certificate.names,
                     .issuance = Issuance::kRenewal};
  const auto at = CO_TRY(co_await storage_.read<Time>(
      [&, now](store::Tx& tx) { return hand_renewal_at(tx, authority->limits(), use, now); }));
  if (at <= now) co_return Result<void>{};
  co_return too_early(at, now,
                      format("{} has issued several certificates of {} within days, and the last {} that its limit "
                             "leaves are kept for renewals that must be; if the key is not safe any more, revoke the "
                             "certificate: another is obtained at once",
                             authority->name(), subject.connection.host.text(), model::kHandRenewalsLeave));
}

namespace {

/// kConflict where nobody would use a new certificate.
Result<void> check_use(const CertificateSubject& subject) {
  const auto& host = subject.connection.host.text();
  if (subject.is_superseded) {
    return fail(Kind::kConflict,
                format("Amazon's certificate serves {} and renews itself: ours is not used any more", host));
  }
  if (wants_certificate(subject)) return {};
  const auto status = subject.connection.status;
  const bool is_early = status == model::Status::kPendingValidation;
  const bool has_left = status == model::Status::kDisconnected;
  return fail(Kind::kConflict, format("{} is {}: {}{}", host, model::name_of(status),
                                      is_early ? "its certificate is ordered by itself once step 1 is marked"
                                               : "nobody would use a new certificate",
                                      has_left ? " before it is reconnected" : ""));
}

}  // namespace

Task<Result<model::Certificate>> Certificates::renew(Scope scope, CertificateId id, AlsoInTx also) {
  for (int turn = 0; turn < kRenewTurnsMax; ++turn) {
    const auto certificate = CO_TRY(co_await read(scope, id));
    const auto subject = CO_TRY(co_await read_of_connection(scope, certificate.connection));
    CO_TRY_VOID(check_use(subject));
    const Time now = clock_.now();
    const auto& current = subject.certificate;
    const auto wish = model::hand_renewal(current, now);
    Happening happening = model::RenewalWanted{};
    switch (wish.kind) {
      case model::HandRenewal::Kind::kPaused: {
        const auto why = current.trouble ? "the last attempt has failed: " + current.trouble->explanation
                                         : std::string("the last attempt has just ended; it goes on by itself");
        co_return too_early(wish.at, now, why);
      }
      case model::HandRenewal::Kind::kOnItsWay:
        if (!is_waiting_for_dns(current, now)) co_return current;
        happening = model::LookWanted{};
        break;
      case model::HandRenewal::Kind::kAllowed:
        CO_TRY_VOID(co_await check_hand_limit(subject));
        break;
    }
    const auto after = co_await save(subject, happening, nullptr, also);
    if (!after && after.error().kind == Kind::kConflict) continue;  // somebody was first
    if (!after) co_return std::unexpected(after.error());
    if (!*after) co_return fail(Kind::kNotFound, format("there is no certificate {}", id.text()));
    co_return (*after)->certificate;
  }
  co_return fail(Kind::kUnavailable, format("{} changes all the time: try again", id.text()));
}

Task<Result<model::Certificate>> Certificates::revoke(Scope scope, CertificateId id, acme::RevocationReason reason,
                                                      AlsoInTx first, std::optional<std::string> serial) {
  const auto connection = CO_TRY(co_await read(scope, id)).connection;
  auto subject = CO_TRY(co_await read_of_connection(scope, connection));
  const auto certificate = subject.certificate;  // what is marked below is what the authority is told of
  if (!certificate.held) co_return fail(Kind::kConflict, format("{} has not been issued yet", id.text()));
  const auto held = *certificate.held;
  if (serial && *serial != held.serial) {
    co_return fail(Kind::kConflict,
                   format("the certificate of {} that is held has the serial {} by now, not {}: look at it, and revoke "
                          "that one if it is not safe either",
                          subject.connection.host.text(), held.serial, *serial),
                   "serial");
  }
  if (held.revoked_at) co_return certificate;
  // What is done for ever is written down before it is done.
  if (first) CO_TRY_VOID(co_await storage_.write<void>([&](store::Tx& tx) { return first(tx); }));
  CO_TRY_VOID(co_await tasks_.revoke(certificate, reason));
  for (int turn = 0; turn < kTurnsMax; ++turn) {
    const auto after = co_await save(subject, model::CertificateRevoked{}, nullptr);
    if (after && !*after) co_return fail(Kind::kNotFound, format("there is no certificate {}", id.text()));
    if (after) co_return (*after)->certificate;
    if (after.error().kind != Kind::kConflict) co_return std::unexpected(after.error());
    // Its job has gone on meanwhile. What it may have obtained is another certificate, and a good one.
    subject = CO_TRY(co_await read_of_connection(scope, connection));
    const auto& current = subject.certificate.held;
    if (!current || current->serial != held.serial || current->revoked_at) co_return subject.certificate;
  }
  co_return fail(Kind::kUnavailable,
                 format("{} is revoked, but what is known of it changes all the time: ask again", id.text()));
}

}  // namespace signpost::services
