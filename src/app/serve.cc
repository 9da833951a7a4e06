// SPDX-License-Identifier: Apache-2.0
#include "app/serve.h"

#include <signal.h>

#include <ostream>

#include "app/setting_table.h"
#include "app/stop_signals.h"
#include "app/version.h"
#include "app/wiring.h"
#include "base/log.h"
#include "base/text.h"
#include "services/keys.h"

namespace signpost::app {
namespace {

constexpr Milliseconds kStallCheckPause = std::chrono::seconds(5);
constexpr Milliseconds kStallWorthALine = std::chrono::seconds(2);

/// The key of the very first start; nothing if there have ever been keys.
Result<std::optional<std::string>> first_key(StoreSession& session) {
  const auto by = session.administration("first start");
  return session.storage().write_now<std::optional<std::string>>(
      [&](store::Tx& tx) -> Result<std::optional<std::string>> {
        if (!TRY(services::list_keys(tx, {std::nullopt, 1})).items.empty()) return std::nullopt;
        return TRY(services::create_key(tx, by, "first admin key", std::nullopt)).text;
      });
}

std::string url_of(const net::TcpEndpoint& endpoint) {
  return "http://" + endpoint_text(endpoint.address(), endpoint.port());
}

void greet(Console& console, const StoreOptions& options, const StoreSession& session, const Wiring& wiring,
           const std::optional<std::string>& key) {
  const auto data = session.directory().path().string();
  console.out << format(
      "Signpost {}\n  data       {}\n  API        {}\n  operation  {}  (/healthz, /readyz, /metrics)\n", kVersion, data,
      url_of(wiring.api_endpoint()), url_of(wiring.operation_endpoint()));
  for (const auto& endpoint : wiring.zone_endpoints()) {
    console.out << format("  ACME zone  {} at {}\n", session.settings().dns.acme_zone->text(),
                          endpoint_text(endpoint.address(), endpoint.port()));
  }
  if (key) {
    console.out << format(
        "\nThis is the first start. The admin key is shown only now:\n\n  {}\n\nNext, your application:\n\n"
        "  signpost app create --name NAME --webhook-url URL --cname-target HOST{}\n\n",
        *key, words_of({options.config, session.directory().path()}));
  }
  console.out << std::flush;
}

/// A blocked loop cannot say so itself.
void report_stall(const Wiring& wiring) {
  if (const auto stall = wiring.longest_stall(); stall > kStallWorthALine) {
    log::error("a loop is blocked", {{"for_ms", stall.count()}});
  }
}

}  // namespace

Result<Exit> serve(Console& console, const StoreOptions& options) {
  signal(SIGPIPE, SIG_IGN);
  StopSignals signals;
  auto session = TRY(StoreSession::open(console, options, DataDirectory::Use::kServe));
  const auto& settings = session->settings();
  log::start(settings.log.level, settings.log.format);
  auto wiring = TRY(Wiring::build(*session));
  const auto key = TRY(first_key(*session));
  TRY_VOID(wiring->start());
  greet(console, options, *session, *wiring, key);
  log::info("serving", {{"version", kVersion},
                        {"api", url_of(wiring->api_endpoint())},
                        {"operation", url_of(wiring->operation_endpoint())},
                        {"data", session->directory().path().string()},
                        {"store", settings.store.url.empty() ? "sqlite" : "postgresql"},
                        {"loops", wiring->loops()}});
  while (signals.wait(kStallCheckPause) == StopSignals::Woken::kTimeout) report_stall(*wiring);
  log::info("stopping", {{"budget_ms", settings.process.stop_budget.count()}});
  signals.exit_on_next();
  wiring->stop(settings.process.stop_budget);
  wiring.reset();
  session.reset();
  log::info("stopped");
  return Exit::kOk;
}

}  // namespace signpost::app
