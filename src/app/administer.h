// SPDX-License-Identifier: Apache-2.0
//
// Administrative acts of commands, in the name that the audit log gives them.
// A function of the main thread.
#pragma once

#include "app/store_session.h"

namespace signpost::app {

constexpr const char* kCommandLineActor = "command line";

/// Runs the act in a write transaction.
template <typename T, typename Act>
Result<T> administer(StoreSession& session, Act act) {
  const auto by = session.administration(kCommandLineActor);
  return session.storage().write_now<T>([&](store::Tx& tx) -> Result<T> { return act(tx, by); });
}

}  // namespace signpost::app
