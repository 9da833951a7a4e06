// SPDX-License-Identifier: Apache-2.0
#include "store/endpoints.h"

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::endpoints {
namespace {

#define ENDPOINT_COLUMNS                                                                                         \
  "id, application, owner, url, event_types, is_enabled, sends_v1, v1_covers_body, v2_is_hmac, created_at, "     \
  "timeout_s, schedule, headers, has_own_secret, rate_per_second, in_flight_max, disabled_reason, disabled_at, " \
  "failing_since"

/// One header a line, "Name: sealed"; neither part holds a line feed.
Result<std::string> lines_of_headers(const std::vector<model::EndpointHeader>& headers) {
  std::vector<std::string> lines;
  for (const auto& header : headers) lines.push_back(header.name + ": " + header.sealed);
  return lines_of(lines);
}

Result<std::vector<model::EndpointHeader>> headers_of(std::string_view lines) {
  std::vector<model::EndpointHeader> headers;
  for (const auto& line : items_of(lines)) {
    const auto colon = line.find(": ");
    if (colon == std::string::npos) return fail(Kind::kInternal, "the database holds a damaged endpoint header");
    headers.push_back({line.substr(0, colon), line.substr(colon + 2)});
  }
  return headers;
}

std::optional<std::int32_t> optional_int(const Row& row, std::size_t column) {
  if (row.is_null(column)) return std::nullopt;
  return static_cast<std::int32_t>(row.integer(column));
}

}  // namespace

Result<model::Endpoint> read(const Row& row) {
  model::Endpoint endpoint;
  endpoint.id = row.id<EndpointId>(0);
  endpoint.application = row.id<ApplicationId>(1);
  endpoint.owner = row.id<MemberId>(2);
  endpoint.url = row.text(3);
  endpoint.event_types = items_of(row.text(4));
  endpoint.is_enabled = row.flag(5);
  endpoint.sends_v1 = row.flag(6);
  endpoint.v1_covers_body = row.flag(7);
  endpoint.v2_is_hmac = row.flag(8);
  endpoint.created_at = row.time(9);
  endpoint.timeout = std::chrono::seconds(row.integer(10));
  endpoint.schedule = TRY(known(model::parse_retry_schedule(row.text(11)), "retry schedule", row.text(11)));
  if (!row.text(12).empty()) endpoint.headers = TRY(headers_of(row.text(12)));
  endpoint.has_own_secret = row.flag(13);
  endpoint.rate_per_second = optional_int(row, 14);
  endpoint.in_flight_max = optional_int(row, 15);
  endpoint.disabled_reason = TRY(known(model::parse_disabled_reason(row.text(16)), "reason", row.text(16)));
  endpoint.disabled_at = row.optional_time(17);
  endpoint.failing_since = row.optional_time(18);
  return endpoint;
}

Result<void> insert(Tx& tx, const model::Endpoint& e) {
  const std::string event_types = TRY(lines_of(e.event_types));
  const std::string headers = TRY(lines_of_headers(e.headers));
  TRY(tx.execute("INSERT INTO endpoint (" ENDPOINT_COLUMNS
                 ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
                 e.id, e.application, e.owner, e.url, event_types, e.is_enabled, e.sends_v1, e.v1_covers_body,
                 e.v2_is_hmac, e.created_at, e.timeout.count(), model::name_of(e.schedule), headers, e.has_own_secret,
                 e.rate_per_second, e.in_flight_max, model::name_of(e.disabled_reason), e.disabled_at,
                 e.failing_since));
  return {};
}

Result<std::optional<model::Endpoint>> find(Tx& tx, ApplicationId application, EndpointId id) {
  const Rows rows =
      TRY(tx.query("SELECT " ENDPOINT_COLUMNS " FROM endpoint WHERE application = $1 AND id = $2", application, id));
  return first_of<model::Endpoint>(rows, read);
}

Result<std::vector<model::Endpoint>> list_of_application(Tx& tx, ApplicationId application) {
  const Rows rows =
      TRY(tx.query("SELECT " ENDPOINT_COLUMNS " FROM endpoint WHERE application = $1 ORDER BY id LIMIT $2", application,
                   model::kEndpointsMax));
  return all_of<model::Endpoint>(rows, model::kEndpointsMax, "endpoints", read);
}

// A join: the owner's row is found by its key, while a list of owners would be a table built for every event.
Result<std::vector<model::Endpoint>> list_receiving(Tx& tx, ApplicationId application) {
  const Rows rows = TRY(tx.query("SELECT " ENDPOINT_COLUMNS_OF_E " FROM endpoint e JOIN member m ON m.id = e.owner "
                                 "WHERE e.application = $1 AND e.is_enabled = 1 AND m.role IN ('Admin', 'Developer') "
                                 "ORDER BY e.id LIMIT $2",
                                 application, model::kEndpointsMax));
  return all_of<model::Endpoint>(rows, model::kEndpointsMax, "endpoints", read);
}

Result<bool> update(Tx& tx, const model::Endpoint& e) {
  const std::string event_types = TRY(lines_of(e.event_types));
  const std::string headers = TRY(lines_of_headers(e.headers));
  return TRY(tx.execute("UPDATE endpoint SET owner = $1, url = $2, event_types = $3, is_enabled = $4, sends_v1 = $5, "
                        "v1_covers_body = $6, v2_is_hmac = $7, timeout_s = $8, schedule = $9, headers = $10, "
                        "has_own_secret = $11, rate_per_second = $12, in_flight_max = $13, disabled_reason = $14, "
                        "disabled_at = $15, failing_since = $16 WHERE application = $17 AND id = $18",
                        e.owner, e.url, event_types, e.is_enabled, e.sends_v1, e.v1_covers_body, e.v2_is_hmac,
                        e.timeout.count(), model::name_of(e.schedule), headers, e.has_own_secret, e.rate_per_second,
                        e.in_flight_max, model::name_of(e.disabled_reason), e.disabled_at, e.failing_since,
                        e.application, e.id)) == 1;
}

Result<bool> remove(Tx& tx, ApplicationId application, EndpointId id) {
  return TRY(tx.execute("DELETE FROM endpoint WHERE application = $1 AND id = $2", application, id)) == 1;
}

Result<void> note_failing_since(Tx& tx, ApplicationId application, EndpointId id, Time time) {
  TRY(tx.execute("UPDATE endpoint SET failing_since = $1 WHERE application = $2 AND id = $3 AND failing_since IS NULL",
                 time, application, id));
  return {};
}

Result<void> note_recovered(Tx& tx, ApplicationId application, EndpointId id) {
  TRY(tx.execute(
      "UPDATE endpoint SET failing_since = NULL WHERE application = $1 AND id = $2 AND failing_since IS NOT NULL",
      application, id));
  return {};
}

Result<bool> disable(Tx& tx, ApplicationId application, EndpointId id, model::DisabledReason reason, Time now) {
  return TRY(tx.execute("UPDATE endpoint SET is_enabled = 0, disabled_reason = $1, disabled_at = $2 "
                        "WHERE application = $3 AND id = $4 AND is_enabled = 1",
                        model::name_of(reason), now, application, id)) == 1;
}

Result<std::vector<model::Endpoint>> load_all_across_applications(Tx& tx) {
  const Rows rows =
      TRY(tx.query("SELECT " ENDPOINT_COLUMNS " FROM endpoint ORDER BY id LIMIT $1", kEndpointsLoadedMax + 1));
  return all_of<model::Endpoint>(rows, kEndpointsLoadedMax, "endpoints", read);
}

Result<std::int64_t> count_enabled_across_applications(Tx& tx) {
  return TRY(tx.query("SELECT COUNT(*) FROM endpoint WHERE is_enabled = 1")).front().integer(0);
}

}  // namespace signpost::store::endpoints
