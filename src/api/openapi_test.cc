// SPDX-License-Identifier: Apache-2.0
//
// Holds docs/openapi.yaml, as it is compiled in, against the routes.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "api/api.h"
#include "api/openapi_document.h"
#include "api/surfaces.h"
#include "base/text.h"

namespace signpost::api {
namespace {

/// "GET /v1/keys" → operationId. The file keeps to one layout: paths indented by 2, methods by 4, operationId by 6.
std::map<std::string, std::string> operations_in(std::string_view document) {
  static const std::set<std::string_view> kMethods{"get", "post", "put", "patch", "delete"};
  std::map<std::string, std::string> operations;
  std::string path, method;
  for (const auto line : split(document, '\n')) {
    if (line.starts_with("  /") && line.ends_with(':')) path = line.substr(2, line.size() - 3);
    if (line.starts_with("    ") && line.ends_with(':') && kMethods.contains(line.substr(4, line.size() - 5))) {
      method = to_lower(line.substr(4, line.size() - 5));
      for (auto& c : method) c = static_cast<char>(c - 'a' + 'A');
    }
    constexpr std::string_view kId = "      operationId: ";
    if (line.starts_with(kId)) operations[method + " " + path] = line.substr(kId.size());
  }
  return operations;
}

/// In a line's {…}: a comma that begins no `key: `. YAML would read what follows as a key of its own, without a value.
bool has_stray_comma(std::string_view line) {
  std::string open;  // brackets around the place, innermost last
  bool is_quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\'') is_quoted = !is_quoted;
    if (is_quoted) continue;
    if (line[i] == '{' || line[i] == '[') open += line[i];
    if ((line[i] == '}' || line[i] == ']') && !open.empty()) open.pop_back();
    if (line[i] != ',' || open.empty() || open.back() != '{') continue;
    const auto next = trim(line.substr(i + 1));
    const auto key = next.substr(0, next.find(": "));
    if (key.size() == next.size() || key.find(' ') != std::string_view::npos) return true;
  }
  return false;
}

TEST(Openapi, QuotesTextsThatHoldACommaInsideBraces) {
  EXPECT_TRUE(has_stray_comma("- {name: a, description: one, two}"));
  EXPECT_FALSE(has_stray_comma("- {name: a, description: 'one, two', enum: [x, y]}"));
  for (const auto line : split(kOpenapiDocument, '\n')) {
    if (line.contains('{')) EXPECT_FALSE(has_stray_comma(line)) << line;
  }
}

TEST(Openapi, DescribesEveryRouteAndNothingElse) {
  std::map<std::string, std::string> routes{
      {"GET /healthz", "getHealth"}, {"GET /readyz", "getReadiness"}, {"GET /metrics", "getMetrics"}};
  for (const auto& route : all_routes()) {
    routes[std::string(route.method) + " " + std::string(route.pattern)] = route.operation_id;
  }
  EXPECT_EQ(operations_in(kOpenapiDocument), routes);
}

TEST(Openapi, NamesEveryOperationOnce) {
  std::set<std::string_view> ids;
  for (const auto& route : all_routes()) EXPECT_TRUE(ids.insert(route.operation_id).second) << route.operation_id;
}

TEST(Openapi, ListsEveryEventType) {
  for (const auto type : model::kEventTypes) {
    EXPECT_TRUE(kOpenapiDocument.find("- " + std::string(model::name_of(type)) + "\n") != std::string_view::npos)
        << model::name_of(type);
  }
}

}  // namespace
}  // namespace signpost::api
