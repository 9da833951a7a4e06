// SPDX-License-Identifier: Apache-2.0
#include "model/connection.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "model/propagation_schedule.h"

namespace signpost::model {
namespace {

template <typename Enum, std::size_t Count>
std::optional<Enum> by_name(const std::array<Enum, Count>& all, std::string_view text) {
  const auto found = std::ranges::find_if(all, [&](Enum one) { return name_of(one) == text; });
  if (found == all.end()) return std::nullopt;
  return *found;
}

// The certificate upgrade waits for the traffic record to spread (seed 000: "Waits 60 seconds for DNS propagation").
constexpr Milliseconds kUpgradeDelay = std::chrono::seconds(60);
// A claim whose records are still being watched outlives its end until the watch has spoken.
constexpr Milliseconds kClaimGrace = std::chrono::minutes(10);

std::string_view way_out_of_step_2(Status status) {
  switch (status) {
    case Status::kPendingValidation:
      return "mark step 1 first, then wait for the certificate";
    case Status::kSslValidating:
      return "wait for the certificate";
    case Status::kDisconnected:
      return "reconnect it first";
    case Status::kSslValidated:
    case Status::kDeployed:
      return "";
  }
  return "";
}

EventType type_of(TransferMoved::To to) {
  switch (to) {
    case TransferMoved::To::kInInitiated:
      return EventType::kTransferInInitiated;
    case TransferMoved::To::kInStarted:
      return EventType::kTransferInStarted;
    case TransferMoved::To::kInAck:
      return EventType::kTransferInAck;
    case TransferMoved::To::kInFailed:
      return EventType::kTransferInFailed;
    case TransferMoved::To::kOutInitiated:
      return EventType::kTransferOutInitiated;
  }
  return EventType::kTransferInInitiated;
}

/// Builds one Decision; each happening is one operator().
class Deciding {
 public:
  Deciding(const Connection& connection, Time now)
      : now_(now), before_(connection), decision_{.connection = connection, .events = {}, .jobs = {}} {}

  Result<Decision> operator()(const Created& created) {
    if (next().redirection) next().facets.redirection = FacetState::kPending;
    // Whose mail it is, the first look will say; until then nobody is told that DKIM does not matter.
    if (created.supports_dkim && expects_dkim(next())) next().facets.dkim = FacetState::kPending;
    request(JobKind::kClaimEnd, next().claim_ends_at);
    // What the host answers now is what a disconnection restores.
    request(JobKind::kOriginalDns, now_);
    if (next().edge == Edge::kCloudfront) request(JobKind::kDistribution, now_);
    return changed();
  }

  Result<Decision> operator()(const StepMarked& mark) {
    TRY_VOID(require_live());
    return mark.step == 1 ? step_1() : step_2();
  }

  Result<Decision> operator()(const CertificateIssued&) {
    TRY_VOID(require_live());
    const auto target = target_of(next().status, Move::kCertificateIssued);
    if (next().status == Status::kPendingValidation) {
      return fail(Kind::kConflict,
                  "a certificate is reported in status SSL_VALIDATING; this connection is PENDING_VALIDATION: mark "
                  "step 1 first");
    }
    if (!target) return unchanged();
    next().status = *target;
    emit(EventType::kCertificateIssued);
    return changed();
  }

  Result<Decision> operator()(const CertificateObtained& obtained) {
    if (!next().is_live()) return unchanged();
    if (obtained.ends_at <= now_) {  // by revocation: there is none any more
      next().certificate_ends_at.reset();
      return changed();
    }
    // The authority saw at this name what only our customer could place there.
    prove();
    next().certificate_ends_at = obtained.ends_at;
    if (is_certificate_attention() && !is_edge_attention()) next().attention.reset();
    if (next().edge == Edge::kCloudfront) {
      if (next().status != Status::kDisconnected) request(JobKind::kDistribution, now_);
    } else if (const auto target = target_of(next().status, Move::kCertificateIssued)) {
      next().status = *target;
      emit(EventType::kCertificateIssued);
    }
    return changed();
  }

