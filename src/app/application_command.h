// SPDX-License-Identifier: Apache-2.0
//
// `signpost app …` and `signpost key …`: applications, their secrets, and API keys, on the store itself.
// Functions of the main thread. They need no running server; one that runs notices within half a second.
// A secret is printed by the act that makes it and never again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/console.h"
#include "app/store_session.h"
#include "services/applications.h"

namespace signpost::app {

enum class Confirmed { kNo, kYes };

Result<Exit> app_create(Console& console, const StoreOptions& store, const services::ApplicationWish& wish,
                        OutputForm form);
Result<Exit> app_list(Console& console, const StoreOptions& store, OutputForm form);
Result<Exit> app_show(Console& console, const StoreOptions& store, const std::string& id, OutputForm form);
Result<Exit> app_rotate_secret(Console& console, const StoreOptions& store, const std::string& id, Milliseconds overlap,
                               OutputForm form);
Result<Exit> app_promote_secret(Console& console, const StoreOptions& store, const std::string& id);
/// Without confirmation it says what it would delete and fails.
Result<Exit> app_delete(Console& console, const StoreOptions& store, const std::string& id, Confirmed confirmed);

/// `application` empty: an admin key.
Result<Exit> key_create(Console& console, const StoreOptions& store, const std::string& name,
                        const std::string& application, OutputForm form);
Result<Exit> key_list(Console& console, const StoreOptions& store, OutputForm form);
Result<Exit> key_revoke(Console& console, const StoreOptions& store, const std::string& id);

}  // namespace signpost::app
