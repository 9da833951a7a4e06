// SPDX-License-Identifier: Apache-2.0
//
// What search engines are told: an organization's pages, what was submitted of them, and the steps of each connection.
// Read by store/migrations.cc alone. Landed migrations are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0011 {

inline constexpr std::array kStatements{
    Sql("CREATE TABLE page (id {key}, application BIGINT NOT NULL REFERENCES application (id) ON DELETE CASCADE, "
        "organization TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL, hash TEXT NOT NULL, "
        "updated_at BIGINT NOT NULL)"),
    Sql("CREATE UNIQUE INDEX page_path ON page (application, organization, path)"),
    Sql("CREATE INDEX page_order ON page (application, organization, id)"),

    // hash: of what was submitted last; null: nothing yet. sending: of what is on its way, null if nothing is.
    // is_gone: the page is not there any more, which is told as well.
    Sql("CREATE TABLE page_submission (connection BIGINT NOT NULL REFERENCES connection (id) ON DELETE CASCADE, "
        "path TEXT NOT NULL, hash TEXT, sending TEXT, is_gone SMALLINT NOT NULL, submitted_at BIGINT, "
        "PRIMARY KEY (connection, path))"),
    Sql("CREATE INDEX page_submission_sending ON page_submission (connection) WHERE sending IS NOT NULL"),

    Sql("CREATE TABLE search (connection BIGINT PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE, "
        "google_token TEXT NOT NULL, google_status TEXT NOT NULL, deployed_at BIGINT, round BIGINT NOT NULL, "
        "version BIGINT NOT NULL)"),
    Sql("CREATE TABLE search_step (connection BIGINT NOT NULL REFERENCES connection (id) ON DELETE CASCADE, "
        "step TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL, not_before BIGINT, detail TEXT NOT NULL, "
        "updated_at BIGINT NOT NULL, PRIMARY KEY (connection, step))"),
};

}  // namespace signpost::store::migration_0011
