// SPDX-License-Identifier: Apache-2.0
//
// Jobs of a shared turn (model/job.h) are a lane of their own: however many are due, no claim of others passes them.
// Read by store/migrations.cc alone. Landed migrations are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0017 {

inline constexpr std::array kStatements{
    // 0 were the dead, 1 the looks at original DNS.
    Sql("UPDATE job SET fairness_key = CASE fairness_key WHEN 0 THEN -1 ELSE -3 END WHERE fairness_key IN (0, 1)"),
    Sql("DROP INDEX job_fresh"),
    Sql("CREATE INDEX job_fresh ON job (not_before, fairness_key, partition) "
        "WHERE is_ready = 1 AND attempts < 13 AND fairness_key >= 0"),
    Sql("CREATE INDEX job_seasoned ON job (not_before, fairness_key, partition) "
        "WHERE is_ready = 1 AND attempts >= 13 AND fairness_key >= 0"),
    Sql("CREATE INDEX job_shared ON job (fairness_key, not_before, partition) WHERE is_ready = 1 AND fairness_key < 0"),
};

}  // namespace signpost::store::migration_0017
