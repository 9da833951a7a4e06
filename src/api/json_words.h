// SPDX-License-Identifier: Apache-2.0
//
// The small words of our JSON: what is not known is null. For .cc files of this floor that build trees of Boost.JSON.
// Pure; any thread.
#pragma once

#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace signpost::api {

inline boost::json::string word(std::string_view text) { return boost::json::string(text.data(), text.size()); }
/// Empty: null.
inline boost::json::value text_or_null(const std::string& text) {
  return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}
inline boost::json::value text_or_null(const std::optional<std::string>& text) {
  return text ? boost::json::value(*text) : boost::json::value(nullptr);
}
inline boost::json::value time_or_null(const std::optional<Time>& time) {
  return time ? boost::json::value(to_rfc3339(*time)) : boost::json::value(nullptr);
}

}  // namespace signpost::api
