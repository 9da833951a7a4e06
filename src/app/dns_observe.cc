// SPDX-License-Identifier: Apache-2.0
#include "app/dns_observe.h"

#include <algorithm>
#include <ostream>

#include "app/observation_view.h"
#include "app/own_look.h"
#include "base/record_value.h"
#include "base/text.h"
#include "dns/txt_purpose.h"
#include "services/observation_json.h"

namespace signpost::app {
Result<dns::Expectation> expectation_of(std::string_view name, std::string_view type,
                                        const std::optional<std::string>& value) {
  const auto record_type = parse_record_type(type);
  if (!record_type) {
    return fail(Kind::kUnprocessable,
                format("\"{}\" is no record type that can be observed: {}", printable(type, 40), kRecordTypeNames));
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
  if (expectation.value) expectation.value = TRY(canonical_record_value(*record_type, *expectation.value));
  if (expectation.value && *record_type == RecordType::kTxt)
    TRY_VOID(dns::check_txt(expectation.name, *expectation.value));
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
  const auto seen = TRY(look_here(console, options.look, {wanted}, options.form));
  if (options.form == OutputForm::kJson) {
    console.out << services::to_json(seen, console.clock.now()) << "\n";
  } else {
    console.out << observation_details(view_of(seen, console.clock.now()), console.columns);
  }
  const bool is_agreed = std::ranges::all_of(seen.records, servers_agree);
  if (!options.value && seen.all_propagated() && !is_agreed)
    console.err << "signpost: the servers say different things\n";
  return seen.all_propagated() && (options.value || is_agreed) ? Exit::kOk : Exit::kFailed;
}

}  // namespace signpost::app
