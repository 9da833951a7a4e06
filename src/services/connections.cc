// SPDX-License-Identifier: Apache-2.0
#include "services/connections.h"

#include <algorithm>

#include "base/text.h"
#include "cloud/cloudfront_types.h"
#include "net/url.h"
#include "services/challenge_zone.h"
#include "services/organization_slug.h"
#include "services/record_set.h"
#include "store/applications.h"
#include "store/certificates.h"
#include "store/connections.h"
#include "store/distributions.h"
#include "store/jobs.h"
#include "store/observations.h"

namespace signpost::services {
namespace {

constexpr std::size_t kClaimTokenBytes = 16;
constexpr std::size_t kNamedHostsMax = 10;  // in one sentence

Result<void> check_origin(const std::optional<std::string>& id) {
  const auto is_visible = [](char c) { return c > ' ' && c <= '~'; };
  if (!id || (!id->empty() && id->size() <= model::kOriginFlowIdBytesMax && std::ranges::all_of(*id, is_visible)))
    return {};
  return fail(Kind::kUnprocessable,
              format("the id of a shared flow has 1 to {} visible ASCII characters", model::kOriginFlowIdBytesMax),
              "origin_flow_id");
}

Result<void> check_redirection(const HostName& host, const std::optional<model::Redirection>& redirection) {
  if (!redirection) return {};
  const auto to = net::Url::parse(redirection->to);
  if (!to) return fail(Kind::kUnprocessable, to.error().message, "redirection.to");
  if (to->host != model::redirecting_host(host, redirection->from)) return {};
  return fail(Kind::kUnprocessable, format("{} would redirect to itself", to->host), "redirection.to");
}

Result<void> check(const CreateConnection& wish) {
  TRY_VOID(check_organization(wish.organization));
  TRY_VOID(check_origin(wish.origin_flow_id));
  TRY_VOID(check_redirection(wish.host, wish.redirection));
  if (wish.user_id && wish.user_id->size() > kUserIdBytesMax) {
    return fail(Kind::kUnprocessable, format("a user id has at most {} bytes", kUserIdBytesMax), "user_id");
  }
  if (wish.user_id && (wish.user_id->contains('\0') || !is_valid_utf8(*wish.user_id))) {
    return fail(Kind::kUnprocessable, "a user id is UTF-8 text without U+0000", "user_id");
  }
  if (wish.metadata_json.size() > model::kMetadataBytesMax) {
    return fail(Kind::kUnprocessable, format("metadata has at most {} bytes of JSON", model::kMetadataBytesMax),
                "metadata");
  }
  return {};
}

Result<model::Application> load_application(store::Tx& tx, ApplicationId id) {
  auto found = TRY(store::applications::find(tx, id));
  if (!found)
    return fail(Kind::kUnprocessable, format("application: there is no application {}", id.text()), "application");
  return *std::move(found);
}

/// What already stands on the host must allow one more claim of this organization.
Result<void> check_claims(store::Tx& tx, const model::Connection& wish) {
  const auto claims = TRY(store::connections::find_on_host_across_applications(tx, wish.host));
  for (const auto& other : claims) {
    if (other.application == wish.application && other.organization == wish.organization) {
      return fail(Kind::kConflict,
                  format("organization {} already has the connection {} on {}: use it, or delete it first",
                         wish.organization, other.id.text(), wish.host.text()),
                  "host");
    }
    if (other.claim == model::Claim::kProven) {
      return fail(Kind::kConflict,
                  format("{} belongs to another organization, which has proven it: remove the connection there first",
                         wish.host.text()),
                  "host");
    }
  }
  return {};
}

/// Where the edge is CloudFront, Signpost alone leads the host there: it knows where. Expands the others.
Result<std::vector<model::Record>> expand_beside_edge(const std::vector<model::RecordRequest>& wishes,
                                                      const model::RecordContext& context,
                                                      const std::vector<model::Record>& known, IdMaker& ids) {
  const auto refuse = [&](std::size_t i) {
    return fail(Kind::kUnprocessable,
                format("Signpost adds the record that leads {} to its distribution, once that is known: leave this one "
                       "out",
                       context.host.text()),
                format("records[{}].value", i));
  };
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    if (wishes[i].value.contains("{CNAME_TARGET}")) return refuse(i);
  }
  auto records = TRY(expand_all(wishes, context, known, ids));
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (leads_host(context.host, records[i])) return refuse(i);
  }
  return records;
}

