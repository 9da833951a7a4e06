// SPDX-License-Identifier: Apache-2.0
//
// The table of an application's members. Free functions on a Tx; the caller bumps directory_revision with every change.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/application.h"
#include "store/tx.h"

namespace signpost::store::members {

constexpr std::int32_t kMembersMax = 100'000;
constexpr std::int32_t kMembersOfApplicationMax = 1'000;

Result<void> insert(Tx& tx, const model::Member& member);
Result<std::optional<model::Member>> find(Tx& tx, ApplicationId application, MemberId id);
/// Oldest first.
Result<std::vector<model::Member>> list(Tx& tx, ApplicationId application);
/// Name, role and mail address; false if there is no such member.
Result<bool> update(Tx& tx, const model::Member& member);
/// kConflict while the member owns an endpoint; false if there is no such member.
Result<bool> remove(Tx& tx, ApplicationId application, MemberId id);
Result<std::vector<model::Member>> load_all_across_applications(Tx& tx);

}  // namespace signpost::store::members
