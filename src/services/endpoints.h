// SPDX-License-Identifier: Apache-2.0
//
// Administration of endpoints: where an application's events go, how they are sent, and whose they are.
// Plain functions over one transaction, as in applications.h; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "model/application.h"
#include "net/http_message.h"
#include "services/administration.h"
#include "store/tx.h"

namespace signpost::services {

/// An endpoint, and what its owner's role means for it.
struct EndpointView {
  model::Endpoint endpoint;
  model::Role owner_role = model::Role::kViewer;
};

/// What to change; what is empty stays. An empty inner value removes what was there.
struct EndpointChange {
  std::optional<std::string> url{};                       // http or https, allowed by Administration::targets
  std::optional<MemberId> owner{};                        // a member of the application, of any role
  std::optional<std::vector<std::string>> event_types{};  // known names; empty: every type of the Entri contract
  std::optional<bool> is_enabled{}, sends_v1{}, v1_covers_body{}, v2_is_hmac{};
  std::optional<Milliseconds> timeout{};  // whole seconds, model::kTimeoutMin…kTimeoutMax
  std::optional<model::RetrySchedule> schedule{};
  /// All of them. The value kMaskedValue keeps what the header of that name has.
  std::optional<std::vector<net::Header>> headers{};
  std::optional<std::optional<std::int32_t>> rate_per_second{}, in_flight_max{};
};
/// What is shown in place of a header's value.
constexpr std::string_view kMaskedValue = "***";

struct EndpointWish {
  std::string url;
  std::optional<std::string> secret{};  // its own, as check_secret takes it; empty: the application's sign
  EndpointChange more{};                // its url is not looked at; the owner is the first Admin if it names none
};
/// kUnprocessable with the member; kConflict at model::kEndpointsMax.
Result<EndpointView> create_endpoint(store::Tx& tx, const Administration& by, ApplicationId id,
                                     const EndpointWish& wish);

/// kNotFound for another application's. Enabling begins a new life, and so does another URL: what failed before does
/// not count, and it is sent to at once.
Result<EndpointView> update_endpoint(store::Tx& tx, const Administration& by, ApplicationId application, EndpointId id,
                                     const EndpointChange& change);
Result<void> remove_endpoint(store::Tx& tx, const Administration& by, ApplicationId application, EndpointId id);
Result<EndpointView> find_endpoint(store::Tx& tx, ApplicationId application, EndpointId id);
/// Oldest first.
Result<std::vector<EndpointView>> list_endpoints(store::Tx& tx, ApplicationId id);

}  // namespace signpost::services
