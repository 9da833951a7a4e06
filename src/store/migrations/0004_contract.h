// SPDX-License-Identifier: Apache-2.0
//
// What the whole of seed 001 needs to be kept: of a connection its Monitor facet, DMARC, redirection, purchase and
// origin; of a record what is for Power; of an application whether it supports DKIM.
// Read by store/migrations.cc alone. Landed migrations are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0004 {

inline constexpr std::array kStatements{
    Sql("ALTER TABLE application ADD COLUMN supports_dkim SMALLINT NOT NULL DEFAULT 0"),

    Sql("ALTER TABLE connection ADD COLUMN monitor TEXT NOT NULL DEFAULT 'absent'"),
    Sql("ALTER TABLE connection ADD COLUMN origin_flow_id TEXT"),
    Sql("ALTER TABLE connection ADD COLUMN dmarc_updated TEXT"),
    Sql("ALTER TABLE connection ADD COLUMN redirection_from TEXT"),
    Sql("ALTER TABLE connection ADD COLUMN redirection_to TEXT"),
    Sql("ALTER TABLE connection ADD COLUMN purchased_domains TEXT NOT NULL DEFAULT ''"),
    Sql("ALTER TABLE connection ADD COLUMN is_free_domain SMALLINT"),
    Sql("CREATE INDEX connection_origin ON connection (application, origin_flow_id) WHERE origin_flow_id IS NOT NULL"),

    Sql("ALTER TABLE connection_record ADD COLUMN application_url TEXT NOT NULL DEFAULT ''"),
    Sql("ALTER TABLE connection_record ADD COLUMN power_root_path_access TEXT NOT NULL DEFAULT ''"),
};

}  // namespace signpost::store::migration_0004
