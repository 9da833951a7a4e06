// SPDX-License-Identifier: Apache-2.0
//
// The JSON that goes to Google and comes from it. Pure; any thread. What comes is a stranger's: bounded, and printable
// or refused.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"

namespace signpost::cloud {

/// {"site":{"type":"INET_DOMAIN","identifier":DOMAIN}}, with "verificationMethod" for a token.
std::string token_request_json(std::string_view domain);
std::string verify_request_json(std::string_view domain);
/// The member "token"; kProtocol if there is none, if it is over `bytes_max`, or holds what a TXT record should not.
Result<std::string> parse_verification_token(std::string_view json, std::size_t bytes_max);

struct TokenAnswer {
  crypto::Secret access_token;
  std::chrono::seconds lifetime{0};
};
/// RFC 6749 5.1. kProtocol for anything else.
Result<TokenAnswer> parse_token_answer(std::string_view json);

/// Why a call was refused. Forgiving, because it is about a failure already: what cannot be read is left out.
struct GoogleError {
  std::string reason;   // "rateLimitExceeded", "invalid_grant"; empty if it says none
  std::string message;  // printable
};
GoogleError parse_google_error(std::string_view json);

}  // namespace signpost::cloud
