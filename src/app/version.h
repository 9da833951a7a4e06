// SPDX-License-Identifier: Apache-2.0
//
// The program's version; a test holds it against the build files and the changelog.
// A constant; any thread.
#pragma once

#include <string_view>

namespace signpost::app {

constexpr std::string_view kVersion = "0.1.0";

}  // namespace signpost::app
