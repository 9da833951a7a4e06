// SPDX-License-Identifier: Apache-2.0
//
// The whole house, bottom to top: who exists, who knows whom, in which order all start and end.
// Owned by serve; built, started and stopped by the main thread. The session (settings, database, master key) outlives
// it. Members stand in the order in which they need each other, so they die in reverse.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "api/api.h"
#include "api/operation.h"
#include "app/acme_zone.h"
#include "app/cloud_account.h"
#include "app/search_settings.h"
#include "app/store_session.h"
#include "dns/observer.h"
#include "dns/zone_server.h"
#include "net/address_resolver.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/loops.h"
#include "net/mail.h"
#include "net/post_sender.h"
#include "services/authorities.h"
#include "services/bell.h"
#include "services/certificates.h"
#include "services/connections.h"
#include "services/courier.h"
#include "services/directory.h"
#include "services/distributions.h"
#include "services/entri_receiver.h"
#include "services/history.h"
#include "services/identity.h"
#include "services/job_runner.h"
#include "services/original_dns.h"
#include "services/pages.h"
#include "services/propagation.h"
#include "services/proxies.h"
#include "services/replay.h"
#include "services/retention.h"
#include "services/search_engines.h"
#include "services/tokens.h"
#include "services/warning_mail.h"
#include "services/webhook_tester.h"

namespace signpost::app {

class Wiring {
 public:
  /// Builds all and binds the two listeners; nothing runs yet. kUnavailable if an address is taken, kUnprocessable for
  /// a file of the settings that cannot be used.
  static Result<std::unique_ptr<Wiring>> build(StoreSession& session);
  ~Wiring();
  Wiring(const Wiring&) = delete;
  Wiring& operator=(const Wiring&) = delete;

  /// From here on requests are served, jobs run and webhooks leave.
  Result<void> start();

  /// Accepts nothing more, lets what is under way end within the budget and leaves the rest to the next start.
  /// Idempotent.
  void stop(Milliseconds budget);

  net::TcpEndpoint api_endpoint() const { return api_server_->endpoint(); }
  net::TcpEndpoint operation_endpoint() const { return operation_server_->endpoint(); }
  std::size_t loops() const { return loops_.size(); }
  /// Where the ACME zone is served; empty if it is not.
  std::vector<net::UdpEndpoint> zone_endpoints() const;
  /// For how long the loop that is worst off has not come round; some seconds mean that something blocks it.
  Milliseconds longest_stall() const;

 private:
  class Unit;  // what lives on one loop

  Wiring(StoreSession& session, std::vector<net::UdpEndpoint> resolvers, std::optional<net::SmtpMailer::Settings> mail,
         std::unique_ptr<AcmeZone> acme_zone, std::vector<services::AuthoritySettings> authorities,
         std::optional<cloud::AwsCredentialSettings> aws, std::unique_ptr<SearchClients> search_clients);
  Result<void> listen();
  void write_metrics(api::Exposition& to) const;
  void write_zone_metrics(api::Exposition& to) const;

  StoreSession& session_;
  const net::AddressPolicy policy_;
  net::Loop start_loop_{1};  // for what comes before the house serves: its own loops would already answer requests
  net::Loops loops_;
  net::SystemResolver addresses_;
  net::HttpClient http_;
  const std::unique_ptr<CloudAccount> cloud_;  // null unless connections may be served by CloudFront
  services::Bell bell_;
  services::CourierCounters courier_counters_;
  services::Directory directory_;
  const std::unique_ptr<AcmeZone> acme_zone_;  // null if the settings have none
  std::vector<std::unique_ptr<Unit>> units_;
  services::Connections connections_;
  services::Propagation propagation_;
  services::OriginalDns original_dns_;
  services::Authorities authorities_;
  services::Certificates certificates_;
  const std::unique_ptr<services::Distributions> distributions_;  // null without cloud_
  services::Proxies proxies_;
  const std::unique_ptr<SearchClients> search_clients_;
  services::Pages pages_;
  services::SearchEngines search_;
  services::Retention retention_;
  std::optional<net::SmtpMailer> mailer_;  // both only if a mail server is set
  std::optional<services::WarningMail> warning_mail_;
  services::History history_;
  services::Replay replay_;
  services::EntriReceiver entri_receiver_;
  services::Identity identity_;
  services::Tokens tokens_;
  services::WebhookTester tester_;
  api::Api api_;
  api::OperationApi operation_;
  std::unique_ptr<net::HttpServer> api_server_;
  std::unique_ptr<net::HttpServer> operation_server_;
  std::unique_ptr<dns::ZoneServer> zone_server_;  // only if this process serves the ACME zone
  bool is_stopped_ = false;
};

}  // namespace signpost::app
