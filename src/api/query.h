// SPDX-License-Identifier: Apache-2.0
//
// The query of a request target, read strictly: "host=www.shop.example&limit=20".
// Value of one request; any thread. A Query that exists has valid UTF-8 values, without U+0000, and no name twice.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace signpost::api {

/// "%2F" is "/"; `kBlank` also reads '+' as a blank. Nothing for a '%' without two hex digits, invalid UTF-8 or U+0000.
enum class Plus { kLiteral, kBlank };
std::optional<std::string> percent_decoded(std::string_view text, Plus plus);

class Query {
 public:
  static constexpr std::size_t parameters_max = 32;
  Query() = default;
  /// kInvalid naming the parameter.
  static Result<Query> parse(std::string_view text);

  /// kInvalid for the first parameter that is none of these.
  Result<void> only(std::initializer_list<std::string_view> known) const;
  /// The value; nothing if absent.
  std::optional<std::string> find(std::string_view name) const;
  /// A whole number in the range; kInvalid otherwise.
  Result<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max, std::int64_t absent) const;

  /// The value as `parse` reads it; kInvalid if it gives nothing.
  template <typename Value, typename Parse>
  Result<std::optional<Value>> parsed(std::string_view name, Parse parse) const {
    const auto text = find(name);
    if (!text) return std::nullopt;
    const auto value = parse(*text);
    if (!value) return std::unexpected(refused(name, *text));
    return *value;
  }

 private:
  static Error refused(std::string_view name, std::string_view text);
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace signpost::api
