// SPDX-License-Identifier: Apache-2.0
#include "app/acme_zone_command.h"

#include <algorithm>
#include <ostream>
#include <set>

#include "app/acme_zone.h"
#include "app/own_look.h"
#include "app/run_here.h"
#include "app/setting_table.h"
#include "base/text.h"
#include "crypto/random.h"
#include "dns/transport.h"
#include "net/wait.h"

namespace signpost::app {
namespace {

using std::chrono::steady_clock;

// Until every server has the text: our own poll the database, secondaries of others are notified and transfer the zone.
constexpr Milliseconds kProbeBudget = std::chrono::seconds(15);
constexpr Milliseconds kProbePause{500};
constexpr Milliseconds kTcpBudget = std::chrono::seconds(3);
constexpr std::string_view kNotReady = "The zone is not ready yet.\n";

Result<LoadedSettings> settings_with_zone(Console& console, const std::filesystem::path& config) {
  auto loaded = TRY(load_settings(config, console.environment));
  if (loaded.settings.dns.acme_zone) return loaded;
  return fail(Kind::kConflict,
              "no ACME zone is set: write dns.acme_zone and what belongs to it into the settings "
              "(docs/operating/acme-zone.md) and name them with --config");
}

std::string zone_above(const DnsName& zone) { return zone.parent().text(); }

/// The report, line by line.
class Report {
 public:
  explicit Report(Console& console) : console_(console) {}
  void ok(std::string_view text) { console_.out << wrap(text, console_.columns, "  ok    ") << std::flush; }
  void wrong(std::string_view text) {
    has_failed_ = true;
    console_.out << wrap(text, console_.columns, "  WRONG ") << std::flush;
  }
  Exit exit() const { return has_failed_ ? Exit::kFailed : Exit::kOk; }

 private:
  static std::string wrap(std::string_view text, std::size_t columns, std::string_view head) {
    constexpr std::string_view kIndent = "        ";
    auto lines = app::wrap(text, columns, kIndent);
    lines.replace(0, kIndent.size(), head);
    return lines.ends_with('\n') ? lines : lines + "\n";
  }
  Console& console_;
  bool has_failed_ = false;
};

/// Publishes and withdraws, in whichever way the settings have.
class Publisher {
 public:
  static Result<Publisher> open(Console& console, const StoreOptions& options, const Settings::Dns& dns) {
    Publisher publisher;
    if (dns.acme_zone_server) {
      publisher.writer_.emplace(TRY(writer_settings(dns)));
      return publisher;
    }
    publisher.session_ = TRY(StoreSession::open(console, options, DataDirectory::Use::kCommandOnExisting));
    auto& session = *publisher.session_;
    publisher.stored_ =
        std::make_unique<services::StoredChallengeZone>(*dns.acme_zone, session.storage(), session.clock());
    return publisher;
  }
  Result<void> publish(const std::string& label, const std::string& value) {
    if (writer_) return run_here(*loop_, writer_->add(services::challenge_target(writer_->zone(), label), value));
    return session_->storage().write_now<void>([&](store::Tx& tx) { return stored_->publish_in(tx, label, value); });
  }
  Result<void> withdraw(const std::string& label, const std::string& value) {
    if (writer_) return run_here(*loop_, writer_->remove(services::challenge_target(writer_->zone(), label), value));
    return session_->storage().write_now<void>([&](store::Tx& tx) { return stored_->withdraw_in(tx, label, value); });
  }

