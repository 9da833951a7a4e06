// SPDX-License-Identifier: Apache-2.0
//
// The commands about the ACME zone: what the zone above needs, and whether everything leads here.
// The main thread; one loop for the time of the command. What `check` publishes it takes away again.
#pragma once

#include <filesystem>

#include "app/console.h"
#include "app/store_session.h"

namespace signpost::app {

/// `signpost acme-zone records`: what the operator puts into the zone above, once. kConflict if no zone is set.
Result<Exit> acme_zone_records(Console& console, const std::filesystem::path& config);

/// `signpost acme-zone check`: the delegation, a text that is published and seen at every server and by the resolvers,
/// TCP, and with another server its updates. Exit::kFailed if something is wrong: each line then says the way out.
Result<Exit> acme_zone_check(Console& console, const StoreOptions& options);

}  // namespace signpost::app
