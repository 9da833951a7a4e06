// SPDX-License-Identifier: Apache-2.0
#include "services/event_schema_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "base/text.h"
#include "model/event_contract.h"
#include "model/event_sample.h"
#include "services/event_json.h"

namespace signpost::services {
namespace {

namespace json = boost::json;
using model::EventRow;
using model::MemberRow;
using Shape = MemberRow::Shape;
using When = MemberRow::When;

json::string text(std::string_view from) { return json::string(from.data(), from.size()); }

json::array texts(std::span<const std::string_view> words) {
  json::array array;
  for (const auto word : words) array.emplace_back(text(word));
  return array;
}

// ── printing for people ─────────────────────────────────────────────────────────────────────────────────────────

constexpr std::size_t kLineMax = 80;  // what is shorter stands on one line

bool is_short(const json::value& value) { return value.is_primitive() || json::serialize(value).size() <= kLineMax; }

void print(const json::value& value, std::string indent, std::string& to) {
  if (is_short(value)) {
    to += json::serialize(value);
    return;
  }
  const bool is_array = value.is_array();
  const std::string inner = indent + "  ";
  to += is_array ? "[" : "{";
  bool is_first = true;
  const auto begin_line = [&] {
    to += (is_first ? "\n" : ",\n") + inner;
    is_first = false;
  };
  if (is_array) {
    for (const auto& item : value.get_array()) {
      begin_line();
      print(item, inner, to);
    }
  } else {
    for (const auto& member : value.get_object()) {
      begin_line();
      to += json::serialize(json::string(member.key())) + ": ";
      print(member.value(), inner, to);
    }
  }
  to += "\n" + indent + (is_array ? "]" : "}");
}

std::string pretty(const json::value& value) {
  std::string printed;
  print(value, "", printed);
  return printed;
}

// ── schema ──────────────────────────────────────────────────────────────────────────────────────────────────────

/// Every word that some type allows.
json::array words_of_all(const MemberRow& member) {
  auto words = texts(member.words);
  for (const auto& event : model::event_rows()) {
    for (const auto word : words_of(event, member)) {
      if (std::ranges::find(words, json::value(text(word))) == words.end()) words.emplace_back(text(word));
    }
  }
  return words;
}

json::object shape_of(const MemberRow& member) {
  switch (member.shape) {
    case Shape::kText:
      return {{"type", "string"}};
    case Shape::kWord:
      return {{"type", "string"}, {"enum", words_of_all(member)}};
    case Shape::kTexts: {
      json::object items{{"type", "string"}};
      if (!member.words.empty()) items["enum"] = texts(member.words);
      return {{"type", "array"}, {"minItems", 1}, {"items", std::move(items)}};
    }
    case Shape::kFlag:
      return {{"type", "boolean"}};
    case Shape::kNumber:
      return {{"type", "integer"}, {"minimum", 1}};
    case Shape::kTime:
      return {{"type", "string"}, {"format", "date-time"}};
    case Shape::kRecords:
      return {{"$ref", "#/$defs/data"}};
    case Shape::kAttention:
      return {{"$ref", "#/$defs/attention"}};
  }
  return {};
}

json::object properties_of(std::span<const MemberRow> members) {
  json::object properties;
  for (const auto& member : members) {
    json::object schema{{"description", text(member.description)}};
    for (auto& part : shape_of(member)) schema[part.key()] = part.value();
    properties[text(member.name)] = std::move(schema);
  }
  return properties;
}

json::array required_of(std::span<const MemberRow> members) {
  json::array names;
  for (const auto& member : members) {
    if (member.when == When::kAlways) names.emplace_back(text(member.name));
  }
  return names;
}

json::object object_of(std::span<const MemberRow> members) {
  return {{"type", "object"}, {"required", required_of(members)}, {"properties", properties_of(members)}};
}

/// What holds for one type beyond what holds for all.
json::object rule_of(const EventRow& event) {
  json::array required;
  json::object properties;
  for (const auto& member : model::member_rows()) {
    if (member.when != When::kByType) continue;
    if (!conveys(event, member)) {
      properties[text(member.name)] = false;
      continue;
    }
    required.emplace_back(text(member.name));
    const auto words = words_of(event, member);
    if (!words.empty()) properties[text(member.name)] = json::object{{"enum", texts(words)}};
  }
  json::object then;
  if (!required.empty()) then["required"] = std::move(required);
  then["properties"] = std::move(properties);
  return {{"if", {{"properties", {{"type", {{"const", text(event.name)}}}}}}}, {"then", std::move(then)}};
}

json::object data_schema() {
  const json::object list{{"type", "array"}, {"items", {{"$ref", "#/$defs/record"}}}};
  return {{"type", "object"},
          {"required", {"records_propagated", "records_non_propagated"}},
          {"properties", {{"records_propagated", list}, {"records_non_propagated", list}}}};
}

json::object attention_schema() {
  const json::object any{{"type", "string"}};
  return {{"type", "object"},
          {"required", {"cause", "explanation"}},
          {"properties", {{"cause", any}, {"explanation", any}}}};
}

// ── page ────────────────────────────────────────────────────────────────────────────────────────────────────────

std::string code(std::string_view word) { return format("`{}`", word); }

std::string listed(std::span<const std::string_view> words) {
  std::string list;
  for (const auto word : words) list += (list.empty() ? "" : ", ") + code(word);
  return list;
}

std::string shape_text(const MemberRow& member) {
  switch (member.shape) {
    case Shape::kText:
      return "text";
    case Shape::kWord:
      return member.name == "type" ? std::string("see above") : listed(member.words);
    case Shape::kTexts:
      return "list of texts";
    case Shape::kFlag:
      return "`true`, `false`";
    case Shape::kNumber:
      return "whole number";
    case Shape::kTime:
      return "time";
    case Shape::kRecords:
      return "`records_propagated`, `records_non_propagated`";
    case Shape::kAttention:
      return "`cause`, `explanation`";
  }
  return "";
}

std::string_view when_text(When when) {
  switch (when) {
    case When::kAlways:
      return "always";
    case When::kIfApplicable:
      return "where it applies";
    case When::kByType:
      return "by type";
  }
  return "";
}

std::string member_table(std::span<const MemberRow> members) {
  std::string table = "| Member | Is | Is there | Means |\n|---|---|---|---|\n";
  for (const auto& member : members) {
    table += format("| {} | {} | {} | {} |\n", code(member.name), shape_text(member), when_text(member.when),
                    member.description);
  }
  return table;
}

std::string members_by_type(const EventRow& event) {
  std::vector<std::string_view> names;
  for (const auto& member : model::member_rows()) {
    if (member.when == When::kByType && conveys(event, member)) names.push_back(member.name);
  }
  return names.empty() ? "none" : listed(names);
}

std::string type_table() {
  std::string table = "| Type | Is sent when | Has of the members by type |\n|---|---|---|\n";
  for (const auto& event : model::event_rows())
    table += format("| {} | {} | {} |\n", code(event.name), event.description, members_by_type(event));
  return table;
}

// 2026-11-30T12:00:00Z: printed documents do not change from day to day.
constexpr Time kSampleTime = from_ms(1'796'040'000'000);
constexpr EventId kSampleId{1};

std::string samples() {
  std::string page;
  for (const auto& event : model::event_rows()) {
    const auto body = json::parse(sample_body(event.type, kSampleId, kSampleTime));
    page += format("\n### {}\n\n```json\n{}\n```\n", code(event.name), pretty(body));
  }
  return page;
}

}  // namespace

std::string sample_body(model::EventType type, EventId id, Time at) { return to_json(model::sample_of(type, id, at)); }

std::string payload_schema() {
  json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", "Webhook payload"},
                      {"description",
                       "The body of every webhook that Signpost sends. Printed by `signpost webhook schema`. Later "
                       "versions may add members: ignore what you do not know."}};
  for (auto& part : object_of(model::member_rows())) schema[part.key()] = part.value();
  json::array rules;
  for (const auto& event : model::event_rows()) rules.emplace_back(rule_of(event));
  schema["allOf"] = std::move(rules);
  schema["$defs"] = {
      {"data", data_schema()}, {"record", object_of(model::record_member_rows())}, {"attention", attention_schema()}};
  return pretty(schema) + "\n";
}

