// SPDX-License-Identifier: Apache-2.0
//
// Entities as most tests want them; a test sets what it is about. Any thread.
#pragma once

#include "model/connection.h"

namespace signpost::model::testing {

inline constexpr Time kStart = from_ms(1'800'000'000'000);

inline Record sample_record(std::int64_t id, RecordType type, std::string host, const std::string& name,
                            std::string value) {
  return Record{.id = RecordId(id),
                .type = type,
                .host = std::move(host),
                .name = *DnsName::parse(name),
                .value = std::move(value),
                .ttl = 300,
                .priority = std::nullopt};
}

/// www.shop.example of organization "acme": one CNAME, just created at kStart.
inline Connection sample_connection() {
  return Connection{.id = ConnectionId(7),
                    .application = ApplicationId(3),
                    .organization = "acme",
                    .host = *HostName::parse("www.shop.example"),
                    .user_id = std::nullopt,
                    .job_id = "0b8e2a52-6f0e-4a57-9f57-0d8c5b7ad001",
                    .metadata_json = "{}",
                    .records = {sample_record(11, RecordType::kCname, "www", "www.shop.example", "app.saas.example")},
                    .claim_token = "4f1c",
                    .claim_ends_at = kStart + kClaimLifetime,
                    .setup_type = std::nullopt,
                    .flow_ended_at = std::nullopt,
                    .watch_started_at = std::nullopt,
                    .next_look_at = std::nullopt,
                    .last_look_at = std::nullopt,
                    .attention = std::nullopt,
                    .deployed_at = std::nullopt,
                    .created_at = kStart,
                    .updated_at = kStart};
}

}  // namespace signpost::model::testing
