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
    case Status::kSslValidated:
    case Status::kDeployed:
      return "";
  }
  return "";
}

/// Builds one Decision; each happening is one operator().
class Deciding {
 public:
  Deciding(const Connection& connection, Time now)
      : now_(now), before_(connection), decision_{.connection = connection, .events = {}, .jobs = {}} {}

  Result<Decision> operator()(const Created&) {
    request(JobKind::kClaimEnd, next().claim_ends_at);
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

  Result<Decision> operator()(const FlowEnded& flow) {
    TRY_VOID(require_live());
    // The same report again while the records are watched is a retry; any other is another run of the flow.
    const bool is_watched = next().watch_started_at && next().facets.propagation == FacetState::kPending;
    if (next().flow_ended_at && next().setup_type == flow.setup_type && is_watched) return unchanged();
    next().setup_type = flow.setup_type;
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
    switch (next().facets.propagation) {
      case FacetState::kPending:
        if (all) {
          succeed();
        } else if (next().watch_started_at && is_over(*next().watch_started_at, now_)) {
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
        if (all) {
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
    next().records = replaced.records;
    next().attention.reset();
    if (next().watch_started_at) {
      restart_watch();
    } else {
      doubt_propagation();
    }
    if (next().is_added_announced) announce_added();
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

  Result<Decision> step_1() {
    const auto target = target_of(next().status, Move::kStep1);
    if (!target) return unchanged();  // already marked
    next().status = *target;
    return changed();
  }

  Result<Decision> step_2() {
    if (next().status == Status::kDeployed) return unchanged();  // already marked
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
    doubt_propagation();
    next().watch_started_at = now_;
    next().next_look_at = now_;
    request(JobKind::kPropagation, now_);
    if (next().claim != Claim::kUnproven) return;
    next().claim_ends_at = std::max(next().claim_ends_at, now_ + kClaimLifetime);
    request(JobKind::kClaimEnd, next().claim_ends_at);
  }

  /// A timeout is over with a new start, and a success stands only while every record was there when last seen.
  void doubt_propagation() {
    auto& propagation = next().facets.propagation;
    const bool is_contradicted =
        propagation == FacetState::kSuccess && !std::ranges::all_of(next().records, &Record::is_propagated);
    if (propagation == FacetState::kFailed || is_contradicted) propagation = FacetState::kPending;
  }

  /// Writes the flags; true if this look saw every record of the connection propagated. One that it could not see
  /// keeps its flag, but may be gone by now.
  bool take_in(const Observed& seen) {
    next().last_look_at = now_;
    bool all = !next().records.empty();
    for (auto& record : next().records) {
      const auto found = seen.propagated.find(record.id);
      if (found != seen.propagated.end()) record.is_propagated = found->second;
      all &= found != seen.propagated.end() && found->second;
    }
    return all;
  }

  void prove_claim(const Observed& seen) {
    if (!seen.is_claim_seen || next().claim != Claim::kUnproven) return;
    next().claim = Claim::kProven;
    request(JobKind::kClaimEnd, now_, JobRequest::When::kNever);
  }

  void succeed() {
    next().facets.propagation = FacetState::kSuccess;
    announce_added();
    stop_looking();
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

  Result<Decision> end_claim(Claim claim, std::string cause, std::string explanation) {
    next().claim = claim;
    next().attention = Attention{std::move(cause), std::move(explanation), now_};
    stop_looking();
    request(JobKind::kClaimEnd, now_, JobRequest::When::kNever);
    emit(EventType::kAttention);
    return changed();
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
  }
  return "";
}

std::optional<Status> parse_status(std::string_view text) {
  return by_name(
      std::array{Status::kPendingValidation, Status::kSslValidating, Status::kSslValidated, Status::kDeployed}, text);
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

std::string claim_value(const Connection& connection) { return "signpost-verification=" + connection.claim_token; }

Result<Decision> decide(const Connection& connection, const Happening& happening, Time now) {
  return std::visit(Deciding(connection, now), happening);
}

}  // namespace signpost::model
