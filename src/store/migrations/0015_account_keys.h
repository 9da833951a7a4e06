// SPDX-License-Identifier: Apache-2.0
//
// Another key of an account at a certificate authority, and its contact. Read by store/migrations.cc alone. Landed
// migrations are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0015 {

inline constexpr std::array kStatements{
    // The key that is to follow, from before the authority hears of it until it is the account's; else empty.
    Sql("ALTER TABLE acme_account ADD COLUMN next_sealed_key TEXT NOT NULL DEFAULT ''"),
    Sql("ALTER TABLE acme_account ADD COLUMN key_changed_at BIGINT"),
    // As the authority was told last; an account from before is told once more.
    Sql("ALTER TABLE acme_account ADD COLUMN contact TEXT NOT NULL DEFAULT ''"),
};

}  // namespace signpost::store::migration_0015
