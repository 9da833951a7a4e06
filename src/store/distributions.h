// SPDX-License-Identifier: Apache-2.0
//
// The table of CloudFront distributions. Free functions on a Tx.
// The database itself holds: one distribution per connection, one connection per distribution.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/distribution.h"
#include "store/tx.h"

namespace signpost::store::distributions {

/// kConflict if the connection, or another connection, has this distribution already.
Result<void> insert(Tx& tx, const model::Distribution& distribution);

Result<std::optional<model::Distribution>> find_of_connection(Tx& tx, ApplicationId application,
                                                              ConnectionId connection);
/// A connection of any application has it.
Result<bool> is_taken_across_applications(Tx& tx, std::string_view cloudfront_id);

/// Saves what can change if the saved version is still `expected_version`; the new version is one more. False: somebody
/// was first, nothing is saved.
Result<bool> update(Tx& tx, const model::Distribution& distribution, std::int64_t expected_version);

}  // namespace signpost::store::distributions
