// SPDX-License-Identifier: Apache-2.0
//
// Jobs that were claimed a few times only find their turn before those that have waited for long (store/jobs.h).
// Read by store/migrations.cc alone. Landed migrations are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0003 {

inline constexpr std::array kStatements{
    Sql("DROP INDEX job_ready"),
    Sql("CREATE INDEX job_ready ON job (not_before, fairness_key, partition, attempts) WHERE is_ready = 1"),
    Sql("CREATE INDEX job_fresh ON job (not_before, fairness_key, partition) WHERE is_ready = 1 AND attempts < 13"),
};

}  // namespace signpost::store::migration_0003