model::RecordContext context_of(const model::Connection& connection, const model::Application& application) {
  return {.host = connection.host, .cname_target = application.cname_target, .claim_token = connection.claim_token};
}

std::string names_of(const std::vector<model::Connection>& connections) {
  std::string names;
  for (std::size_t i = 0; i < connections.size() && i < kNamedHostsMax; ++i) {
    names += format("{}{}", i == 0 ? "" : ", ", connections[i].host.text());
  }
  return connections.size() > kNamedHostsMax ? names + " …" : names;
}

Error no_connection(std::string_view organization, const std::optional<HostName>& host) {
  return {.kind = Kind::kNotFound,
          .message =
              host ? format("organization {} has no live connection on {}: create it first", organization, host->text())
                   : format("organization {} has no live connection: create one first", organization),
          .member = {},
          .retry_after = {}};
}

store::connections::Filter to_store(const ConnectionFilter& filter) {
  using enum store::connections::AttentionFilter;
  store::connections::Filter where{.organization = filter.organization,
                                   .host = filter.host,
                                   .status = filter.status,
                                   .propagation = filter.propagation,
                                   .claim = filter.claim};
  switch (filter.attention) {
    case ConnectionFilter::Attention::kAll:
      where.attention = store::connections::AttentionFilter::kAll;
      break;
    case ConnectionFilter::Attention::kWith:
      where.attention = kWithAttention;
      break;
    case ConnectionFilter::Attention::kWithout:
      where.attention = kWithoutAttention;
      break;
  }
  switch (filter.liveness) {
    case ConnectionFilter::Liveness::kAll:
      where.liveness = store::connections::Liveness::kAll;
      break;
    case ConnectionFilter::Liveness::kLiveOnly:
      where.liveness = store::connections::Liveness::kLiveOnly;
      break;
  }
  return where;
}

ConnectionPage to_page(store::Page<model::Connection> page) {
  ConnectionPage answer{.items = std::move(page.items), .next_cursor = std::nullopt};
  if (page.has_more && !answer.items.empty()) answer.next_cursor = answer.items.back().id.text();
  return answer;
}

}  // namespace

Result<std::optional<model::Connection>> load_of_organization(store::Tx& tx, ApplicationId application,
                                                              std::string_view organization,
                                                              const std::optional<HostName>& host) {
  if (host) return store::connections::find_live_of_organization(tx, application, organization, *host);
  auto live = TRY(store::connections::list_live_of_organization(tx, application, organization));
  if (live.empty()) return std::nullopt;
  if (live.size() == 1) return std::move(live.front());
  const auto count = TRY(store::connections::count_live_of_organization(tx, application, organization));
  return fail(Kind::kConflict, format("organization {} has {} live connections ({}): name one with ?host=",
                                      organization, count, names_of(live)));
}

Task<Result<model::Connection>> Connections::change(std::function<Result<Changed>(store::Tx&)> work) {
  auto changed = CO_TRY(co_await storage_.write<Changed>(std::move(work)));
  ring(bell_, std::move(changed.rings));
  co_return std::move(changed.connection);
}

model::Connection Connections::draft_of(const CreateConnection& wish, Time now) {
  model::Connection draft{.id = ids_.make<ConnectionId>(), .application = wish.application, .host = wish.host};
  draft.organization = wish.organization;
  draft.user_id = wish.user_id;
  draft.job_id = random_.uuid();
  draft.origin_flow_id = wish.origin_flow_id;
  draft.redirection = wish.redirection;
  draft.is_free_domain = wish.is_free_domain;
  draft.certificate_by = wish.certificate_by.value_or(settings_.certificate_by);
  draft.edge = wish.edge;
  draft.metadata_json = wish.metadata_json.empty() ? "{}" : wish.metadata_json;
  draft.claim_token = to_hex(random_.bytes(kClaimTokenBytes));
  draft.claim_ends_at = now + model::kClaimLifetime;
  draft.created_at = now;
  draft.updated_at = now;
  return draft;
}

