// SPDX-License-Identifier: Apache-2.0
#include "api/json_input.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::api {
namespace {

using Type = JsonValue::Type;

std::unexpected<Error> wrong_type(const std::string& path, std::string_view wanted, const JsonValue& value) {
  return fail(Kind::kInvalid, path + " must be " + std::string(wanted) + "; you sent " + description_of(value), path);
}

Result<std::string> checked_text(const JsonValue& value, const std::string& path, TextRule rule) {
  if (value.type != Type::kText) return wrong_type(path, "a text", value);
  if (value.text.size() < rule.bytes_min) {
    return fail(Kind::kUnprocessable,
                rule.bytes_min == 1 ? path + " must not be empty"
                                    : format("{} must have at least {} bytes", path, rule.bytes_min),
                path);
  }
  if (value.text.size() > rule.bytes_max) {
    return fail(Kind::kUnprocessable,
                format("{} may have at most {} bytes; you sent {}", path, rule.bytes_max, value.text.size()), path);
  }
  return value.text;
}

std::string wanted_integer(std::int64_t min, std::int64_t max) {
  if (min == max) return format("the number {}", min);
  if (max == min + 1) return format("the number {} or {}", min, max);
  return format("a whole number from {} to {}", min, max);
}

Result<std::int64_t> checked_integer(const JsonValue& value, const std::string& path, std::int64_t min,
                                     std::int64_t max) {
  const auto number = value.type == Type::kNumber ? parse_integer(value.text) : std::nullopt;
  const bool is_spelled_whole = value.type == Type::kNumber && value.text.find_first_of(".eE") == std::string::npos;
  if (value.type != Type::kNumber || !is_spelled_whole) return wrong_type(path, wanted_integer(min, max), value);
  if (!number || *number < min || *number > max) {
    return fail(Kind::kUnprocessable,
                path + " must be " + wanted_integer(min, max) + "; you sent " + description_of(value), path);
  }
  return *number;
}

Result<void> check_parameters(std::string_view parameters) {
  for (const auto part : split(parameters, ';')) {
    const auto parameter = trim(part);
    if (parameter.empty()) continue;
    if (equals_ignoring_case(parameter, "charset=utf-8") || equals_ignoring_case(parameter, "charset=\"utf-8\""))
      continue;
    return fail(Kind::kUnsupportedMedia, "the body must be application/json in UTF-8, without other parameters");
  }
  return {};
}

Result<void> check_media_type(const net::Request& request) {
  const auto type = request.header("Content-Type");
  const auto end = type.find(';');
  if (!equals_ignoring_case(trim(type.substr(0, end)), "application/json")) {
    return fail(Kind::kUnsupportedMedia, "the body must have Content-Type: application/json; yours has " +
                                             (type.empty() ? std::string("none") : "\"" + printable(type, 80) + "\""));
  }
  const auto coding = trim(request.header("Content-Encoding"));
  if (!coding.empty() && !equals_ignoring_case(coding, "identity")) {
    return fail(Kind::kUnsupportedMedia, "the body must come without a Content-Encoding");
  }
  return end == std::string_view::npos ? Result<void>{} : check_parameters(type.substr(end + 1));
}

std::string joined(ObjectReader::Names names) {
  std::string text;
  for (const auto name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text.empty() ? "none" : text;
}

}  // namespace

Error at_member(Error error, std::string_view path) {
  const std::string below = error.member.empty() || error.member == path ? "" : "." + error.member;
  error.member = std::string(path) + below;
  if (!error.message.starts_with(error.member)) error.message = error.member + ": " + error.message;
  return error;
}

std::string ObjectReader::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

bool ObjectReader::is_null(std::string_view name) const {
  const auto* value = object_->find(name);
  return value != nullptr && value->type == Type::kNull;
}

/// The value of an optional member; null if there is none.
const JsonValue* ObjectReader::given(std::string_view name) const {
  const auto* value = object_->find(name);
  return value == nullptr || value->type == Type::kNull ? nullptr : value;
}

std::size_t ObjectReader::unknown(Names known) const {
  return static_cast<std::size_t>(std::ranges::count_if(object_->names, [&](const auto& name) {
    return std::ranges::find(known, std::string_view(name)) == known.end();
  }));
}

Result<void> ObjectReader::only(Names known) const {
  for (const auto& name : object_->names) {
    if (std::ranges::find(known, std::string_view(name)) != known.end()) continue;
    const auto path = path_of(printable(name, 60));
    return fail(Kind::kInvalid, path + " is not a member we know; known are: " + joined(known), path);
  }
  return {};
}

Result<const JsonValue*> ObjectReader::required(std::string_view name, std::string_view wanted) const {
  const auto* value = object_->find(name);
  if (value == nullptr) {
    return fail(Kind::kInvalid, path_of(name) + " is missing; it must be " + std::string(wanted), path_of(name));
  }
  return value;
}

Result<std::string> ObjectReader::text(std::string_view name, TextRule rule) const {
  return checked_text(*TRY(required(name, "a text")), path_of(name), rule);
}

Result<std::optional<std::string>> ObjectReader::optional_text(std::string_view name, TextRule rule) const {
  if (!has(name)) return std::nullopt;
  return TRY(text(name, rule));
}

Result<std::int64_t> ObjectReader::integer(std::string_view name, std::int64_t min, std::int64_t max) const {
  return checked_integer(*TRY(required(name, wanted_integer(min, max))), path_of(name), min, max);
}

Result<std::optional<std::int64_t>> ObjectReader::optional_integer(std::string_view name, std::int64_t min,
                                                                   std::int64_t max) const {
  if (!has(name)) return std::nullopt;
  return TRY(integer(name, min, max));
}

Result<std::optional<bool>> ObjectReader::optional_flag(std::string_view name) const {
  const auto* value = given(name);
  if (value == nullptr) return std::nullopt;
  if (value->type != Type::kFlag) return wrong_type(path_of(name), "true or false", *value);
  return value->flag;
}

Result<std::vector<std::string>> ObjectReader::texts(std::string_view name, std::size_t items_max,
                                                     TextRule rule) const {
  std::vector<std::string> found;
  const auto* value = given(name);
  if (value == nullptr) return found;
  if (value->type != Type::kArray) return wrong_type(path_of(name), "an array of texts", *value);
  if (value->items.size() > items_max) {
    return fail(Kind::kUnprocessable, format("{} may have at most {} items", path_of(name), items_max), path_of(name));
  }
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    found.push_back(TRY(checked_text(value->items[i], format("{}[{}]", path_of(name), i), rule)));
  }
  return found;
}

