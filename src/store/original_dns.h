// SPDX-License-Identifier: Apache-2.0
//
// The table of what hosts answered before they were ours, one row a connection. Free functions on a Tx.
#pragma once

#include <optional>

#include "base/id.h"
#include "model/original_dns.h"
#include "store/tx.h"

namespace signpost::store::original_dns {

/// Once for ever: what stands there already stays (false). kNotFound when the connection is gone.
Result<bool> keep(Tx& tx, ConnectionId connection, const model::OriginalDns& original);
/// Of a connection that the caller has read under its tenant.
Result<std::optional<model::OriginalDns>> find(Tx& tx, ApplicationId application, ConnectionId connection);

}  // namespace signpost::store::original_dns
