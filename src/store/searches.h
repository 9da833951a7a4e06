// SPDX-License-Identifier: Apache-2.0
//
// The table of what search engines are told of each connection, step by step. Free functions on a Tx.
// Always holds: a saved search has a row for each of its steps.
#pragma once

#include <optional>

#include "model/search.h"
#include "store/tx.h"

namespace signpost::store::searches {

Result<std::optional<model::Search>> find(Tx& tx, ApplicationId application, ConnectionId connection);
/// Version 1. False: somebody else has inserted it.
Result<bool> insert(Tx& tx, const model::Search& search);
/// If the saved version is still `expected_version`; the new one is one more. False: somebody was first.
Result<bool> update(Tx& tx, const model::Search& search, std::int64_t expected_version);

}  // namespace signpost::store::searches
