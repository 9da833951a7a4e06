// SPDX-License-Identifier: Apache-2.0
//
// Strict reading of request bodies: every wrong thing becomes an error that names the member and says what was wanted.
// Values of one request; any thread. An ObjectReader must not outlive the tree it reads.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_value.h"
#include "base/result.h"
#include "net/http_message.h"

namespace signpost::api {

/// What may stand in a text.
struct TextRule {
  std::size_t bytes_min = 1;
  std::size_t bytes_max = 255;
};

class ObjectReader {
 public:
  using Names = std::initializer_list<std::string_view>;
  /// `path` is how errors call the object: "" for the body, "records[0]".
  ObjectReader(const JsonValue& object, std::string path) : object_(&object), path_(std::move(path)) {}

  /// kInvalid for the first member that is none of these; the error lists them.
  Result<void> only(Names known) const;
  /// How many members are none of these.
  std::size_t unknown(Names known) const;

  /// The member is there and is not null.
  bool has(std::string_view name) const { return given(name) != nullptr; }
  bool is_null(std::string_view name) const;
  /// Of all members, in the order they came.
  const std::vector<std::string>& names() const { return object_->names; }
  /// "records[0].type"
  std::string path_of(std::string_view name) const;

  // Another type is kInvalid; a value that breaks the rule kUnprocessable. The optional ones give nothing for an absent
  // member and for null, which is how our own answers show that there is nothing.
  Result<std::string> text(std::string_view name, TextRule rule = {}) const;
  Result<std::optional<std::string>> optional_text(std::string_view name, TextRule rule = {}) const;
  /// Digits only: 1.0 and 1e0 are kInvalid.
  Result<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max) const;
  Result<std::optional<std::int64_t>> optional_integer(std::string_view name, std::int64_t min, std::int64_t max) const;
  Result<std::optional<bool>> optional_flag(std::string_view name) const;
  Result<std::vector<std::string>> texts(std::string_view name, std::size_t items_max, TextRule rule = {}) const;
  Result<std::vector<ObjectReader>> objects(std::string_view name, std::size_t items_max) const;
  Result<std::optional<ObjectReader>> optional_object(std::string_view name) const;
  /// The object as compact JSON, of at most `bytes_max`.
  Result<std::optional<std::string>> optional_object_json(std::string_view name, std::size_t bytes_max) const;

 private:
  const JsonValue* given(std::string_view name) const;
  Result<const JsonValue*> required(std::string_view name, std::string_view wanted) const;
  const JsonValue* object_;
  std::string path_;
};

/// A request body that is a JSON object.
class JsonBody {
 public:
  /// kUnsupportedMedia unless application/json in UTF-8 without a content coding; kInvalid if not a strict JSON object.
  static Result<JsonBody> read(const net::Request& request);
  /// The same, but an empty body counts as {}.
  static Result<JsonBody> read_or_empty(const net::Request& request);
  ObjectReader object() const { return ObjectReader(value_, ""); }

 private:
  explicit JsonBody(JsonValue value) : value_(std::move(value)) {}
  JsonValue value_;
};

/// A member's value that a parser of ours refused: its error gets the member's path and, in front, its name.
Error at_member(Error error, std::string_view path);
template <typename T>
Result<T> at_member(Result<T> result, std::string_view path) {
  if (result) return result;
  return std::unexpected(at_member(std::move(result).error(), path));
}

}  // namespace signpost::api
