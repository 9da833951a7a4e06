// SPDX-License-Identifier: Apache-2.0
#include "app/wiring.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "api/webhook_metrics.h"
#include "app/authority_settings.h"
#include "app/descriptors.h"
#include "app/mail_settings.h"
#include "app/resolv_conf.h"
#include "app/run_here.h"
#include "app/setting_table.h"
#include "app/version.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "net/source_address.h"
#include "net/task_group.h"
#include "net/wait.h"
#include "services/amazon_sight.h"
#include "services/job_handlers.h"

namespace signpost::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Milliseconds kBeatPause = std::chrono::seconds(1);
constexpr std::size_t kOperationConnectionsMax = 64;
// What is left of the stop budget when requests and webhooks have had theirs.
constexpr Milliseconds kLastStopBudget = std::chrono::seconds(1);
// A mail under way that hangs is cut so long before the budget is over: cutting it takes up to a second.
constexpr Milliseconds kMailCutBudget = std::chrono::seconds(1);

std::size_t loops_of(const Settings& settings) {
  return settings.process.loops != 0 ? settings.process.loops
                                     : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

dns::Observer::Settings observer_settings(const Settings& settings, std::vector<net::UdpEndpoint> resolvers) {
  dns::Observer::Settings observer;
  observer.resolvers = std::move(resolvers);
  observer.authority_port = settings.dns.authority_port;
  observer.look_max = settings.dns.look_budget;
  observer.server_max = settings.dns.server_budget;
  observer.try_max = std::min(observer.try_max, settings.dns.server_budget);
  observer.authorities_max = settings.dns.authorities_max;
  observer.addresses_max = settings.dns.addresses_max;
  for (const auto& authority : settings.dns.certificate_authorities) {
    observer.certificate_authorities.push_back(authority.text());
  }
  return observer;
}

net::PostSettings sender_settings(const Settings& settings) {
  net::PostSettings sender;
  sender.connect_budget = model::kConnectBudget;
  sender.source_addresses = settings.webhooks.source_address;
  sender.ports = net::ports_with(settings.webhooks.allowed_ports);
  sender.ca_file = settings.webhooks.ca_file.string();
  return sender;
}

/// For tests of endpoints and for probes of redirections, each with a sender of their own: they leave from the system's
/// choice of address and keep nothing open.
net::PostSettings plain_sender_settings(const Settings& settings) {
  auto sender = sender_settings(settings);
  sender.source_addresses.clear();
  sender.idle_per_key_max = 0;
  sender.exchanges_max = 128;
  return sender;
}

/// Room for both questions of every job that may be under way: one that is refused here would count against the
/// customer's redirection.
net::PostSettings probe_sender_settings(const Settings& settings) {
  auto sender = plain_sender_settings(settings);
  sender.exchanges_max = 2 * services::JobRunner::Settings{}.in_flight_max;
  return sender;
}

std::string user_agent() { return format("Signpost/{}", kVersion); }

services::Courier::Settings courier_settings(const Settings& settings) {
  services::Courier::Settings courier;
  courier.in_flight_per_endpoint_max = static_cast<std::int32_t>(settings.webhooks.per_endpoint_in_flight_max);
  courier.in_flight_max = std::max<std::size_t>(1, settings.webhooks.in_flight_max / loops_of(settings));
  courier.slow_in_flight_max = std::max<std::size_t>(1, settings.webhooks.slow_in_flight_max / loops_of(settings));
  courier.user_agent = user_agent();
  return courier;
}

/// Resolvers that ask the ACME zone by TCP.
std::size_t zone_connections_max(const Settings& settings) {
  return settings.dns.acme_zone && !settings.dns.acme_zone_server ? dns::ZoneServer::Settings{}.connections_max : 0;
}

/// What clients open must leave DNS and webhooks their descriptors.
std::size_t connections_max(const Settings& settings) {
  const auto loops = loops_of(settings);
  const auto courier = courier_settings(settings);
  const auto attempts = courier.in_flight_max + courier.slow_in_flight_max + sender_settings(settings).idle_max +
                        plain_sender_settings(settings).exchanges_max + probe_sender_settings(settings).exchanges_max;
  const auto limit = raise_descriptor_limit();
  const auto plan = plan_descriptors(
      limit, {.connections = settings.api.connections_max,
              .questions = loops * observer_settings(settings, {}).in_flight_max + zone_connections_max(settings),
              .attempts = loops * attempts,
              .loops = loops});
  if (plan.connections < settings.api.connections_max || plan.short_by > 0) {
    log::warn("the limit of open files (LimitNOFILE, ulimit -Hn) is low, so fewer clients are served at once",
              {{"limit", limit},
               {"wanted", plan.wanted},
               {"connections_max", plan.connections},
               {"dns_and_webhooks_short_by", plan.short_by}});
  }
  return plan.connections;
}

services::Retention::Settings retention_settings(const Settings& settings) {
  services::Retention::Settings retention;
  retention.events = std::chrono::days(settings.retention.days);
  retention.attempts = std::chrono::days(settings.retention.attempt_days);
  retention.audit = std::chrono::days(settings.retention.audit_days);
  return retention;
}

services::Identity::Settings identity_settings(const Settings& settings) {
  services::Identity::Settings identity;
  for (const auto& one : settings.issuers) {
    identity.issuers.push_back({one.issuer, one.jwks_url, one.jwks_file.string(), one.organization_claim});
  }
  identity.leeway = settings.tokens.leeway;
  return identity;
}

net::RateLimit::Settings rate_limit(std::size_t per_second, std::size_t burst) {
  constexpr double kNoLimit = 1e9;
  if (per_second == 0) return {.per_second = kNoLimit, .burst = kNoLimit};
  return {.per_second = static_cast<double>(per_second), .burst = static_cast<double>(burst)};
}

api::Api::Settings api_settings(const Settings& settings) {
  return {settings.api.trusted_proxies, rate_limit(settings.api.requests_per_address, settings.api.burst_per_address),
          rate_limit(settings.api.requests_per_key, settings.api.burst_per_key)};
}

Milliseconds left_until(net::Deadline deadline) {
  return std::max(Milliseconds(0), std::chrono::duration_cast<Milliseconds>(deadline - SteadyClock::now()));
}

}  // namespace

