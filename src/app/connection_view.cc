// SPDX-License-Identifier: Apache-2.0
#include "app/connection_view.h"

#include <algorithm>
#include <boost/json.hpp>

#include "app/console.h"
#include "base/text.h"

namespace signpost::app {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, const char* name) {
  const auto* member = object.if_contains(name);
  if (!member) return "";
  if (member->is_string()) return std::string(member->as_string());
  return member->is_int64() ? std::to_string(member->as_int64()) : std::string{};
}

const json::object* object_in(const json::object& object, const char* name) {
  const auto* member = object.if_contains(name);
  return member ? member->if_object() : nullptr;
}

ConnectionView::Record record_of(const json::object& object) {
  return {text_of(object, "type"), text_of(object, "host"),     text_of(object, "value"),
          text_of(object, "ttl"),  text_of(object, "priority"), text_of(object, "step")};
}

void read_records(const json::object& object, ConnectionView& view) {
  const auto* records = object.if_contains("records");
  if (!records || !records->is_array()) return;
  for (const auto& item : records->as_array()) {
    if (item.is_object()) view.records.push_back(record_of(item.as_object()));
  }
}

void read_claim(const json::object& object, ConnectionView& view) {
  const auto* claim = object_in(object, "claim");
  if (!claim) return;
  view.claim = text_of(*claim, "status");
  if (const auto* record = object_in(*claim, "record")) view.claim_record = record_of(*record);
}

constexpr std::int64_t kSecondsCountedMax = 120;  // longer waits are told in minutes

std::string state_text(const ConnectionView& connection) {
  const auto certificate = connection.certificate_ends_at
                               ? "  certificate until " + to_rfc3339(*connection.certificate_ends_at).substr(0, 10)
                               : std::string();
  return format("{}  {}  propagation {}{}", printable(connection.host), printable(connection.status),
                connection.propagation.empty() ? "not begun" : printable(connection.propagation), certificate);
}

bool is_unproven(const ConnectionView& connection) { return connection.claim == "unproven"; }

/// What a connection with steps waits for; empty once it is deployed.
std::string_view step_awaited(const ConnectionView& connection) {
  if (!has_steps(connection)) return "";
  if (connection.status == "PENDING_VALIDATION") return "waiting for step 1 to be marked";
  if (connection.status == "SSL_VALIDATING") return "the certificate is on its way";
  if (connection.status == "SSL_VALIDATED") return "the certificate is there: waiting for step 2 to be marked";
  return "";
}

std::string next_look_text(const ConnectionView& connection, Time now) {
  if (!connection.next_look_at) {
    if (const auto step = step_awaited(connection); !step.empty()) return std::string(step);
    return connection.is_flow_open ? "waiting for the end of the flow to be reported" : "no further look is planned";
  }
  const auto left = std::chrono::ceil<std::chrono::seconds>(*connection.next_look_at - now).count();
  if (left <= 0) return "looking …";
  return left <= kSecondsCountedMax ? format("next look in {} s", left)
                                    : format("next look in {} min", (left + 59) / 60);
}

void add_record_row(std::string& text, const ConnectionView::Record& record, std::size_t host_columns,
                    std::string_view remark) {
  const auto value = record.priority.empty() ? record.value : record.priority + " " + record.value;
  text +=
      format("  {}  {}  {}{}\n", pad(record.type, 5), pad(record.host, host_columns), printable(value, 2048), remark);
}

}  // namespace

Result<ConnectionView> parse_connection(std::string_view text) {
  boost::system::error_code error;
  const auto value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object() || text_of(value.as_object(), "id").empty()) {
    return fail(Kind::kProtocol, "the server's answer is not a connection: is --server the API of Signpost?");
  }
  const auto& object = value.as_object();
  ConnectionView view;
  view.id = text_of(object, "id");
  view.host = text_of(object, "host");
  view.domain = text_of(object, "domain");
  view.organization = text_of(object, "organization");
  view.status = text_of(object, "proxy_status");
  if (const auto* facets = object_in(object, "facets")) view.propagation = text_of(*facets, "propagation_status");
  if (const auto* flow = object_in(object, "flow")) view.is_flow_open = text_of(*flow, "ended_at").empty();
  if (const auto* attention = object_in(object, "attention")) view.attention = text_of(*attention, "explanation");
  if (const auto next = parse_rfc3339(text_of(object, "next_look_at"))) view.next_look_at = *next;
  view.certificate = text_of(object, "certificate");
  if (const auto ends = parse_rfc3339(text_of(object, "certificate_ends_at"))) view.certificate_ends_at = *ends;
  read_records(object, view);
  read_claim(object, view);
  if (const auto* observation = object_in(object, "observation")) {
    view.observed = TRY(parse_observation(json::serialize(*observation)));
    if (const auto seen_at = parse_rfc3339(text_of(*observation, "seen_at"))) view.seen_at = *seen_at;
  }
  return view;
}

Result<std::vector<std::string>> parse_connection_ids(std::string_view text) {
  boost::system::error_code error;
  const auto value = json::parse({text.data(), text.size()}, error);
  const auto* page = !error && value.is_object() ? &value.as_object() : nullptr;
  const auto* data = page ? page->if_contains("data") : nullptr;
  if (!data || !data->is_array()) {
    return fail(Kind::kProtocol, "the server's answer is not a list: is --server the API of Signpost?");
  }
  std::vector<std::string> ids;
  for (const auto& item : data->as_array()) {
    if (item.is_object()) ids.push_back(text_of(item.as_object(), "id"));
  }
  return ids;
}

