// SPDX-License-Identifier: Apache-2.0
//
// Whole tables for the snapshot of the directory, refused when they outgrow their limit: half a snapshot would lock
// tenants out. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "store/tx.h"

namespace signpost::store {

/// `rows` were asked for with LIMIT count_max + 1; `read` gives a Result<Item> for each.
template <typename Item, typename Read>
Result<std::vector<Item>> all_of(const Rows& rows, std::int32_t count_max, std::string_view noun, Read read) {
  if (rows.size() > static_cast<std::size_t>(count_max)) {
    return fail(Kind::kTooLarge,
                format("there are more than {} {}, the most that this Signpost serves", count_max, noun));
  }
  std::vector<Item> items;
  items.reserve(rows.size());
  for (const Row row : rows) items.push_back(TRY(read(row)));
  return items;
}

/// The first row as an item, or nothing.
template <typename Item, typename Read>
Result<std::optional<Item>> first_of(const Rows& rows, Read read) {
  if (rows.empty()) return std::nullopt;
  return TRY(read(rows.front()));
}

}  // namespace signpost::store