Result<void> Connections::check_certificate(const CreateConnection& wish) const {
  const auto by = wish.certificate_by.value_or(settings_.certificate_by);
  if (by == model::CertificateBy::kExternal) {
    if (!wish.wants_wildcard) return {};
    return fail(Kind::kUnprocessable, "who brings the certificate decides on its names: leave wildcard out",
                "wildcard");
  }
  if (!settings_.has_authority) {
    return fail(Kind::kUnprocessable,
                format("no certificate authority is configured, so \"{}\" cannot be had: add [[authorities]] to "
                       "the settings, or bring the certificate yourself (\"external\")",
                       model::name_of(by)),
                "certificate");
  }
  if (by == model::CertificateBy::kCname && !settings_.acme_zone) {
    return fail(Kind::kUnprocessable,
                "there is no ACME zone for a CNAME to lead to: set dns.acme_zone (signpost acme-zone check), or use "
                "\"txt\"",
                "certificate");
  }
  if (auto name = model::challenge_name(wish.host); !name)
    return fail(Kind::kUnprocessable, name.error().message, "host");
  return {};
}

model::Certificate Connections::certificate_of(const model::Connection& connection, bool wants_wildcard, Time now) {
  model::Certificate certificate{.id = ids_.make<CertificateId>(),
                                 .application = connection.application,
                                 .connection = connection.id,
                                 .by = connection.certificate_by,
                                 .names = {DnsName(connection.host)},
                                 .label = make_challenge_label(random_),
                                 .created_at = now,
                                 .updated_at = now};
  if (wants_wildcard) certificate.names.push_back(DnsName::parse("*." + connection.host.text()).value());
  return certificate;
}

Result<void> Connections::check_edge(const CreateConnection& wish) const {
  if (wish.edge == model::Edge::kExternal) {
    if (wish.distribution_id.empty() && !wish.origin) return {};
    return fail(Kind::kUnprocessable, "only a connection with the edge \"cloudfront\" has a distribution",
                wish.origin ? "origin" : "distribution_id");
  }
  if (!settings_.cloudfront) {
    return fail(
        Kind::kUnprocessable,
        "no cloud account is configured, so nothing can be served by CloudFront: set cloudfront.enabled and the "
        "credentials ([aws]), or serve the traffic yourself (\"external\")",
        "edge");
  }
  if (wish.certificate_by.value_or(settings_.certificate_by) == model::CertificateBy::kExternal) {
    return fail(Kind::kUnprocessable,
                "CloudFront is given the certificate that Signpost obtains: use \"cname\" or \"txt\"", "certificate");
  }
  if (wish.host.is_apex() && settings_.cloudfront->apex_gateway_ips.empty()) {
    return fail(
        Kind::kUnprocessable,
        format("{} cannot be a CNAME, and no gateway stands before CloudFront: set cloudfront.apex_gateway_ips, "
               "or connect www.{}",
               wish.host.text(), wish.host.text()),
        "host");
  }
  if (!wish.distribution_id.empty()) {
    if (const auto id = cloud::DistributionId::parse(wish.distribution_id); !id)
      return fail(Kind::kUnprocessable, id.error().message, "distribution_id");
    if (wish.origin)
      return fail(Kind::kUnprocessable, "an existing distribution has its origins: leave this out", "origin");
    return {};
  }
  if (wish.origin == wish.host)
    return fail(Kind::kUnprocessable, format("{} would fetch from itself", wish.host.text()), "origin");
  TRY_VOID(pages_host_of(*settings_.cloudfront, wish.organization));
  return {};
}

Result<void> Connections::add_distribution(store::Tx& tx, const CreateConnection& wish,
                                           const model::Connection& connection) {
  if (!wish.distribution_id.empty() &&
      TRY(store::distributions::is_taken_across_applications(tx, wish.distribution_id))) {
    return fail(
        Kind::kConflict,
        format("the distribution {} serves another connection: use another one, or delete that connection first",
               wish.distribution_id),
        "distribution_id");
  }
  model::Distribution distribution{.id = ids_.make<model::DistributionRowId>(),
                                   .application = connection.application,
                                   .connection = connection.id,
                                   .host = connection.host,
                                   .origin = wish.origin ? wish.origin->text() : std::string(),
                                   .cloudfront_id = wish.distribution_id,
                                   .created_at = connection.created_at,
                                   .updated_at = connection.created_at};
  distribution = model::decide(distribution, model::DistributionWanted{}, connection.created_at).distribution;
  return store::distributions::insert(tx, distribution);
}

