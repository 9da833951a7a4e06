// SPDX-License-Identifier: Apache-2.0
//
// Settings as people read them: `signpost config show` and docs/operating/configuration.md.
// Pure; any thread. No secret ever comes out.
#pragma once

#include <string>

#include "app/settings.h"

namespace signpost::app {

/// Valid TOML that means these settings, secrets masked; each line ends with where its value came from.
std::string show_settings(const LoadedSettings& loaded);

/// The same as one JSON object: {"api.listen": {"value": "…", "origin": "default"}, …}.
std::string show_settings_json(const LoadedSettings& loaded);

/// docs/operating/configuration.md, whole; a test holds the committed file against it.
std::string settings_documentation();

}  // namespace signpost::app
