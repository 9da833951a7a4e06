// SPDX-License-Identifier: Apache-2.0
#include "services/propagation.h"

#include <algorithm>
#include <chrono>

#include "dns/together.h"
#include "services/connection_change.h"
#include "services/observation_json.h"
#include "store/applications.h"
#include "store/connections.h"
#include "store/observations.h"

namespace signpost::services {
namespace {

// A look that shows what the last kept one showed is not written again: it would double the cost of the dense phase and
// of ten thousand waiting domains. But the kept one tells when we looked, so it is renewed before a reader would call
// it old.
constexpr Milliseconds kObservationAgeMax = std::chrono::minutes(5);

/// The flattened addresses of a target are those of everybody behind it: they prove nothing.
bool is_proof(const dns::RecordObservation& record) { return record.propagated && record.value_seen; }

/// We could not look, which says nothing about the record.
bool is_unseen(const dns::RecordObservation& record) {
  return !record.propagated && (record.cause == "too_busy" || record.cause == "resolvers_fail");
}

/// This process had no room for the look: it is made again soon. A resolver that fails is different: the domain may be
/// dead, and its schedule and its 72 hours go on.
bool was_too_busy(const dns::Observation& observation) {
  return std::ranges::all_of(observation.records, [](const auto& record) { return record.cause == "too_busy"; });
}

Result<void> keep(store::Tx& tx, const model::Connection& connection, const dns::Observation& observation, Time now) {
  const auto kept = TRY(store::observations::load(tx, connection.application, connection.id));
  const bool is_fresh = kept && now >= kept->at && now - kept->at < kObservationAgeMax;
  if (is_fresh && fingerprint_in(kept->body_json) == fingerprint_of(observation)) return {};
  return store::observations::save(tx, connection.id, {.body_json = to_json(observation, now), .at = now});
}

bool was_silent(const dns::RecordObservation& record) {
  return std::ranges::none_of(record.authorities,
                              [](const auto& answer) { return dns::is_authoritative(answer.verdict); });
}

// The last scheduled look and the end of the claim fall together: one of them is enough.
constexpr Milliseconds kLookAgeMax = std::chrono::minutes(1);

bool was_just_looked_at(const model::Connection& connection, Time now) {
  return connection.last_look_at && *connection.last_look_at + kLookAgeMax > now && *connection.last_look_at <= now;
}

bool would_alarm(const model::Connection& connection, const model::Observed& observed, Time now) {
  const auto decision = model::decide(connection, observed, now);
  if (!decision) return false;
  const auto& events = decision->events;
  return std::ranges::find(events, model::EventType::kAttention, &model::EventDraft::type) != events.end();
}

/// What is applied changes everything but the alarm.
void say_no_cause(model::Observed& observed) {
  observed.cause.clear();
  observed.explanation.clear();
}

bool is_open(model::FacetState facet) {
  return facet == model::FacetState::kPending || facet == model::FacetState::kFailed;
}

bool asks_for_redirection(const model::Connection& connection) {
  return connection.redirection && connection.is_live() && is_open(connection.facets.redirection);
}

/// Of an MX value as a look shows it, "10 aspmx.l.google.com".
bool is_exchange_of(const std::string& value, const std::vector<model::MailProvider>& providers) {
  const auto exchange = DnsName::parse(std::string_view(value).substr(value.rfind(' ') + 1));
  const auto provider = exchange ? model::provider_of(*exchange) : std::nullopt;
  return provider && std::ranges::find(providers, *provider) != providers.end();
}

JobOutcome gone() { return {.ending = JobOutcome::Ending::kDone, .text = "the connection does not exist any more"}; }

}  // namespace

std::vector<dns::Expectation> expectations_of(const model::Connection& connection) {
  std::vector<dns::Expectation> expectations;
  expectations.reserve(connection.records.size() + 1);
  for (const auto& record : connection.records) {
    expectations.push_back(
        {.name = record.name, .type = record.type, .value = record.value, .priority = record.priority});
  }
  if (connection.claim == model::Claim::kUnproven) {
    expectations.push_back({.name = model::claim_name(connection),
                            .type = RecordType::kTxt,
                            .value = model::claim_value(connection),
                            .priority = std::nullopt});
  }
  return expectations;
}

model::Observed observed_of(const model::Connection& connection, const dns::Observation& observation) {
  model::Observed observed;
  const auto& seen = observation.records;
  for (std::size_t i = 0; i < connection.records.size() && i < seen.size(); ++i) {
    const auto& record = connection.records[i];
    if (!is_unseen(seen[i])) observed.propagated[record.id] = seen[i].propagated;
    observed.is_claim_seen |= record.proves_ownership && is_proof(seen[i]);
    if (seen[i].propagated || !observed.cause.empty() || !is_awaited(connection, record)) continue;
    observed.cause = seen[i].cause;
    observed.explanation = seen[i].explanation;
  }
  const bool asked_for_claim =
      connection.claim == model::Claim::kUnproven && seen.size() == connection.records.size() + 1;
  observed.is_claim_seen |= asked_for_claim && is_proof(seen.back());
  observed.is_dead = !seen.empty() && std::ranges::all_of(seen, was_silent);
  return observed;
}

dns::Expectation mail_of(const model::Connection& connection) {
  return {.name = DnsName::parse(connection.host.domain()).value(),
          .type = RecordType::kMx,
          .value = std::nullopt,
          .priority = std::nullopt};
}

model::MailSight mail_sight_of(const dns::RecordObservation& mail, const std::vector<model::MailProvider>& supported) {
  if (was_silent(mail)) return model::MailSight::kUnseen;
  const bool is_supported = std::ranges::any_of(mail.authorities, [&](const dns::ServerAnswer& answer) {
    if (!dns::is_authoritative(answer.verdict)) return false;
    return std::ranges::any_of(answer.values, [&](const auto& value) { return is_exchange_of(value, supported); });
  });
  return is_supported ? model::MailSight::kSupported : model::MailSight::kExempt;
}

Task<dns::Observation> ObserverEye::observe(std::vector<dns::Expectation> expectations) {
  co_return co_await observer_.observe(std::move(expectations), std::chrono::steady_clock::now() + look_budget_);
}

Propagation::Propagation(Storage& storage, Bell& bell, const Clock& clock, IdMaker& ids, std::vector<LoopEyes> eyes,
                         Settings settings)
    : storage_(storage),
      bell_(bell),
      clock_(clock),
      ids_(ids),
      eyes_(std::move(eyes)),
      settings_(std::move(settings)) {}

const LoopEyes& Propagation::eyes_of(const model::Job& job) const {
  const auto partition = static_cast<std::size_t>(partition_of(job.subject.value()));
  return eyes_[partition % eyes_.size()];
}

Task<Result<std::optional<Propagation::Subject>>> Propagation::load(ConnectionId id) {
  using Found = std::optional<Subject>;
  co_return co_await storage_.read<Found>([id](store::Tx& tx) -> Result<Found> {
    auto connection = TRY(store::connections::find_across_applications(tx, id));
    if (!connection) return std::nullopt;
    const auto application = TRY(store::applications::find(tx, connection->application));
    return Subject{*std::move(connection), application && application->supports_dkim};
  });
}

Task<void> Propagation::look_at_dns(DnsEye& eye, const Subject& subject, Sight& sight) {
  const auto& connection = subject.connection;
  auto expectations = expectations_of(connection);
  const bool asks_for_mail =
      subject.supports_dkim && model::expects_dkim(connection) && connection.facets.dkim != model::FacetState::kSuccess;
  if (asks_for_mail) expectations.push_back(mail_of(connection));
  sight.observation = co_await eye.observe(std::move(expectations));
  if (!asks_for_mail) co_return;
  // What is shown and kept are the connection's own records.
  sight.mail = std::move(sight.observation.records.back());
  sight.observation.records.pop_back();
}

Task<void> Propagation::look_at_redirection(RedirectEye& eye, const model::Connection& connection, Sight& sight) {
  const auto& redirection = *connection.redirection;
  sight.observed.is_redirected =
      co_await eye.is_redirected(model::redirecting_host(connection.host, redirection.from), redirection.to);
}

Task<Propagation::Sight> Propagation::see_once(const model::Job& job, const Subject& subject) const {
  const auto& eyes = eyes_of(job);
  const auto& connection = subject.connection;
  Sight sight;
  if (asks_for_redirection(connection)) {
    std::vector<Task<void>> looks;
    looks.push_back(look_at_dns(*eyes.dns, subject, sight));
    looks.push_back(look_at_redirection(*eyes.redirects, connection, sight));
    co_await dns::together(std::move(looks));
  } else {
    co_await look_at_dns(*eyes.dns, subject, sight);
  }
  const auto is_redirected = sight.observed.is_redirected;
  sight.observed = observed_of(connection, sight.observation);
  sight.observed.is_redirected = is_redirected;
  if (sight.mail) {
    sight.observed.mail = mail_sight_of(*sight.mail, settings_.dkim_providers);
  } else if (!subject.supports_dkim || !model::expects_dkim(connection)) {
    sight.observed.mail = model::MailSight::kExempt;
  }
  co_return sight;
}

Task<Propagation::Sight> Propagation::see(const model::Job& job, const Subject& subject) const {
  auto first = co_await see_once(job, subject);
  if (!would_alarm(subject.connection, first.observed, clock_.now())) co_return first;
  auto second = co_await see_once(job, subject);
  if (was_too_busy(second.observation)) {
    say_no_cause(first.observed);
    co_return first;
  }
  if (second.observed.cause != first.observed.cause) say_no_cause(second.observed);
  second.observed.is_claim_seen |= first.observed.is_claim_seen;  // who could place a proof has proven it
  co_return second;
}

Task<Result<JobOutcome>> Propagation::look(model::Job job) {
  const auto subject = CO_TRY(co_await load(job.subject));
  if (!subject) co_return gone();
  const auto sight = co_await see(job, *subject);
  if (was_too_busy(sight.observation)) {
    co_return fail(Kind::kUnavailable, "DNS could not be asked: this process is too busy");
  }
  co_return co_await save(job, sight.observed, &sight.observation);
}

Task<Result<JobOutcome>> Propagation::end_claim(model::Job job) {
  const auto subject = CO_TRY(co_await load(job.subject));
  if (!subject) co_return gone();
  const auto& connection = subject->connection;
  if (connection.claim == model::Claim::kUnproven && !was_just_looked_at(connection, clock_.now())) {
    // The customer may have placed the proof without ever finishing the flow.
    const auto sight = co_await see(job, *subject);
    if (sight.observed.is_claim_seen) co_return co_await save(job, sight.observed, &sight.observation);
  }
  co_return co_await save(job, model::ClaimTimedOut{}, nullptr);
}

Task<Result<JobOutcome>> Propagation::save(const model::Job& job, const model::Happening& happening,
                                           const dns::Observation* observation) {
  using Saved = std::optional<Rings>;  // empty: the connection is gone
  const Time now = clock_.now();
  const auto saved = CO_TRY(co_await storage_.write<Saved>([&, now](store::Tx& tx) -> Result<Saved> {
    if (!TRY(store::connections::find_across_applications(tx, job.subject))) return std::nullopt;
    ConnectionChange change(tx, ids_, now, &bell_.handover(), job);
    const auto after =
        TRY(change.apply([&](store::Tx& in) { return load_connection(in, std::nullopt, job.subject); }, happening));
    if (observation != nullptr) TRY_VOID(keep(tx, after, *observation, now));
    return change.rings();
  }));
  if (!saved) co_return gone();
  ring(bell_, *saved);
  co_return JobOutcome{};
}

}  // namespace signpost::services
