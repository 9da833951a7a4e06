// SPDX-License-Identifier: Apache-2.0
#include "api/router.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::api {
namespace {

bool is_capture(std::string_view segment) { return segment.starts_with('{'); }

/// "/v1/keys" has the segments "v1" and "keys"; a slash at the end makes one more, empty, which no pattern has.
std::vector<std::string_view> segments_of(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return split(path, '/');
}

bool is_method(const Route& route, std::string_view method) {
  return route.method == method || (method == "HEAD" && route.method == "GET");
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (const auto& route : routes_) compiled_.push_back({segments_of(route.pattern)});
}

bool Router::fits(const Compiled& pattern, const std::vector<std::string_view>& segments) const {
  return std::ranges::equal(pattern.segments, segments, [](std::string_view wanted, std::string_view segment) {
    return is_capture(wanted) ? !segment.empty() : wanted == segment;
  });
}

std::vector<std::size_t> Router::of_path(std::string_view path) const {
  const auto segments = segments_of(path);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    if (fits(compiled_[i], segments)) found.push_back(i);
  }
  return found;
}

Result<Router::Match> Router::find(std::string_view method, std::string_view path) const {
  const auto segments = segments_of(path);
  bool is_known_path = false;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    if (!fits(compiled_[i], segments)) continue;
    is_known_path = true;
    if (!is_method(routes_[i], method)) continue;
    Match match{i, {}};
    for (std::size_t at = 0; at < segments.size(); ++at) {
      if (!is_capture(compiled_[i].segments[at])) continue;
      auto value = percent_decoded(segments[at], Plus::kLiteral);
      if (!value) return fail(Kind::kInvalid, "the path holds a segment that is not percent-encoded UTF-8");
      match.captures.push_back(std::move(*value));
    }
    return match;
  }
  if (!is_known_path)
    return fail(Kind::kNotFound, "there is nothing at this path; GET /v1/openapi.yaml lists what there is");
  return fail(Kind::kMethodNotAllowed,
              "this path does not take " + printable(method, 20) + "; it takes " + allowed(path));
}

std::string Router::allowed(std::string_view path) const {
  std::string list;
  for (const auto i : of_path(path)) {
    list += std::string(list.empty() ? "" : ", ") + std::string(routes_[i].method);
    if (routes_[i].method == "GET") list += ", HEAD";
  }
  return list.empty() ? list : list + ", OPTIONS";
}

bool Router::is_for_browsers(std::string_view path) const {
  return std::ranges::any_of(of_path(path), [&](std::size_t i) { return routes_[i].is_for_browsers(); });
}

}  // namespace signpost::api
