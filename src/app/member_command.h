// SPDX-License-Identifier: Apache-2.0
//
// `signpost member …`: the people of an application, on the store itself.
// Functions of the main thread. They need no running server.
#pragma once

#include <string>

#include "app/console.h"
#include "app/store_session.h"
#include "services/members.h"

namespace signpost::app {

Result<Exit> member_add(Console& console, const StoreOptions& store, const std::string& application,
                        const services::MemberWish& wish, OutputForm form);
Result<Exit> member_list(Console& console, const StoreOptions& store, const std::string& application, OutputForm form);
Result<Exit> member_set_role(Console& console, const StoreOptions& store, const std::string& application,
                             const std::string& id, model::Role role);
Result<Exit> member_remove(Console& console, const StoreOptions& store, const std::string& application,
                           const std::string& id);

}  // namespace signpost::app
