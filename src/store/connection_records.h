// SPDX-License-Identifier: Apache-2.0
//
// The table of a connection's records; store/connections alone calls it. Free functions on a Tx.
#pragma once

#include <vector>

#include "base/id.h"
#include "model/record.h"
#include "store/tx.h"

namespace signpost::store::connection_records {

/// In their order.
Result<std::vector<model::Record>> load(Tx& tx, ConnectionId connection);
Result<void> insert_all(Tx& tx, ConnectionId connection, const std::vector<model::Record>& records);
/// Changes flags where only they differ, else replaces the whole set; nothing is written when all is the same.
Result<void> save(Tx& tx, ConnectionId connection, const std::vector<model::Record>& records);

}  // namespace signpost::store::connection_records
