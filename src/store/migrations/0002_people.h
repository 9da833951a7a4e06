// SPDX-License-Identifier: Apache-2.0
//
// Members who can be reached, endpoints with a life of their own, and what people are still to be told by mail.
// Read by store/migrations.cc alone. Landed migrations are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0002 {

inline constexpr std::array kStatements{
    Sql("ALTER TABLE member ADD COLUMN email TEXT"),
    Sql("ALTER TABLE application ADD COLUMN last_warned_at BIGINT"),

    Sql("ALTER TABLE endpoint ADD COLUMN timeout_s INTEGER NOT NULL DEFAULT 15"),
    Sql("ALTER TABLE endpoint ADD COLUMN schedule TEXT NOT NULL DEFAULT 'contract'"),
    Sql("ALTER TABLE endpoint ADD COLUMN headers TEXT NOT NULL DEFAULT ''"),
    Sql("ALTER TABLE endpoint ADD COLUMN has_own_secret SMALLINT NOT NULL DEFAULT 0"),
    Sql("ALTER TABLE endpoint ADD COLUMN rate_per_second INTEGER"),
    Sql("ALTER TABLE endpoint ADD COLUMN in_flight_max INTEGER"),
    Sql("ALTER TABLE endpoint ADD COLUMN disabled_reason TEXT NOT NULL DEFAULT 'none'"),
    Sql("ALTER TABLE endpoint ADD COLUMN disabled_at BIGINT"),
    Sql("ALTER TABLE endpoint ADD COLUMN failing_since BIGINT"),
    Sql("UPDATE endpoint SET disabled_reason = 'by_hand' WHERE is_enabled = 0"),

    // Empty: the application's secret; else of that endpoint alone.
    Sql("ALTER TABLE application_secret ADD COLUMN endpoint BIGINT REFERENCES endpoint (id) ON DELETE CASCADE"),
    Sql("CREATE INDEX application_secret_endpoint ON application_secret (endpoint) WHERE endpoint IS NOT NULL"),

    // Until a mail server has taken the mail that tells of it.
    Sql("CREATE TABLE notice (id {key}, kind TEXT NOT NULL, "
        "application BIGINT NOT NULL REFERENCES application (id) ON DELETE CASCADE, "
        "endpoint BIGINT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE, "
        "delivery BIGINT REFERENCES delivery (id) ON DELETE CASCADE, detail TEXT NOT NULL, at BIGINT NOT NULL)"),
    Sql("CREATE INDEX notice_application ON notice (application, kind, id)"),
    Sql("CREATE INDEX notice_endpoint ON notice (endpoint)"),
    Sql("CREATE INDEX notice_delivery ON notice (delivery)"),
};

}  // namespace signpost::store::migration_0002
