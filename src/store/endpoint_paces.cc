// SPDX-License-Identifier: Apache-2.0
#include "store/endpoint_paces.h"

#include "store/endpoints.h"
#include "store/load_all.h"

namespace signpost::store::endpoint_paces {
namespace {

model::EndpointPace read(const Row& row, std::size_t first) {
  return {static_cast<std::int32_t>(row.integer(first)), static_cast<std::int32_t>(row.integer(first + 1)),
          row.time(first + 2), row.time(first + 3)};
}

}  // namespace

Result<std::vector<EndpointWithPace>> load_across_applications(Tx& tx, Loop loop) {
  const Rows rows =
      TRY(tx.query("SELECT endpoint, in_flight_max, failures, cut_at, resumes_at FROM endpoint_pace ORDER BY endpoint "
                   "LIMIT $1",
                   endpoints::kEndpointsLoadedMax));
  std::vector<EndpointWithPace> paces;
  for (const Row row : rows) {
    const auto endpoint = row.id<EndpointId>(0);
    if (partition_of(endpoint.value()) % loop.count == loop.index) paces.push_back({endpoint, read(row, 1)});
  }
  return paces;
}

Result<std::optional<model::EndpointPace>> find(Tx& tx, EndpointId endpoint) {
  const Rows rows = TRY(
      tx.query("SELECT in_flight_max, failures, cut_at, resumes_at FROM endpoint_pace WHERE endpoint = $1", endpoint));
  if (rows.empty()) return std::nullopt;
  return read(rows.front(), 0);
}

Result<void> save(Tx& tx, EndpointId endpoint, const std::optional<model::EndpointPace>& pace) {
  if (!pace) {
    TRY(tx.execute("DELETE FROM endpoint_pace WHERE endpoint = $1", endpoint));
    return {};
  }
  TRY(
      tx.execute("INSERT INTO endpoint_pace (endpoint, in_flight_max, failures, cut_at, resumes_at) "
                 "SELECT e.id, CAST($1 AS INTEGER), CAST($2 AS INTEGER), CAST($3 AS BIGINT), CAST($4 AS BIGINT) "
                 "FROM endpoint e WHERE e.id = $5 "
                 "ON CONFLICT (endpoint) DO UPDATE SET in_flight_max = excluded.in_flight_max, "
                 "failures = excluded.failures, cut_at = excluded.cut_at, resumes_at = excluded.resumes_at",
                 pace->in_flight_max, pace->failures, pace->cut_at, pace->resumes_at, endpoint));
  return {};
}

Result<void> forget(Tx& tx, EndpointId endpoint) {
  TRY(tx.execute("DELETE FROM endpoint_pace WHERE endpoint = $1", endpoint));
  TRY(tx.execute("DELETE FROM endpoint_turn WHERE endpoint = $1", endpoint));
  return {};
}

Result<void> pull_back(Tx& tx, const PullBack& request) {
  for (const auto& [endpoint, pace] : TRY(load_across_applications(tx, request.loop))) {
    if (pace.resumes_at <= request.now && pace.cut_at <= request.now) continue;
    auto earlier = pace;
    earlier.cut_at -= request.by;
    earlier.resumes_at -= request.by;
    TRY_VOID(save(tx, endpoint, earlier));
  }
  // Of all loops: it is the same however often it is done.
  TRY(tx.execute("UPDATE endpoint_turn SET next_at = $1 WHERE next_at > $1", request.now + kTurnMax));
  return {};
}

}  // namespace signpost::store::endpoint_paces
