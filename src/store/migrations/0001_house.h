// SPDX-License-Identifier: Apache-2.0
//
// The first tables: applications and what is theirs, connections, events, deliveries, jobs.
// Read by store/migrations.cc alone. Landed migrations are never edited: a change is the next number.
#pragma once

#include <array>

#include "store/sql.h"

namespace signpost::store::migration_0001 {

// Every foreign key has an index that begins with it: deleting an application must not scan whole tables.
inline constexpr std::array kStatements{
    Sql("CREATE TABLE directory_revision (id SMALLINT PRIMARY KEY, revision BIGINT NOT NULL)"),
    Sql("INSERT INTO directory_revision (id, revision) VALUES (1, 1)"),

    Sql("CREATE TABLE application (id {key}, name TEXT NOT NULL, cname_target TEXT, allowed_origins TEXT NOT NULL, "
        "issuer TEXT NOT NULL, audiences TEXT NOT NULL, created_at BIGINT NOT NULL)"),

    Sql("CREATE TABLE application_secret (id {key}, "
        "application BIGINT NOT NULL REFERENCES application (id) ON DELETE CASCADE, sealed TEXT NOT NULL, "
        "is_promoted SMALLINT NOT NULL, expires_at BIGINT, created_at BIGINT NOT NULL)"),
    Sql("CREATE INDEX application_secret_application ON application_secret (application, id)"),

    Sql("CREATE TABLE member (id {key}, application BIGINT NOT NULL REFERENCES application (id) ON DELETE CASCADE, "
        "name TEXT NOT NULL, role TEXT NOT NULL, created_at BIGINT NOT NULL)"),
    Sql("CREATE INDEX member_application ON member (application, id)"),

    Sql("CREATE TABLE endpoint (id {key}, application BIGINT NOT NULL REFERENCES application (id) ON DELETE CASCADE, "
        "owner BIGINT NOT NULL REFERENCES member (id), url TEXT NOT NULL, event_types TEXT NOT NULL, "
        "is_enabled SMALLINT NOT NULL, sends_v1 SMALLINT NOT NULL, v1_covers_body SMALLINT NOT NULL, "
        "v2_is_hmac SMALLINT NOT NULL, created_at BIGINT NOT NULL)"),
    Sql("CREATE INDEX endpoint_application ON endpoint (application, id)"),
    Sql("CREATE INDEX endpoint_owner ON endpoint (owner)"),

    Sql("CREATE TABLE api_key (id {key}, application BIGINT REFERENCES application (id) ON DELETE CASCADE, "
        "name TEXT NOT NULL, digest TEXT NOT NULL, revoked_at BIGINT, created_at BIGINT NOT NULL)"),
    Sql("CREATE UNIQUE INDEX api_key_digest ON api_key (digest)"),
    Sql("CREATE INDEX api_key_application ON api_key (application, id)"),

    Sql("CREATE TABLE connection (id {key}, application BIGINT NOT NULL REFERENCES application (id) ON DELETE CASCADE, "
        "organization TEXT NOT NULL, host TEXT NOT NULL, user_id TEXT, job_id TEXT NOT NULL, "
        "metadata TEXT NOT NULL, status TEXT NOT NULL, propagation TEXT NOT NULL, dkim TEXT NOT NULL, "
        "redirection TEXT NOT NULL, secure TEXT NOT NULL, power TEXT NOT NULL, claim TEXT NOT NULL, "
        "is_live SMALLINT NOT NULL, claim_token TEXT NOT NULL, claim_ends_at BIGINT NOT NULL, setup_type TEXT, "
        "flow_ended_at BIGINT, provider TEXT NOT NULL, is_added_announced SMALLINT NOT NULL, watch_started_at BIGINT, "
        "next_look_at BIGINT, last_look_at BIGINT, attention_cause TEXT, attention_explanation TEXT, "
        "attention_since BIGINT, deployed_at BIGINT, sequence BIGINT NOT NULL, version BIGINT NOT NULL, "
        "created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)"),
    Sql("CREATE INDEX connection_application ON connection (application, id)"),
    Sql("CREATE INDEX connection_organization ON connection (application, organization, id)"),
    Sql("CREATE INDEX connection_host ON connection (host, id)"),
    Sql("CREATE UNIQUE INDEX connection_job ON connection (application, job_id)"),
    Sql("CREATE UNIQUE INDEX connection_live ON connection (application, organization, host) WHERE is_live = 1"),
    Sql("CREATE UNIQUE INDEX connection_proven ON connection (host) WHERE claim = 'proven'"),

    Sql("CREATE TABLE connection_record (id {key}, "
        "connection BIGINT NOT NULL REFERENCES connection (id) ON DELETE CASCADE, position SMALLINT NOT NULL, "
        "type TEXT NOT NULL, host TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, ttl BIGINT NOT NULL, "
        "priority INTEGER, is_propagated SMALLINT NOT NULL, proves_ownership SMALLINT NOT NULL)"),
    Sql("CREATE INDEX connection_record_connection ON connection_record (connection, position)"),

    Sql("CREATE TABLE observation (connection BIGINT PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE, "
        "body TEXT NOT NULL, at BIGINT NOT NULL)"),

    // A connection may go before its events: they are history until retention.
    Sql("CREATE TABLE event (id {key}, application BIGINT NOT NULL REFERENCES application (id) ON DELETE CASCADE, "
        "connection BIGINT NOT NULL, job_id TEXT NOT NULL, type TEXT NOT NULL, sequence BIGINT NOT NULL, "
        "body TEXT NOT NULL, created_at BIGINT NOT NULL)"),
    Sql("CREATE INDEX event_job ON event (application, job_id, id)"),
    Sql("CREATE INDEX event_connection ON event (connection, id)"),

    // is_first_open: its first attempt has not ended. is_waiting: another such one of the endpoint and connection is
    // before it. is_ready: pending, not waiting, not leased; what a claim looks at.
    Sql("CREATE TABLE delivery (id {key}, event BIGINT NOT NULL REFERENCES event (id) ON DELETE CASCADE, "
        "endpoint BIGINT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE, application BIGINT NOT NULL, "
        "connection BIGINT NOT NULL, partition SMALLINT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, "
        "next_attempt_at BIGINT NOT NULL, lease_until BIGINT, is_first_open SMALLINT NOT NULL, "
        "is_waiting SMALLINT NOT NULL, is_ready SMALLINT NOT NULL, created_at BIGINT NOT NULL)"),
    Sql("CREATE INDEX delivery_event ON delivery (event)"),
    Sql("CREATE INDEX delivery_endpoint ON delivery (endpoint, id)"),
    Sql("CREATE INDEX delivery_application ON delivery (application, id)"),
    Sql("CREATE INDEX delivery_ready ON delivery (endpoint, next_attempt_at, partition) WHERE is_ready = 1"),
    Sql("CREATE INDEX delivery_order ON delivery (endpoint, connection, id) WHERE is_first_open = 1"),
    Sql("CREATE INDEX delivery_leased ON delivery (endpoint, lease_until) WHERE lease_until IS NOT NULL"),

    Sql("CREATE TABLE attempt (id {key}, delivery BIGINT NOT NULL REFERENCES delivery (id) ON DELETE CASCADE, "
        "number INTEGER NOT NULL, started_at BIGINT NOT NULL, ended_at BIGINT, result TEXT NOT NULL, status INTEGER, "
        "detail TEXT NOT NULL, remote_address TEXT NOT NULL, response_body TEXT NOT NULL, dns_ms INTEGER NOT NULL, "
        "connect_ms INTEGER NOT NULL, tls_ms INTEGER NOT NULL, first_byte_ms INTEGER NOT NULL, "
        "total_ms INTEGER NOT NULL)"),
    Sql("CREATE INDEX attempt_delivery ON attempt (delivery, id)"),

    // wished_at: what was asked for while the job was in flight. is_ready: waiting and not leased.
    Sql("CREATE TABLE job (id {key}, kind TEXT NOT NULL, "
        "subject BIGINT NOT NULL REFERENCES connection (id) ON DELETE CASCADE, partition SMALLINT NOT NULL, "
        "fairness_key BIGINT NOT NULL, state TEXT NOT NULL, not_before BIGINT NOT NULL, wished_at BIGINT, "
        "attempts INTEGER NOT NULL, generation BIGINT NOT NULL, lease_until BIGINT, outcome TEXT NOT NULL, "
        "is_ready SMALLINT NOT NULL, created_at BIGINT NOT NULL)"),
    Sql("CREATE UNIQUE INDEX job_subject ON job (subject, kind)"),
    Sql("CREATE INDEX job_ready ON job (not_before, fairness_key, partition) WHERE is_ready = 1"),
    Sql("CREATE INDEX job_leased ON job (fairness_key, lease_until) WHERE lease_until IS NOT NULL"),

    Sql("CREATE TABLE idempotency_key (scope BIGINT NOT NULL REFERENCES api_key (id) ON DELETE CASCADE, "
        "idempotency_key TEXT NOT NULL, request_digest TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL, "
        "created_at BIGINT NOT NULL, PRIMARY KEY (scope, idempotency_key))"),
    Sql("CREATE INDEX idempotency_key_created_at ON idempotency_key (created_at)"),

    // No foreign key: what was done to an application is told after it is gone.
    Sql("CREATE TABLE audit_log (id {key}, application BIGINT, actor TEXT NOT NULL, action TEXT NOT NULL, "
        "subject TEXT NOT NULL, detail TEXT NOT NULL, at BIGINT NOT NULL)"),
    Sql("CREATE INDEX audit_log_application ON audit_log (application, id)"),
};

}  // namespace signpost::store::migration_0001
