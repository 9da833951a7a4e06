// SPDX-License-Identifier: Apache-2.0
#include "base/http_date.h"

#include <ctime>

#include <algorithm>
#include <string>

#include "base/text.h"

namespace signpost {

std::optional<Time> parse_http_date(std::string_view text) {
  const std::string copy(text);
  for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* end = strptime(copy.c_str(), form, &parts);
    if (end != copy.c_str() + copy.size()) continue;
    return from_ms(static_cast<std::int64_t>(timegm(&parts)) * 1000);
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view header, Time now, std::chrono::seconds longest) {
  header = trim(header);
  if (const auto seconds = parse_integer(header)) {
    if (*seconds < 0) return std::nullopt;
    return std::min(std::chrono::seconds(*seconds), longest);
  }
  const auto date = parse_http_date(header);
  if (!date || *date <= now) return std::nullopt;
  return std::min(std::chrono::ceil<std::chrono::seconds>(*date - now), longest);
}

}  // namespace signpost
