// SPDX-License-Identifier: Apache-2.0
//
// `signpost serve`: first start, running, and an orderly end.
// A function of the main thread, which does nothing but wait meanwhile.
#pragma once

#include "app/console.h"
#include "app/store_session.h"

namespace signpost::app {

/// Returns when a stop signal has come and all has ended; a second signal ends the process at once. Standard output
/// tells where it listens and, at the first start, the admin key; the log goes to standard error.
Result<Exit> serve(Console& console, const StoreOptions& options);

}  // namespace signpost::app
