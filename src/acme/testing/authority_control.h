// SPDX-License-Identifier: Apache-2.0
//
// How a test in another process tells the authority what to do: JSON over HTTP, on a listener of its own.
// A function; any thread. Whatever it does not understand it refuses, so that no test believes in a choice that was not
// made.
#pragma once

#include "acme/testing/authority.h"
#include "net/http_message.h"

namespace signpost::acme::testing {

/// POST /choices {members of Choices, any of them}; POST /canned {members of Canned}: once more; POST /txt {"name",
/// "values"}; POST /accounts {"forget" or "deactivate": true}; POST /orders {"expire": true}; POST /window
/// {"renewal_id", "start", "end"}; POST /base {"url"}: it is seen there; GET /state: {"issued", "serials", "revoked",
/// "requests": {resource: count}, "root"}. 400 and a sentence for anything else.
net::Response control(Authority& authority, const net::Request& request);

}  // namespace signpost::acme::testing
