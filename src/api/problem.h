// SPDX-License-Identifier: Apache-2.0
//
// Where an Error becomes HTTP: the only file that knows which kind is which status (RFC 9457).
// Pure; any thread. A problem never shows more than the error's own sentence; a bug of ours shows none at all.
#pragma once

#include <string_view>

#include "base/result.h"
#include "net/http_message.h"
#include "net/http_server.h"

namespace signpost::api {

/// 400 … 504.
int status_of(Kind kind);

/// application/problem+json with type, title, status, detail and, where known, the member at fault. Carries
/// Retry-After, WWW-Authenticate (RFC 9110 11.6.1) where the status wants one.
net::Response problem(const Error& error);
/// The same for what the HTTP server refuses by itself, whose statuses no kind has (417, 431, 501).
net::Response problem(const net::Refusal& refusal);

/// Retry-After of a problem that names none but whose status needs one: a moment.
constexpr std::chrono::seconds kRetrySoon{1};

}  // namespace signpost::api
