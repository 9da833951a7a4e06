// SPDX-License-Identifier: Apache-2.0
//
// What a caller writes beside a change, in its transaction: a line in the audit log. It may run twice.
#pragma once

#include <functional>

#include "base/result.h"
#include "store/tx.h"

namespace signpost::services {

using AlsoInTx = std::function<Result<void>(store::Tx&)>;

}  // namespace signpost::services
