// SPDX-License-Identifier: Apache-2.0
//
// Sentences of the services and of the API name members of JSON; on the command line they must name its options.
// Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signpost::app {

struct OptionName {
  std::string_view member;  // "allowed_origins"
  std::string_view option;  // "--allowed-origin"
};

/// "allowed_origins[1]: …" becomes "--allowed-origin (number 2): …", "records[0].value: …" "--record (number 1) value:
/// …". A member that is a plain word is replaced at the beginning only: elsewhere it is just that word.
Error in_options(Error error, std::span<const OptionName> names);

}  // namespace signpost::app
