// SPDX-License-Identifier: Apache-2.0
//
// The tables of connections and their records. Free functions on a Tx.
// The database itself holds: one live connection per organization and host, one proven claim per host, one connection
// per job id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/connection.h"
#include "store/page.h"
#include "store/tx.h"

namespace signpost::store::connections {

constexpr std::int32_t kLiveOfOrganizationMax = 100;
constexpr std::int32_t kOnHostMax = 1'000;

/// With its records, in their order. kConflict when the organization has a live connection on the host, the host is
/// proven by another, or the job id is taken.
Result<void> insert(Tx& tx, const model::Connection& connection);

Result<std::optional<model::Connection>> find(Tx& tx, ApplicationId application, ConnectionId id);
Result<std::optional<model::Connection>> find_across_applications(Tx& tx, ConnectionId id);
Result<std::optional<model::Connection>> find_by_job(Tx& tx, ApplicationId application, std::string_view job_id);

/// Live ones, newest first; at most kLiveOfOrganizationMax.
Result<std::vector<model::Connection>> list_live_of_organization(Tx& tx, ApplicationId application,
                                                                 std::string_view organization);
/// How many of them there are, without that limit.
Result<std::int64_t> count_live_of_organization(Tx& tx, ApplicationId application, std::string_view organization);
/// The live one on the host: at most one.
Result<std::optional<model::Connection>> find_live_of_organization(Tx& tx, ApplicationId application,
                                                                   std::string_view organization, const HostName& host);
/// Every live claim of the host, the proven one first, then the oldest; at most kOnHostMax.
Result<std::vector<model::Connection>> find_on_host_across_applications(Tx& tx, const HostName& host);

/// What the caller knows of the records against the saved ones of `expected_version`: the same ones are not even read.
enum class Records { kMayDiffer, kAreTheSame };
/// Saves what can change (all but id, application, organization, host, user id, job id, origin, redirection, claim
/// token, who brings the certificate, edge, created_at) if the
/// saved version is still `expected_version`; the new version is one more, whatever `connection.version` says. False:
/// somebody was first, nothing is saved. Records keep their rows while only their flags differ; another set replaces
/// them all.
Result<bool> update(Tx& tx, const model::Connection& connection, std::int64_t expected_version,
                    Records records = Records::kMayDiffer);
/// With records, observation and jobs. Its events and deliveries stay until retention.
/// Its events stay, and are found by its job id.
Result<bool> remove(Tx& tx, ApplicationId application, ConnectionId id, Time now);
/// Retention: at most `limit` of the connections removed before `time`, whose events are older still, are not known any
/// more. Returns how many.
Result<std::int64_t> forget_removed_before_across_applications(Tx& tx, Time time, std::int32_t limit);

enum class Liveness { kAll, kLiveOnly };
enum class AttentionFilter { kAll, kWithAttention, kWithoutAttention };

struct Filter {
  std::optional<std::string> organization;
  std::optional<HostName> host;
  std::optional<model::Status> status;
  std::optional<model::FacetState> propagation;
  std::optional<model::Claim> claim;
  AttentionFilter attention = AttentionFilter::kAll;
  Liveness liveness = Liveness::kAll;
};

/// Newest first, records included.
Result<Page<model::Connection>> list(Tx& tx, ApplicationId application, const Filter& filter,
                                     const PageRequest<ConnectionId>& page);
Result<Page<model::Connection>> list_across_applications(Tx& tx, const Filter& filter,
                                                         const PageRequest<ConnectionId>& page);

/// For metrics: live connections by status, in the enum's order.
struct StatusCount {
  model::Status status{};
  std::int64_t connections = 0;
};
Result<std::vector<StatusCount>> count_live_across_applications(Tx& tx);

}  // namespace signpost::store::connections
