// SPDX-License-Identifier: Apache-2.0
//
// The last look at DNS of each connection, as JSON text. Free functions on a Tx.
#pragma once

#include <optional>
#include <string>

#include "base/id.h"
#include "store/tx.h"

namespace signpost::store::observations {

struct SavedObservation {
  std::string body_json;
  Time at{};
};

/// Replaces the one before. kNotFound when the connection is gone.
Result<void> save(Tx& tx, ConnectionId connection, const SavedObservation& observation);
/// Named by a connection that the caller has read under its tenant.
Result<std::optional<SavedObservation>> load(Tx& tx, ApplicationId application, ConnectionId connection);

}  // namespace signpost::store::observations
