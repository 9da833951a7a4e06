// SPDX-License-Identifier: Apache-2.0
//
// Pages of long lists, newest first: the cursor is the id of the last item seen.
// Values; any thread. Ids are integers, so neither collation nor rows that come and go can shift a page.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/rows.h"

namespace signpost::store {

constexpr std::int32_t kPageMax = 100;

template <typename AnyId>
struct PageRequest {
  std::optional<AnyId> after;  // the last id of the page before; empty: the first page
  std::int32_t limit = 50;     // 1…kPageMax, else it is cut to that
  /// For the statement: only ids below this one.
  std::int64_t below() const { return after ? after->value() : std::numeric_limits<std::int64_t>::max(); }
  /// For the statement: LIMIT, one more than the page holds.
  std::int32_t row_limit() const { return wanted() + 1; }
  std::int32_t wanted() const { return std::clamp(limit, 1, kPageMax); }
};

template <typename Item>
struct Page {
  std::vector<Item> items;
  bool has_more = false;  // the next page starts after the id of items.back()
};

/// Statements ask for one row more than wanted, which tells whether there is a next page. `read` gives a Result<Item>
/// for each row.
template <typename Item, typename AnyId, typename Read>
Result<Page<Item>> page_of(const Rows& rows, const PageRequest<AnyId>& request, Read read) {
  Page<Item> page;
  const auto wanted = static_cast<std::size_t>(request.wanted());
  page.has_more = rows.size() > wanted;
  const std::size_t count = std::min(rows.size(), wanted);
  page.items.reserve(count);
  for (std::size_t i = 0; i < count; ++i) page.items.push_back(TRY(read(rows[i])));
  return page;
}

}  // namespace signpost::store
