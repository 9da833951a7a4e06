// SPDX-License-Identifier: Apache-2.0
//
// The table of which organization has had which authorization of an authority. Free functions on a Tx.
// All organizations have one account at the authority, which may hand an authorization of one order to the next (RFC
// 8555, 7.1.4 and 7.4.1): then what it proves may be another organization's. So rows outlive the connection, its
// certificate and its order, for as long as an authority may reuse what was proven.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/id.h"
#include "base/time.h"
#include "store/tx.h"

namespace signpost::store::authorizations {

/// An order of this organization has the authorization; `is_pending`: nothing is proven by it yet. The first word on
/// that stays.
Result<void> note(Tx& tx, std::string_view url, ApplicationId application, std::string_view organization,
                  bool is_pending, Time now);

struct Past {
  bool is_of_another = false;  // another organization has had it as well
  bool was_pending = false;    // this one had it before anything was proven by it
};
Result<Past> find(Tx& tx, std::string_view url, ApplicationId application, std::string_view organization);

/// Retention: at most `limit` of those noted last before `time`; returns how many.
Result<std::int64_t> remove_before_across_applications(Tx& tx, Time time, std::int32_t limit);

}  // namespace signpost::store::authorizations