// ── what lives on one loop ──────────────────────────────────────────────────────────────────────────────────────

class Wiring::Unit {
 public:
  Unit(Wiring& house, std::size_t index, std::vector<net::UdpEndpoint> resolvers)
      : house_(house),
        index_(index),
        observer_(loop().get_executor(), observer_settings(settings(), std::move(resolvers)), house.policy_),
        eye_(observer_, settings().dns.look_budget),
        sight_(eye_, observer_, {}),
        amazon_sight_(sight_, eye_),
        sender_(loop(), house.policy_, house.addresses_, sender_settings(settings())),
        plain_sender_(loop(), house.policy_, house.addresses_, plain_sender_settings(settings())),
        probe_sender_(loop(), house.policy_, house.addresses_, probe_sender_settings(settings())),
        redirects_(probe_sender_, {.user_agent = user_agent()}),
        site_(probe_sender_, {.user_agent = user_agent()}),
        courier_(house.session_.storage(), house.bell_, house.session_.clock(), house.session_.ids(),
                 house.session_.random(), house.directory_, sender_, house.courier_counters_, house.loops_, index,
                 courier_settings(settings())),
        jobs_(house.session_.storage(), house.bell_, house.session_.clock(), house.loops_, index),
        tasks_(loop().get_executor()),
        stop_wanted_(loop().get_executor()) {}

  services::LoopEyes eyes() { return {&eye_, &redirects_}; }
  net::PostSender* plain_sender() { return &plain_sender_; }