std::string events_page() {
  return "# Webhook events\n\n"
         "What endpoints receive. This page is printed: `signpost webhook docs > docs/webhooks/events.md`; the schema "
         "beside it, [payload.schema.json](payload.schema.json) (JSON Schema, draft 2020-12), by `signpost webhook "
         "schema`. Both come from the table that the payloads are made from.\n\n"
         "`GET /v1/event-types` lists the types with a sample each, and `signpost webhook test ENDPOINT --type TYPE` "
         "sends one.\n\n"
         "## Types\n\n" +
         type_table() +
         "\nTypes that begin with `signpost.` are Signpost's own and go only to endpoints that name them. Those of "
         "Monitor and Sell are sent once Signpost has these capabilities; their samples can be sent today.\n\n"
         "## Members\n\n"
         "In the order of the wire.\n\n" +
         member_table(model::member_rows()) + "\nA record in `data`:\n\n" + member_table(model::record_member_rows()) +
         "\n## Samples\n" + samples();
}

std::string event_catalogue() {
  json::array types;
  for (const auto& event : model::event_rows()) {
    types.emplace_back(json::object{{"type", text(event.name)},
                                    {"description", text(event.description)},
                                    {"sample", json::parse(sample_body(event.type, kSampleId, kSampleTime))}});
  }
  return json::serialize(json::object{{"data", std::move(types)}, {"next_cursor", nullptr}});
}

}  // namespace signpost::services
