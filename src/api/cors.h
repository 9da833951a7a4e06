// SPDX-License-Identifier: Apache-2.0
//
// Which browser pages may call us and read the answer (the Fetch standard's CORS protocol), per application.
// Pure; any thread. Only routes meant for browsers take part; credentials travel in Authorization, never in cookies.
#pragma once

#include "api/exchange.h"
#include "api/router.h"

namespace signpost::api {

/// The answer to an OPTIONS request, before authentication: no application is known yet, so an origin that any
/// application allows may go on to the real request, whose answer is then judged by that request's own application.
net::Response preflight(const Router& router, const services::DirectorySnapshot& directory,
                        const net::Request& request);

/// Lets the page read the answer if the request's application allows its origin; where a request was refused before its
/// application was known, any application's origin may read why. Always `Vary: Origin` on such routes.
void allow_origin(net::Response& response, const Exchange& exchange, const Router& router);

constexpr int kPreflightSeconds = 600;  // how long a browser may remember it: a removed origin works that long

}  // namespace signpost::api