  services::IssuanceSight* sight() { return &sight_; }
  services::AmazonSight* amazon_sight() { return &amazon_sight_; }
  services::SiteEye* site() { return &site_; }

  void take_jobs(services::JobHandlers handlers) { services::set_up_handlers(jobs_, handlers); }

  /// Before the loops run.
  void begin() { tasks_.spawn(live(), "life of a loop"); }

  /// From the main thread, while the loops run.
  void ask_to_stop(net::Deadline deadline) {
    stop_by_.with([&](auto& stop_by) { stop_by = deadline; });
    stop_wanted_.notify_from_any_thread();
  }
  void wait_until_stopped(net::Deadline deadline) {
    if (ended_.get_future().wait_until(deadline) != std::future_status::ready) {
      log::error("a loop did not stop within its budget", {{"loop", index_}});
    }
  }
  /// After the loops have been joined: what they had not come to yet.
  void settle() {
    loop().restart();
    loop().poll();
  }

  Milliseconds since_beat() const {
    return std::max(Milliseconds(0), now() - Milliseconds(beat_.load(std::memory_order_relaxed)));
  }

 private:
  const Settings& settings() const { return house_.session_.settings(); }
  net::Loop& loop() const { return house_.loops_.at(index_); }
  bool is_first() const { return index_ == 0; }
  static Milliseconds now() { return std::chrono::duration_cast<Milliseconds>(SteadyClock::now().time_since_epoch()); }
  std::optional<net::Deadline> stop_by() const {
    return stop_by_.with([](const auto& stop_by) { return stop_by; });
  }

  Task<void> live() {
    net::TaskGroup company(loop().get_executor());
    company.spawn(beat(), "heartbeat");
    courier_.start();
    jobs_.start();
    if (is_first()) {
      house_.directory_.start(company);
      house_.retention_.start();
      if (house_.acme_zone_) house_.acme_zone_->start(company);
      if (house_.warning_mail_) house_.warning_mail_->start();
      company.spawn(house_.authorities_.settle(), "accounts at certificate authorities");
    }
    while (!stop_by()) co_await stop_wanted_.wait_until(net::Deadline::max());
    const auto deadline = *stop_by();
    // Jobs first: they make events, which the courier may still send.
    co_await jobs_.stop(left_until(deadline));
    co_await courier_.stop(left_until(deadline));
    if (is_first()) co_await house_.retention_.stop();
    if (is_first() && house_.warning_mail_) co_await house_.warning_mail_->stop(left_until(deadline - kMailCutBudget));
    co_await sender_.stop();
    co_await plain_sender_.stop();
    co_await probe_sender_.stop();
    co_await observer_.stop();
    co_await company.stop();
    ended_.set_value();
  }

  Task<void> beat() {
    do {
      beat_.store(now().count(), std::memory_order_relaxed);
    } while (co_await net::sleep_until(SteadyClock::now() + kBeatPause));
  }

  Wiring& house_;
  const std::size_t index_;
  dns::Observer observer_;
  services::ObserverEye eye_;
  services::ObserverSight sight_;
  services::ObserverAmazonSight amazon_sight_;
  net::PostSender sender_;        // deliveries: from the configured source address
  net::PostSender plain_sender_;  // tests of endpoints
  net::PostSender probe_sender_;  // probes of redirections and key files, which no test of an endpoint may crowd out
  services::RedirectProbe redirects_;
  services::SiteProbe site_;
  services::Courier courier_;
  services::JobRunner jobs_;
  net::TaskGroup tasks_;
  net::Signal stop_wanted_;
  Guarded<std::optional<net::Deadline>> stop_by_;
  std::promise<void> ended_;
  std::atomic<std::int64_t> beat_{now().count()};
};

// ── building ────────────────────────────────────────────────────────────────────────────────────────────────────

