// SPDX-License-Identifier: Apache-2.0
#include "services/connection_change.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/text.h"
#include "services/event_log.h"
#include "services/original_dns.h"
#include "store/connections.h"
#include "store/jobs.h"

namespace signpost::services {
namespace {

// More rivals at once than this is no chance but a storm.
constexpr int kTriesMax = 8;

/// Whoever made it happen has shown that the host name is theirs.
bool is_proof(const model::Happening& happening) {
  const auto* seen = std::get_if<model::Observed>(&happening);
  return (seen != nullptr && seen->is_claim_seen) || std::holds_alternative<model::CertificateObtained>(happening);
}

}  // namespace

void Rings::add(Rings more) {
  jobs |= more.jobs;
  deliveries |= more.deliveries;
  std::ranges::move(more.begun, std::back_inserter(begun));
  accepted += more.accepted;
}

void ring(const Bell& bell, Rings rings) {
  bell.handover().note_accepted(rings.accepted);
  for (auto& begun : rings.begun) {
    auto place = begun.place;  // it leads to the desk, and goes along
    place->desk().hand_over(std::move(begun));
  }
  if (rings.jobs.any()) bell.ring_jobs(rings.jobs);
  if (rings.deliveries) bell.ring_deliveries();
}

std::int64_t fairness_key_of(ApplicationId application, std::string_view organization) {
  // FNV-1a, 64 bits, over the slug, begun with the application; the sign bit stays clear for the database.
  std::uint64_t hash = 0xCBF29CE484222325ULL ^ static_cast<std::uint64_t>(application.value());
  for (const char c : organization) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return static_cast<std::int64_t>(hash & std::uint64_t{std::numeric_limits<std::int64_t>::max()});
}

Result<model::Connection> load_connection(store::Tx& tx, const std::optional<ApplicationId>& application,
                                          ConnectionId id) {
  auto found = TRY(application ? store::connections::find(tx, *application, id)
                               : store::connections::find_across_applications(tx, id));
  if (!found) return fail(Kind::kNotFound, format("there is no connection {}", id.text()));
  return *std::move(found);
}

Result<model::Connection> ConnectionChange::create(const model::Connection& connection, const model::Created& created) {
  auto decision = TRY(model::decide(connection, created, now_));
  TRY_VOID(store::connections::insert(tx_, decision.connection));
  TRY_VOID(write_consequences(decision));
  return std::move(decision.connection);
}

Result<model::Connection> ConnectionChange::apply(const Load& load, const model::Happening& happening) {
  return apply(load, [&happening](const model::Connection&) -> Result<model::Happening> { return happening; });
}

Result<model::Connection> ConnectionChange::apply(const Load& load, const Cause& cause) {
  for (int tries = 0; tries < kTriesMax; ++tries) {
    auto before = TRY(load(tx_));
    auto caused = TRY(cause(before));
    const auto happening = TRY(settle_claim(before, std::move(caused)));
    const auto* seen = std::get_if<model::Observed>(&happening);
    is_dead_ = seen != nullptr && seen->is_dead;
    auto decision = TRY(model::decide(before, happening, now_));
    if (!decision.is_changed) {
      if (own_job_ != nullptr && own_job_->subject == before.id) TRY_VOID(write_own_job(before, nullptr));
      return before;
    }
    // The update comes first: when somebody else was quicker, nothing of this decision has been written yet.
    using store::connections::Records;
    const auto records = decision.connection.records == before.records ? Records::kAreTheSame : Records::kMayDiffer;
    if (!TRY(store::connections::update(tx_, decision.connection, before.version, records))) continue;
    decision.connection.version = before.version + 1;
    TRY_VOID(write_consequences(decision));
    const bool is_newly_proven =
        before.claim != model::Claim::kProven && decision.connection.claim == model::Claim::kProven;
    if (is_newly_proven) TRY_VOID(lose_rivals(decision.connection));
    return std::move(decision.connection);
  }
  return fail(Kind::kUnavailable, "too many callers are changing this connection at the same moment: try again");
}

Result<ConnectionChange::Rivals> ConnectionChange::rivals_of(const model::Connection& connection) {
  const auto claims = TRY(store::connections::find_on_host_across_applications(tx_, connection.host));
  const bool has_owner = std::ranges::any_of(claims, [&](const model::Connection& other) {
    return other.id != connection.id && other.claim == model::Claim::kProven;
  });
  return has_owner ? Rivals::kOneHasProven : Rivals::kNone;
}

/// The first whose record is seen owns the host: whoever comes second has lost, whatever the look saw.
Result<model::Happening> ConnectionChange::settle_claim(const model::Connection& before, model::Happening happening) {
  if (!is_proof(happening) || before.claim != model::Claim::kUnproven) return happening;
  if (TRY(rivals_of(before)) == Rivals::kOneHasProven) return model::ClaimLost{};
  return happening;
}

Result<void> ConnectionChange::lose_rivals(const model::Connection& proven) {
  const auto claims = TRY(store::connections::find_on_host_across_applications(tx_, proven.host));
  for (const auto& rival : claims) {
    if (rival.id == proven.id) continue;
    TRY_VOID(
        apply([id = rival.id](store::Tx& tx) { return load_connection(tx, std::nullopt, id); }, model::ClaimLost{}));
  }
  return {};
}

Result<void> ConnectionChange::write_consequences(const model::Decision& decision) {
  const auto& connection = decision.connection;
  if (!decision.events.empty()) {
    auto written = TRY(write_events(tx_, connection, decision.events, ids_, now_, handover_));
    rings_.deliveries |= written.due > 0;
    rings_.accepted += written.due + written.begun.size();
    std::ranges::move(written.begun, std::back_inserter(rings_.begun));
  }
  const model::JobRequest* own = nullptr;
  for (const auto& wish : decision.jobs) {
    if (is_own(connection, wish.kind)) {
      own = &wish;
    } else {
      TRY_VOID(write_job(connection, wish));
    }
  }
  if (own_job_ != nullptr && own_job_->subject == connection.id) TRY_VOID(write_own_job(connection, own));
  return {};
}

Result<void> ConnectionChange::write_job(const model::Connection& connection, const model::JobRequest& wish) {
  const bool is_soon = wish.when != model::JobRequest::When::kNever && wish.not_before <= now_ + kBellHorizon;
  if (is_soon) rings_.add_job_of(connection.id);
  const auto key = TRY(turn_of(connection, wish.kind));
  return store::jobs::request(tx_, connection.id, key, wish, ids_.make<JobRowId>(), now_);
}

Result<std::int64_t> ConnectionChange::turn_of(const model::Connection& connection, model::JobKind kind) {
  if (kind == model::JobKind::kOriginalDns) return model::kUntriedTurn;
  const bool is_look = kind == model::JobKind::kCertificate || kind == model::JobKind::kPropagation;
  if (is_look) {
    // Nobody has answered for the host yet: the next look is likely to be long.
    const auto first = TRY(store::jobs::progress_of(tx_, connection.id, model::JobKind::kOriginalDns));
    const bool has_failed = first.is_waiting ? first.runs > 0 : first.runs >= kOriginalLooksMax;
    if (has_failed) return model::kDoubtedTurn;
    // A certificate is seldom wished for before the host's first look has ended, unless that is long. Once somebody
    // answers, it takes its own turn.
    if (first.is_waiting && kind == model::JobKind::kCertificate) return model::kUntriedTurn;
  }
  return fairness_key_of(connection.application, connection.organization);
}

Result<void> ConnectionChange::write_own_job(const model::Connection& connection, const model::JobRequest* wish) {
  if (wish == nullptr || wish->when == model::JobRequest::When::kNever) {
    TRY_VOID(store::jobs::finish(tx_, own_job_->id, own_job_->generation, model::JobState::kDone, "done"));
    return {};
  }
  const auto key = is_dead_ ? turn_after_silence(own_job_->fairness_key)
                            : fairness_key_of(connection.application, connection.organization);
  TRY_VOID(store::jobs::reschedule_with_key(tx_, own_job_->id, own_job_->generation, wish->not_before, key));
  return {};
}

bool ConnectionChange::is_own(const model::Connection& connection, model::JobKind kind) const {
  return own_job_ != nullptr && own_job_->subject == connection.id && own_job_->kind == kind;
}

}  // namespace signpost::services
