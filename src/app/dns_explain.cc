// SPDX-License-Identifier: Apache-2.0
#include "app/dns_explain.h"

#include <algorithm>
#include <ostream>

#include "app/connection_view.h"
#include "base/text.h"
#include "model/record.h"

namespace signpost::app {
namespace {

Result<dns::Expectation> expectation_of(const RecordWish& wish, const HostName& host) {
  const auto type = parse_record_type(wish.type);
  if (!type) return fail(Kind::kUnprocessable, format("\"{}\" is no record type", printable(wish.type, 20)));
  const auto record =
      TRY(model::expand({*type, wish.host, wish.value, 300, wish.priority, {}, {}}, {host, std::nullopt, ""}));
  return dns::Expectation{record.name, record.type, record.value, record.priority};
}

struct Picture {
  std::vector<RecordView> records;
  Time seen_at{};
};

Result<Picture> look_now(Console& console, const DnsExplainOptions& options, const HostName& host) {
  std::vector<dns::Expectation> expectations;
  for (const auto& wish : options.records) expectations.push_back(TRY(expectation_of(wish, host)));
  const auto seen = TRY(look_here(console, options.look, std::move(expectations), OutputForm::kText));
  const auto now = console.clock.now();
  return Picture{view_of(seen, now), now};
}

Result<Picture> last_look(Console& console, const DnsExplainOptions& options, const HostName& host) {
  auto api = TRY(ApiClient::open(console, options.api));
  const auto ids = TRY(parse_connection_ids(TRY(api.get(format("/v1/connections?host={}&limit=1", host.text())))));
  if (ids.empty()) {
    return fail(Kind::kNotFound,
                format("there is no connection on {}; say with --record what it should have", host.text()));
  }
  auto connection = TRY(parse_connection(TRY(api.get("/v1/connections/" + ids.front()))));
  if (connection.observed.empty()) {
    return fail(Kind::kNotFound, format("nobody has looked at {} yet: ask for it with POST /v1/connections/{}/check",
                                        host.text(), ids.front()));
  }
  return Picture{std::move(connection.observed), connection.seen_at.value_or(console.clock.now())};
}

std::string title_of(const RecordView& record) {
  return format("{} record of {}: {}", printable(record.type, 10), printable(record.name),
                printable(record.expected, 500));
}

void add_cause(std::string& text, const CauseView& cause) {
  text += format("{}\n\n**What to do:** {}\n", printable(cause.text, 2000), printable(cause.fix, 4000));
  if (cause.evidence.empty()) return text.append("\n"), void();
  text += "\nWho says so:\n\n";
  for (const auto& one : cause.evidence) text += format("- {}\n", printable(one, 600));
  text += "\n";
}

std::string servers_of(const RecordView& record) {
  std::vector<std::string> names;
  for (const auto& server : record.authorities) {
    if (std::ranges::find(names, server.server) == names.end()) names.push_back(server.server);
  }
  return fmt::to_string(fmt::join(names, ", "));
}

void add_record(std::string& text, const RecordView& record) {
  text += format("## {} {}\n\n", record.propagated ? "✓" : "✗", title_of(record));
  const bool has_causes = !record.causes.empty();
  if (record.propagated || !has_causes) text += printable(record.explanation, 2000) + "\n\n";
  if (record.propagated && has_causes) text += "It works, but take note:\n\n";
  for (const auto& cause : record.causes) add_cause(text, cause);
}

}  // namespace

std::string explanation_page(std::string_view host, const std::vector<RecordView>& records, Time seen_at) {
  const auto right = std::ranges::count(records, true, &RecordView::propagated);
  std::string text = format("# {}\n\n", host);
  if (records.size() == 1) {
    text += right == 1 ? "The record is as it should be." : "The record is not as it should be yet.";
  } else {
    text += std::cmp_equal(right, records.size())
                ? format("All {} records are as they should be.", records.size())
                : format("{} of {} records are as they should be.", right, records.size());
  }
  text += format(" Seen on {}, at the name servers of the domain themselves.\n\n",
                 to_rfc3339(seen_at).substr(0, 16).replace(10, 1, " ") + " UTC");
  if (!records.empty() && !records.front().zone.empty()) {
    text += format("The domain's DNS is kept by {}: changes are made at that DNS provider, in the zone {}.\n\n",
                   printable(servers_of(records.front()), 600), printable(records.front().zone));
  }
  for (const auto& record : records) {
    if (!record.propagated) add_record(text, record);
  }
  for (const auto& record : records) {
    if (record.propagated) add_record(text, record);
  }
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

Result<Exit> dns_explain(Console& console, const DnsExplainOptions& options) {
  const auto host = TRY(HostName::parse(options.host));
  const auto picture =
      options.records.empty() ? TRY(last_look(console, options, host)) : TRY(look_now(console, options, host));
  console.out << explanation_page(host.text(), picture.records, picture.seen_at);
  return std::ranges::all_of(picture.records, &RecordView::propagated) ? Exit::kOk : Exit::kFailed;
}

}  // namespace signpost::app
