// SPDX-License-Identifier: Apache-2.0
//
// The table of API keys, by digest. Free functions on a Tx; the caller bumps directory_revision with every change.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/application.h"
#include "store/page.h"
#include "store/tx.h"

namespace signpost::store::api_keys {

constexpr std::int32_t kKeysMax = 100'000;

Result<void> insert(Tx& tx, const model::ApiKey& key);
/// Revoked ones too; before an application is known, so across all.
Result<std::optional<model::ApiKey>> find_by_digest_across_applications(Tx& tx, std::string_view digest);
/// Newest first, revoked ones too. The first form also shows admin keys.
Result<Page<model::ApiKey>> list_across_applications(Tx& tx, const PageRequest<KeyId>& page);
Result<Page<model::ApiKey>> list(Tx& tx, ApplicationId application, const PageRequest<KeyId>& page);
/// False if the application has no such key or it is revoked already.
Result<bool> revoke(Tx& tx, ApplicationId application, KeyId id, Time at);
/// The operator's form: any key, admin keys too.
Result<bool> revoke_across_applications(Tx& tx, KeyId id, Time at);
/// For the snapshot: those that are not revoked.
Result<std::vector<model::ApiKey>> load_all_across_applications(Tx& tx);

}  // namespace signpost::store::api_keys
