// SPDX-License-Identifier: Apache-2.0
//
// What the clock showed when Signpost was last at work, so that a start can tell that it was set back meanwhile. Free
// functions on a Tx. Not exact: whoever notes it does so a few times a minute.
#pragma once

#include "base/time.h"
#include "store/tx.h"

namespace signpost::store::last_run {

Result<void> note(Tx& tx, Time now);
/// 1970 if it has never run.
Result<Time> noted(Tx& tx);

}  // namespace signpost::store::last_run
