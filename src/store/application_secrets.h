// SPDX-License-Identifier: Apache-2.0
//
// The table of client secrets, sealed: the application's, and those of single endpoints. Free functions on a Tx; the
// caller bumps directory_revision with every change.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/application.h"
#include "store/tx.h"

namespace signpost::store::application_secrets {

constexpr std::int32_t kSecretsMax = 100'000;
constexpr std::int32_t kSecretsOfApplicationMax = 100;  // expired ones included; the newest are listed

Result<void> insert(Tx& tx, const model::ApplicationSecret& secret);
/// Newest first, expired ones too; none of an endpoint's own.
Result<std::vector<model::ApplicationSecret>> list(Tx& tx, ApplicationId application);
/// The endpoint's own, newest first, expired ones too.
Result<std::vector<model::ApplicationSecret>> list_of_endpoint(Tx& tx, ApplicationId application, EndpointId endpoint);
/// The secret ends at `at`; false if there is no such secret.
Result<bool> expire(Tx& tx, ApplicationId application, SecretId id, Time at);
/// From now on the Entri headers are signed with it (the newest promoted live one counts).
Result<bool> promote(Tx& tx, ApplicationId application, SecretId id);
Result<bool> remove(Tx& tx, ApplicationId application, SecretId id);
Result<std::vector<model::ApplicationSecret>> load_all_across_applications(Tx& tx);

}  // namespace signpost::store::application_secrets
