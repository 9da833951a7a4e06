// SPDX-License-Identifier: Apache-2.0
//
// From what was seen to what is wrong: every cause that holds, with the fix and who said so.
// Pure; any thread.
#pragma once

#include <vector>

#include "dns/cause.h"
#include "dns/facts.h"

namespace signpost::dns {

/// Most decisive first, at most kFindingsMax. A record that is not propagated has at least one.
std::vector<Finding> diagnose(const Facts& facts);

}  // namespace signpost::dns
