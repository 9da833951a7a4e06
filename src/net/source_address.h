// SPDX-License-Identifier: Apache-2.0
//
// Whether connections can leave from an address.
// A function; any thread, blocks for no longer than a system call.
#pragma once

#include "base/result.h"
#include "net/task.h"

namespace signpost::net {

/// Binds a socket to it and lets it go. kUnprocessable with the reason if the address is not this machine's.
Result<void> check_source_address(const IpAddress& address);

}  // namespace signpost::net
