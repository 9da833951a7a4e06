// SPDX-License-Identifier: Apache-2.0
//
// What a request shows of its caller. Pure; any thread. Views into the request.
#pragma once

#include <string_view>

#include "net/http_message.h"

namespace signpost::api {

/// The token of `Authorization: Bearer …` (RFC 6750 2.1); empty if there is none.
std::string_view bearer_of(const net::Request& request);
/// The same, or the whole value if it names no scheme: integrations written for Entri send both forms.
std::string_view bearer_or_bare_of(const net::Request& request);

}  // namespace signpost::api
