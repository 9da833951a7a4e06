// SPDX-License-Identifier: Apache-2.0
//
// Why an authority did not do what it was asked: its problem document (RFC 7807, 8555 6.7), and what sort of trouble
// that is for us. Values; any thread. A problem is text of a stranger: bounded and printable once it is one of these.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace signpost::acme {

/// What a caller can do about it. `name_of` is stable and may be stored.
enum class Trouble {
  // Of one name or one order.
  kCaa,                // a CAA record forbids the authority
  kDns,                // the authority's look-up failed
  kConnection,         // the authority could not connect for validation
  kUnauthorized,       // validation saw something else, or the account may not do this
  kIncorrectResponse,  // the challenge's answer is not the one required
  kTls,                // validation failed in TLS
  kIdentifierRefused,  // the authority never certifies this name
  kBadRequest,         // the certification request does not suit the order
  kBadProfile,         // the authority does not have that profile, or not for this order
  kOrderNotReady,      // finalize came too early: poll the order
  kAlreadyReplaced,    // `replaces` names a certificate that has a successor (RFC 9773 5): order without it
  kAlreadyRevoked,     // revocation has nothing left to do
  kNotFound,           // the order, authorization or certificate is gone: begin anew
  // Of the account.
  kRateLimited,            // not before error.retry_after
  kAccountGone,            // the account is unknown or deactivated: make another
  kTermsChanged,           // somebody must agree to new terms first; problem->instance says where
  kExternalAccountNeeded,  // accounts need an external account binding, or the one given was refused
  kBadContact,             // a contact of the account
  kBadKey,                 // the account's key or its algorithm is refused, or the key is another account's
  // Of the authority, or of the way there.
  kTryLater,     // it is out of order (5xx, serverInternal): another time, or another authority
  kUnreachable,  // no answer: network, TLS, timeout
  kNonsense,     // what it said is not ACME, or over a limit
  kRefused,      // any other problem: see problem->type; most likely a fault of ours
};

/// "caa", "rate_limited", "account_gone" …
std::string_view name_of(Trouble trouble);
std::optional<Trouble> parse_trouble(std::string_view name);

struct Subproblem {
  std::string type;  // as Problem has it
  std::string detail;
  std::string identifier;  // the name it is about; empty if it is about none
};

struct Problem {
  static constexpr std::size_t text_bytes_max = 2000;  // of each text; longer ones are cut
  static constexpr std::size_t subproblems_max = 100;  // further ones are dropped

  std::string type;  // "rateLimited"; another namespace than urn:ietf:params:acme:error: stays whole
  std::string detail;
  std::string instance;  // for userActionRequired: where a human must go
  int status = 0;        // 0 if it says none
  std::vector<Subproblem> subproblems;

  /// One line for people: "caa: CAA record for shop.example prevents issuance (www.shop.example: …)".
  std::string in_words() const;
  /// The trouble it stands for; `compound` (RFC 8555 6.7.1) and types unknown: that of the first subproblem that has
  /// one.
  Trouble trouble() const;
};

/// Why a call failed: the trouble to decide by, a sentence to show, and the problem document if there was one.
struct Failure {
  Trouble trouble = Trouble::kRefused;
  Error error;  // the sentence; retry_after, if the authority said when to come again
  std::optional<Problem> problem;

  Failure(Trouble what, Error why, std::optional<Problem> said = std::nullopt)
      : trouble(what), error(std::move(why)), problem(std::move(said)) {}
  /// Of the network: what broke below ACME.
  Failure(Error below);                     // NOLINT: so that TRY passes a Result's error on
  operator Error() const { return error; }  // NOLINT: so that TRY passes it on into a Result
};

/// The answer of an authority, or why there is none.
template <typename T>
using Outcome = std::expected<T, Failure>;

}  // namespace signpost::acme
