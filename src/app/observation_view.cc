// SPDX-License-Identifier: Apache-2.0
#include "app/observation_view.h"

#include <algorithm>
#include <boost/json.hpp>
#include <tuple>

#include "app/console.h"
#include "base/text.h"
#include "services/observation_json.h"

namespace signpost::app {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, const char* name) {
  const auto* member = object.if_contains(name);
  return member && member->is_string() ? std::string(member->as_string()) : std::string{};
}

const json::array& array_of(const json::object& object, const char* name) {
  static const json::array kNone;
  const auto* member = object.if_contains(name);
  return member && member->is_array() ? member->as_array() : kNone;
}

std::vector<ServerView> servers_of(const json::array& array) {
  std::vector<ServerView> servers;
  for (const auto& item : array) {
    if (!item.is_object()) continue;
    const auto& object = item.as_object();
    ServerView server{
        text_of(object, "server"), text_of(object, "address"), text_of(object, "verdict"), {}, text_of(object, "note")};
    for (const auto& value : array_of(object, "values")) {
      if (value.is_string()) server.values.emplace_back(value.as_string());
    }
    servers.push_back(std::move(server));
  }
  // Answers come in any order; a picture that is drawn again must not jump.
  std::ranges::sort(servers, {}, [](const ServerView& server) { return std::tie(server.server, server.address); });
  return servers;
}

/// The time of day is enough: the page says the day.
std::string evidence_of(const json::object& object) {
  const auto server = text_of(object, "server");
  const auto address = text_of(object, "address");
  const auto at = text_of(object, "at");
  return format("{}{}{} at {}: {}", server, address.empty() || address.starts_with(server) ? "" : " ",
                address.starts_with(server) ? address.substr(server.size()) : address,
                at.size() > 19 ? at.substr(11, 8) : at, text_of(object, "said"));
}

std::vector<CauseView> causes_of(const json::array& array) {
  std::vector<CauseView> causes;
  for (const auto& item : array) {
    if (!item.is_object()) continue;
    const auto& object = item.as_object();
    CauseView cause{text_of(object, "code"), text_of(object, "weight"), text_of(object, "text"),
                    text_of(object, "fix")};
    for (const auto& one : array_of(object, "evidence")) {
      if (one.is_object()) cause.evidence.push_back(evidence_of(one.as_object()));
    }
    causes.push_back(std::move(cause));
  }
  return causes;
}

RecordView record_of(const json::object& object) {
  const auto* propagated = object.if_contains("propagated");
  return {text_of(object, "name"),
          text_of(object, "type"),
          text_of(object, "expected"),
          text_of(object, "zone"),
          propagated && propagated->is_bool() && propagated->as_bool(),
          text_of(object, "cause"),
          text_of(object, "explanation"),
          servers_of(array_of(object, "authorities")),
          servers_of(array_of(object, "resolvers")),
          causes_of(array_of(object, "causes"))};
}

std::string values_text(const ServerView& server) {
  std::string text;
  for (const auto& value : server.values) text += (text.empty() ? "" : ", ") + value;
  return text;
}

/// What a server is called: its name and address, once if they are the same.
std::string server_text(const ServerView& server) {
  if (server.address.empty()) return server.server;
  return server.address.starts_with(server.server) ? server.address : server.server + " " + server.address;
}

/// A line without the blanks that pad its last cell.
std::string ended(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string record_title(const RecordView& record) {
  return format("{} {}  {}", printable(record.name), record.type, printable(record.expected));
}

std::size_t width_of_servers(const std::vector<ServerView>& servers, std::size_t width, std::size_t width_max) {
  for (const auto& server : servers) width = std::max(width, server_text(server).size());
  return std::min(width, width_max);
}

constexpr std::size_t kVerdictColumns = 15;
constexpr std::size_t kMarkColumns = 2;
constexpr std::size_t kServerColumnsMax = 44;

void add_servers(std::string& text, std::string_view title, const std::vector<ServerView>& servers, std::size_t columns,
                 std::size_t server_columns) {
  if (servers.empty()) return;
  text += format("  {}\n", title);
  for (const auto& server : servers) {
    const auto used = 4 + server_columns + 2 + kVerdictColumns + 1;
    text += ended(format("    {}  {} {}", pad(server_text(server), server_columns),
                         pad(verdict_text(server.verdict), kVerdictColumns),
                         fit(values_text(server), columns > used + 20 ? columns - used : 20)));
    if (!server.note.empty()) text += wrap(server.note, columns, "        ");
  }
}

void add_causes(std::string& text, const std::vector<CauseView>& causes, std::size_t columns) {
  for (const auto& cause : causes) {
    text += format("  {} ({})\n", printable(cause.code, 60), printable(cause.weight, 20));
    text += wrap(cause.text, columns, "    ");
    text += wrap("→ " + cause.fix, columns, "    ");
  }
}

/// One row of the table: who, and the verdict per record.
struct TableRow {
  std::string server;
  std::vector<std::string> verdicts;  // one per record, empty where the server was not asked
};

std::vector<TableRow> rows_of(const std::vector<RecordView>& records, std::vector<ServerView> RecordView::* which) {
  std::vector<TableRow> rows;
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (const auto& server : records[i].*which) {
      const auto name = server_text(server);
      auto row = std::ranges::find(rows, name, &TableRow::server);
      if (row == rows.end()) row = rows.insert(rows.end(), {name, std::vector<std::string>(records.size())});
      row->verdicts[i] = server.verdict;
    }
  }
  return rows;
}

