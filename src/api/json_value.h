// SPDX-License-Identifier: Apache-2.0
//
// JSON from outside, read strictly into a tree that still knows how a number was spelled.
// Values; any thread. A tree that exists is at most `depth_max` deep, has no name twice in one object, is valid UTF-8
// and holds no U+0000.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace signpost::api {

struct JsonValue {
  enum class Type { kNull, kFlag, kNumber, kText, kArray, kObject };
  static constexpr std::size_t depth_max = 16;
  static constexpr std::size_t values_max = 16'384;

  Type type = Type::kNull;
  bool flag = false;
  std::string text;                // of kText; of kNumber its spelling: "1.0" stays "1.0"
  std::vector<std::string> names;  // of kObject: names[i] is the name of items[i], in the order they came
  std::vector<JsonValue> items;    // of kArray and kObject

  /// The member of that name; null if there is none.
  const JsonValue* find(std::string_view name) const;
};

/// RFC 8259. kInvalid for what is not JSON, too deep, too many values or a name twice (the error names the member);
/// kUnprocessable for U+0000 in a text or name.
Result<JsonValue> parse_json(std::string_view text);

/// The same value as compact JSON: numbers as they were spelled, members in order.
std::string to_json(const JsonValue& value);

/// For messages: `the text "1"`, `the number 1.0`, `null`, `an array`.
std::string description_of(const JsonValue& value);

}  // namespace signpost::api
