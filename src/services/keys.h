// SPDX-License-Identifier: Apache-2.0
//
// API keys: `sp_` and 64 hex digits. Only the digest is kept; the key itself is shown once.
// Plain functions; any thread. A key of 256 random bits needs no slow hash: nobody can try them all.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/applications.h"
#include "services/directory.h"

namespace signpost::services {

constexpr std::string_view kKeyPrefix = "sp_";
constexpr std::size_t kLiveKeysMax = 10'000;  // not revoked, in one database

struct NewKey {
  model::ApiKey key;
  std::string text;  // shown once
};
/// An admin key, or one for one application only. kUnprocessable for the name, kNotFound for the application, kConflict
/// at kLiveKeysMax.
Result<NewKey> create_key(store::Tx& tx, const Administration& by, const std::string& name,
                          std::optional<ApplicationId> application);
/// Newest first, revoked ones included.
Result<store::Page<model::ApiKey>> list_keys(store::Tx& tx, const store::PageRequest<KeyId>& page);
/// kNotFound if there is no such key or it is revoked already.
Result<void> revoke_key(store::Tx& tx, const Administration& by, KeyId id);

/// The key that `text` is; null for anything else. By digest, so the time tells nothing about other keys.
const model::ApiKey* authenticate_key(const DirectorySnapshot& directory, std::string_view text);

}  // namespace signpost::services