Result<std::vector<ObjectReader>> ObjectReader::objects(std::string_view name, std::size_t items_max) const {
  const JsonValue& value = *TRY(required(name, "an array of objects"));
  if (value.type != Type::kArray) return wrong_type(path_of(name), "an array of objects", value);
  if (value.items.size() > items_max) {
    return fail(Kind::kUnprocessable, format("{} may have at most {} items", path_of(name), items_max), path_of(name));
  }
  std::vector<ObjectReader> found;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const auto path = format("{}[{}]", path_of(name), i);
    if (value.items[i].type != Type::kObject) return wrong_type(path, "an object", value.items[i]);
    found.emplace_back(value.items[i], path);
  }
  return found;
}

Result<std::optional<ObjectReader>> ObjectReader::optional_object(std::string_view name) const {
  const auto* value = given(name);
  if (value == nullptr) return std::nullopt;
  if (value->type != Type::kObject) return wrong_type(path_of(name), "an object", *value);
  return ObjectReader(*value, path_of(name));
}

Result<std::optional<std::string>> ObjectReader::optional_object_json(std::string_view name,
                                                                      std::size_t bytes_max) const {
  if (!TRY(optional_object(name))) return std::nullopt;
  auto text = to_json(*object_->find(name));
  if (text.size() > bytes_max) {
    return fail(Kind::kUnprocessable, format("{} may have at most {} bytes as JSON", path_of(name), bytes_max),
                path_of(name));
  }
  return text;
}

Result<JsonBody> JsonBody::read(const net::Request& request) {
  TRY_VOID(check_media_type(request));
  auto value = TRY(parse_json(request.body));
  if (value.type != Type::kObject) {
    return fail(Kind::kInvalid, "the body must be a JSON object; you sent " + description_of(value));
  }
  return JsonBody(std::move(value));
}

Result<JsonBody> JsonBody::read_or_empty(const net::Request& request) {
  if (!request.body.empty()) return read(request);
  JsonValue empty;
  empty.type = Type::kObject;
  return JsonBody(std::move(empty));
}

}  // namespace signpost::api
