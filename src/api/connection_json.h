// SPDX-License-Identifier: Apache-2.0
//
// How a connection looks on /v1, as openapi.yaml describes it: the answer that is given most often.
// Pure; any thread. Members are always there; what is not known is null. Times are RFC 3339 in UTC. Metadata is shown
// as its writer spelled it, but for blanks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/connection.h"
#include "model/distribution.h"
#include "model/job.h"
#include "services/connections.h"
#include "services/search_engines.h"

namespace signpost::api {

/// What only a read of one connection shows.
struct ConnectionDetail {
  std::optional<services::LastObservation> observation;
  std::vector<model::Job> jobs;
  std::optional<model::Distribution> distribution = {};  // if CloudFront serves it
  std::optional<services::SearchView> search = {};
};
std::string to_json(const model::Connection& connection, const std::optional<ConnectionDetail>& detail = {});

}  // namespace signpost::api