Task<Result<model::Connection>> Connections::create(Scope scope, CreateConnection wish, AlsoWrite also) {
  CO_TRY_VOID(check(wish));
  CO_TRY_VOID(check_edge(wish));
  CO_TRY_VOID(check_certificate(wish));
  if (scope.application && *scope.application != wish.application) {
    co_return fail(Kind::kNotFound, format("there is no application {}", wish.application.text()), "application");
  }
  const Time now = clock_.now();
  const auto draft = draft_of(wish, now);
  std::optional<model::Certificate> certificate;
  if (draft.certificate_by != model::CertificateBy::kExternal)
    certificate = certificate_of(draft, wish.wants_wildcard, now);
  co_return co_await change([&, now](store::Tx& tx) -> Result<Changed> {
    const auto application = TRY(load_application(tx, wish.application));
    auto connection = draft;
    const bool is_ours = draft.edge == model::Edge::kCloudfront;
    const auto context = context_of(draft, application);
    if (!is_ours) connection.records = TRY(expand_all(wish.records, context, {}, ids_));
    if (is_ours) {
      if (!wish.records.empty()) connection.records = TRY(expand_beside_edge(wish.records, context, {}, ids_));
      std::ranges::move(gateway_records(draft.host, *settings_.cloudfront, ids_),
                        std::back_inserter(connection.records));
    }
    if (certificate) TRY_VOID(add_challenge_record(connection, *certificate));
    TRY_VOID(check_claims(tx, connection));
    ConnectionChange step(tx, ids_, now, &bell_.handover());
    auto saved = TRY(step.create(connection, {application.supports_dkim}));
    if (certificate) TRY_VOID(store::certificates::insert(tx, *certificate));
    if (is_ours) TRY_VOID(add_distribution(tx, wish, saved));
    if (also) TRY_VOID(also(tx, saved));
    return Changed{std::move(saved), step.rings()};
  });
}

/// The record of step 1. Its target is unguessable, so it proves who owns the name.
Result<void> Connections::add_challenge_record(model::Connection& connection, const model::Certificate& certificate) {
  const auto name = TRY(model::challenge_name(connection.host));
  const auto taken = std::ranges::find(connection.records, name, &model::Record::name);
  if (taken != connection.records.end()) {
    return fail(Kind::kUnprocessable,
                format("{} is where the certificate authority looks: leave it out, Signpost adds what belongs there",
                       name.text()),
                format("records[{}].host", taken - connection.records.begin()));
  }
  if (certificate.by != model::CertificateBy::kCname) return {};
  connection.records.push_back({.id = ids_.make<RecordId>(),
                                .type = RecordType::kCname,
                                .host = name.text().substr(0, name.text().size() - connection.host.domain().size() - 1),
                                .name = name,
                                .value = challenge_target(*settings_.acme_zone, certificate.label).text(),
                                .proves_ownership = true,
                                .purpose = model::RecordPurpose::kCertificate});
  return {};
}

Task<Result<model::Connection>> Connections::read(Scope scope, ConnectionId id) {
  co_return co_await storage_.read<model::Connection>(
      [scope, id](store::Tx& tx) { return load_connection(tx, scope.application, id); });
}

Task<Result<ConnectionPage>> Connections::list(Scope scope, ConnectionFilter filter, std::optional<std::string> cursor,
                                               std::size_t limit) {
  store::PageRequest<ConnectionId> request{
      .after = std::nullopt, .limit = static_cast<std::int32_t>(std::clamp<std::size_t>(limit, 1, kPageMax))};
  if (cursor) {
    const auto after = ConnectionId::parse(*cursor);
    if (!after)
      co_return fail(Kind::kInvalid, "the cursor is not one of this list: take next_cursor of the page before",
                     "cursor");
    request.after = *after;
  }
  if (scope.application && filter.application && *scope.application != *filter.application) co_return ConnectionPage{};
  const auto application = scope.application ? scope.application : filter.application;
  co_return co_await storage_.read<ConnectionPage>([&](store::Tx& tx) -> Result<ConnectionPage> {
    auto page = TRY(application ? store::connections::list(tx, *application, to_store(filter), request)
                                : store::connections::list_across_applications(tx, to_store(filter), request));
    return to_page(std::move(page));
  });
}

Task<Result<model::Connection>> Connections::happen(Scope scope, ConnectionId id, model::Happening happening) {
  const Time now = clock_.now();
  co_return co_await change([&, now](store::Tx& tx) -> Result<Changed> {
    ConnectionChange step(tx, ids_, now, &bell_.handover());
    auto after = TRY(step.apply([&](store::Tx& in) { return load_connection(in, scope.application, id); }, happening));
    return Changed{std::move(after), step.rings()};
  });
}

