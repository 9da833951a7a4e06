// SPDX-License-Identifier: Apache-2.0
//
// What else a distribution's row knows of its certificates. Read by store/migrations.cc alone. Landed migrations are
// never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0014 {

inline constexpr std::array kStatements{
    // One ARN a line.
    Sql("ALTER TABLE distribution ADD COLUMN replaced_arns TEXT NOT NULL DEFAULT ''"),
};

}  // namespace signpost::store::migration_0014
