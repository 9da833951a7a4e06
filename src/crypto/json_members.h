// SPDX-License-Identifier: Apache-2.0
//
// Finds JSON objects that name a member twice, which parsers read differently (RFC 8259 4). Pure; any thread.
// A parser that keeps one of two leaves fewer members than the text has, however their names are escaped.
#pragma once

#include <cstddef>
#include <string_view>

namespace signpost::crypto {

/// Members that a valid JSON text writes out, in all its objects: its colons outside of strings.
std::size_t count_members_written(std::string_view json);

/// Members of a parsed value and of all below it, for any type with the interface of boost::json::value.
template <typename Value>
std::size_t count_members_kept(const Value& value) {
  std::size_t count = 0;
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) count += 1 + count_members_kept(member.value());
  } else if (const auto* array = value.if_array()) {
    for (const auto& element : *array) count += count_members_kept(element);
  }
  return count;
}

}  // namespace signpost::crypto