Wiring::Wiring(StoreSession& session, std::vector<net::UdpEndpoint> resolvers,
               std::optional<net::SmtpMailer::Settings> mail, std::unique_ptr<AcmeZone> acme_zone,
               std::vector<services::AuthoritySettings> authorities, std::optional<cloud::AwsCredentialSettings> aws,
               std::unique_ptr<SearchClients> search_clients)
    : session_(session),
      policy_(session.settings().network.allow),
      loops_(loops_of(session.settings())),
      cloud_(aws ? std::make_unique<CloudAccount>(http_, session.random(), session.clock(), session.settings().aws,
                                                  *std::move(aws))
                 : nullptr),
      directory_(session.storage(), session.master_key(), session.clock()),
      acme_zone_(std::move(acme_zone)),
      units_([&] {
        std::vector<std::unique_ptr<Unit>> units;
        for (std::size_t i = 0; i < loops_.size(); ++i) units.push_back(std::make_unique<Unit>(*this, i, resolvers));
        return units;
      }()),
      connections_(session.storage(), bell_, session.clock(), session.ids(), session.random(),
                   {session.settings().dns.acme_zone, !authorities.empty(), session.settings().certificates.by_default,
                    cloud_ ? std::optional(edge_plan(session.settings().cloudfront)) : std::nullopt}),
      propagation_(session.storage(), bell_, session.clock(), session.ids(),
                   [&] {
                     std::vector<services::LoopEyes> eyes;
                     for (const auto& unit : units_) eyes.push_back(unit->eyes());
                     return eyes;
                   }(),
                   {session.settings().dns.dkim_providers}),
      original_dns_(session.storage(), session.clock(),
                    [&] {
                      std::vector<services::DnsEye*> eyes;
                      for (const auto& unit : units_) eyes.push_back(unit->eyes().dns);
                      return eyes;
                    }()),
      authorities_(std::move(authorities), session.storage(), session.master_key(), session.clock()),
      certificates_(session.storage(), session.master_key(), bell_, session.clock(), session.ids(), authorities_,
                    acme_zone_ ? &acme_zone_->zone() : nullptr,
                    [&] {
                      std::vector<services::IssuanceSight*> sights;
                      for (const auto& unit : units_) sights.push_back(unit->sight());
                      return sights;
                    }(),
                    {.key_type = session.settings().certificates.key_type}),
      distributions_([&]() -> std::unique_ptr<services::Distributions> {
        if (!cloud_) return nullptr;
        std::vector<services::AmazonSight*> sights;
        for (const auto& unit : units_) sights.push_back(unit->amazon_sight());
        return std::make_unique<services::Distributions>(
            session.storage(), session.master_key(), bell_, session.clock(), session.ids(), cloud_->acm(),
            cloud_->cloudfront(), sights, edge_plan(session.settings().cloudfront));
      }()),
      proxies_(session.storage()),
      search_clients_(std::move(search_clients)),
      pages_(session.storage(), bell_, session.clock(), session.ids()),
      search_(session.storage(), bell_, session.clock(), session.ids(), connections_, search_clients_->indexnow(),
              search_clients_->google(),
              [&] {
                std::vector<services::SiteEye*> sites;
                for (const auto& unit : units_) sites.push_back(unit->site());
                return sites;
              }(),
              {.key_path = session.settings().search.indexnow_key_path}),
      retention_(session.storage(), session.clock(), loops_.at(0).get_executor(),
                 retention_settings(session.settings())),
      history_(session.storage(), session.clock()),
      replay_(session.storage(), bell_),
      entri_receiver_(session.storage(), bell_, session.clock(), session.ids()),
      identity_(directory_, http_, session.clock(), identity_settings(session.settings())),
      tokens_(session.master_key(), session.clock()),
      tester_(session.storage(), session.clock(), session.ids(), directory_, loops_,
              [&] {
                std::vector<net::PostSender*> senders;
                for (const auto& unit : units_) senders.push_back(unit->plain_sender());
                return senders;
              }(),
              {.user_agent = user_agent()}),
      api_({session.storage(),
            directory_,
            connections_,
            certificates_,
            proxies_,
            pages_,
            search_,
            history_,
            replay_,
            entri_receiver_,
            identity_,
            tokens_,
            tester_,
            session.master_key(),
            session.random(),
            session.ids(),
            session.clock(),
            session.targets(),
            {std::string(kVersion), published_addresses(session.settings().webhooks)},
            distributions_.get()},
           api_settings(session.settings())),
      operation_(session.storage(), api_.metrics(), session.clock(),
                 {[this](api::Exposition& to) { write_metrics(to); }},
                 static_cast<std::int32_t>(session.settings().webhooks.per_endpoint_in_flight_max)) {
  for (const auto& unit : units_) {
    unit->take_jobs({propagation_, original_dns_, authorities_.empty() ? nullptr : &certificates_,
                     search_clients_->is_any() ? &search_ : nullptr, distributions_.get()});
  }
  if (!mail) return;
  mailer_.emplace(*std::move(mail));
  warning_mail_.emplace(session.storage(), session.clock(), *mailer_, loops_.at(0).get_executor(),
                        services::WarningMail::Settings{});
}

