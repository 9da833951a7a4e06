// SPDX-License-Identifier: Apache-2.0
//
// The table of endpoints. Free functions on a Tx; the caller bumps directory_revision with every change.
// Removing an endpoint removes its deliveries and their attempts.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/application.h"
#include "store/tx.h"

namespace signpost::store::endpoints {

constexpr std::int32_t kEndpointsLoadedMax = 200'000;

// For statements that join: the columns of an endpoint called `e`, in the order that `read` takes them.
#define ENDPOINT_COLUMNS_OF_E                                                                                      \
  "e.id, e.application, e.owner, e.url, e.event_types, e.is_enabled, e.sends_v1, e.v1_covers_body, e.v2_is_hmac, " \
  "e.created_at, e.timeout_s, e.schedule, e.headers, e.has_own_secret, e.rate_per_second, e.in_flight_max, "       \
  "e.disabled_reason, e.disabled_at, e.failing_since"
constexpr std::size_t kEndpointColumns = 19;
Result<model::Endpoint> read(const Row& row);

Result<void> insert(Tx& tx, const model::Endpoint& endpoint);
Result<std::optional<model::Endpoint>> find(Tx& tx, ApplicationId application, EndpointId id);
/// Oldest first; at most model::kEndpointsMax.
Result<std::vector<model::Endpoint>> list_of_application(Tx& tx, ApplicationId application);
/// The enabled ones whose owner's role may receive deliveries: to whom an event fans out, oldest first.
Result<std::vector<model::Endpoint>> list_receiving(Tx& tx, ApplicationId application);
/// Everything but id, application and created_at; false if there is no such endpoint.
Result<bool> update(Tx& tx, const model::Endpoint& endpoint);
Result<bool> remove(Tx& tx, ApplicationId application, EndpointId id);

/// A failure after a success, or the first of all, at `time`: writes nothing if a run of failures is noted already.
Result<void> note_failing_since(Tx& tx, ApplicationId application, EndpointId id, Time time);
/// A success ends the run of failures.
Result<void> note_recovered(Tx& tx, ApplicationId application, EndpointId id);
/// False if it is disabled already, or gone.
Result<bool> disable(Tx& tx, ApplicationId application, EndpointId id, model::DisabledReason reason, Time now);
Result<std::vector<model::Endpoint>> load_all_across_applications(Tx& tx);
Result<std::int64_t> count_enabled_across_applications(Tx& tx);

}  // namespace signpost::store::endpoints