bool has_steps(const ConnectionView& connection) {
  return connection.certificate == "cname" || connection.certificate == "txt";
}

WatchEnd end_of(const ConnectionView& connection) {
  const bool is_lost = !connection.claim.empty() && !is_unproven(connection) && connection.claim != "proven";
  if (is_lost || connection.status == "DISCONNECTED") return WatchEnd::kFailure;
  if (connection.propagation == "failed") return WatchEnd::kFailure;
  const bool is_last_step = !has_steps(connection) || connection.status == "DEPLOYED";
  return connection.propagation == "success" && is_last_step ? WatchEnd::kSuccess : WatchEnd::kGoesOn;
}

namespace {

struct Table {
  std::size_t host_columns = 4;
  std::string text;

  void add_head() { text += format("  {}  {}  VALUE\n", pad("TYPE", 5), pad("HOST", host_columns)); }
};

/// The records of a step, or all of them.
void add_rows(Table& table, const ConnectionView& connection, std::string_view step) {
  for (const auto& record : connection.records) {
    if (step.empty() || record.step == step) add_record_row(table.text, record, table.host_columns, "");
  }
}

void add_steps(Table& table, const ConnectionView& connection, std::size_t columns) {
  const auto organization = printable(connection.organization);
  table.text += "Step 1, for the certificate:\n\n";
  if (connection.certificate == "txt") {
    table.text += format("  a TXT record, which POST /api/domain/start-certificate/{} tells\n", organization);
  } else {
    table.add_head();
    add_rows(table, connection, "1");
  }
  table.text += "\nStep 2, for the traffic, once the status is SSL_VALIDATED:\n\n";
  table.add_head();
  add_rows(table, connection, "2");
  table.text += "\n" +
                wrap("Each step is marked when its records are added, with the organization's token:", columns, "") +
                format("\n  POST /api/domain/mark-step-complete/{} {{\"step\": 1}}\n", organization);
}

void add_claim(Table& table, const ConnectionView::Record& record, std::size_t columns) {
  add_record_row(table.text, record, table.host_columns, "");
  table.text += "\n" + wrap(format("The last one, {} {}, proves that the domain is the organization's own.",
                                   record.type, record.host),
                            columns, "");
}

std::string flow_text(const ConnectionView& connection, std::size_t columns) {
  if (!connection.is_flow_open) {
    return wrap(
        "The flow is reported as ended, so Signpost is watching and tells the backend what it sees. To watch "
        "with it:",
        columns, "");
  }
  if (has_steps(connection)) return "To watch with it:\n";
  return wrap("The flow is open: Signpost watches and tells the backend once its end is reported, with", columns, "") +
         format("\n  POST /v1/connections/{}/flow {{\"setup_type\": \"manual\"}}\n\nThen, to watch with it:\n",
                printable(connection.id));
}

}  // namespace

std::string instructions(const ConnectionView& connection, std::size_t columns) {
  // Where an authority sees the certificate's record, that proves the domain, too.
  const bool shows_claim = is_unproven(connection) && connection.claim_record && !has_steps(connection);
  Table table;
  for (const auto& record : connection.records) table.host_columns = std::max(table.host_columns, record.host.size());
  if (shows_claim) table.host_columns = std::max(table.host_columns, connection.claim_record->host.size());
  table.host_columns = std::min(table.host_columns, std::max<std::size_t>(columns / 2, 8));
  table.text =
      format("connection {}  {}  of organization {}\n\nAdd at the DNS provider of {}:\n\n", printable(connection.id),
             printable(connection.host), printable(connection.organization), printable(connection.domain));
  if (has_steps(connection)) {
    add_steps(table, connection, columns);
  } else {
    table.add_head();
    add_rows(table, connection, "");
  }
  if (shows_claim) add_claim(table, *connection.claim_record, columns);
  return table.text + "\n" + flow_text(connection, columns) +
         format("\n  signpost watch {}\n", printable(connection.id));
}

std::string watch_picture(const ConnectionView& connection, Time now, std::size_t columns) {
  std::string text = fit(state_text(connection), columns) + "\n" + next_look_text(connection, now) + "\n\n";
  // Mostly it is the explanation of one record, which the table has.
  const bool is_repeated = std::ranges::find(connection.observed, connection.attention, &RecordView::explanation) !=
                           connection.observed.end();
  if (!connection.attention.empty() && !is_repeated) text += wrap("! " + connection.attention, columns, "") + "\n";
  if (connection.observed.empty()) return text + "Nobody has looked at DNS yet.\n";
  return text + observation_table(connection.observed, columns);
}

std::string watch_lines(const ConnectionView& connection) {
  std::string text = state_text(connection) + "\n";
  for (const auto& record : connection.observed) {
    text += format("  {} {} {}  {}\n", record.propagated ? "✓" : "✗", printable(record.name), record.type,
                   printable(record.expected));
    if (record.propagated) continue;
    for (const auto& server : record.authorities) {
      text += format("      {} {}  {}\n", printable(server.server), printable(server.address),
                     verdict_text(server.verdict));
    }
  }
  if (!connection.attention.empty()) text += "  ! " + printable(connection.attention, 500) + "\n";
  return text;
}

}  // namespace signpost::app