  Result<Decision> operator()(const CertificateTroubled& trouble) {
    if (!next().is_live()) return unchanged();
    const bool is_new = !next().attention || next().attention->cause != trouble.cause;
    if (!is_new && next().attention->explanation == trouble.explanation) return unchanged();
    next().attention = Attention{trouble.cause, trouble.explanation, is_new ? now_ : next().attention->since};
    if (is_new) emit(EventType::kAttention);
    return changed();
  }

  Result<Decision> operator()(const CertificateHealthy&) {
    if (!is_certificate_attention() || is_edge_attention()) return unchanged();
    next().attention.reset();
    return changed();
  }

  Result<Decision> operator()(const EdgeHealthy&) {
    if (!is_edge_attention()) return unchanged();
    next().attention.reset();
    return changed();
  }

  Result<Decision> operator()(const Disconnected&) {
    TRY_VOID(require_live());
    if (next().status == Status::kDisconnected) return unchanged();  // already reported
    const auto target = target_of(next().status, Move::kDisconnected);
    if (!target) {
      return fail(Kind::kConflict,
                  format("only a DEPLOYED connection is disconnected; this one is {}: delete it if it is not wanted",
                         name_of(next().status)));
    }
    next().status = *target;
    next().attention.reset();
    next().watch_started_at.reset();
    stop_looking();
    for (const auto kind :
         {JobKind::kCertificate, JobKind::kDistribution, JobKind::kCertificateUpgrade, JobKind::kSearchSubmission}) {
      request(kind, now_, JobRequest::When::kNever);
    }
    // What is in the middle is brought to an end.
    if (next().edge == Edge::kCloudfront) request(JobKind::kCertificateUpgrade, now_);
    emit(EventType::kDisconnected);
    return changed();
  }

  Result<Decision> operator()(const Reconnected&) {
    TRY_VOID(require_live());
    if (next().status != Status::kDisconnected) return unchanged();
    reconnect();
    return changed();
  }

  Result<Decision> operator()(const FlowEnded& flow) {
    TRY_VOID(require_live());
    // The same report again while the records are watched is a retry; any other is another run of the flow.
    const bool is_watched = next().watch_started_at && next().facets.propagation == FacetState::kPending;
    const bool is_same =
        next().setup_type == flow.setup_type && (!flow.dmarc_updated || next().dmarc_updated == flow.dmarc_updated);
    if (next().flow_ended_at && is_same && is_watched) return unchanged();
    next().setup_type = flow.setup_type;
    if (flow.dmarc_updated) next().dmarc_updated = flow.dmarc_updated;
    if (!flow.provider.empty()) next().provider = flow.provider;
    next().flow_ended_at = now_;
    restart_watch();
    emit(EventType::kFlowCompleted);
    announce_added();
    return changed();
  }

  Result<Decision> operator()(const Observed& seen) {
    if (!next().is_live()) {
      stop_looking();
      return changed();
    }
    // A watch cannot have begun in the future: the clock has stepped back, and it goes on from here.
    if (next().watch_started_at) next().watch_started_at = std::min(*next().watch_started_at, now_);
    const bool all = take_in(seen);
    prove_claim(seen);
    judge_dkim(seen.mail);
    judge_redirection(seen);
    if (is_watch_over()) fail_open_facets();
    switch (next().facets.propagation) {
      case FacetState::kPending:
        if (all) {
          succeed();
        } else if (is_watch_over()) {
          time_out();
        } else {
          look_again();
        }
        break;
      case FacetState::kFailed:
        if (all) succeed();
        stop_looking();
        break;
      case FacetState::kSuccess:
        if (all && !has_open_facet()) {
          stop_looking();
        } else {
          look_again();
        }
        break;
      case FacetState::kAbsent:
      case FacetState::kExempt:
        stop_looking();
        break;
    }
    announce_changes();
    judge(seen, all);
    return changed();
  }

  Result<Decision> operator()(const CheckRequested&) {
    TRY_VOID(require_live());
    request(JobKind::kPropagation, now_, JobRequest::When::kEarlier);
    next().next_look_at = next().next_look_at ? std::min(*next().next_look_at, now_) : now_;
    return changed();
  }

