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

Result<void> insert(Tx& tx, const model::Endpoint& endpoint);
Result<std::optional<model::Endpoint>> find(Tx& tx, ApplicationId application, EndpointId id);
/// Oldest first; at most model::kEndpointsMax.
Result<std::vector<model::Endpoint>> list_of_application(Tx& tx, ApplicationId application);
/// The enabled ones whose owner's role may receive deliveries: to whom an event fans out, oldest first.
Result<std::vector<model::Endpoint>> list_receiving(Tx& tx, ApplicationId application);
/// Everything but id, application and created_at; false if there is no such endpoint.
Result<bool> update(Tx& tx, const model::Endpoint& endpoint);
Result<bool> remove(Tx& tx, ApplicationId application, EndpointId id);
Result<std::vector<model::Endpoint>> load_all_across_applications(Tx& tx);

}  // namespace signpost::store::endpoints