/// "✓" of "✓ agrees".
std::string mark_of(std::string_view verdict) {
  const auto text = verdict_text(verdict);
  return text.substr(0, text.find(' '));
}

struct TableForm {
  std::size_t server_columns = 0;
  std::size_t cell_columns = kVerdictColumns;  // kMarkColumns: marks alone
};

void add_table(std::string& text, const std::vector<RecordView>& records, std::size_t begin, std::size_t end,
               const TableForm& form) {
  const bool has_words = form.cell_columns == kVerdictColumns;
  const auto add_row = [&](std::string_view first, auto cell_of) {
    std::string line = pad(first, form.server_columns);
    for (std::size_t i = begin; i < end; ++i) line += "  " + pad(cell_of(i), form.cell_columns);
    text += ended(std::move(line));
  };
  const auto add_rows = [&](const std::vector<TableRow>& rows) {
    for (const auto& row : rows) {
      add_row(row.server,
              [&](std::size_t i) { return has_words ? verdict_text(row.verdicts[i]) : mark_of(row.verdicts[i]); });
    }
  };
  add_row("AUTHORITATIVE SERVER",
          [&](std::size_t i) { return has_words ? format("{}. {}", i + 1, records[i].type) : std::to_string(i + 1); });
  add_rows(rows_of(records, &RecordView::authorities));
  const auto resolvers = rows_of(records, &RecordView::resolvers);
  if (!resolvers.empty()) text += "RESOLVER (CACHE)\n";
  add_rows(resolvers);
}

}  // namespace

Result<std::vector<RecordView>> parse_observation(std::string_view text) {
  boost::system::error_code error;
  const auto value = json::parse({text.data(), text.size()}, error);
  const auto* object = !error && value.is_object() ? &value.as_object() : nullptr;
  const auto* list = object ? object->if_contains("records") : nullptr;
  if (!list || !list->is_array())
    return fail(Kind::kProtocol, "the observation is not of the form that this version knows");
  std::vector<RecordView> records;
  for (const auto& item : list->as_array()) {
    if (item.is_object()) records.push_back(record_of(item.as_object()));
  }
  return records;
}

std::vector<RecordView> view_of(const dns::Observation& observation, Time ended) {
  return parse_observation(services::to_json(observation, ended)).value_or(std::vector<RecordView>{});
}

std::string verdict_text(std::string_view verdict) {
  if (verdict.empty()) return "";
  if (verdict == "agrees") return "✓ agrees";
  if (verdict == "disagrees") return "✗ other value";
  if (verdict == "nxdomain") return "✗ no such name";
  if (verdict == "nodata") return "✗ no such type";
  // The others say something about the server and nothing about the record.
  return format("? {}", printable(verdict, 30));
}

std::string observation_details(const std::vector<RecordView>& records, std::size_t columns) {
  std::string text;
  for (const auto& record : records) {
    auto server_columns = width_of_servers(record.authorities, 10, kServerColumnsMax);
    server_columns = width_of_servers(record.resolvers, server_columns, kServerColumnsMax);
    text += format("{}{} {}\n", text.empty() ? "" : "\n", record.propagated ? "✓" : "✗", record_title(record));
    const auto zone = record.zone.empty() ? std::string("authoritative servers (no zone found)")
                                          : format("authoritative servers of {}", printable(record.zone));
    add_servers(text, zone, record.authorities, columns, server_columns);
    add_servers(text, "resolvers (their caches, for information)", record.resolvers, columns, server_columns);
    // What is right is said in a sentence; what is not, cause by cause.
    if (record.propagated || record.causes.empty()) text += wrap(record.explanation, columns, "  ");
    add_causes(text, record.causes, columns);
  }
  return text;
}

std::string observation_table(const std::vector<RecordView>& records, std::size_t columns) {
  std::size_t server_columns = 20;
  for (const auto& record : records) {
    server_columns = width_of_servers(record.authorities, server_columns, kServerColumnsMax);
    server_columns = width_of_servers(record.resolvers, server_columns, kServerColumnsMax);
  }
  const auto room = columns > server_columns ? columns - server_columns : 0;
  // Several tables under one another take the lines that the remedies need: rather one of marks alone.
  const bool has_words = records.size() <= std::max<std::size_t>(1, room / (kVerdictColumns + 2));
  const TableForm form{server_columns, has_words ? kVerdictColumns : kMarkColumns};
  const auto per_table = std::max<std::size_t>(1, room / (form.cell_columns + 2));
  std::string text;
  for (std::size_t begin = 0; begin < records.size(); begin += per_table) {
    if (begin > 0) text += "\n";
    add_table(text, records, begin, std::min(records.size(), begin + per_table), form);
  }
  text += has_words ? "\n" : "✓ agrees  ✗ does not  ? no answer that counts\n\n";
  for (std::size_t i = 0; i < records.size(); ++i) {
    text +=
        fit(format("{} {}. {}", records[i].propagated ? "✓" : "✗", i + 1, record_title(records[i])), columns) + "\n";
    if (!records[i].propagated && !records[i].explanation.empty()) text += wrap(records[i].explanation, columns, "     ");
  }
  return text;
}

}  // namespace signpost::app
