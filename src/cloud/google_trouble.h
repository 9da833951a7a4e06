// SPDX-License-Identifier: Apache-2.0
//
// Why Google did not do what it was asked, and what helps. Values; any thread.
// Text of Google's is bounded and printable once it is in one of these; no token and no key is ever.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace signpost::cloud {

enum class GoogleTrouble {
  kNotSeen,            // the verification token is not at the domain yet
  kCredentialRefused,  // the credential is unknown, withdrawn or expired
  kForbidden,          // the API is not enabled, or the account may not do this
  kQuota,              // too many requests, or the account has all the sites that it may have
  kTryLater,           // out of order, or no answer
  kRefused,            // any other refusal: most likely a fault of ours
  kNonsense,           // the answer is not what the API promises, or over a limit
};
std::string_view name_of(GoogleTrouble trouble);  // "not_seen"

struct GoogleFailure {
  GoogleTrouble trouble = GoogleTrouble::kRefused;
  Error error;  // the sentence with the way out; retry_after, if Google said when to come again

  GoogleFailure(GoogleTrouble what, Error why) : trouble(what), error(std::move(why)) {}
};

template <typename T>
using GoogleOutcome = std::expected<T, GoogleFailure>;

}  // namespace signpost::cloud
