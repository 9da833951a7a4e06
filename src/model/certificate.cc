// SPDX-License-Identifier: Apache-2.0
#include "model/certificate.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "model/propagation_schedule.h"

namespace signpost::model {
namespace {

constexpr std::string_view kChallengeLabel = "_acme-challenge.";
constexpr Milliseconds kSparseLookPause = std::chrono::hours(1);
// Authorities may have to revoke within a day, so their wish counts at once; our limits end a wish without an end.
constexpr Milliseconds kAdvisedRenewalPause = std::chrono::seconds(10);
constexpr Milliseconds kLimitPauseMin = std::chrono::seconds(1);
constexpr Milliseconds kHandRenewalLead = std::chrono::days(30);

template <typename Enum, std::size_t Count>
std::optional<Enum> by_name(const std::array<Enum, Count>& all, std::string_view text) {
  const auto found = std::ranges::find_if(all, [&](Enum one) { return name_of(one) == text; });
  if (found == all.end()) return std::nullopt;
  return *found;
}

/// Whatever our clock says, what was issued just now is not renewed by our own time before this.
Time first_renewal(const HeldCertificate& held) {
  const Milliseconds life = std::max(held.not_after - held.not_before, Milliseconds(0));
  return held.issued_at + life / 10;
}

/// Builds the next certificate; each happening is one operator().
class Deciding {
 public:
  Deciding(const Certificate& certificate, Time now) : now_(now), next_(certificate) { next_.updated_at = now; }

  Certificate operator()(const OrderPlaced& placed) {
    next_.order = placed.order;
    next_.order->placed_at = now_;
    next_.not_before.reset();
    next_.unseen_since.reset();
    next_.missing.clear();
    return next_;
  }

  Certificate operator()(const ChallengeUnseen& look) {
    if (!next_.unseen_since) next_.unseen_since = now_;
    next_.missing = look.explanation;
    const Time since = *next_.unseen_since;
    next_.not_before = next_challenge_look(since, now_);
    // What spreads within the dense phase is nobody's trouble; but a renewal that needs the customer is one at once.
    const bool is_early =
        look.may_spread && now_ - since < kDensePhase && !(next_.held && next_.by == CertificateBy::kTxt);
    if (!is_early && !look.cause.empty()) trouble(look.cause, look.explanation);
    return next_;
  }

  Certificate operator()(const ChallengePosted&) {
    if (next_.order) {
      next_.order->step = OrderStep::kPosted;
      next_.order->busy_since.reset();
    }
    next_.trouble.reset();
    next_.not_before.reset();
    next_.unseen_since.reset();
    next_.missing.clear();
    return next_;
  }

  Certificate operator()(const KeySaved& key) {
    if (!next_.order) return next_;
    // An authority that has decided at once leaves no step between.
    if (next_.order->step == OrderStep::kPlaced) (*this)(ChallengePosted{});
    next_.order->step = OrderStep::kFinalizing;
    next_.order->sealed_key = key.sealed_key;
    next_.order->busy_since.reset();
    next_.not_before.reset();
    return next_;
  }

  Certificate operator()(const AuthorityBusy& busy) {
    next_.not_before = busy.again_at;
    // Before it was asked for anything the pause is our own.
    const bool is_its_turn = next_.order && next_.order->step != OrderStep::kPlaced;
    if (is_its_turn && !next_.order->busy_since) next_.order->busy_since = now_;
    return next_;
  }

  Certificate operator()(const CertificateReceived& received) {
    auto texts = texts_of_proof();
    next_.order.reset();
    next_.trouble.reset();
    next_.not_before.reset();
    next_.failures = 0;
    next_.held = received.held;
    next_.held->issued_at = now_;
    next_.held->texts = std::move(texts);
    next_.renew_at = std::max(
        renewal_time(next_.by, received.held.not_before, received.held.not_after, partition_of(next_.id.value())),
        first_renewal(*next_.held));
    next_.ask_renewal_at.reset();
    if (!received.held.ari_id.empty()) next_.ask_renewal_at = now_ + received.ask_renewal_in;
    return next_;
  }