Task<Result<model::Connection>> Connections::replace_records(Scope scope, ConnectionId id,
                                                             std::vector<model::RecordRequest> records) {
  const Time now = clock_.now();
  co_return co_await change([&, now](store::Tx& tx) -> Result<Changed> {
    const auto replace = [&](const model::Connection& before) -> Result<model::Happening> {
      const auto application = TRY(load_application(tx, before.application));
      const auto context = context_of(before, application);
      if (before.edge == model::Edge::kExternal) {
        return model::RecordsReplaced{TRY(expand_all(records, context, before.records, ids_)),
                                      application.supports_dkim};
      }
      auto next = TRY(expand_beside_edge(records, context, before.records, ids_));
      std::ranges::copy_if(before.records, std::back_inserter(next),
                           [&](const model::Record& record) { return leads_host(before.host, record); });
      return model::RecordsReplaced{std::move(next), application.supports_dkim};
    };
    ConnectionChange step(tx, ids_, now, &bell_.handover());
    auto after = TRY(step.apply([&](store::Tx& in) { return load_connection(in, scope.application, id); }, replace));
    return Changed{std::move(after), step.rings()};
  });
}

Task<Result<void>> Connections::remove(Scope scope, ConnectionId id) {
  const Time now = clock_.now();
  co_return co_await storage_.write<void>([scope, id, now](store::Tx& tx) -> Result<void> {
    const auto connection = TRY(load_connection(tx, scope.application, id));
    TRY_VOID(store::connections::remove(tx, connection.application, id, now));
    return {};
  });
}

Task<Result<model::Connection>> Connections::check_now(Scope scope, ConnectionId id) {
  return happen(scope, id, model::CheckRequested{});
}

Task<Result<std::optional<LastObservation>>> Connections::last_observation(Scope scope, ConnectionId id) {
  using Answer = std::optional<LastObservation>;
  co_return co_await storage_.read<Answer>([scope, id](store::Tx& tx) -> Result<Answer> {
    const auto connection = TRY(load_connection(tx, scope.application, id));
    auto saved = TRY(store::observations::load(tx, connection.application, id));
    if (!saved) return std::nullopt;
    return LastObservation{.json = std::move(saved->body_json), .seen_at = saved->at};
  });
}

Task<Result<std::vector<model::Job>>> Connections::jobs_of(Scope scope, ConnectionId id) {
  using Answer = std::vector<model::Job>;
  co_return co_await storage_.read<Answer>([scope, id](store::Tx& tx) -> Result<Answer> {
    const auto connection = TRY(load_connection(tx, scope.application, id));
    return store::jobs::list_of_connection(tx, connection.application, id);
  });
}

Task<Result<std::optional<model::Distribution>>> Connections::distribution_of(Scope scope, ConnectionId id) {
  using Answer = std::optional<model::Distribution>;
  co_return co_await storage_.read<Answer>([scope, id](store::Tx& tx) -> Result<Answer> {
    const auto connection = TRY(load_connection(tx, scope.application, id));
    return store::distributions::find_of_connection(tx, connection.application, id);
  });
}

Task<Result<std::optional<model::Connection>>> Connections::of_organization(ApplicationId application,
                                                                            std::string organization,
                                                                            std::optional<HostName> host) {
  using Answer = std::optional<model::Connection>;
  co_return co_await storage_.read<Answer>(
      [&](store::Tx& tx) { return load_of_organization(tx, application, organization, host); });
}

Task<Result<model::Connection>> Connections::mark_step(ApplicationId application, std::string organization,
                                                       std::optional<HostName> host, int step_number) {
  return happen_to_organization(application, std::move(organization), std::move(host), model::StepMarked{step_number});
}

Task<Result<model::Connection>> Connections::happen_to_organization(ApplicationId application, std::string organization,
                                                                    std::optional<HostName> host,
                                                                    model::Happening happening) {
  const Time now = clock_.now();
  co_return co_await change([&, now](store::Tx& tx) -> Result<Changed> {
    const auto load = [&](store::Tx& in) -> Result<model::Connection> {
      auto found = TRY(load_of_organization(in, application, organization, host));
      if (!found) return std::unexpected(no_connection(organization, host));
      return *std::move(found);
    };
    ConnectionChange step(tx, ids_, now, &bell_.handover());
    auto after = TRY(step.apply(load, happening));
    return Changed{std::move(after), step.rings()};
  });
}

}  // namespace signpost::services