  Result<Decision> operator()(const RecordsReplaced& replaced) {
    TRY_VOID(require_live());
    // What we have added ourselves is not the caller's to replace.
    std::erase_if(next().records, [](const Record& record) { return record.purpose == RecordPurpose::kTraffic; });
    next().records.insert(next().records.begin(), replaced.records.begin(), replaced.records.end());
    next().attention.reset();
    if (next().watch_started_at) {
      restart_watch();
    } else {
      doubt_facets();
    }
    // As with a new connection: whose mail it is, the next look that can see it will say.
    const bool is_dkim_new = expects_dkim(next()) && !expects_dkim(before_);
    if (replaced.supports_dkim && is_dkim_new) next().facets.dkim = FacetState::kPending;
    if (next().is_added_announced) announce_added();
    return changed();
  }

  Result<Decision> operator()(const RecordsOffered& offered) {
    if (!next().is_live()) return unchanged();
    auto& records = next().records;
    const auto is_in = [](const std::vector<Record>& list, const Record& record) {
      return std::ranges::any_of(list, [&](const Record& one) {
        return one.purpose == record.purpose && one.type == record.type && one.name == record.name &&
               one.value == record.value;
      });
    };
    std::erase_if(records, [&](const Record& old) {
      const bool gives_way = std::ranges::any_of(offered.records, [&](const Record& record) {
        const bool is_for_the_same = old.purpose == RecordPurpose::kTraffic ? old.name == record.name : true;
        return old.purpose == record.purpose && old.type == record.type && is_for_the_same;
      });
      return gives_way && !is_in(offered.records, old);
    });
    for (const auto& record : offered.records) {
      if (!is_in(records, record)) records.push_back(record);
    }
    if (records == before_.records) return unchanged();
    doubt_facets();
    return changed();
  }

  Result<Decision> operator()(const ClaimLost&) {
    if (!next().is_live()) return unchanged();
    return end_claim(Claim::kLost, "host_proven_by_another",
                     format("another organization has proven that {} is theirs; if it is yours, remove the connection "
                            "there, then connect again",
                            next().host.text()));
  }

  Result<Decision> operator()(const ClaimTimedOut&) {
    if (next().claim != Claim::kUnproven) return unchanged();
    const auto propagation = next().facets.propagation;
    if (propagation == FacetState::kSuccess) return unchanged();
    const bool is_watched = next().watch_started_at && propagation == FacetState::kPending;
    if (now_ < next().claim_ends_at || is_watched) {
      request(JobKind::kClaimEnd, std::max(next().claim_ends_at, now_ + kClaimGrace));
      return changed();
    }
    return end_claim(
        Claim::kExpired, "claim_expired",
        format("the claim on {} ended unproven after 72 hours; connect it again when the customer is ready",
               next().host.text()));
  }

  Result<Decision> operator()(const FacetReported& report) {
    TRY_VOID(require_live());
    auto& facet = facet_of(report.facet);
    if (std::exchange(facet, report.state) == report.state) return unchanged();
    announce_changes();
    return changed();
  }

  /// A record that has never been there is not missing: its flow is still spreading, or has timed out.
  Result<Decision> operator()(const RecordsMonitored& seen) {
    TRY_VOID(require_live());
    const auto& facets = next().facets;
    if (facets.monitor == FacetState::kAbsent || facets.propagation != FacetState::kSuccess) return unchanged();
    bool is_any_missing = false;
    bool is_any_restored = false;
    for (auto& record : next().records) {
      const auto found = seen.found.find(record.id);
      if (found == seen.found.end() || found->second == record.is_propagated) continue;
      record.is_propagated = found->second;
      (found->second ? is_any_restored : is_any_missing) = true;
    }
    if (is_any_missing) emit(EventType::kRecordMissing);
    if (is_any_restored) emit(EventType::kRecordRestored);
    return is_any_missing || is_any_restored ? changed() : unchanged();
  }

  Result<Decision> operator()(const DomainPurchased& purchase) {
    TRY_VOID(require_live());
    if (purchase.domains.size() > kPurchasedDomainsMax) {
      return fail(Kind::kUnprocessable,
                  format("a flow purchases at most {} domains, not {}", kPurchasedDomainsMax, purchase.domains.size()));
    }
    std::vector<std::string> domains;
    for (const auto& domain : purchase.domains) domains.push_back(domain.text());
    if (domains.empty()) domains.emplace_back(next().host.domain());
    if (next().purchased_domains == domains) return unchanged();  // reported again
    next().purchased_domains = std::move(domains);
    if (purchase.is_free_domain) next().is_free_domain = purchase.is_free_domain;
    emit(EventType::kDomainPurchased);
    return changed();
  }