  Certificate operator()(const AttemptFailed& failed) {
    if (failed.fault == AttemptFailed::Fault::kProgram) {
      next_.not_before = now_ + kOwnRetry;
      trouble(failed.cause, failed.explanation);
      return next_;
    }
    if (failed.fault == AttemptFailed::Fault::kLimit) {
      next_.order.reset();
      next_.not_before = std::max(failed.not_before.value_or(now_), now_ + kLimitPauseMin);
      next_.unseen_since.reset();
      trouble(failed.cause, failed.explanation);
      return next_;
    }
    ++next_.failures;
    if (failed.order == AttemptFailed::Order::kDropped) next_.order.reset();
    auto pause = order_retry_pause(next_.failures);
    if (failed.fault == AttemptFailed::Fault::kAuthority) pause = std::min(pause, kAuthorityRetryMax);
    next_.not_before = now_ + pause;
    if (failed.not_before) next_.not_before = std::max(*next_.not_before, *failed.not_before);
    next_.unseen_since.reset();  // the pause is the authority's now: nobody who waits lifts it
    trouble(failed.cause, failed.explanation);
    return next_;
  }

  Certificate operator()(const RenewalAdvised& advice) {
    // Never later than our own time: an authority that is wrong, or replaced, must not let a certificate run out.
    if (advice.renew_at && next_.renew_at && next_.held) {
      next_.renew_at =
          std::min(*next_.renew_at, std::max(*advice.renew_at, next_.held->issued_at + kAdvisedRenewalPause));
    }
    next_.ask_renewal_at = advice.ask_again_at;
    return next_;
  }

  Certificate operator()(const RenewalWanted&) {
    next_.not_before.reset();
    next_.unseen_since.reset();
    if (next_.held) next_.renew_at = now_;
    return next_;
  }

  Certificate operator()(const LookWanted&) {
    if (!next_.unseen_since) return next_;
    next_.unseen_since = now_;
    next_.not_before.reset();
    return next_;
  }

  Certificate operator()(const CertificateRevoked&) {
    if (next_.held) next_.held->revoked_at = now_;
    next_.renew_at = now_;
    next_.ask_renewal_at.reset();
    return next_;
  }

 private:
  /// What the customer has added for what is held now: nothing new where all had been proven before.
  std::vector<std::string> texts_of_proof() const {
    std::vector<std::string> texts;
    if (next_.by != CertificateBy::kTxt) return texts;
    if (next_.order) {
      for (const auto& challenge : next_.order->challenges) {
        if (!challenge.text.empty()) texts.push_back(challenge.text);
      }
    }
    return texts.empty() && next_.held ? next_.held->texts : texts;
  }

  void trouble(const std::string& cause, const std::string& explanation) {
    const bool is_same = next_.trouble && next_.trouble->cause == cause;
    next_.trouble = CertificateTrouble{cause, explanation, is_same ? next_.trouble->since : now_};
  }

