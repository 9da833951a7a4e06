// SPDX-License-Identifier: Apache-2.0
//
// URLs as answers hold them: whole, or relative to the one that was asked (RFC 3986 4.1, 5.2). Pure; any thread.
// What comes out is a Url like any other, held to the same rules.
#pragma once

#include <string_view>

#include "base/result.h"
#include "net/url.h"

namespace signpost::net {

/// The URL that `reference` ("/order/1", "../1", "https://ca.example/order/1") means in an answer of `base`. A fragment
/// is left out. kUnprocessable for what is no reference, and for what Url::parse refuses.
Result<Url> resolve(const Url& base, std::string_view reference);

}  // namespace signpost::net
