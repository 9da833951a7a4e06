// SPDX-License-Identifier: Apache-2.0
//
// When Signpost was last at work, by its own clock. Read by store/migrations.cc alone. Landed migrations are never
// edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0008 {

inline constexpr std::array kStatements{
    Sql("CREATE TABLE last_run (id SMALLINT PRIMARY KEY, noted_at BIGINT NOT NULL)"),
    Sql("INSERT INTO last_run (id, noted_at) VALUES (1, 0)"),
};

}  // namespace signpost::store::migration_0008
