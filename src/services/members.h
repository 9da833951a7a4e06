// SPDX-License-Identifier: Apache-2.0
//
// The people of an application: who may receive deliveries, and who is told by mail when some fail.
// Plain functions over one transaction, as in applications.h; any thread. An application always has an Admin, and an
// endpoint always has an owner.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/application.h"
#include "services/administration.h"
#include "store/tx.h"

namespace signpost::services {

struct MemberWish {
  std::string name;                    // 1…kNameCharactersMax
  std::optional<std::string> email{};  // MailAddress
  model::Role role = model::Role::kDeveloper;
};
/// kUnprocessable with the member, kNotFound for the application, kConflict at model::kMembersMax.
Result<model::Member> create_member(store::Tx& tx, const Administration& by, ApplicationId application,
                                    const MemberWish& wish);

/// What to change; what is empty stays.
struct MemberChange {
  std::optional<std::string> name{};
  std::optional<std::optional<std::string>> email{};  // an empty inner value removes it
  std::optional<model::Role> role{};
};
/// kConflict for the last Admin who shall be something else. Endpoints of a member who loses the right to receive are
/// paused, and say so.
Result<model::Member> update_member(store::Tx& tx, const Administration& by, ApplicationId application, MemberId id,
                                    const MemberChange& change);
/// kConflict for the last Admin, and for one who owns endpoints.
Result<void> remove_member(store::Tx& tx, const Administration& by, ApplicationId application, MemberId id);
/// Oldest first.
Result<std::vector<model::Member>> list_members(store::Tx& tx, ApplicationId application);
/// kNotFound with a sentence.
Result<model::Member> find_member(store::Tx& tx, ApplicationId application, MemberId id);

}  // namespace signpost::services
