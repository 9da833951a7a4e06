// SPDX-License-Identifier: Apache-2.0
//
// Text as one piece of a URL's path or of a form (RFC 3986 2.1). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace signpost::cloud {

/// All but unreserved characters become %XX: "https://a/" is "https%3A%2F%2Fa%2F".
std::string percent_encoded(std::string_view text);

}  // namespace signpost::cloud