  Time now_;
  Certificate next_;
};

std::optional<Time> renewal_due(const Certificate& certificate) {
  if (!certificate.renew_at) return certificate.ask_renewal_at;
  if (!certificate.ask_renewal_at) return certificate.renew_at;
  return std::min(*certificate.renew_at, *certificate.ask_renewal_at);
}

}  // namespace

std::string_view name_of(CertificateBy by) {
  switch (by) {
    case CertificateBy::kExternal:
      return "external";
    case CertificateBy::kCname:
      return "cname";
    case CertificateBy::kTxt:
      return "txt";
  }
  return "";
}

std::optional<CertificateBy> parse_certificate_by(std::string_view text) {
  return by_name(std::array{CertificateBy::kExternal, CertificateBy::kCname, CertificateBy::kTxt}, text);
}

std::string_view name_of(OrderStep step) {
  switch (step) {
    case OrderStep::kPlaced:
      return "placed";
    case OrderStep::kPosted:
      return "posted";
    case OrderStep::kFinalizing:
      return "finalizing";
  }
  return "";
}

std::optional<OrderStep> parse_order_step(std::string_view text) {
  return by_name(std::array{OrderStep::kPlaced, OrderStep::kPosted, OrderStep::kFinalizing}, text);
}

std::string_view name_of(CertificateState state) {
  switch (state) {
    case CertificateState::kWaiting:
      return "waiting";
    case CertificateState::kOrdered:
      return "ordered";
    case CertificateState::kValidating:
      return "validating";
    case CertificateState::kFinalizing:
      return "finalizing";
    case CertificateState::kIssued:
      return "issued";
    case CertificateState::kExpired:
      return "expired";
    case CertificateState::kRevoked:
      return "revoked";
  }
  return "";
}

Result<DnsName> challenge_name(const DnsName& name) {
  std::string_view text = name.text();
  if (text.starts_with("*.")) text.remove_prefix(2);
  auto challenge = DnsName::parse(format("{}{}", kChallengeLabel, text));
  if (challenge) return challenge;
  return fail(
      Kind::kUnprocessable,
      format("{} is too long for a certificate: no name can stand at \"_acme-challenge.\" before it; take a host of "
             "at most 237 characters",
             text));
}

std::chrono::minutes order_retry_pause(int failures) {
  const auto row =
      std::clamp<std::size_t>(static_cast<std::size_t>(std::max(failures, 1)) - 1, 0, kOrderRetries.size() - 1);
  return kOrderRetries.at(row);
}

Time next_challenge_look(Time since, Time now) {
  const auto scheduled = next_look(since, now);
  if (!scheduled || *scheduled > now + kSparseLookPause) return now + kSparseLookPause;
  return *scheduled;
}

Time renewal_time(CertificateBy by, Time not_before, Time not_after, std::int16_t spread) {
  const Milliseconds life = std::max(not_after - not_before, Milliseconds(0));
  if (by == CertificateBy::kTxt) return std::max(not_after - kHandRenewalLead, not_before + life / 2);
  return not_after - life / 3 - life / 50 * spread / 256;
}

Certificate decide(const Certificate& certificate, const CertificateHappening& happening, Time now) {
  return std::visit(Deciding(certificate, now), happening);
}

std::optional<Time> task_due(const Certificate& certificate) {
  if (certificate.by == CertificateBy::kExternal) return std::nullopt;
  if (certificate.order || !certificate.held) return certificate.not_before.value_or(Time{});
  const auto due = renewal_due(certificate);
  if (!due || !certificate.not_before) return due;
  return std::max(*due, *certificate.not_before);
}

CertificateTask task_of(const Certificate& certificate, Time now) {
  const auto due = task_due(certificate);
  if (!due || now < *due) return CertificateTask::kWait;
  if (certificate.order) {
    return certificate.order->step == OrderStep::kPlaced ? CertificateTask::kProve : CertificateTask::kFinalize;
  }
  const bool is_renewal_due = !certificate.held || (certificate.renew_at && *certificate.renew_at <= now);
  return is_renewal_due ? CertificateTask::kPlaceOrder : CertificateTask::kAskRenewal;
}

HandRenewal hand_renewal(const Certificate& certificate, Time now) {
  using Kind = HandRenewal::Kind;
  if (certificate.order) return {Kind::kOnItsWay};
  const bool is_due = !certificate.held || (certificate.renew_at && *certificate.renew_at <= now);
  if (!is_due) return {};
  if (!certificate.not_before || *certificate.not_before <= now) return {Kind::kOnItsWay};
  if (certificate.unseen_since) return {};  // DNS is looked at: nobody's limit
  // Without an order nothing happens between a failed attempt and the next, so it was then.
  const Time failed_at = certificate.updated_at;
  const bool is_authoritys = *certificate.not_before > failed_at + order_retry_pause(certificate.failures);
  const Time at =
      is_authoritys ? *certificate.not_before : std::min(*certificate.not_before, failed_at + kHandAttemptPause);
  return at > now ? HandRenewal{Kind::kPaused, at} : HandRenewal{};
}

CertificateState state_of(const Certificate& certificate, Time now) {
  if (certificate.held) {
    if (certificate.held->revoked_at) return CertificateState::kRevoked;
    return certificate.held->not_after <= now ? CertificateState::kExpired : CertificateState::kIssued;
  }
  if (!certificate.order) return CertificateState::kWaiting;
  switch (certificate.order->step) {
    case OrderStep::kPlaced:
      return CertificateState::kOrdered;
    case OrderStep::kPosted:
      return CertificateState::kValidating;
    case OrderStep::kFinalizing:
      return CertificateState::kFinalizing;
  }
  return CertificateState::kWaiting;
}

}  // namespace signpost::model
