// SPDX-License-Identifier: Apache-2.0
//
// What else a distribution's row knows of its certificates. Read by store/migrations.cc alone. Landed migrations are
// never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0016 {

inline constexpr std::array kStatements{
    // One ARN a line.
    Sql("ALTER TABLE distribution ADD COLUMN replaced_arns TEXT NOT NULL DEFAULT ''"),
    Sql("ALTER TABLE distribution ADD COLUMN last_request_at BIGINT"),
    Sql("UPDATE distribution SET last_request_at = amazon_requested_at"),
};

}  // namespace signpost::store::migration_0016
