// SPDX-License-Identifier: Apache-2.0
//
// How a call to AWS fails: the kind that decides what to do next, AWS's own code, and a sentence with the way out.
// Values and pure functions; any thread. Never holds a secret. AwsResult<T> goes through TRY like Result<T>, becomes a
// Result<T> by itself, and takes an Error of ours.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signpost::cloud {

enum class AwsTrouble {
  kNoCredentials,       // none in the settings, the environment or the metadata
  kCredentialsExpired,  // they were good once; a new session is needed
  kCredentialsRefused,  // unknown key, or a secret that is not its own
  kClockWrong,          // ours and AWS's differ too much for a signature
  kAccessDenied,        // known, but not allowed: a missing permission, or a thing of another account
  kThrottled,           // still, at the end of the budget
  kUnavailable,         // AWS failed, still, at the end of the budget
  kUnreachable,         // no connection, or none in time
  kGarbled,             // an answer that is not AWS's
  kNotFound,
  kNotYet,               // just made, and not everywhere known
  kInUse,                // a certificate that something still uses, or lately did
  kConflict,             // another change of the same thing is under way
  kChanged,              // somebody changed it since it was read (412)
  kCertificateRefused,   // CloudFront does not take the certificate: missing, of another region, too new, bad chain
  kCertificateMismatch,  // what was to be imported does not fit together: key, chain, dates
  kAliasTaken,           // another distribution has the host name
  kAlreadyExists,        // made by an earlier try of the same call
  kLimitReached,         // a quota
  kInvalid,              // AWS refuses the request itself
};
/// "credentials_expired": for logs, metrics and rows.
std::string_view name_of(AwsTrouble trouble);

struct AwsError {
  AwsError(AwsTrouble trouble, std::string code, std::string message,
           std::optional<std::chrono::seconds> retry_after = std::nullopt);
  AwsError(Error error);                    // NOLINT: what net says of a call that did not come to an answer
  operator Error() const { return error; }  // NOLINT
  AwsTrouble trouble;
  std::string code;  // AWS's own: "CNAMEAlreadyExists"; empty if AWS did not answer
  std::string said;  // AWS's own words; empty where they could hold a part of the request's header
  Error error;
};

template <typename T>
using AwsResult = std::expected<T, AwsError>;

inline std::unexpected<AwsError> aws_fail(AwsTrouble trouble, std::string code, std::string message) {
  return std::unexpected(AwsError(trouble, std::move(code), std::move(message)));
}

/// Whether the same call may succeed a little later without anybody's doing.
bool heals_by_waiting(AwsTrouble trouble);

/// What AWS answered with a status of 300 or more: `action` is what was wanted ("describing the certificate …"), `code`
/// and `message` are AWS's.
AwsError aws_error_of(int status, std::string_view code, std::string_view message, std::string_view action);
/// The same where the caller knows better what the answer means.
AwsError aws_error(AwsTrouble trouble, std::string_view code, std::string_view said, std::string_view action);

}  // namespace signpost::cloud
