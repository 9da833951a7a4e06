// SPDX-License-Identifier: Apache-2.0
#include "api/json_value.h"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <ranges>

#include "base/text.h"

namespace signpost::api {
namespace {

namespace json = boost::json;

/// Builds the tree while Boost.JSON reads: its own parser would drop the spelling of numbers and keep the last of two
/// equal names. Pointers in `open_` are stable: a container gets no new item while its last one is open.
class TreeBuilder {
 public:
  static constexpr std::size_t max_object_size = JsonValue::values_max;
  static constexpr std::size_t max_array_size = JsonValue::values_max;
  static constexpr std::size_t max_key_size = 1 << 20;
  static constexpr std::size_t max_string_size = 1 << 24;

  JsonValue take() { return std::move(root_); }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code& ec) { return open(JsonValue::Type::kObject, ec); }
  bool on_object_end(std::size_t, json::error_code&) { return close(); }
  bool on_array_begin(json::error_code& ec) { return open(JsonValue::Type::kArray, ec); }
  bool on_array_end(std::size_t, json::error_code&) { return close(); }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return append(part); }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    append(part);
    open_.back()->names.push_back(std::exchange(text_, {}));
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return append(part); }
  bool on_string(json::string_view part, std::size_t, json::error_code& ec) {
    append(part);
    return add_text(JsonValue::Type::kText, ec);
  }
  bool on_number_part(json::string_view part, json::error_code&) { return append(part); }
  bool on_int64(std::int64_t, json::string_view part, json::error_code& ec) { return on_number(part, ec); }
  bool on_uint64(std::uint64_t, json::string_view part, json::error_code& ec) { return on_number(part, ec); }
  bool on_double(double, json::string_view part, json::error_code& ec) { return on_number(part, ec); }
  bool on_bool(bool value, json::error_code& ec) {
    JsonValue* added = add(JsonValue::Type::kFlag, ec);
    if (added != nullptr) added->flag = value;
    return added != nullptr;
  }
  bool on_null(json::error_code& ec) { return add(JsonValue::Type::kNull, ec) != nullptr; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  bool append(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_number(json::string_view part, json::error_code& ec) {
    append(part);
    return add_text(JsonValue::Type::kNumber, ec);
  }
  bool add_text(JsonValue::Type type, json::error_code& ec) {
    JsonValue* added = add(type, ec);
    if (added != nullptr) added->text = std::exchange(text_, {});
    return added != nullptr;
  }
  JsonValue* add(JsonValue::Type type, json::error_code& ec) {
    if (++values_ > JsonValue::values_max) {
      ec = json::error::array_too_large;
      return nullptr;
    }
    JsonValue& value = open_.empty() ? root_ : open_.back()->items.emplace_back();
    value.type = type;
    return &value;
  }
  bool open(JsonValue::Type type, json::error_code& ec) {
    JsonValue* added = add(type, ec);
    if (added != nullptr) open_.push_back(added);
    return added != nullptr;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  JsonValue root_;
  std::vector<JsonValue*> open_;
  std::string text_;
  std::size_t values_ = 0;
};

std::string path_below(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

Result<void> check_names(const JsonValue& object, const std::string& path) {
  std::vector<std::string_view> sorted(object.names.begin(), object.names.end());
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end()) {
    const std::string member = path_below(path, printable(*twice));
    return fail(Kind::kInvalid, "the member \"" + member + "\" is there twice; send it once", member);
  }
  for (const auto& name : object.names) {
    if (name.contains('\0')) return fail(Kind::kUnprocessable, "a member's name holds U+0000", path);
  }
  return {};
}

/// What the grammar allows and we do not.
Result<void> check(const JsonValue& value, const std::string& path) {
  if (value.type == JsonValue::Type::kText && value.text.contains('\0')) {
    return fail(Kind::kUnprocessable, "\"" + path + "\" holds U+0000, which no value of ours may", path);
  }
  if (value.type == JsonValue::Type::kObject) TRY_VOID(check_names(value, path));
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const bool is_object = value.type == JsonValue::Type::kObject;
    TRY_VOID(
        check(value.items[i], is_object ? path_below(path, value.names[i]) : path + "[" + std::to_string(i) + "]"));
  }
  return {};
}

std::string sentence_of(const json::error_code& error, std::size_t at) {
  if (error == json::error::too_deep) {
    return format("the body is nested deeper than {} levels", JsonValue::depth_max);
  }
  if (error == json::error::array_too_large || error == json::error::object_too_large) {
    return format("the body holds more than {} values", JsonValue::values_max);
  }
  return format("the body is not JSON: {} at byte {}", error.message(), at);
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? nullptr : &items[static_cast<std::size_t>(found - names.begin())];
}

Result<JsonValue> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = JsonValue::depth_max;
  json::basic_parser<TreeBuilder> parser(options);
  json::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = json::error::extra_data;
  if (error) return fail(Kind::kInvalid, sentence_of(error, used));
  JsonValue value = parser.handler().take();
  TRY_VOID(check(value, ""));
  return value;
}

std::string to_json(const JsonValue& value) {
  switch (value.type) {
    case JsonValue::Type::kNull:
      return "null";
    case JsonValue::Type::kFlag:
      return value.flag ? "true" : "false";
    case JsonValue::Type::kNumber:
      return value.text;
    case JsonValue::Type::kText:
      return json::serialize(json::string_view(value.text));
    case JsonValue::Type::kArray:
    case JsonValue::Type::kObject:
      break;
  }
  const bool is_object = value.type == JsonValue::Type::kObject;
  std::string text = is_object ? "{" : "[";
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) text += ',';
    if (is_object) text += json::serialize(json::string_view(value.names[i])) + ":";
    text += to_json(value.items[i]);
  }
  return text + (is_object ? "}" : "]");
}

std::string description_of(const JsonValue& value) {
  switch (value.type) {
    case JsonValue::Type::kNull:
      return "null";
    case JsonValue::Type::kFlag:
      return value.flag ? "true" : "false";
    case JsonValue::Type::kNumber:
      return "the number " + printable(value.text, 40);
    case JsonValue::Type::kText:
      return "the text \"" + printable(value.text, 40) + "\"";
    case JsonValue::Type::kArray:
      return "an array";
    case JsonValue::Type::kObject:
      return "an object";
  }
  return "";
}

}  // namespace signpost::api
