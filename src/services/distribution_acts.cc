// SPDX-License-Identifier: Apache-2.0
#include "services/distribution_acts.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"

namespace signpost::services {
namespace {

using cloud::AwsTrouble;
using model::Act;
using model::Park;

std::vector<cloud::AwsTag> tags_of(const model::Distribution& distribution) {
  return {{std::string(kOwnerTag), distribution.id.text()}, {std::string(kHostTag), distribution.host.text()}};
}

/// Why the row parks at once; nothing for what heals by waiting.
std::optional<Park::Reason> reason_of(AwsTrouble trouble) {
  switch (trouble) {
    case AwsTrouble::kNoCredentials:
    case AwsTrouble::kCredentialsExpired:
    case AwsTrouble::kCredentialsRefused:
    case AwsTrouble::kClockWrong:
    case AwsTrouble::kAccessDenied:
      return Park::Reason::kDenied;
    case AwsTrouble::kThrottled:
    case AwsTrouble::kUnavailable:
    case AwsTrouble::kUnreachable:
    case AwsTrouble::kNotYet:
    case AwsTrouble::kInUse:
    case AwsTrouble::kConflict:
    case AwsTrouble::kChanged:
      return std::nullopt;
    case AwsTrouble::kNotFound:
      return Park::Reason::kDistributionGone;
    case AwsTrouble::kCertificateRefused:
      return Park::Reason::kCertificateRefused;
    case AwsTrouble::kAliasTaken:
      return Park::Reason::kAliasTaken;
    case AwsTrouble::kLimitReached:
      return Park::Reason::kLimitReached;
    case AwsTrouble::kGarbled:
    case AwsTrouble::kCertificateMismatch:
    case AwsTrouble::kAlreadyExists:
    case AwsTrouble::kInvalid:
      return Park::Reason::kTrouble;
  }
  return Park::Reason::kTrouble;
}

/// It answers nobody, and is not enabled by us: somebody has had a reason.
model::ActFailed disabled(Act act, const cloud::DistributionId& id) {
  return {act,
          Park::Reason::kDistributionDisabled,
          format("the distribution {} is disabled, so it would answer nobody: enable it at AWS, or name another",
                 id.text()),
          {}};
}

/// How an edit says that it must not be made, and why.
struct Refusal {
  std::optional<Park::Reason> reason;
  std::string explanation;
};

model::AmazonCertificate::Status status_of(cloud::AcmStatus status) {
  switch (status) {
    case cloud::AcmStatus::kPendingValidation:
      return model::AmazonCertificate::Status::kPending;
    case cloud::AcmStatus::kIssued:
      return model::AmazonCertificate::Status::kIssued;
    case cloud::AcmStatus::kInactive:
    case cloud::AcmStatus::kExpired:
    case cloud::AcmStatus::kValidationTimedOut:
    case cloud::AcmStatus::kRevoked:
    case cloud::AcmStatus::kFailed:
      return model::AmazonCertificate::Status::kRefused;
  }
  return model::AmazonCertificate::Status::kUnknown;
}

std::string explanation_of(const cloud::AcmCertificate& certificate) {
  if (auto why = explain_failure(certificate); !why.empty()) return why;
  const auto& renewal = certificate.renewal_status;
  if (certificate.status == cloud::AcmStatus::kIssued && (renewal == "PENDING_VALIDATION" || renewal == "FAILED"))
    return format(
        "Amazon cannot renew the certificate of {} (renewal {}): the validation record must stay in DNS for as "
        "long as the certificate is used",
        certificate.domain, renewal);
  if (status_of(certificate.status) == model::AmazonCertificate::Status::kRefused)
    return format("the certificate of {} is {} in ACM: a new one is requested", certificate.domain,
                  name_of(certificate.status));
  return "";
}

/// We could not look, which says nothing about the record.
bool is_unseen(const dns::RecordObservation& record) {
  return !record.propagated && (record.cause == "too_busy" || record.cause == "resolvers_fail");
}

std::string serving_of(const cloud::ViewerCertificate& certificate) {
  return certificate.is_default ? "" : certificate.acm_arn.empty() ? "a certificate of IAM" : certificate.acm_arn;
}

}  // namespace

Task<model::DistributionHappening> DistributionActs::perform(model::Distribution distribution, Act act) {
  const auto outcome = co_await outcome_of(distribution, act, std::chrono::steady_clock::now() + kBudget);
  if (outcome) co_return *outcome;
  const auto& error = outcome.error();
  model::ActFailed failed{act, reason_of(error.trouble), error.error.message, error.error.retry_after};
  if (error.trouble == AwsTrouble::kAliasTaken) {
    failed.explanation =
        co_await explain_taken(distribution, std::move(failed.explanation), std::chrono::steady_clock::now() + kBudget);
  }
  co_return failed;
}

Task<DistributionActs::Outcome> DistributionActs::outcome_of(model::Distribution distribution, Act act,
                                                             net::Deadline deadline) {
  switch (act) {
    case Act::kNothing:
      break;
    case Act::kMake:
      return make(std::move(distribution), deadline);
    case Act::kFindImport:
      return find_import(std::move(distribution), deadline);
    case Act::kImport:
      return import(std::move(distribution), deadline);
    case Act::kAttach:
      return attach(std::move(distribution), deadline);
    case Act::kEndWait:
      return []() -> Task<Outcome> { co_return model::Waited{}; }();
    case Act::kRequest:
      return request(std::move(distribution), deadline);
    case Act::kDescribe:
      return describe(std::move(distribution), deadline);
    case Act::kLook:
      return look(std::move(distribution));
    case Act::kDiscard:
      return discard(std::move(distribution), deadline);
    case Act::kSwap:
      return swap(std::move(distribution), deadline);
    case Act::kCheckDeployed:
      return check_deployed(std::move(distribution), deadline);
    case Act::kClean:
      return clean(std::move(distribution), deadline);
    case Act::kTidy:
      return tidy(std::move(distribution), deadline);
    case Act::kTakeBack:
      return take_back(std::move(distribution), deadline);
  }
  return []() -> Task<Outcome> { co_return fail(Kind::kInternal, "nothing was to be done"); }();
}

// ── our certificate ─────────────────────────────────────────────────────────────────────────────────────────

Task<DistributionActs::Outcome> DistributionActs::make(model::Distribution distribution, net::Deadline deadline) {
  const auto found = [](const cloud::Distribution& seen, bool is_made_by_us) {
    return model::DistributionFound{seen.id.text(), is_made_by_us, seen.domain_name, serving_of(seen.certificate)};
  };
  if (!distribution.cloudfront_id.empty()) {
    const auto id = CO_TRY(cloud::DistributionId::parse(distribution.cloudfront_id));
    const auto seen = CO_TRY(co_await cloudfront_.get(id, deadline));
    if (!seen.is_enabled) co_return disabled(Act::kMake, id);
    co_return found(seen, distribution.is_made_by_us);
  }
  auto plan = CO_TRY(co_await source_.plan(distribution));
  plan.caller_reference = distribution.id.text();
  plan.comment = format("Signpost: {}", distribution.host.text()).substr(0, 128);
  plan.tags = tags_of(distribution);
  co_return found(CO_TRY(co_await cloudfront_.create(std::move(plan), deadline)), true);
}

/// An import may be in ACM without its ARN in our row: its tag tells.
Task<DistributionActs::Outcome> DistributionActs::find_import(model::Distribution distribution,
                                                              net::Deadline deadline) {
  const auto& host = distribution.host.text();
  const auto listed = CO_TRY(co_await acm_.list(deadline));
  for (const auto& one : listed) {
    // Without a common name ACM shows the first of the names, which may be the wildcard.
    const bool is_for_host = one.domain == host || one.domain == "*." + host;
    const bool may_be =
        one.type == cloud::AcmType::kImported && is_for_host && !model::is_replaced(distribution, one.arn.text());
    if (!may_be || !CO_TRY(co_await is_made_for(distribution, one.arn, deadline))) continue;
    // Which of our certificates it is, is not known: the wanted one is imported again in its place.
    co_return model::Imported{one.arn.text(), ""};
  }
  co_return model::ImportNotFound{};
}

Task<DistributionActs::Outcome> DistributionActs::import(model::Distribution distribution, net::Deadline deadline) {
  auto ours = CO_TRY(co_await source_.certificate(distribution));
  cloud::AcmImport import{.certificate = std::move(ours.certificate),
                          .chain = std::move(ours.chain),
                          .private_key = std::move(ours.private_key),
                          .arn = {},
                          .tags = tags_of(distribution)};
  if (!distribution.imported_arn.empty()) import.arn = CO_TRY(cloud::Arn::parse_certificate(distribution.imported_arn));
  const auto imported = co_await acm_.import(std::move(import), deadline);
  if (imported) co_return model::Imported{imported->text(), ours.serial};
  const bool is_lost = !distribution.imported_arn.empty() && imported.error().trouble == AwsTrouble::kNotFound;
  if (is_lost) co_return model::ImportLost{};
  const bool was_to_replace = !distribution.imported_arn.empty();
  if (was_to_replace && imported.error().trouble == AwsTrouble::kCertificateMismatch)
    co_return model::ReimportRefused{};
  co_return std::unexpected(imported.error());
}

Task<DistributionActs::Outcome> DistributionActs::attach(model::Distribution distribution, net::Deadline deadline) {
  const auto id = CO_TRY(cloud::DistributionId::parse(distribution.cloudfront_id));
  const auto arn = CO_TRY(cloud::Arn::parse_certificate(distribution.imported_arn));
  bool is_swapped = false, is_disabled = false;
  std::string unknown;  // what serves, if it is none that the row knows
  const auto edit = [&](cloud::DistributionDocument& document) -> cloud::AwsResult<cloud::CloudFront::Edited> {
    using Edited = cloud::CloudFront::Edited;
    is_swapped = false;
    unknown.clear();
    is_disabled = !document.is_enabled();
    if (is_disabled) return Edited::kNothingToDo;
    const auto serving = serving_of(document.viewer_certificate());
    if (!distribution.amazon.arn.empty() && serving == distribution.amazon.arn) {
      is_swapped = true;
      return Edited::kNothingToDo;
    }
    if (!serving.empty() && serving != arn.text() && !model::is_replaced(distribution, serving)) {
      unknown = serving;
      return Edited::kNothingToDo;
    }
    if (serving == arn.text() && document.has_alias(distribution.host.text())) return Edited::kNothingToDo;
    TRY_VOID(document.set_certificate(arn));
    TRY_VOID(document.add_alias(distribution.host));
    return Edited::kYes;
  };
  const auto changed = co_await cloudfront_.update(id, edit, deadline);
  if (!changed) {
    if (changed.error().trouble == AwsTrouble::kCertificateRefused) {
      const auto described = co_await acm_.describe(arn, std::nullopt, deadline);
      if (!described && described.error().trouble == AwsTrouble::kNotFound) co_return model::ImportLost{};
    }
    co_return std::unexpected(changed.error());
  }
  if (is_disabled) co_return disabled(Act::kAttach, id);
  if (!unknown.empty()) co_return co_await adopt(std::move(distribution), std::move(unknown), deadline);
  if (is_swapped) co_return model::Swapped{};
  co_return model::Attached{changed->is_deployed};
}

/// What serves is taken over if ACM's tags say that it was made for this very host, whose owner our connection has
/// proven to be: it is what an earlier connection of the host left there. Anything else is somebody's.
Task<DistributionActs::Outcome> DistributionActs::adopt(model::Distribution distribution, std::string serving,
                                                        net::Deadline deadline) {
  const auto refused = [&](std::string explanation) {
    return model::ActFailed{Act::kAttach, Park::Reason::kForeignCertificate, std::move(explanation), {}};
  };
  const auto foreign = format(
      "the distribution {} serves {}, which Signpost did not attach for {}: take it off there, or use another "
      "distribution",
      distribution.cloudfront_id, serving, distribution.host.text());
  const auto arn = cloud::Arn::parse_certificate(serving);
  if (!arn) co_return refused(foreign);
  const auto described = co_await acm_.describe(*arn, std::nullopt, deadline);
  const auto tags = described ? co_await acm_.tags_of(*arn, deadline)
                              : cloud::AwsResult<std::vector<cloud::AwsTag>>(std::unexpected(described.error()));
  if (!tags) {
    if (tags.error().trouble == AwsTrouble::kNotFound) co_return refused(foreign);
    co_return std::unexpected(tags.error());
  }
  const bool is_ours = std::ranges::find(*tags, kOwnerTag, &cloud::AwsTag::key) != tags->end();
  const bool is_for_host =
      std::ranges::find(*tags, cloud::AwsTag{std::string(kHostTag), distribution.host.text()}) != tags->end();
  if (!is_ours || !is_for_host || described->type == cloud::AcmType::kPrivate) co_return refused(foreign);
  if (!CO_TRY(co_await source_.is_host_proven(distribution))) {
    co_return refused(
        format("the distribution {} serves a certificate of an earlier connection of {}: it is taken over once "
               "this connection has proven the host",
               distribution.cloudfront_id, distribution.host.text()));
  }
  // From here on it is this row's, for whoever deletes it.
  CO_TRY_VOID(co_await acm_.add_tags(*arn, tags_of(distribution), deadline));
  const bool is_amazons =
      described->type == cloud::AcmType::kAmazonIssued && described->status == cloud::AcmStatus::kIssued;
  co_return model::Adopted{arn->text(), is_amazons ? model::Adopted::Issuer::kAmazon : model::Adopted::Issuer::kOurs,
                           described->not_after};
}

// ── Amazon's certificate ────────────────────────────────────────────────────────────────────────────────────

Task<DistributionActs::Outcome> DistributionActs::request(model::Distribution distribution, net::Deadline deadline) {
  const auto caa = co_await sight_.caa(distribution.host);
  switch (caa.kind) {
    case dns::CaaVerdict::Kind::kAllowed:
      break;
    case dns::CaaVerdict::Kind::kForbidden:
      co_return model::AmazonForbidden{
          format("CAA does not let Amazon issue: {}; add 0 issue \"amazon.com\" beside it", caa.sentence)};
    case dns::CaaVerdict::Kind::kFailed:
      co_return model::AmazonForbidden{format("CAA cannot be read, so Amazon must not issue: {}", caa.sentence)};
    case dns::CaaVerdict::Kind::kOpen:
      co_return model::ActFailed{
          Act::kRequest, {}, format("CAA of {} could not be looked at", distribution.host.text()), {}};
  }
  cloud::AcmRequest request{.host = distribution.host,
                            .other_names = {},
                            .idempotency_token = model::idempotency_token(distribution),
                            .tags = tags_of(distribution)};
  const auto arn = CO_TRY(co_await acm_.request(std::move(request), deadline));
  co_return model::AmazonRequested{arn.text()};
}

Task<DistributionActs::Outcome> DistributionActs::describe(model::Distribution distribution, net::Deadline deadline) {
  if (distribution.amazon.arn.empty()) co_return model::AmazonGone{};
  const auto arn = CO_TRY(cloud::Arn::parse_certificate(distribution.amazon.arn));
  const auto described = co_await acm_.describe(arn, distribution.amazon.requested_at, deadline);
  if (!described) {
    if (described.error().trouble == AwsTrouble::kNotYet)
      co_return model::AmazonSeen{.status = model::AmazonCertificate::Status::kPending};
    if (described.error().trouble == AwsTrouble::kNotFound) co_return model::AmazonGone{};
    co_return std::unexpected(described.error());
  }
  model::AmazonSeen seen{.status = status_of(described->status),
                         .validation = {},
                         .not_after = described->not_after,
                         .explanation = explanation_of(*described)};
  for (const auto& validation : described->validations) {
    if (validation.record && validation.domain == distribution.host.text())
      seen.validation = model::ValidationRecord{validation.record->name, validation.record->value};
  }
  co_return seen;
}

Task<DistributionActs::Outcome> DistributionActs::look(model::Distribution distribution) {
  const auto record = distribution.validation.value_or(model::ValidationRecord{});
  const auto seen = co_await sight_.validation(record);
  if (is_unseen(seen)) co_return model::ActFailed{Act::kLook, {}, seen.explanation, {}};
  if (seen.propagated) co_return model::ValidationLooked{true, ""};
  co_return model::ValidationLooked{
      false, format("Amazon issues {}'s certificate once the CNAME {} with the value {} is in DNS{}{}",
                    distribution.host.text(), record.name, record.value, seen.explanation.empty() ? "" : ": ",
                    seen.explanation)};
}

Task<DistributionActs::Outcome> DistributionActs::discard(model::Distribution distribution, net::Deadline deadline) {
  const auto arn = CO_TRY(cloud::Arn::parse_certificate(distribution.amazon.arn));
  const auto removed = co_await acm_.remove(arn, deadline);
  if (removed || removed.error().trouble == AwsTrouble::kNotFound) co_return model::AmazonGone{};
  if (removed.error().trouble == AwsTrouble::kInUse && !distribution.cloudfront_id.empty()) {
    // A swap that was made, and that a crash kept out of the row.
    const auto id = CO_TRY(cloud::DistributionId::parse(distribution.cloudfront_id));
    const auto seen = CO_TRY(co_await cloudfront_.get(id, deadline));
    if (serving_of(seen.certificate) == arn.text()) co_return model::Swapped{};
  }
  co_return std::unexpected(removed.error());
}

Task<DistributionActs::Outcome> DistributionActs::swap(model::Distribution distribution, net::Deadline deadline) {
  const auto id = CO_TRY(cloud::DistributionId::parse(distribution.cloudfront_id));
  const auto arn = CO_TRY(cloud::Arn::parse_certificate(distribution.amazon.arn));
  std::optional<Refusal> refusal;
  const auto edit = [&](cloud::DistributionDocument& document) -> cloud::AwsResult<cloud::CloudFront::Edited> {
    using Edited = cloud::CloudFront::Edited;
    refusal.reset();
    const auto serving = serving_of(document.viewer_certificate());
    if (serving == arn.text()) return Edited::kNothingToDo;
    if (!document.has_alias(distribution.host.text())) {
      refusal =
          Refusal{Park::Reason::kAliasGone,
                  format("the distribution {} does not answer for {} any more: add the alias again, or disconnect it",
                         id.text(), distribution.host.text())};
      return Edited::kNothingToDo;
    }
    const bool is_one_of_ours = serving == distribution.imported_arn || model::is_replaced(distribution, serving);
    if (serving.empty() || !is_one_of_ours) {
      refusal =
          Refusal{Park::Reason::kForeignCertificate,
                  format("the distribution {} serves {} instead of the certificate that Signpost attached: attach {}, "
                         "or disconnect {}",
                         id.text(), serving.empty() ? "CloudFront's own certificate" : serving,
                         distribution.imported_arn, distribution.host.text())};
      return Edited::kNothingToDo;
    }
    TRY_VOID(document.set_certificate(arn));
    return Edited::kYes;
  };
  CO_TRY(co_await cloudfront_.update(id, edit, deadline));
  if (refusal) co_return model::ActFailed{Act::kSwap, refusal->reason, refusal->explanation, {}};
  co_return model::Swapped{};
}

Task<DistributionActs::Outcome> DistributionActs::check_deployed(model::Distribution distribution,
                                                                 net::Deadline deadline) {
  const auto id = CO_TRY(cloud::DistributionId::parse(distribution.cloudfront_id));
  const auto seen = CO_TRY(co_await cloudfront_.get(id, deadline));
  co_return model::DeploymentSeen{seen.is_deployed, serving_of(seen.certificate)};
}

Task<DistributionActs::Outcome> DistributionActs::clean(model::Distribution distribution, net::Deadline deadline) {
  const auto id = CO_TRY(cloud::DistributionId::parse(distribution.cloudfront_id));
  const auto seen = CO_TRY(co_await cloudfront_.get(id, deadline));
  if (!seen.is_deployed || serving_of(seen.certificate) != distribution.amazon.arn)
    co_return model::DeploymentSeen{seen.is_deployed, serving_of(seen.certificate)};
  co_return co_await remove_old(std::move(distribution), deadline);
}

Task<DistributionActs::Outcome> DistributionActs::tidy(model::Distribution distribution, net::Deadline deadline) {
  const auto id = CO_TRY(cloud::DistributionId::parse(distribution.cloudfront_id));
  const auto old = model::old_certificate(distribution);
  const auto seen = co_await cloudfront_.get(id, deadline);
  if (!seen && seen.error().trouble != AwsTrouble::kNotFound) co_return std::unexpected(seen.error());
  if (seen && (!seen->is_deployed || serving_of(seen->certificate) == old))
    co_return model::OldSeen{old, model::OldCertificate::kStillUsed};
  co_return co_await remove_old(std::move(distribution), deadline);
}

/// What was imported may serve elsewhere, too, and of Amazon's only what we requested is ours: ACM's tags and uses
/// tell.
Task<DistributionActs::Outcome> DistributionActs::remove_old(model::Distribution distribution, net::Deadline deadline) {
  using model::OldCertificate;
  const auto old = CO_TRY(cloud::Arn::parse_certificate(model::old_certificate(distribution)));
  const auto outcome = [&](OldCertificate seen) { return model::OldSeen{old.text(), seen}; };
  const auto described = co_await acm_.describe(old, std::nullopt, deadline);
  if (!described) {
    if (described.error().trouble == AwsTrouble::kNotFound) co_return outcome(OldCertificate::kGone);
    co_return std::unexpected(described.error());
  }
  const bool may_be_ours = described->type == cloud::AcmType::kImported || old.text() != distribution.imported_arn;
  if (!may_be_ours || !CO_TRY(co_await is_made_for(distribution, old, deadline)))
    co_return outcome(OldCertificate::kNotOurs);
  if (!described->in_use_by.empty()) co_return outcome(OldCertificate::kStillUsed);
  const auto removed = co_await acm_.remove(old, deadline);
  if (removed) co_return outcome(OldCertificate::kDeleted);
  if (removed.error().trouble == AwsTrouble::kInUse) co_return outcome(OldCertificate::kStillUsed);
  if (removed.error().trouble == AwsTrouble::kNotFound) co_return outcome(OldCertificate::kGone);
  co_return std::unexpected(removed.error());
}

Task<DistributionActs::Outcome> DistributionActs::take_back(model::Distribution distribution, net::Deadline deadline) {
  if (distribution.amazon.arn.empty()) co_return model::AmazonGone{};
  if (!distribution.cloudfront_id.empty()) {
    const auto id = CO_TRY(cloud::DistributionId::parse(distribution.cloudfront_id));
    const auto seen = co_await cloudfront_.get(id, deadline);
    if (!seen && seen.error().trouble != AwsTrouble::kNotFound) co_return std::unexpected(seen.error());
    // The swap was made, and a crash kept it out of the row: what serves stays.
    if (seen && serving_of(seen->certificate) == distribution.amazon.arn) co_return model::Swapped{};
  }
  co_return co_await discard(std::move(distribution), deadline);
}

Task<cloud::AwsResult<bool>> DistributionActs::is_made_for(model::Distribution distribution, cloud::Arn certificate,
                                                           net::Deadline deadline) {
  const auto tags = co_await acm_.tags_of(std::move(certificate), deadline);
  if (!tags && tags.error().trouble == AwsTrouble::kNotFound) co_return false;
  if (!tags) co_return std::unexpected(tags.error());
  co_return std::ranges::find(*tags, cloud::AwsTag{std::string(kOwnerTag), distribution.id.text()}) != tags->end();
}

/// AWS tells who has the alias as far as it may, once a certificate that covers it is on our distribution: so it goes
/// there alone.
Task<std::string> DistributionActs::explain_taken(model::Distribution distribution, std::string sentence,
                                                  net::Deadline deadline) {
  const auto id = cloud::DistributionId::parse(distribution.cloudfront_id);
  const auto arn = cloud::Arn::parse_certificate(distribution.imported_arn);
  if (!id || !arn) co_return sentence;
  const auto edit = [&](cloud::DistributionDocument& document) -> cloud::AwsResult<cloud::CloudFront::Edited> {
    const auto serving = serving_of(document.viewer_certificate());
    const bool may_go_there = serving.empty() || model::is_replaced(distribution, serving);
    if (!may_go_there) return cloud::CloudFront::Edited::kNothingToDo;
    TRY_VOID(document.set_certificate(*arn));
    return cloud::CloudFront::Edited::kYes;
  };
  if (const auto alone = co_await cloudfront_.update(*id, edit, deadline); !alone) co_return sentence;
  const auto conflicts = co_await cloudfront_.conflicting_aliases(*id, distribution.host, deadline);
  if (!conflicts || conflicts->empty()) co_return sentence;
  co_return format(
      "{}; {} is on the distribution {} of account {}: if an earlier connection left it there, make this one again "
      "with that \"distribution_id\"",
      sentence, conflicts->front().alias, conflicts->front().distribution, conflicts->front().account);
}

}  // namespace signpost::services
