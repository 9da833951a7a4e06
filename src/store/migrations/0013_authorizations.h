// SPDX-License-Identifier: Apache-2.0
//
// Who has had which authorization of an authority. Read by store/migrations.cc alone. Landed migrations are never
// edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0013 {

inline constexpr std::array kStatements{
    // No reference: it outlives connections, certificates and applications.
    Sql("CREATE TABLE had_authorization (url TEXT NOT NULL, application BIGINT NOT NULL, organization TEXT NOT NULL, "
        "was_pending SMALLINT NOT NULL, had_at BIGINT NOT NULL, PRIMARY KEY (url, application, organization))"),
    Sql("CREATE INDEX had_authorization_had_at ON had_authorization (had_at)"),
    Sql("INSERT INTO had_authorization (url, application, organization, was_pending, had_at) "
        "SELECT c.authorization_url, n.application, n.organization, "
        "MAX(CASE WHEN c.challenge_url = '' THEN 0 ELSE 1 END), MAX(f.updated_at) FROM certificate_challenge c "
        "JOIN certificate f ON f.id = c.certificate JOIN connection n ON n.id = f.connection "
        "GROUP BY c.authorization_url, n.application, n.organization"),
};

}  // namespace signpost::store::migration_0013
