// SPDX-License-Identifier: Apache-2.0
//
// `signpost config check|show|docs`: what a settings file means, before a server trusts it.
// Functions of the main thread.
#pragma once

#include <filesystem>

#include "app/console.h"

namespace signpost::app {

/// Prints "FILE is good" or fails with the sentence that says what is wrong.
Result<Exit> config_check(Console& console, const std::filesystem::path& file);
/// Prints what holds and where each value comes from, secrets masked.
Result<Exit> config_show(Console& console, const std::filesystem::path& file, OutputForm form);
/// Prints docs/operating/configuration.md.
Result<Exit> config_docs(Console& console);

}  // namespace signpost::app
