// SPDX-License-Identifier: Apache-2.0
//
// Any octets as the JSON of a request: a tree that is built keeps its limits, and written again it reads as the same
// tree, with each number as it was spelled. Whatever a reader asks of it is answered by a value or by a sentence.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/json_input.h"
#include "api/json_value.h"
#include "base/text.h"

namespace {

using namespace signpost::api;

void expect(bool is_so) {
  if (!is_so) std::abort();
}

bool is_same(const JsonValue& a, const JsonValue& b) {
  if (a.type != b.type || a.flag != b.flag || a.text != b.text || a.names != b.names) return false;
  return std::ranges::equal(a.items, b.items, is_same);
}

/// Returns how many values there are.
std::size_t check(const JsonValue& value, std::size_t depth) {
  const bool is_object = value.type == JsonValue::Type::kObject;
  expect(depth <= JsonValue::depth_max + 1);
  expect(value.text.find('\0') == std::string::npos && signpost::is_valid_utf8(value.text));
  expect(is_object ? value.names.size() == value.items.size() : value.names.empty());
  expect(!description_of(value).empty());
  std::size_t values = 1;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (is_object) {
      expect(value.names[i].find('\0') == std::string::npos && signpost::is_valid_utf8(value.names[i]));
      if (value.items.size() < 64) expect(value.find(value.names[i]) == &value.items[i]);
    }
    values += check(value.items[i], depth + 1);
  }
  return values;
}

template <typename T>
void expect_value_or_sentence(const signpost::Result<T>& result) {
  expect(result || !result.error().message.empty());
}

void read(const JsonValue& object) {
  const ObjectReader reader(object, "");
  for (const auto& name : object.names) {
    expect_value_or_sentence(reader.text(name));
    expect_value_or_sentence(reader.optional_text(name));
    expect_value_or_sentence(reader.integer(name, -5, 5));
    expect_value_or_sentence(reader.optional_integer(name, 0, 1));
    expect_value_or_sentence(reader.optional_flag(name));
    expect_value_or_sentence(reader.texts(name, 3));
    expect_value_or_sentence(reader.objects(name, 3));
    expect_value_or_sentence(reader.optional_object_json(name, 100));
    if (reader.is_null(name)) expect(!reader.has(name) && !*reader.optional_text(name));
  }
  expect(reader.unknown({}) == object.names.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = parse_json(text);
  if (!value) {
    expect(!value.error().message.empty() && signpost::is_valid_utf8(value.error().message));
    return 0;
  }
  expect(check(*value, 0) <= JsonValue::values_max);
  const auto again = parse_json(to_json(*value));
  expect(again && is_same(*value, *again));
  if (value->type == JsonValue::Type::kObject) read(*value);
  return 0;
}
