// SPDX-License-Identifier: Apache-2.0
//
// Cursor pages in the query and in the answer: `?cursor=…&limit=50`, {"data":[…],"next_cursor":…}.
// Pure; any thread. To callers a cursor is opaque; it is the id of the last item they saw.
#pragma once

#include <optional>
#include <string>

#include "api/query.h"
#include "services/history.h"

namespace signpost::api {

template <typename AnyId>
Result<store::PageRequest<AnyId>> page_from(const Query& query) {
  store::PageRequest<AnyId> request;
  request.limit = static_cast<std::int32_t>(TRY(query.integer("limit", 1, store::kPageMax, request.limit)));
  if (const auto cursor = query.find("cursor")) {
    const auto id = AnyId::parse(*cursor);
    if (!id) return fail(Kind::kInvalid, "cursor is none that a page of this list gave", "cursor");
    request.after = *id;
  }
  return request;
}

template <typename Item>
std::optional<std::string> next_cursor_of(const store::Page<Item>& page) {
  if (!page.has_more || page.items.empty()) return std::nullopt;
  return page.items.back().id.text();
}

}  // namespace signpost::api
