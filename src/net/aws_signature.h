// SPDX-License-Identifier: Apache-2.0
//
// What a call to AWS is signed with (Signature Version 4), and the form in which libcurl signs it truly.
// Values and pure functions; any thread. libcurl makes the signature; it signs what it is given as it stands, so a call
// must be canonical before: query sorted, every parameter with its '=', path of plain characters, headers in one order.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/secret.h"
#include "net/http_message.h"

namespace signpost::net {

struct AwsSignature {
  std::string region;   // "us-east-1"
  std::string service;  // "acm"
  std::string access_key_id;
  crypto::Secret secret_access_key;
  crypto::Secret session_token;  // empty: keys that do not expire
};

/// Over it libcurl would wait for "100 Continue", and the field that forbids that would be signed without being sent.
constexpr std::size_t kSignedBodyBytesMax = 1024 * 1024;

/// The target ("/path?query") as AWS reads it when it checks the signature: parameters by name, then value, each with
/// its '=', percent-encoding upper case and only where RFC 3986 needs it. kUnprocessable for a path with other than
/// unreserved characters and '/' (AWS encodes it twice, libcurl not at all) or with empty, "." and ".." segments, for
/// '+', which readers take for a blank or not, and for a '%' without two hex digits.
Result<std::string> signable_target(std::string_view target);

/// kUnprocessable for a header that libcurl would send and sign differently: an empty value, two blanks in a row, a
/// name that comes twice or begins with another's name, Authorization and X-Amz-Date, which are the signature's own.
Result<void> check_signable(const std::vector<Header>& headers);

}  // namespace signpost::net
