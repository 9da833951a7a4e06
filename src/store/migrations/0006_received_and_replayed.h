// SPDX-License-Identifier: Apache-2.0
//
// Webhooks that come in: who signs them, and which have been taken. Deliveries that are sent again, and the indexes
// that find them. Read by store/migrations.cc alone. Landed migrations are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0006 {

inline constexpr std::array kStatements{
    Sql("CREATE TABLE entri_receiver (application BIGINT PRIMARY KEY REFERENCES application (id) ON DELETE CASCADE, "
        "sealed_secret TEXT NOT NULL, form TEXT NOT NULL, allows_v1 SMALLINT NOT NULL, source_addresses TEXT NOT NULL, "
        "updated_at BIGINT NOT NULL)"),

    Sql("CREATE TABLE received_webhook (application BIGINT NOT NULL REFERENCES application (id) ON DELETE CASCADE, "
        "replay_key TEXT NOT NULL, received_at BIGINT NOT NULL, PRIMARY KEY (application, replay_key))"),
    Sql("CREATE INDEX received_webhook_received_at ON received_webhook (received_at)"),

    // replays: how often it was asked for again. attempts_before: those made before the last of these; the schedule of
    // retries counts from there.
    Sql("ALTER TABLE delivery ADD COLUMN replays INTEGER NOT NULL DEFAULT 0"),
    Sql("ALTER TABLE delivery ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0"),
    Sql("CREATE INDEX delivery_failed_of_endpoint ON delivery (endpoint, id) WHERE state = 'failed'"),
    Sql("CREATE INDEX delivery_failed ON delivery (application, id) WHERE state = 'failed'"),
    Sql("CREATE INDEX event_application ON event (application, id)"),
};

}  // namespace signpost::store::migration_0006