  Result<Decision> operator()(const PurchaseFailed&) {
    TRY_VOID(require_live());
    emit(EventType::kPurchaseError);
    return changed();
  }

  Result<Decision> operator()(const PurchaseExpired&) {
    TRY_VOID(require_live());
    if (!next().purchased_domains.empty()) return unchanged();  // it was confirmed, after all
    emit(EventType::kPurchaseExpired);
    return changed();
  }

  Result<Decision> operator()(const TransferMoved& transfer) {
    TRY_VOID(require_live());
    emit(type_of(transfer.to));
    return changed();
  }

 private:
  Connection& next() { return decision_.connection; }

  Result<Decision> changed() {
    decision_.is_changed = true;
    next().updated_at = now_;
    return std::move(decision_);
  }
  Result<Decision> unchanged() { return std::move(decision_); }

  Result<void> require_live() {
    switch (next().claim) {
      case Claim::kUnproven:
      case Claim::kProven:
        return {};
      case Claim::kLost:
        return fail(
            Kind::kConflict,
            format("this connection lost {} to the organization that proved it: connect again once it is removed there",
                   next().host.text()));
      case Claim::kExpired:
        return fail(Kind::kConflict,
                    "this connection's claim ended unproven after 72 hours: delete it and connect again");
    }
    return {};
  }

  FacetState& facet_of(FacetReported::Facet facet) {
    switch (facet) {
      case FacetReported::Facet::kSecure:
        return next().facets.secure;
      case FacetReported::Facet::kPower:
        return next().facets.power;
      case FacetReported::Facet::kMonitor:
        return next().facets.monitor;
    }
    return next().facets.secure;
  }

  /// The distribution and a certificate that is still valid are there, so only the traffic is missing.
  void reconnect() {
    const bool is_certificate_valid = next().certificate_ends_at && *next().certificate_ends_at > now_;
    const auto move = is_certificate_valid ? Move::kReconnectedWithCertificate : Move::kReconnected;
    next().status = target_of(next().status, move).value_or(next().status);
    next().deployed_at.reset();
    if (is_certificate_valid) request(JobKind::kCertificate, now_);
    if (next().edge == Edge::kCloudfront) request(JobKind::kDistribution, now_);
  }

  Result<Decision> step_1() {
    // Frontends of seed 000 know no call that reconnects: the customer's first step does.
    const bool is_reconnected = next().status == Status::kDisconnected;
    if (is_reconnected) reconnect();
    const auto target = target_of(next().status, Move::kStep1);
    if (!target) return is_reconnected ? changed() : unchanged();  // already marked, or not needed
    next().status = *target;
    if (next().certificate_by != CertificateBy::kExternal) request(JobKind::kCertificate, now_);
    // What may be learned before step 2 is learned now.
    if (next().edge == Edge::kCloudfront) request(JobKind::kDistribution, now_);
    return changed();
  }

  Result<Decision> step_2() {
    if (next().status == Status::kDeployed) return unchanged();  // already marked
    if (next().status == Status::kDisconnected) reconnect();
    const auto target = target_of(next().status, Move::kStep2);
    if (!target) {
      return fail(Kind::kConflict, format("step 2 needs status SSL_VALIDATED; this connection is {}: {}",
                                          name_of(next().status), way_out_of_step_2(next().status)));
    }
    next().status = *target;
    next().deployed_at = now_;
    request(JobKind::kCertificateUpgrade, now_ + kUpgradeDelay);
    request(JobKind::kSearchSubmission, now_);
    restart_watch();
    // A frontend written for the two steps reports the flow's success as step 2 (seed 000, "Why Trust Entri?").
    if (!next().setup_type) next().setup_type = SetupType::kAutomatic;
    announce_added();
    emit(EventType::kDeployed);
    return changed();
  }

