// SPDX-License-Identifier: Apache-2.0
#include "app/dns_observe.h"

#include <algorithm>
#include <ostream>

#include "app/observation_view.h"
#include "app/resolv_conf.h"
#include "app/run_here.h"
#include "base/text.h"
#include "dns/observer.h"
#include "model/record.h"
#include "services/observation_json.h"

namespace signpost::app {
namespace {

/// As the rules for the records of a connection have it; a TXT may be anything.
Result<std::string> canonical_value(RecordType type, const std::string& value) {
  if (type == RecordType::kTxt) return value;
  const model::RecordContext nowhere{TRY(HostName::parse("record.invalid")), std::nullopt, ""};
  model::RecordRequest wanted{.type = type, .host = "@", .value = value};
  if (type == RecordType::kMx) wanted.priority = 0;
  return TRY(model::expand(wanted, nowhere)).value;
}

Task<dns::Observation> look(dns::Observer& observer, dns::Expectation wanted, net::Deadline deadline) {
  std::vector<dns::Expectation> expectations;
  expectations.push_back(std::move(wanted));
  auto seen = co_await observer.observe(std::move(expectations), deadline);
  co_await observer.stop();
  co_return seen;
}

dns::Observation look_once(const DnsObserveOptions& options, std::vector<net::UdpEndpoint> resolvers,
                           const dns::Expectation& wanted) {
  net::Loop loop(1);
  const net::AddressPolicy policy(options.allow);
  dns::Observer::Settings settings;
  settings.resolvers = std::move(resolvers);
  settings.authority_port = options.authority_port;
  dns::Observer observer(loop.get_executor(), settings, policy);
  return run_here(loop, look(observer, wanted, std::chrono::steady_clock::now() + settings.look_max));
}

}  // namespace

Result<dns::Expectation> expectation_of(std::string_view name, std::string_view type,
                                        const std::optional<std::string>& value) {
  const auto record_type = parse_record_type(type);
  if (!record_type) {
    return fail(Kind::kUnprocessable, format("\"{}\" is no record type that can be observed: A, AAAA, CNAME, TXT or MX",
                                             printable(type, 40)));
  }
  dns::Expectation expectation{TRY(DnsName::parse(name)), *record_type, value, std::nullopt};
  if (value && *record_type == RecordType::kMx) {
    const auto blank = value->find(' ');
    const auto priority =
        blank == std::string::npos ? std::nullopt : parse_integer(std::string_view(*value).substr(0, blank));
    if (priority && (*priority < 0 || *priority > 65535)) {
      return fail(Kind::kUnprocessable,
                  format("the preference of \"{}\" is not a number from 0 to 65535", printable(*value, 80)));
    }
    if (priority) {
      expectation.priority = static_cast<std::uint16_t>(*priority);
      expectation.value = std::string(trim(std::string_view(*value).substr(blank)));
    }
  }
  if (expectation.value) expectation.value = TRY(canonical_value(*record_type, *expectation.value));
  return expectation;
}

bool servers_agree(const dns::RecordObservation& record) {
  std::optional<std::vector<std::string>> agreed;
  for (const auto& server : record.authorities) {
    if (!dns::is_authoritative(server.verdict)) continue;
    auto values = server.values;
    std::ranges::sort(values);
    if (values.empty() || (agreed && *agreed != values)) return false;
    agreed = std::move(values);
  }
  return agreed.has_value();
}

Result<Exit> dns_observe(Console& console, const DnsObserveOptions& options) {
  const auto wanted = TRY(expectation_of(options.name, options.type, options.value));
  const auto resolvers = options.resolvers.empty() ? TRY(system_resolvers()) : options.resolvers;
  const auto seen = look_once(options, resolvers, wanted);
  if (options.form == OutputForm::kJson) {
    console.out << services::to_json(seen) << "\n";
  } else {
    console.out << observation_details(view_of(seen), console.columns);
  }
  const bool is_agreed = std::ranges::all_of(seen.records, servers_agree);
  if (!options.value && seen.all_propagated() && !is_agreed)
    console.err << "signpost: the servers say different things\n";
  return seen.all_propagated() && (options.value || is_agreed) ? Exit::kOk : Exit::kFailed;
}

}  // namespace signpost::app
