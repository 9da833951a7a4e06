// SPDX-License-Identifier: Apache-2.0
//
// The table of webhooks that were taken, by their replay key, so that one that comes again changes nothing. Free
// functions on a Tx.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/id.h"
#include "store/tx.h"

namespace signpost::store::received_webhooks {

/// False: this application has taken it already, nothing is written.
Result<bool> insert_if_absent(Tx& tx, ApplicationId application, std::string_view replay_key, Time received_at);
/// Retention: at most `limit` of those received before `time`; returns how many.
Result<std::int64_t> remove_before_across_applications(Tx& tx, Time time, std::int32_t limit);

}  // namespace signpost::store::received_webhooks
