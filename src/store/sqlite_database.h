// SPDX-License-Identifier: Apache-2.0
//
// SQLite: one thread writes, in batches that share one COMMIT, some threads read.
// Made by Database::open; any thread hands in works. The only door to SQLite is the .cc file.
#pragma once

#include <memory>

#include "store/database.h"

namespace signpost::store {

/// `settings.url` is "sqlite:PATH"; the file is created readable by its owner alone.
Result<std::unique_ptr<Database>> open_sqlite(const Settings& settings);

}  // namespace signpost::store
