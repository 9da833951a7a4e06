// SPDX-License-Identifier: Apache-2.0
//
// `signpost mail test`: does the mail server of the settings take our mail?
// A function of the main thread. It needs neither a running server nor a database.
#pragma once

#include <filesystem>
#include <string>

#include "app/console.h"

namespace signpost::app {

/// Sends one mail and says what the mail server said.
Result<Exit> mail_test(Console& console, const std::filesystem::path& config, const std::string& address);

}  // namespace signpost::app
