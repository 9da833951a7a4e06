// SPDX-License-Identifier: Apache-2.0
#include "api/credentials.h"

#include "base/text.h"

namespace signpost::api {

std::string_view bearer_of(const net::Request& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto value = trim(request.header("Authorization"));
  if (!equals_ignoring_case(value.substr(0, kScheme.size()), kScheme)) return {};
  return trim(value.substr(kScheme.size()));
}

std::string_view bearer_or_bare_of(const net::Request& request) {
  const auto value = trim(request.header("Authorization"));
  return value.find(' ') == std::string_view::npos ? value : bearer_of(request);
}

}  // namespace signpost::api
