// SPDX-License-Identifier: Apache-2.0
//
// The certificate authorities as the settings have them. Start-up; any thread.
#pragma once

#include <vector>

#include "app/settings.h"
#include "services/authorities.h"

namespace signpost::app {

/// In their order. kNotFound, kForbidden, kUnprocessable for a MAC key file that cannot be used.
Result<std::vector<services::AuthoritySettings>> authority_settings(const Settings& settings);

}  // namespace signpost::app
