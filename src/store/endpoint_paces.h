// SPDX-License-Identifier: Apache-2.0
//
// The table of paces: which endpoints are sent to more slowly, and until when not at all. Free functions on a Tx.
// Written in the transaction in which the attempt ends that changes it; claims read it beside what is due.
#pragma once

#include <optional>
#include <vector>

#include "base/id.h"
#include "model/endpoint_pace.h"
#include "store/claim.h"
#include "store/tx.h"

namespace signpost::store::endpoint_paces {

/// An endpoint with a rate waits for its next turn at most as long as this: the least rate is one a second.
constexpr Milliseconds kTurnMax{1'000};

struct EndpointWithPace {
  EndpointId endpoint;
  model::EndpointPace pace;
};

/// Of the loop's partitions; in order of their endpoints.
Result<std::vector<EndpointWithPace>> load_across_applications(Tx& tx, Loop loop);
Result<std::optional<model::EndpointPace>> find(Tx& tx, EndpointId endpoint);
/// Nothing: it has none any more. An endpoint that is gone gets none.
Result<void> save(Tx& tx, EndpointId endpoint, const std::optional<model::EndpointPace>& pace);
/// Neither pause nor turn: who repaired the endpoint need not wait for what it was.
Result<void> forget(Tx& tx, EndpointId endpoint);
/// Pauses of the loop's endpoints that lie behind `now` end earlier by as much as the clock stepped back, and no turn
/// is further away than one can be.
Result<void> pull_back(Tx& tx, const PullBack& request);

}  // namespace signpost::store::endpoint_paces
