// SPDX-License-Identifier: Apache-2.0
//
// CloudFront distributions, with the certificates that they serve. Read by store/migrations.cc alone. Landed migrations
// are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0012 {

inline constexpr std::array kStatements{
    // Texts that are not known yet are empty; a park is null while nothing is parked.
    Sql("CREATE TABLE distribution (id {key}, application BIGINT NOT NULL REFERENCES application (id) ON DELETE "
        "CASCADE, connection BIGINT NOT NULL REFERENCES connection (id) ON DELETE CASCADE, host TEXT NOT NULL, "
        "origin TEXT NOT NULL, cloudfront_id TEXT NOT NULL, is_made_by_us SMALLINT NOT NULL, "
        "domain_name TEXT NOT NULL, serving_arn TEXT NOT NULL, setup TEXT NOT NULL, imported_arn TEXT NOT NULL, "
        "wanted_serial TEXT NOT NULL, imported_serial TEXT NOT NULL, import_began_at BIGINT, "
        "setup_tries INTEGER NOT NULL, setup_next_at BIGINT, upgrade TEXT NOT NULL, amazon_arn TEXT NOT NULL, "
        "amazon_requested_at BIGINT, amazon_status TEXT NOT NULL, amazon_not_after BIGINT, "
        "amazon_is_attached SMALLINT NOT NULL, validation_name TEXT, validation_value TEXT, "
        "is_validation_seen SMALLINT NOT NULL, requests INTEGER NOT NULL, upgrade_tries INTEGER NOT NULL, "
        "upgrade_next_at BIGINT, setup_park TEXT, setup_park_explanation TEXT, setup_park_since BIGINT, "
        "upgrade_park TEXT, upgrade_park_explanation TEXT, upgrade_park_since BIGINT, version BIGINT NOT NULL, "
        "created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)"),
    Sql("CREATE INDEX distribution_application ON distribution (application, id)"),
    Sql("CREATE UNIQUE INDEX distribution_connection ON distribution (connection)"),
    // Two connections on one distribution would take each other's certificate off.
    Sql("CREATE UNIQUE INDEX distribution_cloudfront ON distribution (cloudfront_id) WHERE cloudfront_id <> ''"),
};

}  // namespace signpost::store::migration_0012