  /// The propagation clock starts, or starts again; what is already seen to be right is only looked at once more.
  void restart_watch() {
    doubt_facets();
    next().watch_started_at = now_;
    next().next_look_at = now_;
    request(JobKind::kPropagation, now_);
    if (next().claim != Claim::kUnproven) return;
    next().claim_ends_at = std::max(next().claim_ends_at, now_ + kClaimLifetime);
    request(JobKind::kClaimEnd, next().claim_ends_at);
  }

  /// A timeout is over with a new start, and a success stands only while every record was there when last seen.
  void doubt_facets() {
    auto& facets = next().facets;
    doubt(facets.propagation, std::ranges::all_of(next().records, [&](const Record& record) {
            return record.is_propagated || !is_awaited(next(), record);
          }));
    doubt(facets.dkim, are_dkim_records_seen());
    doubt(facets.redirection, true);
    if (!expects_dkim(next())) facets.dkim = FacetState::kExempt;
  }
  static void doubt(FacetState& facet, bool still_stands) {
    const bool is_contradicted = facet == FacetState::kSuccess && !still_stands;
    if (facet == FacetState::kFailed || is_contradicted) facet = FacetState::kPending;
  }

  bool are_dkim_records_seen() {
    return std::ranges::all_of(
        next().records, [&](const Record& record) { return !is_dkim_record(next(), record) || record.is_propagated; });
  }

  bool is_watch_over() { return next().watch_started_at && is_over(*next().watch_started_at, now_); }

  /// Writes the flags; true if this look saw every record of the connection propagated. One that it could not see
  /// keeps its flag, but may be gone by now.
  bool take_in(const Observed& seen) {
    next().last_look_at = now_;
    bool all = !next().records.empty();
    for (auto& record : next().records) {
      const auto found = seen.propagated.find(record.id);
      if (found != seen.propagated.end()) record.is_propagated = found->second;
      const bool is_seen = found != seen.propagated.end() && found->second;
      all &= is_seen || !is_awaited(next(), record);
    }
    return all;
  }

  void prove_claim(const Observed& seen) {
    if (seen.is_claim_seen) prove();
  }
  void prove() {
    if (next().claim != Claim::kUnproven) return;
    next().claim = Claim::kProven;
    request(JobKind::kClaimEnd, now_, JobRequest::When::kNever);
  }

  /// "pending until the selector's record is seen, then success", and only where the mail provider is a supported one.
  void judge_dkim(MailSight mail) {
    auto& dkim = next().facets.dkim;
    switch (mail) {
      case MailSight::kNotAsked:
        return;
      case MailSight::kExempt:
        dkim = FacetState::kExempt;
        return;
      case MailSight::kUnseen:
        // Who the provider is may be known at the next look; what an earlier one has found stands.
        if (dkim == FacetState::kExempt && !before_.last_look_at) dkim = FacetState::kPending;
        return;
      case MailSight::kSupported:
        if (!expects_dkim(next())) return;
        if (are_dkim_records_seen()) {
          dkim = FacetState::kSuccess;
        } else if (dkim == FacetState::kExempt) {
          dkim = FacetState::kPending;
        }
    }
  }

  void judge_redirection(const Observed& seen) {
    if (next().redirection && seen.is_redirected.value_or(false)) next().facets.redirection = FacetState::kSuccess;
  }

  bool has_open_facet() {
    return next().facets.dkim == FacetState::kPending || next().facets.redirection == FacetState::kPending;
  }

  /// What waited beside the records waits no longer than they do.
  void fail_open_facets() {
    for (auto* facet : {&next().facets.dkim, &next().facets.redirection}) {
      if (*facet == FacetState::kPending) *facet = FacetState::kFailed;
    }
  }

  void succeed() {
    next().facets.propagation = FacetState::kSuccess;
    announce_added();
    if (has_open_facet()) {
      look_again();
    } else {
      stop_looking();
    }
  }

  void time_out() {
    next().facets.propagation = FacetState::kFailed;
    emit(EventType::kPropagationTimeout, updated_objects());
    stop_looking();
  }

  void look_again() {
    const auto due = next().watch_started_at ? next_look(*next().watch_started_at, now_) : std::nullopt;
    if (!due) return stop_looking();
    next().next_look_at = due;
    request(JobKind::kPropagation, *due);
  }

  void stop_looking() {
    next().next_look_at.reset();
    request(JobKind::kPropagation, now_, JobRequest::When::kNever);
  }

