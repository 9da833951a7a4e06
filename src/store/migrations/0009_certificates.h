// SPDX-License-Identifier: Apache-2.0
//
// Certificates: who brings a connection's, the orders on their way, what is held; accounts at authorities and what we
// know of their limits; what a host answered before its traffic was ours.
// Read by store/migrations.cc alone. Landed migrations are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0009 {

inline constexpr std::array kStatements{
    Sql("ALTER TABLE connection ADD COLUMN certificate_by TEXT NOT NULL DEFAULT 'external'"),
    Sql("ALTER TABLE connection ADD COLUMN edge TEXT NOT NULL DEFAULT 'external'"),
    Sql("ALTER TABLE connection ADD COLUMN certificate_ends_at BIGINT"),
    Sql("ALTER TABLE connection_record ADD COLUMN purpose TEXT NOT NULL DEFAULT 'traffic'"),

    // The columns that begin with order_ are null while none is on its way, those with held_ until one is issued.
    Sql("CREATE TABLE certificate (id {key}, application BIGINT NOT NULL REFERENCES application (id) ON DELETE "
        "CASCADE, "
        "connection BIGINT NOT NULL REFERENCES connection (id) ON DELETE CASCADE, made_by TEXT NOT NULL, "
        "names TEXT NOT NULL, label TEXT NOT NULL, order_authority TEXT, order_url TEXT, order_finalize_url TEXT, "
        "order_expires_at BIGINT, order_step TEXT, order_sealed_key TEXT, order_placed_at BIGINT, "
        "held_authority TEXT, held_chain TEXT, held_sealed_key TEXT, held_serial TEXT, held_ari_id TEXT, "
        "held_not_before BIGINT, held_not_after BIGINT, held_issued_at BIGINT, held_revoked_at BIGINT, "
        "renew_at BIGINT, ask_renewal_at BIGINT, not_before BIGINT, unseen_since BIGINT, missing TEXT NOT NULL, failures INTEGER NOT NULL, trouble_cause TEXT, "
        "trouble_explanation TEXT, trouble_since BIGINT, version BIGINT NOT NULL, created_at BIGINT NOT NULL, "
        "updated_at BIGINT NOT NULL)"),
    Sql("CREATE INDEX certificate_application ON certificate (application, id)"),
    Sql("CREATE UNIQUE INDEX certificate_connection ON certificate (connection)"),
    Sql("CREATE UNIQUE INDEX certificate_label ON certificate (label)"),
    Sql("CREATE INDEX certificate_end ON certificate (held_not_after) WHERE held_not_after IS NOT NULL"),

    Sql("CREATE TABLE certificate_challenge (certificate BIGINT NOT NULL REFERENCES certificate (id) ON DELETE "
        "CASCADE, "
        "position SMALLINT NOT NULL, identifier TEXT NOT NULL, authorization_url TEXT NOT NULL, "
        "challenge_url TEXT NOT NULL, challenge_text TEXT NOT NULL, PRIMARY KEY (certificate, position))"),

    Sql("CREATE TABLE acme_account (authority TEXT PRIMARY KEY, directory_url TEXT NOT NULL, url TEXT NOT NULL, "
        "sealed_key TEXT NOT NULL, created_at BIGINT NOT NULL)"),

    Sql("CREATE TABLE original_dns (connection BIGINT PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE, "
        "cname TEXT, a TEXT NOT NULL, aaaa TEXT NOT NULL, seen_at BIGINT NOT NULL)"),

    // One bucket of a limit: when it will be full again (GCRA).
    Sql("CREATE TABLE issuance_bucket (authority TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, "
        "full_at BIGINT NOT NULL, PRIMARY KEY (authority, kind, subject))"),
    Sql("CREATE INDEX issuance_bucket_full ON issuance_bucket (full_at)"),
};

}  // namespace signpost::store::migration_0009