Wiring::~Wiring() { stop(Milliseconds(0)); }

Result<std::unique_ptr<Wiring>> Wiring::build(StoreSession& session) {
  const auto& configured = session.settings().dns.resolvers;
  for (const auto& address : session.settings().webhooks.source_address) {
    if (const auto checked = net::check_source_address(address); !checked)
      return fail(Kind::kUnprocessable, "\"webhooks.source_address\": " + checked.error().message);
  }
  auto mail = TRY(mailer_settings(session.settings()));
  auto acme_zone = TRY(AcmeZone::open(session.settings().dns, session.storage(), session.clock()));
  auto authorities = TRY(authority_settings(session.settings()));
  std::optional<cloud::AwsCredentialSettings> aws;
  if (session.settings().cloudfront.enabled)
    aws = TRY(credential_settings(session.settings().aws, process_environment));
  auto search_clients = TRY(SearchClients::open(session.settings().search, session.clock()));
  auto resolvers = configured.empty() ? TRY(system_resolvers()) : configured;
  try {
    std::unique_ptr<Wiring> wiring(new Wiring(session, std::move(resolvers), std::move(mail), std::move(acme_zone),
                                              std::move(authorities), std::move(aws), std::move(search_clients)));
    TRY_VOID(wiring->listen());
    return wiring;
  } catch (const std::exception& error) {
    return fail(Kind::kUnprocessable, format("cannot start: {}", error.what()));
  }
}

Result<void> Wiring::listen() {
  const auto& settings = session_.settings();
  net::HttpLimits limits;
  limits.body_bytes_max = settings.api.body_bytes_max;
  limits.connections_max = connections_max(settings);
  limits.larger_body_max = [this](const net::Request& head) { return api_.larger_body_max(head); };
  const auto address_of = [](const net::TcpEndpoint& endpoint) {
    return endpoint_text(endpoint.address(), endpoint.port());
  };
  api_server_ = TRY(net::HttpServer::open(
      loops_, address_of(settings.api.listen), limits,
      [this](net::Request request) { return api_.handle(std::move(request)); },
      [this](const net::Refusal& refusal, net::Request seen) { return api_.refuse(refusal, std::move(seen)); }));
  operation_server_ = TRY(net::HttpServer::open(
      loops_, address_of(settings.operation.listen), {.connections_max = kOperationConnectionsMax},
      [this](net::Request request) { return operation_.handle(std::move(request)); }));
  if (acme_zone_ && acme_zone_->stored() != nullptr) {
    zone_server_ = TRY(dns::ZoneServer::open(loops_, served_zone(settings.dns), *acme_zone_->stored(),
                                             {.listen = settings.dns.acme_zone_listen}));
  }
  return {};
}

std::vector<net::UdpEndpoint> Wiring::zone_endpoints() const {
  return zone_server_ ? zone_server_->endpoints() : std::vector<net::UdpEndpoint>();
}