  /// Attention is for what does not cure itself: records still wrong after the dense phase, or wrong again.
  void judge(const Observed& seen, bool all) {
    if (is_certificate_attention()) return;
    if (all) {
      next().attention.reset();
      return;
    }
    const bool is_early = next().facets.propagation == FacetState::kPending &&
                          (!next().watch_started_at || now_ - *next().watch_started_at < kDensePhase);
    if (is_early || seen.cause.empty()) return;
    const bool is_new = !next().attention || next().attention->cause != seen.cause;
    next().attention = Attention{seen.cause, seen.explanation, is_new ? now_ : next().attention->since};
    if (is_new) emit(EventType::kAttention);
  }

  bool is_certificate_attention() {
    return next().attention && next().attention->cause.starts_with(kCertificateCausePrefix);
  }

  bool is_edge_attention() { return next().attention && next().attention->cause.starts_with(kEdgeCausePrefix); }

  Result<Decision> end_claim(Claim claim, std::string cause, std::string explanation) {
    next().claim = claim;
    next().attention = Attention{std::move(cause), std::move(explanation), now_};
    stop_looking();
    request(JobKind::kClaimEnd, now_, JobRequest::When::kNever);
    emit(EventType::kAttention);
    return changed();
  }

  /// domain.added for whatever has changed, once the flow is known to the backend and no event of now has told it.
  void announce_changes() {
    const bool is_told = std::ranges::any_of(decision_.events, [](const EventDraft& event) {
      return event.type == EventType::kDomainAdded || event.type == EventType::kPropagationTimeout;
    });
    if (next().is_added_announced && !is_told) announce_added();
  }

  /// domain.added: the first one stands alone, later ones name what has changed and are not sent for nothing.
  void announce_added() {
    if (!std::exchange(next().is_added_announced, true)) return emit(EventType::kDomainAdded);
    if (auto objects = updated_objects(); !objects.empty()) emit(EventType::kDomainAdded, std::move(objects));
  }

  /// Top-level members that the happening has changed so far, in the seed's order.
  std::vector<std::string> updated_objects() {
    std::vector<std::string> objects;
    const auto compare = [&](const char* name, const auto& before, const auto& after) {
      if (before != after) objects.emplace_back(name);
    };
    const auto& facets = next().facets;
    compare("provider", before_.provider, next().provider);
    compare("propagation_status", before_.facets.propagation, facets.propagation);
    compare("dkim_status", before_.facets.dkim, facets.dkim);
    compare("redirection_status", before_.facets.redirection, facets.redirection);
    compare("setup_type", before_.setup_type, next().setup_type);
    compare("secure_status", before_.facets.secure, facets.secure);
    compare("power_status", before_.facets.power, facets.power);
    compare("monitor_status", before_.facets.monitor, facets.monitor);
    compare("dmarc_updated", before_.dmarc_updated, next().dmarc_updated);
    compare("purchased_domains", before_.purchased_domains, next().purchased_domains);
    compare("free_domain", before_.is_free_domain, next().is_free_domain);
    return objects;
  }

  void emit(EventType type, std::vector<std::string> updated_objects = {}) {
    decision_.events.push_back({type, ++next().sequence, std::move(updated_objects)});
  }

  void request(JobKind kind, Time not_before, JobRequest::When when = JobRequest::When::kReplace) {
    std::erase_if(decision_.jobs, [kind](const JobRequest& job) { return job.kind == kind; });
    decision_.jobs.push_back({kind, not_before, when});
  }

