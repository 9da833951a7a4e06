// SPDX-License-Identifier: Apache-2.0
//
// How an organization is named. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"

namespace signpost::services {

/// [A-Za-z0-9_-]{1,128}; kUnprocessable at the member "organization" otherwise.
Result<void> check_organization(std::string_view slug);

}  // namespace signpost::services
