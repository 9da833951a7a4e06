// SPDX-License-Identifier: Apache-2.0
//
// Several tasks at once, and on when the last has ended.
// The tasks belong to the caller, whose locals they may use: none outlives the call, not even if the caller is
// cancelled.
#pragma once

#include <vector>

#include "net/task.h"

namespace signpost::dns {

/// Runs them on the caller's loop. A cancellation of the caller reaches them; it throws at the caller's next co_await.
Task<void> together(std::vector<Task<void>> tasks);

}  // namespace signpost::dns
