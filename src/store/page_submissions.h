// SPDX-License-Identifier: Apache-2.0
//
// The table of what search engines were told of each page of a connection. Free functions on a Tx.
// Always holds: a page is submitted anew only with another hash than the one submitted last, or once it is gone; what
// is on its way is a row before it leaves, and stays on its way until its outcome is saved.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/tx.h"

namespace signpost::store::page_submissions {

/// Marks changes that are not on their way yet, gone pages last, at most `limit`, by path; only those whose path begins
/// with `below`. Returns how many.
Result<std::int64_t> open_batch(Tx& tx, ConnectionId connection, std::string_view below, std::int32_t limit);
/// The paths of what is on its way, at most `limit`.
Result<std::vector<std::string>> list_batch(Tx& tx, ConnectionId connection, std::int32_t limit);
/// What is on its way was taken.
Result<void> close_batch(Tx& tx, ConnectionId connection, Time now);

/// What is on its way will not be taken: it waits again, as whatever it is by then.
Result<void> cancel_batch(Tx& tx, ConnectionId connection);

/// Pages of the organization among `paths` count as submitted as they are now; other paths are passed over.
Result<void> mark_submitted(Tx& tx, ConnectionId connection, const std::vector<std::string>& paths, Time now);

/// Something is to be submitted, or on its way.
Result<bool> has_changes(Tx& tx, ConnectionId connection, std::string_view below);

struct Counts {
  std::int64_t submitted = 0;  // pages that were, in their last or an earlier form
  std::int64_t waiting = 0;    // changes that are to be
};
Result<Counts> count(Tx& tx, ConnectionId connection, std::string_view below);

}  // namespace signpost::store::page_submissions
