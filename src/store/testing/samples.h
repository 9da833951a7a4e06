// SPDX-License-Identifier: Apache-2.0
//
// Ordinary rows for tests: every one complete, its number making it distinct.
// Values; any thread.
#pragma once

#include <string>

#include "model/application.h"
#include "model/connection.h"
#include "model/delivery.h"
#include "model/event.h"
#include "store/tx.h"

namespace signpost::store::testing {

inline constexpr Time kNow = from_ms(1'780'000'000'000);

model::Application application(std::int64_t number);
model::Member member(std::int64_t number, ApplicationId application, model::Role role = model::Role::kAdmin);
model::Endpoint endpoint(std::int64_t number, ApplicationId application, MemberId owner);
model::ApiKey api_key(std::int64_t number, std::optional<ApplicationId> application = std::nullopt);
/// Two records; job id "job-NUMBER".
model::Connection connection(std::int64_t number, ApplicationId application, const std::string& organization = "acme",
                             const std::string& host = "www.shop.example");
model::Event event(std::int64_t number, const model::Connection& connection);
model::Delivery delivery(std::int64_t number, const model::Event& event, EndpointId endpoint, Time due = kNow);

/// The tenant numbered so: application, an admin member, an endpoint, all with that number.
Result<void> insert_tenant(Tx& tx, std::int64_t number);
/// The event of that number and its delivery of the same number.
Result<void> insert_delivery(Tx& tx, std::int64_t number, const model::Connection& connection, EndpointId endpoint,
                             Time due = kNow);

}  // namespace signpost::store::testing
