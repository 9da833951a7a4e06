// SPDX-License-Identifier: Apache-2.0
//
// What the ACME zone says. Read by store/migrations.cc alone. Landed migrations are never edited: a change is the next
// number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0010 {

inline constexpr std::array kStatements{
    // revision: of the last change of the row. Name servers read what is newer than what they know, so a withdrawn text
    // stays for a while, expired.
    Sql("CREATE TABLE challenge_text (label TEXT NOT NULL, value TEXT NOT NULL, created_at BIGINT NOT NULL, "
        "expires_at BIGINT NOT NULL, revision BIGINT NOT NULL, PRIMARY KEY (label, value))"),
    Sql("CREATE INDEX challenge_text_revision ON challenge_text (revision)"),
    Sql("CREATE INDEX challenge_text_expires_at ON challenge_text (expires_at)"),
    Sql("CREATE TABLE challenge_revision (id INTEGER PRIMARY KEY, revision BIGINT NOT NULL)"),
    Sql("INSERT INTO challenge_revision (id, revision) VALUES (1, 1)"),
};

}  // namespace signpost::store::migration_0010