  Time now_;
  const Connection& before_;
  Decision decision_;
};

}  // namespace

std::string_view name_of(Status status) {
  switch (status) {
    case Status::kPendingValidation:
      return "PENDING_VALIDATION";
    case Status::kSslValidating:
      return "SSL_VALIDATING";
    case Status::kSslValidated:
      return "SSL_VALIDATED";
    case Status::kDeployed:
      return "DEPLOYED";
    case Status::kDisconnected:
      return "DISCONNECTED";
  }
  return "";
}

std::optional<Status> parse_status(std::string_view text) {
  return by_name(std::array{Status::kPendingValidation, Status::kSslValidating, Status::kSslValidated,
                            Status::kDeployed, Status::kDisconnected},
                 text);
}

std::string_view name_of(FacetState state) {
  switch (state) {
    case FacetState::kAbsent:
      return "absent";
    case FacetState::kPending:
      return "pending";
    case FacetState::kSuccess:
      return "success";
    case FacetState::kFailed:
      return "failed";
    case FacetState::kExempt:
      return "exempt";
  }
  return "";
}

std::optional<FacetState> parse_facet_state(std::string_view text) {
  return by_name(std::array{FacetState::kAbsent, FacetState::kPending, FacetState::kSuccess, FacetState::kFailed,
                            FacetState::kExempt},
                 text);
}

std::string_view name_of(SetupType type) {
  switch (type) {
    case SetupType::kAutomatic:
      return "automatic";
    case SetupType::kManual:
      return "manual";
    case SetupType::kAsync:
      return "async";
    case SetupType::kApi:
      return "api";
  }
  return "";
}

std::optional<SetupType> parse_setup_type(std::string_view text) {
  return by_name(std::array{SetupType::kAutomatic, SetupType::kManual, SetupType::kAsync, SetupType::kApi}, text);
}

std::string_view name_of(Edge edge) {
  switch (edge) {
    case Edge::kExternal:
      return "external";
    case Edge::kCloudfront:
      return "cloudfront";
  }
  return "";
}

std::optional<Edge> parse_edge(std::string_view text) {
  return by_name(std::array{Edge::kExternal, Edge::kCloudfront}, text);
}

std::string_view name_of(DmarcUpdate update) {
  switch (update) {
    case DmarcUpdate::kTrue:
      return "true";
    case DmarcUpdate::kFalse:
      return "false";
    case DmarcUpdate::kExempt:
      return "exempt";
  }
  return "";
}

std::optional<DmarcUpdate> parse_dmarc_update(std::string_view text) {
  return by_name(std::array{DmarcUpdate::kTrue, DmarcUpdate::kFalse, DmarcUpdate::kExempt}, text);
}

std::string_view name_of(Redirection::From from) {
  switch (from) {
    case Redirection::From::kApex:
      return "apex";
    case Redirection::From::kWww:
      return "www";
  }
  return "";
}

std::optional<Redirection::From> parse_redirection_from(std::string_view text) {
  return by_name(std::array{Redirection::From::kApex, Redirection::From::kWww}, text);
}

std::string redirecting_host(const HostName& host, Redirection::From from) {
  return format("{}{}", from == Redirection::From::kWww ? "www." : "", host.domain());
}

std::string_view name_of(Claim claim) {
  switch (claim) {
    case Claim::kUnproven:
      return "unproven";
    case Claim::kProven:
      return "proven";
    case Claim::kLost:
      return "lost";
    case Claim::kExpired:
      return "expired";
  }
  return "";
}

std::optional<Claim> parse_claim(std::string_view text) {
  return by_name(std::array{Claim::kUnproven, Claim::kProven, Claim::kLost, Claim::kExpired}, text);
}

DnsName claim_name(const Connection& connection) { return claim_name(connection.host); }

bool is_awaited(const Connection& connection, const Record& record) {
  switch (record.purpose) {
    case RecordPurpose::kCertificate:
      return true;
    case RecordPurpose::kTraffic:
      return connection.certificate_by == CertificateBy::kExternal || connection.status == Status::kDeployed;
    case RecordPurpose::kCertificateValidation:
      return false;
  }
  return true;
}

std::string claim_value(const Connection& connection) { return "signpost-verification=" + connection.claim_token; }

bool is_dkim_record(const Connection& connection, const Record& record) {
  const auto above = format("._domainkey.{}", connection.host.domain());
  const std::string_view name = record.name.text();
  if (record.type != RecordType::kTxt && record.type != RecordType::kCname) return false;
  return name.ends_with(above) && name.size() > above.size();
}

bool expects_dkim(const Connection& connection) {
  return std::ranges::any_of(connection.records,
                             [&](const Record& record) { return is_dkim_record(connection, record); });
}

Result<Decision> decide(const Connection& connection, const Happening& happening, Time now) {
  return std::visit(Deciding(connection, now), happening);
}

}  // namespace signpost::model
