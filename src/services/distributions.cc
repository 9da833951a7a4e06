// SPDX-License-Identifier: Apache-2.0
#include "services/distributions.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "crypto/certificate_chain.h"
#include "services/certificate_tasks.h"
#include "services/original_dns.h"
#include "store/certificates.h"
#include "store/connections.h"
#include "store/distributions.h"
#include "store/jobs.h"
#include "store/original_dns.h"

namespace signpost::services {
namespace {

using model::Act;
using model::Upgrade;
using MaybeSubject = std::optional<DistributionSubject>;

constexpr int kTurnsMax = 32;                               // of one run; a walk without pauses has about twelve
constexpr Milliseconds kBreath = std::chrono::seconds(10);  // after a run that used them all
constexpr std::string_view kSomebodyWasFirst = "the distribution was changed meanwhile: it is looked at again";

Result<MaybeSubject> load_subject(store::Tx& tx, ConnectionId id) {
  auto connection = TRY(store::connections::find_across_applications(tx, id));
  if (!connection) return std::nullopt;
  auto distribution = TRY(store::distributions::find_of_connection(tx, connection->application, id));
  if (!distribution) return std::nullopt;
  auto certificate = TRY(store::certificates::find_of_connection(tx, connection->application, id));
  DistributionSubject subject{*std::move(connection), *std::move(distribution), {}};
  if (certificate && certificate->held && !certificate->held->revoked_at) subject.held = std::move(certificate->held);
  return subject;
}

bool is_connected(const model::Connection& connection) {
  return connection.is_live() && connection.status != model::Status::kDisconnected;
}

/// Somebody waits for what the row would do next; what is in the middle is ended for nobody's sake.
bool is_wanted(const DistributionSubject& subject) {
  return is_connected(subject.connection) || model::is_upgrading(subject.distribution);
}

/// A certificate for the host, and valid, is on the distribution.
bool serves(const DistributionSubject& subject, Time now) {
  const auto& row = subject.distribution;
  const bool is_ours_there = row.setup == model::Setup::kAttached && subject.held &&
                             subject.held->serial == row.imported_serial && subject.held->not_after > now;
  const bool is_amazons_there = !row.amazon.arn.empty() && row.serving_arn == row.amazon.arn &&
                                row.amazon.status != model::AmazonCertificate::Status::kRefused;
  return is_ours_there || (is_amazons_there && (!row.amazon.not_after || *row.amazon.not_after > now));
}

const model::Park* park_of(const model::Distribution& distribution) {
  if (distribution.setup_park) return &*distribution.setup_park;
  return distribution.upgrade_park ? &*distribution.upgrade_park : nullptr;
}

/// How a job that has nothing more to do says what it has done.
std::string words_of(const DistributionSubject& subject, model::JobKind kind) {
  const auto& row = subject.distribution;
  const auto& host = row.host.text();
  if (kind == model::JobKind::kCertificateUpgrade) {
    switch (row.upgrade) {
      case Upgrade::kUpgraded:
        return format("Amazon's certificate serves {} and renews itself; ours is not needed any more", host);
      case Upgrade::kEnded:
        return "disconnected before the swap: what was requested from Amazon is taken back, our certificate stays";
      case Upgrade::kNone:
      case Upgrade::kPreparing:
      case Upgrade::kPrepared:
      case Upgrade::kWaiting:
      case Upgrade::kRequesting:
      case Upgrade::kLooking:
      case Upgrade::kValidating:
      case Upgrade::kSwapping:
      case Upgrade::kDeploying:
      case Upgrade::kCleaning:
      case Upgrade::kEnding:
        return "nobody waits for the upgrade any more";
    }
  }
  if (!is_connected(subject.connection)) return "the distribution stays as it is: nobody is connected";
  if (model::is_upgrading(row)) return format("our certificate serves {}; the upgrade to Amazon's goes on", host);
  switch (row.setup) {
    case model::Setup::kMaking:
    case model::Setup::kImporting:
    case model::Setup::kAttaching:
      return "nothing is due";
    case model::Setup::kReady:
      return format("the distribution {} is there and waits for the certificate", row.domain_name);
    case model::Setup::kAttached:
      return format("our certificate serves {}; Amazon's follows step 2", host);
  }
  return "";
}

}  // namespace

model::JobKind driver_of(const model::Distribution& distribution) {
  return model::is_upgrading(distribution) ? model::JobKind::kCertificateUpgrade : model::JobKind::kDistribution;
}

std::optional<Unheard> unheard_of(const DistributionSubject& subject, Time now) {
  const auto& [connection, row, held] = subject;
  const auto hears = [&](model::UpgradeMove move) { return model::target_of(row.upgrade, move).has_value(); };
  if (!is_connected(connection)) {
    if (hears(model::UpgradeMove::kDisconnected)) return Unheard{model::EdgeDisconnected{}, now};
    return std::nullopt;
  }
  const bool is_new = held && held->serial != row.wanted_serial && held->not_after > now;
  if (is_new && model::needs_our_certificate(row)) return Unheard{model::OurCertificateReady{held->serial}, now};
  switch (connection.status) {
    case model::Status::kSslValidating:
    case model::Status::kSslValidated:
      if (row.upgrade == Upgrade::kNone) return Unheard{model::PreparationWanted{}, now};
      break;
    case model::Status::kDeployed:
      // The 60 s count from the step, not from when the row hears of it.
      if (hears(model::UpgradeMove::kStep2)) return Unheard{model::Step2Marked{}, connection.deployed_at.value_or(now)};
      break;
    case model::Status::kPendingValidation:
    case model::Status::kDisconnected:
      break;
  }
  return std::nullopt;
}

Distributions::Distributions(Storage& storage, const crypto::MasterKey& master_key, Bell& bell, const Clock& clock,
                             IdMaker& ids, cloud::Acm& acm, cloud::CloudFront& cloudfront,
                             const std::vector<AmazonSight*>& sights, EdgePlan plan)
    : storage_(storage), master_key_(master_key), bell_(bell), clock_(clock), ids_(ids), plan_(std::move(plan)) {
  for (auto* sight : sights) acts_.push_back(std::make_unique<DistributionActs>(acm, cloudfront, *sight, *this));
}

// ── the job ─────────────────────────────────────────────────────────────────────────────────────────────────────

Task<Result<JobOutcome>> Distributions::pursue(model::Job job) {
  for (int turn = 0; turn < kTurnsMax; ++turn) {
    const auto subject = CO_TRY(co_await load(job.subject));
    if (!subject) {
      co_return JobOutcome{JobOutcome::Ending::kNotConfigured,
                           "the traffic is not served by CloudFront: the certificate stays with the one who brings it"};
    }
    const Time now = clock_.now();
    if (const auto unheard = unheard_of(*subject, now)) {
      const auto saved = CO_TRY(co_await save(job.subject, unheard->happening, unheard->at, job));
      if (saved.goes_on) continue;
      co_return JobOutcome{};
    }
    const auto& row = subject->distribution;
    const auto act = is_wanted(*subject) && driver_of(row) == job.kind ? model::act_of(row, now) : Act::kNothing;
    if (act == Act::kNothing) co_return co_await settle_later(job, now);
    auto doing = row;
    if (act == Act::kImport && row.imported_arn.empty()) {
      const auto saved = CO_TRY(co_await save(job.subject, model::ImportBegan{}, now, job));
      if (!saved.goes_on) co_return JobOutcome{};
      doing = saved.subject->distribution;
      if (doing.setup != model::Setup::kImporting || !doing.import_began_at) continue;
    }
    const auto happening = co_await perform(doing, act);
    const auto saved = CO_TRY(co_await save(job.subject, happening, clock_.now(), job));
    if (!saved.goes_on) co_return JobOutcome{};
  }
  co_return co_await settle_later(job, clock_.now() + kBreath);
}

Task<Result<JobOutcome>> Distributions::settle_later(model::Job job, Time not_before) {
  const Time now = clock_.now();
  auto rings = CO_TRY(co_await storage_.write<Rings>([&, now](store::Tx& tx) -> Result<Rings> {
    Rings rings;
    auto subject = TRY(load_subject(tx, job.subject));
    if (!subject) return rings;
    // Who reconnects finds what serves already, and no act may be due for a day.
    TRY_VOID(tell(tx, {subject->distribution, {}}, *subject, rings));
    TRY_VOID(settle(tx, *subject, &job, now, not_before, rings));
    return rings;
  }));
  ring(bell_, std::move(rings));
  co_return JobOutcome{};
}

Task<Result<Distributions::MaybeSubject>> Distributions::load(ConnectionId id) {
  co_return co_await storage_.read<MaybeSubject>([id](store::Tx& tx) { return load_subject(tx, id); });
}

Task<model::DistributionHappening> Distributions::perform(model::Distribution distribution, Act act) {
  if (act == Act::kMake && distribution.cloudfront_id.empty()) {
    const auto planned = co_await plan(distribution);
    if (!planned) {
      const bool heals = planned.error().kind == Kind::kUnavailable || planned.error().kind == Kind::kTimeout;
      co_return model::ActFailed{act, heals ? std::nullopt : std::optional(model::Park::Reason::kTrouble),
                                 planned.error().message, planned.error().retry_after};
    }
  }
  auto& acts = *acts_[static_cast<std::size_t>(partition_of(distribution.connection.value())) % acts_.size()];
  auto happening = co_await acts.perform(distribution, act);
  if (const auto* failed = std::get_if<model::ActFailed>(&happening)) {
    log::warn("a distribution does not go on",
              {{"host", distribution.host.text()}, {"act", model::name_of(act)}, {"explanation", failed->explanation}});
  } else {
    log::info("a distribution goes on", {{"host", distribution.host.text()}, {"act", model::name_of(act)}});
  }
  co_return happening;
}

// ── saving ──────────────────────────────────────────────────────────────────────────────────────────────────────

Task<Result<Distributions::Saved>> Distributions::save(ConnectionId id, Happening happening, Time at,
                                                       model::Job own_job) {
  auto saved = CO_TRY(co_await storage_.write<Saved>(
      [&, at](store::Tx& tx) -> Result<Saved> { return apply(tx, id, happening, at, &own_job); }));
  ring(bell_, std::exchange(saved.rings, {}));
  co_return saved;
}

/// What came of an act is told to the row as it is now: a happening that it does not expect any more changes nothing
/// but what it says about the world.
Result<Distributions::Saved> Distributions::apply(store::Tx& tx, ConnectionId id, const Happening& happening, Time at,
                                                  const model::Job* own_job) {
  Saved saved{.subject = TRY(load_subject(tx, id)), .rings = {}};
  if (!saved.subject) return saved;
  auto& subject = *saved.subject;
  const auto before = subject.distribution;
  auto decision = model::decide(before, happening, at);
  const Time now = clock_.now();
  if (decision.is_changed) {
    decision.distribution.updated_at = now;
    if (!TRY(store::distributions::update(tx, decision.distribution, before.version)))
      return fail(Kind::kConflict, std::string(kSomebodyWasFirst));
    decision.distribution.version = before.version + 1;
  }
  subject.distribution = decision.distribution;
  TRY_VOID(tell(tx, decision, subject, saved.rings));
  if (!model::needs_our_certificate(before) && model::needs_our_certificate(subject.distribution)) {
    const auto& connection = subject.connection;
    saved.rings.add_job_of(connection.id);
    TRY_VOID(store::jobs::request(tx, connection.id, fairness_key_of(connection.application, connection.organization),
                                  {model::JobKind::kCertificate, now}, ids_.make<JobRowId>(), now));
  }
  const bool is_driver = own_job != nullptr && own_job->kind == driver_of(subject.distribution) && is_wanted(subject);
  saved.goes_on = own_job != nullptr && unheard_of(subject, now);
  saved.goes_on |= is_driver && model::act_of(subject.distribution, now) != Act::kNothing;
  // While it goes on at once it keeps its lease, so a crash brings it back.
  if (!saved.goes_on) TRY_VOID(settle(tx, subject, own_job, now, now, saved.rings));
  return saved;
}

/// The connection's records, status and attention always fit what is saved.
Result<void> Distributions::tell(store::Tx& tx, const model::DistributionDecision& decision,
                                 DistributionSubject& subject, Rings& rings) {
  const Time now = clock_.now();
  const auto& row = decision.distribution;
  const auto happens = [&](const model::Happening& happening) -> Result<void> {
    ConnectionChange change(tx, ids_, now, &bell_.handover());
    subject.connection = TRY(change.apply(
        [&](store::Tx& in) { return load_connection(in, std::nullopt, subject.connection.id); }, happening));
    rings.add(change.rings());
    return {};
  };
  const auto has = [&](model::DistributionNews news) {
    return std::ranges::find(decision.news, news) != decision.news.end();
  };
  model::RecordsOffered offered;
  if (has(model::DistributionNews::kFound)) offered.records = traffic_records(row.host, row.domain_name, ids_);
  if (has(model::DistributionNews::kValidationKnown) && row.validation) {
    if (auto record = validation_record(row.host, *row.validation, ids_)) {
      offered.records.push_back(*std::move(record));
    } else {
      log::warn("Amazon's validation record cannot be offered",
                {{"host", row.host.text()}, {"cause", record.error().message}});
    }
  }
  if (!offered.records.empty()) TRY_VOID(happens(offered));
  if (subject.connection.status == model::Status::kSslValidating && subject.connection.is_live() &&
      serves(subject, now)) {
    TRY_VOID(happens(model::CertificateIssued{}));
  }
  const auto* park = park_of(row);
  const auto& attention = subject.connection.attention;
  const bool is_edges = attention && attention->cause.starts_with(model::kEdgeCausePrefix);
  if (park == nullptr || !is_connected(subject.connection))
    return is_edges ? happens(model::EdgeHealthy{}) : Result<void>{};
  // What hinders the certificate itself is said first.
  const bool is_certificates = attention && attention->cause.starts_with(model::kCertificateCausePrefix) && !is_edges;
  if (is_certificates) return {};
  return happens(model::CertificateTroubled{format("{}{}", model::kEdgeCausePrefix, model::name_of(park->reason)),
                                            park->explanation});
}

/// The job waits for what is due next, or hands over to the row's driver, or ends with what it has done.
Result<void> Distributions::settle(store::Tx& tx, const DistributionSubject& subject, const model::Job* own_job,
                                   Time now, Time not_before, Rings& rings) {
  const auto& connection = subject.connection;
  const auto driver = driver_of(subject.distribution);
  const auto due = is_wanted(subject) ? model::next_at(subject.distribution) : std::nullopt;
  const bool is_own = own_job != nullptr && own_job->kind == driver;
  if (is_own && due) {
    TRY_VOID(store::jobs::reschedule(tx, own_job->id, own_job->generation, std::max(*due, not_before)));
    return {};
  }
  if (own_job != nullptr) {
    TRY_VOID(store::jobs::finish(tx, own_job->id, own_job->generation, model::JobState::kDone,
                                 words_of(subject, own_job->kind)));
  }
  if (is_own || !due) return {};
  if (*due <= now + kBellHorizon) rings.add_job_of(connection.id);
  return store::jobs::request(tx, connection.id, fairness_key_of(connection.application, connection.organization),
                              {driver, std::max(*due, now), model::JobRequest::When::kEarlier}, ids_.make<JobRowId>(),
                              now);
}

Task<Result<void>> Distributions::retry(Scope scope, ConnectionId id) {
  auto saved = CO_TRY(co_await storage_.write<Saved>([&](store::Tx& tx) -> Result<Saved> {
    TRY(load_connection(tx, scope.application, id));
    return apply(tx, id, model::RetryWanted{}, clock_.now(), nullptr);
  }));
  ring(bell_, std::move(saved.rings));
  co_return Result<void>{};
}

// ── what the acts ask for ───────────────────────────────────────────────────────────────────────────────────────

Task<Result<cloud::NewDistribution>> Distributions::plan(model::Distribution distribution) {
  using cloud::DistributionOrigin;
  struct Known {
    std::string organization;
    std::optional<model::OriginalDns> original;
  };
  const auto known = CO_TRY(co_await storage_.read<Known>([&](store::Tx& tx) -> Result<Known> {
    const auto connection = TRY(load_connection(tx, distribution.application, distribution.connection));
    Known found{connection.organization, TRY(store::original_dns::find(tx, connection.application, connection.id))};
    if (found.original && leads_to_us(*found.original, connection, &distribution)) found.original.reset();
    return found;
  }));
  auto origin = CO_TRY(origin_of(distribution, known.original));
  const auto pages = CO_TRY(pages_host_of(plan_, known.organization));
  co_return cloud::NewDistribution{.caller_reference = distribution.id.text(),
                                   .comment = {},
                                   .customer = {std::move(origin), DistributionOrigin::AsksFor::kViewerHost},
                                   .pages = {pages.text(), DistributionOrigin::AsksFor::kOriginHost},
                                   .pages_paths = plan_.pages_paths,
                                   .tags = {}};
}

Task<Result<OurCertificate>> Distributions::certificate(model::Distribution distribution) {
  using Found = std::optional<model::Certificate>;
  const auto certificate = CO_TRY(co_await storage_.read<Found>([&](store::Tx& tx) {
    return store::certificates::find_of_connection(tx, distribution.application, distribution.connection);
  }));
  if (!certificate || !certificate->held) {
    co_return fail(Kind::kConflict,
                   format("no certificate for {} is held: it is obtained after step 1", distribution.host.text()));
  }
  const auto chain = CO_TRY(crypto::CertificateChain::parse(certificate->held->chain_pem));
  auto key = CO_TRY(master_key_.unseal(certificate->held->sealed_key, certificate_key_purpose(certificate->id)));
  co_return OurCertificate{chain.leaf_pem(), chain.issuers_pem(), std::move(key), certificate->held->serial};
}

Task<Result<bool>> Distributions::is_host_proven(model::Distribution distribution) {
  co_return co_await storage_.read<bool>([&](store::Tx& tx) -> Result<bool> {
    const auto connection = TRY(load_connection(tx, distribution.application, distribution.connection));
    return connection.claim == model::Claim::kProven;
  });
}

}  // namespace signpost::services
