// SPDX-License-Identifier: Apache-2.0
//
// Two B-trees fewer in which every event has to be written: an application's deliveries are found through its
// endpoints, a flow's events through its connection. Read by store/migrations.cc alone.
// Landed migrations are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0007 {

inline constexpr std::array kStatements{
    Sql("DROP INDEX delivery_application"),

    // Whose flow it was, as long as retention keeps its events.
    Sql("CREATE TABLE removed_connection (id {key}, "
        "application BIGINT NOT NULL REFERENCES application (id) ON DELETE CASCADE, job_id TEXT NOT NULL, "
        "removed_at BIGINT NOT NULL)"),
    Sql("CREATE INDEX removed_connection_job ON removed_connection (application, job_id)"),
    Sql("CREATE INDEX removed_connection_removed_at ON removed_connection (removed_at)"),
    Sql("INSERT INTO removed_connection (id, application, job_id, removed_at) "
        "SELECT connection, application, job_id, MAX(created_at) FROM event WHERE NOT EXISTS "
        "(SELECT 1 FROM connection c WHERE c.id = event.connection) GROUP BY connection, application, job_id"),
    Sql("DROP INDEX event_job"),
};

}  // namespace signpost::store::migration_0007