 private:
  Publisher() = default;
  std::unique_ptr<net::Loop> loop_ = std::make_unique<net::Loop>(1);
  std::optional<dns::ZoneWriter> writer_;
  std::unique_ptr<StoreSession> session_;
  std::unique_ptr<services::StoredChallengeZone> stored_;
};

LookOptions look_options(const Settings& settings) {
  return {.resolvers = settings.dns.resolvers,
          .authority_port = settings.dns.authority_port,
          .allow = settings.network.allow,
          .certificate_authorities = {}};
}

dns::Expectation text_at(const DnsName& zone, const std::string& label, const std::string& value) {
  return {.name = services::challenge_target(zone, label),
          .type = RecordType::kTxt,
          .value = value,
          .priority = std::nullopt};
}

std::vector<dns::Expectation> delegation_of(const Settings::Dns& dns) {
  std::vector<dns::Expectation> expectations;
  for (const auto& server : dns.acme_zone_name_servers) {
    expectations.push_back({*dns.acme_zone, RecordType::kNs, server.name.text(), std::nullopt});
  }
  if (expectations.empty()) expectations.push_back({*dns.acme_zone, RecordType::kNs, std::nullopt, std::nullopt});
  return expectations;
}

void report_findings(Report& report, const dns::RecordObservation& record) {
  bool has_blocking = false;
  for (const auto& finding : record.causes) {
    if (finding.weight != dns::Weight::kBlocks && finding.weight != dns::Weight::kRisks) continue;
    has_blocking |= finding.weight == dns::Weight::kBlocks;
    report.wrong(format("{} {}", finding.text, finding.fix));
  }
  if (!has_blocking && !record.propagated) report.wrong(record.explanation);
}

void report_delegation(Report& report, const Settings::Dns& dns, const dns::Observation& seen) {
  const auto& zone = *dns.acme_zone;
  if (seen.all_propagated()) {
    std::string names;
    for (const auto& server : dns.acme_zone_name_servers) names += (names.empty() ? "" : ", ") + server.name.text();
    report.ok(format("the zone above leads {} to {}", zone.text(), names.empty() ? "its name servers" : names));
    return;
  }
  for (const auto& record : seen.records) {
    if (record.propagated) continue;
    report.wrong(format("{} \"signpost acme-zone records\" prints what the zone above must have.", record.explanation));
    return;
  }
}

/// The addresses under which a name server is found, against those of the settings.
void report_addresses(Report& report, const dns::ZoneNameServer& server, const dns::RecordObservation& record) {
  if (server.addresses.empty()) return;
  std::set<std::string> wanted;
  std::set<std::string> found;
  for (const auto& address : server.addresses) wanted.insert(address.to_string());
  for (const auto& answer : record.authorities) {
    const auto endpoint = parse_endpoint(answer.address, 53);
    if (answer.server == server.name.text() && endpoint) found.insert(endpoint->address().to_string());
  }
  for (const auto& address : wanted) {
    if (found.contains(address)) continue;
    report.wrong(
        format("{} is not found at {}: the zone above must have its address record (glue), as \"signpost "
               "acme-zone records\" prints it",
               server.name.text(), address));
  }
  for (const auto& address : found) {
    if (wanted.contains(address)) continue;
    report.wrong(
        format("{} is also found at {}, which \"dns.acme_zone_name_servers\" does not name: take that address "
               "out of the zone above, or add it to the settings",
               server.name.text(), address));
  }
}

bool has_speaker(const dns::RecordObservation& record) {
  return std::ranges::any_of(record.authorities,
                             [](const auto& answer) { return dns::is_authoritative(answer.verdict); });
}

/// Again until all servers have it, as long as somebody speaks at all.
Result<dns::RecordObservation> look_until_seen(Console& console, const LookOptions& options, dns::Expectation text) {
  const auto deadline = steady_clock::now() + kProbeBudget;
  for (int looks = 1;; ++looks) {
    const auto seen = TRY(look_here(console, options, {text}, OutputForm::kJson));
    const auto& record = seen.records.front();
    const bool is_hopeless = looks > 1 && !has_speaker(record);
    if (record.propagated || is_hopeless || steady_clock::now() >= deadline) return record;
    net::Loop loop(1);
    TRY_VOID(run_here(loop, net::sleep_until(steady_clock::now() + kProbePause)));
  }
}

void report_servers(Report& report, const dns::RecordObservation& record) {
  for (const auto& answer : record.authorities) {
    const auto who = answer.address.empty() ? answer.server : format("{} ({})", answer.server, answer.address);
    if (answer.verdict == dns::Verdict::kAgrees) {
      report.ok(format("{} answers with the text that was published", who));
    } else {
      report.wrong(format("{} does not answer with it: {}{}{}", who, name_of(answer.verdict),
                          answer.note.empty() ? "" : ", ", answer.note));
    }
  }
}

void report_resolvers(Report& report, const dns::RecordObservation& record) {
  for (const auto& answer : record.resolvers) {
    if (answer.verdict == dns::Verdict::kAgrees) {
      report.ok(format("the resolver {} finds the text from the root on", answer.server));
    } else {
      report.wrong(format("the resolver {} does not find the text: {}{}{}; certificate authorities may not either",
                          answer.server, name_of(answer.verdict), answer.note.empty() ? "" : ", ", answer.note));
    }
  }
}

Task<Result<dns::Answer>> ask_over_tcp(net::UdpEndpoint server, dns::Question question) {
  dns::Transport transport(co_await boost::asio::this_coro::executor, {});
  co_return co_await transport.ask_over_tcp(server, std::move(question), steady_clock::now() + kTcpBudget);
}

/// Long sets of texts, and questions of busy networks, come by TCP.
void report_tcp(Report& report, const DnsName& zone, const dns::RecordObservation& record) {
  for (const auto& answer : record.authorities) {
    const auto endpoint = parse_endpoint(answer.address, 53);
    if (!endpoint || answer.verdict == dns::Verdict::kUnreachable) continue;
    net::Loop loop(1);
    const auto by_tcp = run_here(loop, ask_over_tcp(*endpoint, {zone, dns::WireType::kSoa}));
    if (by_tcp && by_tcp->rcode == dns::Rcode::kNoError) {
      report.ok(format("{} ({}) answers by TCP too", answer.server, answer.address));
    } else {
      report.wrong(format("{} ({}) does not answer by TCP: {}; open TCP port {} in the firewall", answer.server,
                          answer.address, by_tcp ? name_of(by_tcp->rcode) : by_tcp.error().message, endpoint->port()));
    }
  }
}

}  // namespace

Result<Exit> acme_zone_records(Console& console, const std::filesystem::path& config) {
  const auto loaded = TRY(settings_with_zone(console, config));
  const auto& dns = loaded.settings.dns;
  const auto& zone = *dns.acme_zone;
  const auto& servers = dns.acme_zone_name_servers;
  if (servers.empty()) {
    console.out << format(
        "{} has the zone {}: delegate it in the zone above ({}) to the name servers that serve it.\n"
        "With them in dns.acme_zone_name_servers this command prints the records.\n",
        endpoint_text(dns.acme_zone_server->address(), dns.acme_zone_server->port()), zone.text(), zone_above(zone));
    return Exit::kOk;
  }
  std::size_t widest = zone.text().size();
  for (const auto& server : servers) widest = std::max(widest, server.name.text().size());
  const auto line = [&](const DnsName& owner, std::string_view type, const std::string& value) {
    console.out << format("{:<{}} 3600 IN {:<4} {}\n", owner.text() + ".", widest + 1, type, value);
  };
  console.out << format("; Into the zone above {} ({}), once:\n", zone.text(), zone_above(zone));
  for (const auto& server : servers) line(zone, "NS", server.name.text() + ".");
  for (const auto& server : servers) {
    for (const auto& address : server.addresses) line(server.name, address.is_v4() ? "A" : "AAAA", address.to_string());
  }
  return Exit::kOk;
}

Result<Exit> acme_zone_check(Console& console, const StoreOptions& options) {
  const auto loaded = TRY(settings_with_zone(console, options.config));
  const auto& dns = loaded.settings.dns;
  const auto& zone = *dns.acme_zone;
  const auto look = look_options(loaded.settings);
  auto publisher = TRY(Publisher::open(console, options, dns));
  const auto server =
      dns.acme_zone_server ? endpoint_text(dns.acme_zone_server->address(), dns.acme_zone_server->port()) : "";
  Report report(console);
  console.out << format("{}, {}\n", zone.text(), server.empty() ? "served by signpost serve" : "written to " + server);

  const auto delegation = TRY(look_here(console, look, delegation_of(dns), OutputForm::kJson));
  report_delegation(report, dns, delegation);

  // The second is asked for only once the first is everywhere: no resolver has denied it before.
  crypto::SystemRandom random;
  const auto value = services::make_challenge_label(random);
  const auto first = "check-" + services::make_challenge_label(random);
  const auto second = "check-" + services::make_challenge_label(random);
  for (const auto& label : {second, first}) {
    if (const auto published = publisher.publish(label, value); !published) {
      report.wrong(published.error().message);
      // It may have been written, and only the answer been lost.
      for (const auto& tried : {second, first}) (void)publisher.withdraw(tried, value);
      console.out << kNotReady;
      return report.exit();
    }
  }
  if (!server.empty()) report.ok(format("{} takes updates of the zone", server));
  const auto seen = look_until_seen(console, look, text_at(zone, first, value));
  if (seen) {
    report_servers(report, *seen);
    if (!seen->propagated) report_findings(report, *seen);
    for (const auto& name_server : dns.acme_zone_name_servers) report_addresses(report, name_server, *seen);
    report_tcp(report, zone, *seen);
  }
  if (seen && seen->propagated) {
    if (const auto again = look_here(console, look, {text_at(zone, second, value)}, OutputForm::kJson)) {
      report_resolvers(report, again->records.front());
      report_findings(report, again->records.front());
    }
  }
  for (const auto& label : {first, second}) {
    if (const auto withdrawn = publisher.withdraw(label, value); !withdrawn) report.wrong(withdrawn.error().message);
  }
  if (!seen) return std::unexpected(seen.error());
  console.out << (report.exit() == Exit::kOk ? std::string_view("The zone is ready.\n") : kNotReady);
  return report.exit();
}

}  // namespace signpost::app
