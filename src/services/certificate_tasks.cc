// SPDX-License-Identifier: Apache-2.0
#include "services/certificate_tasks.h"

#include <algorithm>
#include <memory>
#include <ranges>
#include <utility>

#include "acme/key_authorization.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/certificate_chain.h"
#include "crypto/certification_request.h"
#include "crypto/digest.h"
#include "net/wait.h"
#include "services/certificate_cause.h"
#include "services/certificate_failure.h"
#include "services/issuance_limits.h"
#include "store/authorizations.h"

namespace signpost::services {
namespace {

using model::AttemptFailed;
using Happening = model::CertificateHappening;

constexpr std::size_t kKeysWaitingMax = 4096;
constexpr Milliseconds kFirstPollPause{50};                        // before that no authority has decided
constexpr Milliseconds kDelegationAge = std::chrono::seconds(10);  // for which one look at the CNAME will do
constexpr Milliseconds kUnseenPause = std::chrono::seconds(30);    // when we could not look ourselves
constexpr Milliseconds kCaaAge = std::chrono::minutes(5);          // for which one walk of CAA will do
constexpr Milliseconds kKeyChangePause{5'000};  // what failed while an account's key changed is done again
constexpr std::string_view kCountingLimits = "counting what the authority's limits allow";
constexpr Milliseconds kBusyMax = std::chrono::hours(1);   // of an authority, until somebody hears of it
constexpr Milliseconds kEndIsNear = std::chrono::days(3);  // the customer may have to add another value

/// A look that was no look is made again soon if we were too busy. Resolvers that fail are different: the domain may be
/// dead, so its looks become rarer, and nobody is blamed.
Happening not_seen(const ChallengeSight& seen, Time now) {
  if (seen.cause == "too_busy") return model::AuthorityBusy{now + kUnseenPause};
  return model::ChallengeUnseen{.cause = "", .explanation = seen.explanation, .is_dead = seen.is_dead};
}

LimitUse limits_of(const CertificateSubject& subject, const Authority& authority, Issuance issuance) {
  return {.authority = authority.name(),
          .domain = std::string(subject.connection.host.domain()),
          .names = subject.certificate.names,
          .issuance = issuance};
}

/// RFC 9773 4.2 wants one uniformly random time in the window. However often it is asked for, the certificate has one.
Milliseconds share_of(std::string_view serial, Milliseconds window) {
  const auto digest = crypto::sha256(serial);
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < sizeof(number); ++i) number = number << 8U | static_cast<unsigned char>(digest.at(i));
  return std::max(window, Milliseconds(0)) / 65'536 * (number >> 16U);
}

bool ends_order(const Happening& happening) {
  const auto* failed = std::get_if<AttemptFailed>(&happening);
  return std::holds_alternative<model::CertificateReceived>(happening) ||
         (failed != nullptr && failed->order == AttemptFailed::Order::kDropped);
}

/// When an authority that has just been asked to work is asked whether it is done.
CertificateRun::Instant next_poll(std::optional<std::chrono::seconds> retry_after) {
  return std::chrono::steady_clock::now() +
         std::max<Milliseconds>(kFirstPollPause, retry_after.value_or(std::chrono::seconds(0)));
}

bool has_wildcard(const model::Certificate& certificate) {
  return std::ranges::any_of(certificate.names, [](const DnsName& name) { return name.text().starts_with("*."); });
}

/// As the authority counts it: what another has issued is nothing that it renews.
Issuance issuance_at(const Authority& authority, const model::Certificate& certificate) {
  const bool is_renewal = certificate.held && certificate.held->authority == authority.name();
  return is_renewal ? Issuance::kRenewal : Issuance::kFirst;
}

/// Does what the order's challenges show say nothing about this connection's organization: proven before by nobody
/// knows whom, or another's as well, whether that is still here or not?
Result<bool> is_challenge_shared(store::Tx& tx, const CertificateSubject& subject) {
  const auto& connection = subject.connection;
  for (const auto& challenge : subject.certificate.order->challenges) {
    const auto past = TRY(
        store::authorizations::find(tx, challenge.authorization_url, connection.application, connection.organization));
    const bool is_proven = challenge.challenge_url.empty();
    if (past.is_of_another || (is_proven && !past.was_pending)) return true;
  }
  return false;
}

}  // namespace

std::string certificate_key_purpose(CertificateId id) { return "certificate key " + id.text(); }

CertificateTasks::CertificateTasks(Storage& storage, const crypto::MasterKey& master_key, Bell& bell,
                                   const Clock& clock, IdMaker& ids, Authorities& authorities, ChallengeZone* zone,
                                   Settings settings)
    : storage_(storage),
      master_key_(master_key),
      bell_(bell),
      clock_(clock),
      ids_(ids),
      authorities_(authorities),
      zone_(zone),
      settings_(settings),
      keys_(1, kKeysWaitingMax) {}

Task<Happening> CertificateTasks::perform(const CertificateSubject& subject, IssuanceSight& sight,
                                          CertificateRun& run) {
  const auto key_changes = authorities_.key_changes();
  auto happening = co_await perform_due(subject, sight, run);
  const bool is_unclear =
      std::holds_alternative<AttemptFailed>(happening) && authorities_.has_key_changed_since(key_changes);
  if (is_unclear) co_return model::AuthorityBusy{clock_.now() + kKeyChangePause};
  co_return happening;
}

Task<Happening> CertificateTasks::perform_due(const CertificateSubject& subject, IssuanceSight& sight,
                                              CertificateRun& run) {
  const auto& certificate = subject.certificate;
  const Time now = clock_.now();
  if (certificate.order && certificate.order->expires_at <= now) {
    // What was asked for in time may have been issued.
    if (certificate.order->step == model::OrderStep::kFinalizing) {
      auto last = co_await finalize(subject, sight, run);
      if (std::holds_alternative<model::CertificateReceived>(last)) co_return last;
    }
    co_return AttemptFailed{
        .cause = cause_of("order_expired"),
        .explanation = format("the order at {} ended before DNS showed its value: a new one is placed",
                              certificate.order->authority)};
  }
  switch (model::task_of(certificate, now)) {
    case model::CertificateTask::kAskRenewal:
      co_return co_await ask_renewal(subject);
    case model::CertificateTask::kPlaceOrder:
      co_return co_await place_order(subject, sight, run);
    case model::CertificateTask::kProve:
      co_return co_await or_elsewhere(subject, sight, run, co_await prove(subject, sight, run));
    case model::CertificateTask::kFinalize:
      co_return co_await or_elsewhere(subject, sight, run, co_await finalize(subject, sight, run));
    case model::CertificateTask::kWait:
      break;
  }
  co_return model::AuthorityBusy{model::task_due(certificate).value_or(now + kUnseenPause)};
}

Task<Happening> CertificateTasks::ask_renewal(const CertificateSubject& subject) {
  const auto& held = *subject.certificate.held;
  const Time now = clock_.now();
  auto* const authority = authorities_.find(held.authority);
  // An authority that is gone, or that cannot be asked, has no wishes; our own time stands.
  if (authority == nullptr) co_return model::RenewalAdvised{std::nullopt, held.not_after};
  const auto info = co_await authority->client().renewal_info(held.ari_id);
  if (!info) {
    const auto again = info.error().trouble == acme::Trouble::kRefused ? acme::RenewalInfo::kRetryAfterMax
                                                                       : acme::RenewalInfo::kRetryAfterDefault;
    co_return model::RenewalAdvised{std::nullopt, now + again};
  }
  const Time renew_at = info->start + share_of(held.serial, info->end - info->start);
  co_return model::RenewalAdvised{std::max(renew_at, now), now + info->retry_after};
}

// ── placing an order ────────────────────────────────────────────────────────────────────────────────────────────

Task<Happening> CertificateTasks::place_order(const CertificateSubject& subject, IssuanceSight& sight,
                                              CertificateRun& run) {
  const auto& certificate = subject.certificate;
  if (authorities_.empty()) {
    co_return AttemptFailed{.cause = cause_of("no_authority"),
                            .explanation = "no certificate authority is configured: add [[authorities]]"};
  }
  if (certificate.by == model::CertificateBy::kCname) {
    if (zone_ == nullptr) {
      co_return AttemptFailed{.cause = cause_of("no_zone"),
                              .explanation = "no ACME zone is configured any more: set dns.acme_zone again"};
    }
    const auto seen =
        co_await sight.challenge({subject.connection.host, {}, challenge_target(zone_->name(), certificate.label)});
    if (seen.was_unseen) co_return not_seen(seen, clock_.now());
    if (!seen.is_delegated) co_return model::ChallengeUnseen{cause_seen(seen.cause), seen.explanation, seen.is_dead};
    if (seen.risk.empty()) run.delegation_seen_at = std::chrono::steady_clock::now();
  }
  // By preference.
  std::vector<NotPlaced> stops;
  for (std::size_t i = 0; i < authorities_.size(); ++i) {
    auto placed = co_await order_at(subject, sight, authorities_.at(i), run);
    if (placed) co_return *std::move(placed);
    // What is ours fails at the next one, too.
    if (placed.error().failed.fault == AttemptFailed::Fault::kProgram) co_return std::move(placed).error().failed;
    stops.push_back(std::move(placed).error());
  }
  co_return stopped(subject, std::move(stops));
}

Happening CertificateTasks::stopped(const CertificateSubject& subject, std::vector<NotPlaced> stops) {
  auto all = stops.front().failed;
  all.order = AttemptFailed::Order::kDropped;
  for (const auto& stop : stops | std::views::drop(1)) {
    const auto& next = stop.failed;
    all.explanation += "; " + next.explanation;
    all.not_before =
        all.not_before && next.not_before ? std::min(all.not_before, next.not_before) : std::optional<Time>();
    if (next.fault == AttemptFailed::Fault::kAuthority) all.fault = next.fault;
  }
  if (std::ranges::all_of(stops, [](const NotPlaced& stop) { return stop.caa.has_value(); })) {
    auto unseen = *stops.front().caa;
    unseen.explanation = std::move(all.explanation);
    return unseen;
  }
  const Time now = clock_.now();
  const auto turn_at = [&](std::size_t i) { return queue_.turn_of_next(authorities_.at(i).name(), *stops[i].limit); };
  std::optional<std::size_t> waits_at;
  std::optional<Time> sooner;  // an authority without a limit is asked again
  for (std::size_t i = 0; i < stops.size(); ++i) {
    if (!stops[i].limit) {
      const Time again = stops[i].failed.not_before.value_or(now + model::kAuthorityRetryMax);
      sooner = std::min(sooner.value_or(again), again);
    } else if (!waits_at || turn_at(i) < turn_at(*waits_at)) {
      waits_at = i;
    }
  }
  if (waits_at) {
    all.fault = AttemptFailed::Fault::kLimit;
    const bool has_turn = !sooner || turn_at(*waits_at) <= *sooner;
    all.not_before = has_turn ? queue_.join(authorities_.at(*waits_at).name(), *stops[*waits_at].limit, now) : *sooner;
    all.explanation += format("; it goes on by itself at {}", to_rfc3339(*all.not_before));
  }
  log::warn("no authority takes an order",
            {{"host", subject.connection.host.text()}, {"cause", all.cause}, {"explanation", all.explanation}});
  return all;
}

Task<std::optional<model::ChallengeUnseen>> CertificateTasks::check_caa(const CertificateSubject& subject,
                                                                        IssuanceSight& sight, Authority& authority,
                                                                        const acme::Directory& directory,
                                                                        const acme::Account& account) {
  if (directory.caa_identities.empty()) co_return std::nullopt;  // it does not say what CAA would have to name
  using For = dns::CaaQuestion::For;
  std::vector<For> names{For::kHost};
  if (has_wildcard(subject.certificate)) names.push_back(For::kWildcard);
  for (const auto name : names) {
    const auto verdict = co_await sight.caa(
        {.host = subject.connection.host, .name = name, .issuers = directory.caa_identities, .account = account.url});
    switch (verdict.kind) {
      case dns::CaaVerdict::Kind::kAllowed:
        break;
      case dns::CaaVerdict::Kind::kForbidden:
        co_return model::ChallengeUnseen{
            .cause = cause_of("caa_forbids"),
            .explanation = format("CAA keeps {} from issuing: {}; {}", authority.name(), verdict.sentence,
                                  way_out_of_caa(verdict, directory.caa_identities.front())),
            .may_spread = false};
      case dns::CaaVerdict::Kind::kFailed:
        co_return model::ChallengeUnseen{
            .cause = cause_of("caa_fails"),
            .explanation =
                format("no authority issues while the CAA look-up fails: {}; have the DNS provider repair it",
                       verdict.sentence),
            .may_spread = false};
      case dns::CaaVerdict::Kind::kOpen:
        co_return model::ChallengeUnseen{
            .cause = cause_of("caa_unseen"),
            .explanation = "CAA could not be looked up from here; it is tried again by itself"};
    }
  }
  co_return std::nullopt;
}

Task<std::expected<acme::Account, AttemptFailed>> CertificateTasks::account_at(Authority& authority) {
  auto account = co_await authority.account();
  if (!account) {
    co_return std::unexpected(failed_here(format("opening our account at {}", authority.name()), account.error()));
  }
  if (*account) co_return **std::move(account);
  const auto& failure = account->error();
  if (auto clock = wrong_clock(authority, failure)) co_return std::unexpected(*std::move(clock));
  co_return std::unexpected(failed_of(failure, authority, clock_.now()));
}

Task<std::expected<Happening, CertificateTasks::NotPlaced>> CertificateTasks::order_at(
    const CertificateSubject& subject, IssuanceSight& sight, Authority& authority, CertificateRun& run) {
  const auto& certificate = subject.certificate;
  const auto held_back = [&](const LimitReached& limit) {
    NotPlaced stop(limited(authority, limit));
    stop.limit = limit;
    return std::unexpected(std::move(stop));
  };
  const auto failed = [&](const acme::Failure& failure) {
    if (auto clock = wrong_clock(authority, failure)) return std::unexpected(*std::move(clock));
    return std::unexpected(failed_of(failure, authority, clock_.now()));
  };
  const auto directory = co_await authority.client().directory();
  if (!directory) co_return failed(directory.error());
  const auto account = co_await account_at(authority);
  if (!account) co_return std::unexpected(account.error());
  if (auto unseen = co_await check_caa(subject, sight, authority, *directory, *account)) {
    using Fault = AttemptFailed::Fault;
    NotPlaced stop(AttemptFailed{.fault = unseen->may_spread ? Fault::kAuthority : Fault::kOurs,
                                 .cause = unseen->cause,
                                 .explanation = unseen->explanation});
    stop.caa = *std::move(unseen);
    co_return std::unexpected(std::move(stop));
  }

  const auto& held = certificate.held;
  const bool is_advised = held && held->authority == authority.name() && !held->ari_id.empty() &&
                          !directory->renewal_info.empty() && !held->revoked_at;
  const auto issuance = is_advised ? Issuance::kAdvisedRenewal : issuance_at(authority, certificate);
  const auto use = limits_of(subject, authority, issuance);
  const Time now = clock_.now();
  if (!authority.limits().empty()) {
    const auto limit = co_await storage_.write<std::optional<LimitReached>>(
        [&, now](store::Tx& tx) -> Result<std::optional<LimitReached>> {
          auto reached = TRY(find_limit(tx, authority.limits(), use, now));
          if (!reached) TRY_VOID(take_order(tx, authority.limits(), use, now));
          return reached;
        });
    if (!limit) co_return std::unexpected(failed_here(kCountingLimits, limit.error()));
    if (*limit) co_return held_back(**limit);
  }

  acme::NewOrder wish{.names = certificate.names, .profile = authority.profile()};
  if (is_advised) wish.replaces = held->ari_id;
  auto order = co_await authority.client().new_order(*account, wish);
  if (!order && is_advised && may_be_for_replaces(order.error().trouble)) {
    // What replaces nothing is counted as any renewal.
    const auto plain = limits_of(subject, authority, Issuance::kRenewal);
    const auto reached = co_await storage_.read<std::optional<LimitReached>>(
        [&, now](store::Tx& tx) { return find_limit(tx, authority.limits(), plain, now); });
    if (!reached) co_return std::unexpected(failed_here(kCountingLimits, reached.error()));
    if (*reached) co_return held_back(**reached);
    wish.replaces.clear();
    order = co_await authority.client().new_order(*account, wish);
  }
  if (!order) {
    if (order.error().trouble == acme::Trouble::kAccountGone) {
      if (const auto forgotten = co_await authority.forget_account(*account); !forgotten)
        co_return std::unexpected(failed_here("forgetting an account that is gone", forgotten.error()));
    }
    co_return failed(order.error());
  }

  model::CertificateOrder placed{.authority = authority.name(),
                                 .url = order->url,
                                 .finalize_url = order->finalize_url,
                                 .expires_at = order->expires_at.value_or(now + std::chrono::days(1))};
  auto asked = co_await challenges_of(authority, *account, order->authorizations);
  if (asked) {
    placed.challenges = std::move(asked->challenges);
    if (asked->are_unanswered) run.unanswered = placed.url;
  } else if (asked.error().order == AttemptFailed::Order::kDropped) {
    co_return std::unexpected(std::move(asked).error());
  }
  // Without its challenges the order is saved all the same: it counts, and what it wants is asked again.
  co_return model::OrderPlaced{std::move(placed)};
}

Task<std::expected<CertificateTasks::Asked, AttemptFailed>> CertificateTasks::challenges_of(
    Authority& authority, acme::Account account, std::vector<std::string> authorizations) {
  Asked asked;
  for (const auto& url : authorizations) {
    if (asked.challenges.size() == model::kCertificateNamesMax) break;
    const auto authorization = co_await authority.client().authorization(account, url);
    if (!authorization) co_return std::unexpected(failed_of(authorization.error(), authority, clock_.now()));
    model::Challenge challenge{.identifier = authorization->name, .authorization_url = url};
    if (authorization->status != acme::AuthorizationStatus::kValid) {
      const auto* dns = authorization->find(acme::ChallengeType::kDns01);
      if (dns == nullptr) {
        co_return std::unexpected(
            AttemptFailed{.cause = cause_of("no_dns_challenge"),
                          .explanation = format("{} offers no DNS challenge for {}: use another authority",
                                                authority.name(), authorization->name.text())});
      }
      challenge.challenge_url = dns->url;
      challenge.text = acme::dns01_value(account.key, dns->token);
      asked.are_unanswered &= authorization->status == acme::AuthorizationStatus::kPending &&
                              dns->status == acme::ChallengeStatus::kPending;
    }
    asked.challenges.push_back(std::move(challenge));
  }
  co_return asked;
}

Task<Happening> CertificateTasks::learn_challenges(const CertificateSubject& subject) {
  auto placed = *subject.certificate.order;
  auto* const authority = authorities_.find(placed.authority);
  if (authority == nullptr) {
    co_return AttemptFailed{.cause = cause_of("no_authority"),
                            .explanation = format("the settings have no authority {} any more", placed.authority)};
  }
  const auto account = co_await account_at(*authority);
  if (!account) co_return account.error();
  const auto order = co_await authority->client().order(*account, placed.url);
  if (!order) co_return failed_of(order.error(), *authority, clock_.now());
  auto asked = co_await challenges_of(*authority, *account, order->authorizations);
  if (!asked) co_return std::move(asked).error();
  if (asked->challenges.empty()) {
    co_return AttemptFailed{
        .cause = cause_of("nonsense"),
        .explanation = format("{} names no authorization for its order; a new one is placed", authority->name())};
  }
  placed.challenges = std::move(asked->challenges);
  co_return model::OrderPlaced{std::move(placed)};
}

// ── proving the names ───────────────────────────────────────────────────────────────────────────────────────────

Task<Happening> CertificateTasks::prove(const CertificateSubject& subject, IssuanceSight& sight, CertificateRun& run) {
  const auto& certificate = subject.certificate;
  const auto& order = *certificate.order;
  const Time now = clock_.now();
  auto* const authority = authorities_.find(order.authority);
  if (authority == nullptr) {
    co_return AttemptFailed{.cause = cause_of("no_authority"),
                            .explanation = format("the settings have no authority {} any more", order.authority)};
  }
  if (order.challenges.empty()) co_return co_await learn_challenges(subject);
  const auto unowned = co_await missing_ownership(subject);
  if (!unowned) co_return failed_here("looking who else has the challenge", unowned.error());
  if (*unowned) co_return **unowned;
  ChallengeWish wish{.host = subject.connection.host, .values = texts_of(certificate), .target = std::nullopt};
  if (!wish.values.empty()) {
    if (certificate.by == model::CertificateBy::kCname) {
      if (zone_ == nullptr) {
        co_return AttemptFailed{.cause = cause_of("no_zone"),
                                .explanation = "no ACME zone is configured any more: set dns.acme_zone again"};
      }
      wish.target = challenge_target(zone_->name(), certificate.label);
      wish.is_delegation_seen =
          run.delegation_seen_at && std::chrono::steady_clock::now() - *run.delegation_seen_at < kDelegationAge;
      if (auto unwritable = co_await publish(certificate, run)) co_return *std::move(unwritable);
    }
    const auto seen = co_await sight.challenge(wish);
    if (seen.was_unseen) co_return not_seen(seen, now);
    if (!seen.is_visible) {
      auto explanation = seen.explanation;
      if (certificate.by == model::CertificateBy::kTxt && certificate.held) {
        const auto name = model::challenge_name(subject.connection.host);
        std::string values;
        for (const auto& text : wish.values) values += format("{}{}", values.empty() ? "" : " and another with ", text);
        explanation = format("the certificate ends on {}; for its renewal add TXT {} with the value {} ({})",
                             to_rfc3339(certificate.held->not_after), name ? name->text() : "_acme-challenge", values,
                             seen.explanation);
        co_return model::ChallengeUnseen{cause_of("renewal_txt"), std::move(explanation), seen.is_dead};
      }
      co_return model::ChallengeUnseen{cause_seen(seen.cause), std::move(explanation), seen.is_dead};
    }
    // The authority would refuse what it cannot validate, and count it against the name.
    if (!seen.risk.empty()) co_return model::ChallengeUnseen{cause_seen(seen.risk), seen.risk_explanation};
  }
  const auto failed = [&](const acme::Failure& failure) {
    if (auto clock = wrong_clock(*authority, failure)) return *std::move(clock);
    return failed_of(failure, *authority, clock_.now());
  };
  const auto account = co_await account_at(*authority);
  if (!account) co_return account.error();
  if (now - order.placed_at > kCaaAge) {
    const auto directory = co_await authority->client().directory();
    if (!directory) co_return failed(directory.error());
    if (auto unseen = co_await check_caa(subject, sight, *authority, *directory, *account)) {
      co_return *std::move(unseen);
    }
  }
  for (const auto& challenge : order.challenges) {
    if (challenge.challenge_url.empty()) continue;
    // A crash may lie between the last answer and its row, and some authorities fail a challenge that is answered
    // twice.
    if (run.unanswered != order.url) {
      const auto authorization = co_await authority->client().authorization(*account, challenge.authorization_url);
      if (!authorization) co_return failed(authorization.error());
      if (authorization->status == acme::AuthorizationStatus::kInvalid) {
        co_return co_await validation_failed(subject, sight, *authority, *authorization);
      }
      const auto* dns = authorization->find(acme::ChallengeType::kDns01);
      if (dns == nullptr || dns->status != acme::ChallengeStatus::kPending) continue;
    }
    const auto posted = co_await authority->client().answer_challenge(*account, challenge.challenge_url);
    if (!posted) {
      run.unanswered.clear();
      co_return failed(posted.error());
    }
    run.poll_at = next_poll(posted->retry_after);
  }
  run.unanswered.clear();
  // Most decide at once, and a step is saved less; after a crash the authorizations say that they are answered.
  const auto soon = std::chrono::steady_clock::now() + kFirstPollPause;
  if (run.poll_at && *run.poll_at <= soon && co_await net::sleep_until(*run.poll_at)) {
    auto seen = co_await authority->client().order(*account, order.url);
    if (seen && seen->status == acme::OrderStatus::kReady) {
      run.ready = *std::move(seen);
      co_return co_await save_key(subject, *authority, run);
    }
    run.poll_at =
        std::chrono::steady_clock::now() +
        std::max<Milliseconds>(2 * kFirstPollPause, seen && seen->retry_after ? *seen->retry_after : Milliseconds(0));
  }
  co_return model::ChallengePosted{};
}

Task<std::optional<AttemptFailed>> CertificateTasks::publish(const model::Certificate& certificate,
                                                             const CertificateRun& run) {
  const auto unwritable = [&](const Error& error) {
    return AttemptFailed{
        .order = AttemptFailed::Order::kKept,
        .fault = AttemptFailed::Fault::kAuthority,
        .cause = cause_of("zone_unwritable"),
        .explanation = format("the ACME zone {} could not be written: {}", zone_->name().text(), error.message)};
  };
  if (auto* const stored = zone_->stored(); stored != nullptr && run.published == certificate.order->url) {
    const auto shown = co_await stored->reload();
    co_return shown ? std::nullopt : std::optional(unwritable(shown.error()));
  }
  for (const auto& text : texts_of(certificate)) {
    if (const auto published = co_await zone_->publish(certificate.label, text); !published) {
      co_return unwritable(published.error());
    }
  }
  co_return std::nullopt;
}

Task<Result<std::optional<Happening>>> CertificateTasks::missing_ownership(const CertificateSubject& subject) {
  using Missing = std::optional<Happening>;
  const auto& connection = subject.connection;
  const auto& certificate = subject.certificate;
  if (certificate.by != model::CertificateBy::kTxt || connection.claim == model::Claim::kProven) co_return Missing{};
  const Time now = clock_.now();
  struct Looked {
    bool is_shared = false;
    Rings rings;
  };
  auto looked = CO_TRY(co_await storage_.write<Looked>([&, now](store::Tx& tx) -> Result<Looked> {
    if (!TRY(is_challenge_shared(tx, subject))) return Looked{};
    // The claim's record is looked for as often as the challenge's.
    ConnectionChange change(tx, ids_, now, &bell_.handover());
    TRY(change.apply([&](store::Tx& in) { return load_connection(in, std::nullopt, connection.id); },
                     model::CheckRequested{}));
    return Looked{true, change.rings()};
  }));
  if (!looked.is_shared) co_return Missing{};
  ring(bell_, std::move(looked.rings));
  co_return Missing{model::ChallengeUnseen{
      cause_of("ownership_unproven"),
      format("what {} asks to see of {} may be shown by another organization: add TXT {} with the value {}, which "
             "proves that the name is this one's",
             certificate.order->authority, connection.host.text(), model::claim_name(connection).text(),
             model::claim_value(connection))}};
}

// ── the certificate ─────────────────────────────────────────────────────────────────────────────────────────────

Task<Happening> CertificateTasks::finalize(const CertificateSubject& subject, IssuanceSight& sight,
                                           CertificateRun& run) {
  const auto& order = *subject.certificate.order;
  auto* const authority = authorities_.find(order.authority);
  if (authority == nullptr) {
    co_return AttemptFailed{.cause = cause_of("no_authority"),
                            .explanation = format("the settings have no authority {} any more", order.authority)};
  }
  const auto account = co_await account_at(*authority);
  if (!account) co_return account.error();
  if (order.step == model::OrderStep::kFinalizing && run.ready && run.ready->url == order.url) {
    co_return co_await request_certificate(subject, *authority, *account, *run.ready, run);
  }
  // RFC 8555 7.1.6: an order is ready or invalid once all its authorizations are decided.
  auto seen = co_await await_order(*authority, *account, order.url, run);
  if (!seen && seen.error().error.kind == Kind::kTimeout && seen.error().trouble == acme::Trouble::kTryLater) {
    std::vector<std::string> authorizations;
    for (const auto& challenge : order.challenges) authorizations.push_back(challenge.authorization_url);
    if (order.step == model::OrderStep::kPosted) {
      auto happening = co_await refused(subject, sight, *authority, *account, std::move(authorizations));
      if (happening) co_return *std::move(happening);
    }
    const auto again = seen.error().error.retry_after.value_or(std::chrono::seconds(5));
    co_return model::AuthorityBusy{clock_.now() + std::max(again, std::chrono::seconds(1))};
  }
  if (!seen) co_return failed_of(seen.error(), *authority, clock_.now());
  switch (seen->status) {
    case acme::OrderStatus::kInvalid:
      co_return co_await order_failed(subject, sight, *authority, *account, *seen);
    case acme::OrderStatus::kReady:
      if (order.step == model::OrderStep::kFinalizing) {
        co_return co_await request_certificate(subject, *authority, *account, *std::move(seen), run);
      }
      run.ready = *std::move(seen);
      co_return co_await save_key(subject, *authority, run);
    case acme::OrderStatus::kValid:
      co_return co_await receive(subject, *authority, *account, *seen, run);
    case acme::OrderStatus::kPending:
    case acme::OrderStatus::kProcessing:
      break;
  }
  co_return model::AuthorityBusy{clock_.now() + std::chrono::seconds(1)};
}

Task<Happening> CertificateTasks::or_elsewhere(const CertificateSubject& subject, IssuanceSight& sight,
                                               CertificateRun& run, Happening happened) {
  const auto& certificate = subject.certificate;
  const auto& order = *certificate.order;
  const Time now = clock_.now();
  if (std::holds_alternative<model::AuthorityBusy>(happened)) {
    if (!order.busy_since || now - *order.busy_since < kBusyMax) co_return happened;
    happened = AttemptFailed{
        .order = AttemptFailed::Order::kKept,
        .fault = AttemptFailed::Fault::kAuthority,
        .cause = cause_of("authority_busy"),
        .explanation = format("the authority {} has been at work on the order since {}; it is asked again by itself",
                              order.authority, to_rfc3339(*order.busy_since))};
  } else {
    // Once may be a restart of theirs.
    const auto* failed = std::get_if<AttemptFailed>(&happened);
    const bool is_down = failed != nullptr && is_authority_down(failed->cause) && certificate.trouble &&
                         is_authority_down(certificate.trouble->cause);
    if (!is_down) co_return happened;
  }
  const bool may_move = certificate.by == model::CertificateBy::kCname ||
                        (certificate.held && certificate.held->not_after - now < kEndIsNear);
  if (!may_move) co_return happened;
  for (std::size_t i = 0; i < authorities_.size(); ++i) {
    auto& other = authorities_.at(i);
    if (other.name() == order.authority) continue;
    auto placed = co_await order_at(subject, sight, other, run);
    if (!placed) continue;
    log::warn("an order is given up for another authority's",
              {{"host", subject.connection.host.text()}, {"authority", order.authority}, {"next", other.name()}});
    co_return *std::move(placed);
  }
  co_return happened;
}

Task<acme::Outcome<acme::Order>> CertificateTasks::await_order(Authority& authority, acme::Account account,
                                                               std::string url, const CertificateRun& run) {
  const auto now = std::chrono::steady_clock::now();
  const auto deadline = now + settings_.poll_budget;
  if (run.poll_at && *run.poll_at > deadline) {
    co_return std::unexpected(
        acme::Failure(acme::Trouble::kTryLater, Error{Kind::kTimeout,
                                                      "the authority wants to be asked later",
                                                      {},
                                                      std::chrono::ceil<std::chrono::seconds>(*run.poll_at - now)}));
  }
  if (run.poll_at && *run.poll_at > now) CO_TRY_VOID(co_await net::sleep_until(*run.poll_at));
  co_return co_await authority.client().wait_for_order(std::move(account), std::move(url), deadline);
}

Task<std::optional<Happening>> CertificateTasks::refused(const CertificateSubject& subject, IssuanceSight& sight,
                                                         Authority& authority, acme::Account account,
                                                         std::vector<std::string> authorizations) {
  for (const auto& url : authorizations) {
    const auto authorization = co_await authority.client().authorization(account, url);
    if (authorization && authorization->status == acme::AuthorizationStatus::kInvalid) {
      co_return co_await validation_failed(subject, sight, authority, *authorization);
    }
  }
  co_return std::nullopt;
}

Task<Happening> CertificateTasks::validation_failed(const CertificateSubject& subject, IssuanceSight& sight,
                                                    Authority& authority, const acme::Authorization& authorization) {
  const Time now = clock_.now();
  const auto* problem = authorization.problem();
  const auto noted = co_await storage_.write<void>(
      [&](store::Tx& tx) { return take_failure(tx, authority.limits(), authority.name(), authorization.name, now); });
  if (!noted) log::warn("a failed validation could not be counted", {{"cause", noted.error().message}});
  // What it saw is over; what is there now may tell which server it met.
  ChallengeWish wish{.host = subject.connection.host, .values = texts_of(subject.certificate), .target = std::nullopt};
  if (zone_ != nullptr && subject.certificate.by == model::CertificateBy::kCname) {
    wish.target = challenge_target(zone_->name(), subject.certificate.label);
  }
  const auto seen = co_await sight.challenge(std::move(wish));
  co_return AttemptFailed{
      .cause = cause_of("validation_failed"),
      .explanation =
          format("the authority {} could not validate {}: {};{} {}", authority.name(), subject.connection.host.text(),
                 problem != nullptr ? problem->in_words() : std::string("it does not say why"),
                 servers_in_words(seen.observation), way_out_of(acme::Trouble::kDns))};
}

Task<Happening> CertificateTasks::order_failed(const CertificateSubject& subject, IssuanceSight& sight,
                                               Authority& authority, acme::Account account, const acme::Order& order) {
  if (auto happening = co_await refused(subject, sight, authority, account, order.authorizations)) {
    co_return *std::move(happening);
  }
  co_return AttemptFailed{
      .cause = cause_of("order_refused"),
      .explanation = format("the authority {} gave up the order for {}: {}; it is tried again", authority.name(),
                            subject.connection.host.text(),
                            order.problem ? order.problem->in_words() : std::string("it does not say why"))};
}

Task<Happening> CertificateTasks::save_key(const CertificateSubject& subject, Authority& authority,
                                           CertificateRun& run) {
  using Made = CertificateRun::MadeKey;
  auto made = co_await net::hop<Result<Made>>([&](net::Resume<Result<Made>> resume) {
    // Owned by the work in the queue, and by us until we know that it was taken.
    const auto answer = std::make_shared<net::Resume<Result<Made>>>(std::move(resume));
    const auto admission = keys_.run([this, id = subject.certificate.id, answer] {
      if (keys_.is_closing()) return (*answer)(fail(Kind::kUnavailable, "the program is ending"));
      auto key = crypto::PrivateKey::generate(settings_.key_type);
      auto sealed = master_key_.seal(key.to_pem().expose(), certificate_key_purpose(id));
      (*answer)(Made{std::move(sealed), std::move(key)});
    });
    if (admission == net::WorkerPool::Admission::kFull)
      (*answer)(fail(Kind::kUnavailable, "too many keys are waiting to be made; it is tried again"));
  });
  if (!made) co_return failed_here("making the certificate's key", made.error());
  run.key = *std::move(made);
  co_return model::KeySaved{run.key->sealed};
}

Result<void> CertificateTasks::find_key(const model::Certificate& certificate, CertificateRun& run) const {
  const auto& sealed = certificate.order->sealed_key;
  if (run.key && run.key->sealed == sealed) return {};
  const auto pem = TRY(master_key_.unseal(sealed, certificate_key_purpose(certificate.id)));
  run.key = CertificateRun::MadeKey{sealed, TRY(crypto::PrivateKey::from_pem(pem))};
  return {};
}

Task<Happening> CertificateTasks::request_certificate(const CertificateSubject& subject, Authority& authority,
                                                      acme::Account account, acme::Order order, CertificateRun& run) {
  const auto& certificate = subject.certificate;
  const auto unusable = [](const Error& error) {
    return AttemptFailed{.cause = cause_of("key_lost"),
                         .explanation = format("the key of the order cannot be used: {}; a new order with another key "
                                               "is placed",
                                               error.message)};
  };
  if (const auto found = find_key(certificate, run); !found) co_return unusable(found.error());
  auto request = crypto::make_certification_request(run.key->key, certificate.names);
  if (!request) co_return unusable(request.error());
  const auto sent = co_await authority.client().finalize(account, std::move(order), *std::move(request));
  if (!sent) co_return failed_of(sent.error(), authority, clock_.now());
  if (sent->status == acme::OrderStatus::kValid) co_return co_await receive(subject, authority, account, *sent, run);
  run.poll_at = next_poll(sent->retry_after);
  const auto seen = co_await await_order(authority, account, certificate.order->url, run);
  if (seen && seen->status == acme::OrderStatus::kValid) {
    co_return co_await receive(subject, authority, account, *seen, run);
  }
  co_return model::AuthorityBusy{clock_.now() + std::chrono::seconds(1)};
}

Task<Happening> CertificateTasks::receive(const CertificateSubject& subject, Authority& authority,
                                          acme::Account account, const acme::Order& order, CertificateRun& run) {
  const auto& certificate = subject.certificate;
  const auto chain =
      co_await authority.client().certificate(account, order.certificate_url, authority.preferred_root());
  if (!chain) co_return failed_of(chain.error(), authority, clock_.now());
  const auto directory = co_await authority.client().directory();
  if (!directory) co_return failed_of(directory.error(), authority, clock_.now());
  const auto wrong = [&](CertificateCause cause, const Error& error, AttemptFailed::Order kept) {
    const auto way_out = kept == AttemptFailed::Order::kKept
                             ? "set the clock (chronyc makestep, timedatectl), then it is taken by itself"
                             : "another is ordered by itself; if it stays so, report it to the authority";
    return AttemptFailed{.order = kept,
                         .cause = cause_of(cause),
                         .explanation = format("the certificate of {} cannot be used: {}; {}", authority.name(),
                                               error.message, way_out)};
  };
  if (const auto found = find_key(certificate, run); !found)
    co_return wrong("key_lost", found.error(), AttemptFailed::Order::kDropped);
  if (const auto checked = chain->check_key(run.key->key); !checked)
    co_return wrong("key_mismatch", checked.error(), AttemptFailed::Order::kDropped);
  if (const auto checked = chain->check_order(); !checked)
    co_return wrong("chain_incomplete", checked.error(), AttemptFailed::Order::kDropped);
  if (const auto checked = chain->check_names(certificate.names); !checked)
    co_return wrong("names_missing", checked.error(), AttemptFailed::Order::kDropped);
  // It is there for good: once our clock is right, it is taken.
  if (const auto checked = chain->check_times(clock_.now()); !checked)
    co_return wrong("clock_wrong", checked.error(), AttemptFailed::Order::kKept);
  log::info("a certificate has been issued", {{"host", subject.connection.host.text()},
                                              {"authority", authority.name()},
                                              {"serial", chain->leaf().serial},
                                              {"ends", to_rfc3339(chain->leaf().not_after)}});
  const bool has_wishes = !directory->renewal_info.empty();
  co_return model::CertificateReceived{{.authority = authority.name(),
                                        .chain_pem = chain->pem(),
                                        .sealed_key = certificate.order->sealed_key,
                                        .serial = chain->leaf().serial,
                                        .ari_id = chain->renewal_id().value_or(""),
                                        .not_before = chain->leaf().not_before,
                                        .not_after = chain->leaf().not_after},
                                       has_wishes ? Milliseconds(0) : acme::RenewalInfo::kRetryAfterMax};
}

Result<void> CertificateTasks::save_beside(store::Tx& tx, const CertificateSubject& before, const Happening& happening,
                                           CertificateRun& run) const {
  const auto& certificate = before.certificate;
  if (std::holds_alternative<model::KeySaved>(happening)) {
    auto* const authority = authorities_.find(certificate.order->authority);
    if (authority == nullptr) return {};
    return take_certificate(tx, authority->limits(),
                            limits_of(before, *authority, issuance_at(*authority, certificate)), clock_.now());
  }
  const auto* stored = zone_ != nullptr && certificate.by == model::CertificateBy::kCname ? zone_->stored() : nullptr;
  if (stored == nullptr) return {};
  const auto* placed = std::get_if<model::OrderPlaced>(&happening);
  if (placed != nullptr) {
    for (const auto& challenge : placed->order.challenges) {
      if (challenge.challenge_url.empty()) continue;
      const auto published = stored->publish_in(tx, certificate.label, challenge.text);
      // An order that was placed is saved whatever the zone says; that is told when its values are needed.
      if (!published && published.error().kind == Kind::kConflict) return {};
      if (!published) return published;
    }
    run.published = placed->order.url;
  }
  const bool is_replaced = placed != nullptr && certificate.order && certificate.order->url != placed->order.url;
  if (!ends_order(happening) && !is_replaced) return {};
  for (const auto& text : texts_of(certificate)) TRY_VOID(stored->withdraw_in(tx, certificate.label, text));
  return {};
}

// ── afterwards ──────────────────────────────────────────────────────────────────────────────────────────────────

Task<Result<void>> CertificateTasks::revoke(const model::Certificate& certificate, acme::RevocationReason reason) {
  const auto& held = *certificate.held;
  auto* const authority = authorities_.find(held.authority);
  if (authority == nullptr) {
    co_return fail(Kind::kConflict, format("the settings have no authority {} any more: add it again to revoke what it "
                                           "issued",
                                           held.authority));
  }
  const auto chain = CO_TRY(crypto::CertificateChain::parse(held.chain_pem));
  const auto account = CO_TRY(co_await authority->account());
  auto revoked = account ? co_await authority->client().revoke(*account, chain.leaf_der(), reason)
                         : acme::Outcome<void>(std::unexpected(account.error()));
  if (!revoked && account && revoked.error().trouble == acme::Trouble::kAccountGone) {
    CO_TRY_VOID(co_await authority->forget_account(*account));
  }
  if (!revoked && needs_its_own_key(revoked.error().trouble)) {
    const auto pem = CO_TRY(master_key_.unseal(held.sealed_key, certificate_key_purpose(certificate.id)));
    const auto key = CO_TRY(crypto::PrivateKey::from_pem(pem));
    revoked = co_await authority->client().revoke(crypto::AccountKey::of_certificate(key), chain.leaf_der(), reason);
  }
  if (revoked || revoked.error().trouble == acme::Trouble::kAlreadyRevoked) co_return Result<void>{};
  // Whoever asked us may do this; it is the authority that does not let us.
  auto error = revoked.error().error;
  if (error.kind == Kind::kForbidden || error.kind == Kind::kNotFound) error.kind = Kind::kRefused;
  error.message = format("the authority {} does not revoke it: {}", authority->name(), error.message);
  co_return std::unexpected(std::move(error));
}

Task<void> CertificateTasks::withdraw(const model::Certificate& certificate) {
  if (zone_ == nullptr || certificate.by != model::CertificateBy::kCname) co_return;
  if (zone_->stored() != nullptr) co_return;  // done with the end of the order
  for (const auto& text : texts_of(certificate)) {
    if (const auto gone = co_await zone_->withdraw(certificate.label, text); !gone) {
      log::warn("a challenge's value was left in the ACME zone",
                {{"label", certificate.label}, {"cause", gone.error().message}});
    }
  }
}

}  // namespace signpost::services
