// SPDX-License-Identifier: Apache-2.0
//
// Who calls /api/domain/…/{org_id}, and which connection of the organization is meant.
// Pure but for the desk; the loop of its request.
#pragma once

#include <optional>

#include "api/desk.h"
#include "api/exchange.h"
#include "base/host_name.h"
#include "net/task.h"
#include "services/identity.h"

namespace signpost::api {

/// Who calls, by the organization's token; kForbidden if the path (`{org_id}`, its first capture) is another
/// organization's. Takes from the caller's limit.
Task<Result<services::OrganizationIdentity>> authenticate_organization(Desk& desk, Exchange& exchange);

/// The same for what crons call as well: with an application's API key, too, which may name any organization of its
/// application.
Task<Result<services::OrganizationIdentity>> authenticate_organization_or_key(Desk& desk, Exchange& exchange);

/// `?host=` chooses among several connections of one organization.
Result<std::optional<HostName>> host_of(const Exchange& exchange);

/// Bodies that the contract does not have are ignored, but what is there must be JSON.
Result<void> ignore_body(Desk& desk, const Exchange& exchange);

}  // namespace signpost::api
