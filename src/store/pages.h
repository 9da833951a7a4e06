// SPDX-License-Identifier: Apache-2.0
//
// The table of pages, one set for each organization. Free functions on a Tx.
// Always holds: a path stands once in a set.
#pragma once

#include <string_view>
#include <vector>

#include "model/page.h"
#include "store/page.h"
#include "store/tx.h"

namespace signpost::store::pages {

/// All of them, by no order; kTooLarge over model::kPagesMax.
Result<std::vector<model::Page>> list_all(Tx& tx, ApplicationId application, std::string_view organization);
/// Newest first.
Result<Page<model::Page>> list(Tx& tx, ApplicationId application, std::string_view organization,
                               const PageRequest<model::PageId>& request);
Result<std::int64_t> count(Tx& tx, ApplicationId application, std::string_view organization, model::PageKind kind);

Result<void> insert(Tx& tx, ApplicationId application, std::string_view organization, const model::Page& page);
/// Kind, hash and time.
Result<void> update(Tx& tx, ApplicationId application, std::string_view organization, const model::Page& page);
Result<void> remove(Tx& tx, ApplicationId application, std::string_view organization, model::PageId id);

}  // namespace signpost::store::pages
