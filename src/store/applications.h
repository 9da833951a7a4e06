// SPDX-License-Identifier: Apache-2.0
//
// The table of applications. Free functions on a Tx; the caller bumps directory_revision with every change.
// Deleting an application deletes everything that is its own, by the database's own rules; the audit log stays.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/application.h"
#include "store/page.h"
#include "store/tx.h"

namespace signpost::store::applications {

constexpr std::int32_t kApplicationsMax = 10'000;

Result<void> insert(Tx& tx, const model::Application& application);
Result<std::optional<model::Application>> find(Tx& tx, ApplicationId id);
/// Its cname_target alone, as text: every event needs it. kNotFound if there is no such application.
Result<std::optional<std::string>> cname_target(Tx& tx, ApplicationId id);
/// Newest first.
Result<Page<model::Application>> list_across_applications(Tx& tx, const PageRequest<ApplicationId>& page);
/// Everything but id and created_at; false if there is no such application.
Result<bool> update(Tx& tx, const model::Application& application);
Result<bool> remove(Tx& tx, ApplicationId id);
/// Another one than `but` whose identity rule takes every token of the issuer.
Result<std::optional<ApplicationId>> find_of_any_audience_across_applications(Tx& tx, std::string_view issuer,
                                                                              ApplicationId but);
/// For the snapshot; kTooLarge above kApplicationsMax.
Result<std::vector<model::Application>> load_all_across_applications(Tx& tx);

}  // namespace signpost::store::applications