// ── starting and stopping ───────────────────────────────────────────────────────────────────────────────────────

Result<void> Wiring::start() {
  TRY_VOID(run_ahead(start_loop_, directory_.reload()));
  const auto left_behind = TRY(run_ahead(
      start_loop_, services::Courier::release_left_behind(session_.storage(), session_.clock(), session_.ids())));
  if (left_behind > 0)
    log::info("webhook attempts that the last run left open will be repeated", {{"attempts", left_behind}});
  TRY(run_ahead(start_loop_, services::SavedAnswers::release_left_behind(session_.storage())));
  if (acme_zone_ && acme_zone_->stored() != nullptr) TRY_VOID(run_ahead(start_loop_, acme_zone_->stored()->reload()));
  for (const auto& unit : units_) unit->begin();
  loops_.start();
  return {};
}

void Wiring::stop(Milliseconds budget) {
  if (std::exchange(is_stopped_, true) || !loops_.is_running()) return;
  const auto deadline = SteadyClock::now() + budget;
  operation_.drain();
  for (const auto& unit : units_) unit->ask_to_stop(deadline);
  api_server_->stop(left_until(deadline));
  for (const auto& unit : units_) unit->wait_until_stopped(deadline + kLastStopBudget);
  operation_server_->stop(Milliseconds(0));
  if (zone_server_) zone_server_->stop();
  loops_.stop_and_join();
  session_.stop();  // its last answers reach the loops, which are settled and die after it
  for (const auto& unit : units_) unit->settle();
}

Milliseconds Wiring::longest_stall() const {
  Milliseconds longest{0};
  for (const auto& unit : units_) longest = std::max(longest, unit->since_beat() - kBeatPause);
  return longest;
}

// ── metrics that only the house as a whole can tell ─────────────────────────────────────────────────────────────

void Wiring::write_metrics(api::Exposition& to) const {
  using Type = api::Exposition::Type;
  to.family("signpost_build_info", Type::kGauge, "Always 1; the version is a label.");
  to.sample({{"version", kVersion}}, 1);
  api::write_webhook_metrics(courier_counters_, bell_.handover(), to);
  to.family("signpost_http_connections", Type::kGauge, "Open client connections of the API.");
  to.sample({}, static_cast<double>(api_server_->connections()));
  write_zone_metrics(to);
  to.family("signpost_loop_stall_seconds", Type::kGauge, "For how long the loop that is worst off has been blocked.");
  to.sample({}, static_cast<double>(longest_stall().count()) / 1000);
}

/// All 0 where the zone is not served by this process.
void Wiring::write_zone_metrics(api::Exposition& to) const {
  using Type = api::Exposition::Type;
  const dns::ZoneServerCounters none;
  const auto& counters = zone_server_ ? zone_server_->counters() : none;
  const auto sample = [&](std::string_view how, const std::atomic<std::uint64_t>& counter) {
    to.sample({{"how", how}}, static_cast<double>(counter.load(std::memory_order_relaxed)));
  };
  to.family("signpost_acme_zone_questions_total", Type::kCounter, "Questions to the ACME zone, by how they ended.");
  sample("answered_udp", counters.answered_udp);
  sample("answered_tcp", counters.answered_tcp);
  sample("sent_to_tcp", counters.sent_to_tcp);
  sample("unanswered", counters.unanswered);
  sample("hung_up_on", counters.hung_up_on);
  to.family("signpost_acme_zone_refused_total", Type::kCounter, "Of the answered, those that were refused.");
  to.sample({}, static_cast<double>(counters.refused.load(std::memory_order_relaxed)));
  to.family("signpost_acme_zone_labels", Type::kGauge, "Labels of the ACME zone with a challenge now.");
  const auto* stored = acme_zone_ ? acme_zone_->stored() : nullptr;
  to.sample({}, stored == nullptr ? 0.0 : static_cast<double>(stored->size()));
}

}  // namespace signpost::app
