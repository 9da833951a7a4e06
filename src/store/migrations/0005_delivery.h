// SPDX-License-Identifier: Apache-2.0
//
// Attempts are written once, when they have ended; an open one stands in its delivery's row. Endpoints have a pace.
// Read by store/migrations.cc alone. Landed migrations are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0005 {

inline constexpr std::array kStatements{
    // The attempt that holds the lease: its id and its beginning.
    Sql("ALTER TABLE delivery ADD COLUMN attempt BIGINT"),
    Sql("ALTER TABLE delivery ADD COLUMN attempt_started_at BIGINT"),
    Sql("UPDATE delivery SET "
        "attempt = (SELECT MAX(a.id) FROM attempt a WHERE a.delivery = delivery.id AND a.result = 'open'), "
        "attempt_started_at = (SELECT MAX(a.started_at) FROM attempt a WHERE a.delivery = delivery.id AND a.result = "
        "'open') WHERE lease_until IS NOT NULL"),
    Sql("DELETE FROM attempt WHERE result = 'open'"),
    Sql("ALTER TABLE attempt ADD COLUMN cause TEXT NOT NULL DEFAULT ''"),

    // Only endpoints that do not take what they are sent have a row.
    Sql("CREATE TABLE endpoint_pace (endpoint BIGINT PRIMARY KEY REFERENCES endpoint (id) ON DELETE CASCADE, "
        "in_flight_max INTEGER NOT NULL, failures INTEGER NOT NULL, cut_at BIGINT NOT NULL, "
        "resumes_at BIGINT NOT NULL)"),
    // Only endpoints with a rate of their own have a row: when the next attempt may begin.
    Sql("CREATE TABLE endpoint_turn (endpoint BIGINT PRIMARY KEY REFERENCES endpoint (id) ON DELETE CASCADE, "
        "next_at BIGINT NOT NULL)"),
};

}  // namespace signpost::store::migration_0005
