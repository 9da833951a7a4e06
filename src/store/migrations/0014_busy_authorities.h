// SPDX-License-Identifier: Apache-2.0
//
// Since when an authority has been at work on an order, and which TXT records proved what is held. Read by
// store/migrations.cc alone. Landed migrations are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0014 {

inline constexpr std::array kStatements{
    Sql("ALTER TABLE certificate ADD COLUMN order_busy_since BIGINT"),
    Sql("ALTER TABLE certificate ADD COLUMN held_texts TEXT NOT NULL DEFAULT ''"),
};

}  // namespace signpost::store::migration_0014
