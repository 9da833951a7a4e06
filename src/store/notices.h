// SPDX-License-Identifier: Apache-2.0
//
// The table of what people are still to be told by mail. Free functions on a Tx. A notice goes with its delivery, its
// endpoint and its application: then nobody needs it any more.
#pragma once

#include <cstdint>
#include <vector>

#include "model/notice.h"
#include "store/tx.h"

namespace signpost::store::notices {

Result<void> insert(Tx& tx, const model::Notice& notice);
/// Oldest first, at most kListedMax.
constexpr std::int32_t kListedMax = 100;
Result<std::vector<model::Notice>> list(Tx& tx, ApplicationId application);

}  // namespace signpost::store::notices
