// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL: threads with one connection each, every work a SERIALIZABLE transaction of its own.
// Made by Database::open; any thread hands in works. The only door to libpq is the .cc file.
#pragma once

#include <memory>

#include "store/database.h"

namespace signpost::store {

/// `settings.url` is what libpq takes: "postgresql://user@host/name".
Result<std::unique_ptr<Database>> open_postgres(const Settings& settings);

}  // namespace signpost::store
