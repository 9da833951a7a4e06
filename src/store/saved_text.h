// SPDX-License-Identifier: Apache-2.0
//
// How values without a column type of their own are written as text, and read back. Pure; any thread.
// Always holds: what one function writes, its inverse reads as the same value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"

namespace signpost::store {

/// One item a line, each line ended. kInvalid when an item holds a line feed itself.
Result<std::string> lines_of(const std::vector<std::string>& items);
std::vector<std::string> items_of(std::string_view lines);

/// Bytes from outside as text that both databases can hold: U+0000 and what is not UTF-8 become U+FFFD.
std::string storable(std::string_view bytes);

/// A word of an enum that was saved; kInternal, naming the column, when this program does not know it.
template <typename Enum>
Result<Enum> known(std::optional<Enum> parsed, std::string_view column, std::string_view word) {
  if (parsed) return *parsed;
  return fail(Kind::kInternal, format("the database holds an unknown {}: \"{}\"", column, word));
}

}  // namespace signpost::store
