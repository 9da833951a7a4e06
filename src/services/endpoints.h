// SPDX-License-Identifier: Apache-2.0
//
// Administration of endpoints: where an application's events go.
// Plain functions over one transaction, as in applications.h; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/application.h"
#include "services/administration.h"
#include "store/tx.h"

namespace signpost::services {

struct EndpointWish {
  std::string url;                       // http or https (net::Url)
  std::vector<std::string> event_types;  // known names; empty: every type of the Entri contract
  bool is_enabled = true;
  bool sends_v1 = true;
  bool v1_covers_body = false;
  bool v2_is_hmac = false;
};
/// Owned by the application's first Admin. kConflict at kEndpointsMax.
Result<model::Endpoint> create_endpoint(store::Tx& tx, const Administration& by, ApplicationId id,
                                        const EndpointWish& wish);

struct EndpointChange {
  std::optional<std::string> url;
  std::optional<std::vector<std::string>> event_types;
  std::optional<bool> is_enabled, sends_v1, v1_covers_body, v2_is_hmac;
};
/// kNotFound for another application's.
Result<model::Endpoint> update_endpoint(store::Tx& tx, const Administration& by, ApplicationId application,
                                        EndpointId id, const EndpointChange& change);
Result<void> remove_endpoint(store::Tx& tx, const Administration& by, ApplicationId application, EndpointId id);
Result<std::vector<model::Endpoint>> list_endpoints(store::Tx& tx, ApplicationId id);

}  // namespace signpost::services
