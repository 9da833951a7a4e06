// SPDX-License-Identifier: Apache-2.0
//
// JSON written straight into one text, from left to right, without a tree of values before it (RFC 8259).
// A value of whoever writes; one thread. Commas, colons and escapes are its business; that what was begun is ended, and
// that in an object each value has a name, is its caller's. Texts are UTF-8 already.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace signpost {

class JsonText {
 public:
  JsonText() { text_.reserve(kReserved); }

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }
  /// Of the value that comes next. A word of ours: it needs no escape.
  void name(std::string_view name);

  void value(std::nullptr_t) { bare("null"); }
  template <std::integral Number>
  void value(Number number) {
    if constexpr (std::same_as<Number, bool>) {
      bare(number ? "true" : "false");
    } else {
      integer(number);
    }
  }
  void value(std::string_view text);
  void value(Time time) { value(to_rfc3339(time)); }
  template <typename Tag>
  void value(Id<Tag> id) {
    value(id.text());
  }
  /// Null if there is none.
  template <typename T>
  void value(const std::optional<T>& maybe) {
    maybe ? value(*maybe) : value(nullptr);
  }
  void value(const std::vector<std::string>& texts);
  /// What is JSON already.
  void embed(std::string_view json) { bare(json); }

  template <typename T>
  void member(std::string_view its_name, const T& its_value) {
    name(its_name);
    value(its_value);
  }

  std::string take() && { return std::move(text_); }

 private:
  static constexpr std::size_t kReserved = 1'024;  // most answers and events
  void begin(char bracket);
  void end(char bracket);
  void bare(std::string_view json);
  void integer(std::int64_t number);
  void separate();
  void quote(std::string_view text);

  std::string text_;
  bool is_behind_value_ = false;
};

}  // namespace signpost
