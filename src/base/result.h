// SPDX-License-Identifier: Apache-2.0
//
// Errors are values: every function that can fail in an expected way returns Result<T>.
// Values; any thread. An Error's message is a sentence for its reader (what was wanted, what was found, what to
// do) and never holds a secret. Exceptions are left for bugs and start-up.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace signpost {

/// What sort of failure it is; api/problem.cc turns each into one HTTP status.
enum class Kind {
  kInvalid,           // malformed input: wrong type, not JSON, unknown member
  kUnprocessable,     // well-formed input whose value breaks a rule
  kUnauthenticated,   // no proof of identity, or a bad one
  kForbidden,         // known, but not allowed
  kNotFound,          // no such thing for this caller
  kConflict,          // the state does not allow it; the message names the state and the way out
  kTooLarge,          // over a limit
  kUnsupportedMedia,  // wrong content type
  kMethodNotAllowed,  // the path exists, the method does not
  kRateLimited,       // ask again after retry_after
  kUnavailable,       // we cannot right now: disk full, database locked, shutting down
  kTimeout,           // a named budget ran out
  kRefused,           // the address policy forbids the target
  kNetwork,           // could not connect, or the connection broke
  kProtocol,          // the peer spoke nonsense
  kInternal,          // a bug of ours
};

/// The kind's stable name, as logs and problems show it: "conflict".
const char* name_of(Kind kind);

struct Error {
  Kind kind = Kind::kInternal;
  std::string message;
  std::string member;  // the input member at fault as a path ("records[0].type"), empty if none
  std::optional<std::chrono::seconds> retry_after;
};

template <typename T>
using Result = std::expected<T, Error>;

/// `return fail(Kind::kConflict, "step 2 needs …");`
inline std::unexpected<Error> fail(Kind kind, std::string message, std::string member = {}) {
  return std::unexpected(Error{kind, std::move(message), std::move(member), std::nullopt});
}

}  // namespace signpost

// A name of its own for each unwrapping, so that one may stand inside another.
#define SIGNPOST_JOIN_INNER(a, b) a##b
#define SIGNPOST_JOIN(a, b) SIGNPOST_JOIN_INNER(a, b)
#define SIGNPOST_UNWRAP(name, expression, leave)               \
  ({                                                           \
    auto name = (expression);                                  \
    if (!name) leave std::unexpected(std::move(name).error()); \
    *std::move(name);                                          \
  })
#define SIGNPOST_CHECK(name, expression, leave)                \
  do {                                                         \
    auto name = (expression);                                  \
    if (!name) leave std::unexpected(std::move(name).error()); \
  } while (false)

/// Unwraps a Result or returns its error from the enclosing function: `const auto host = TRY(HostName::parse(text));`
#define TRY(expression) SIGNPOST_UNWRAP(SIGNPOST_JOIN(signpost_try_, __COUNTER__), expression, return)
/// The same inside a coroutine: `const auto seen = CO_TRY(co_await observer_.observe(records));`
#define CO_TRY(expression) SIGNPOST_UNWRAP(SIGNPOST_JOIN(signpost_try_, __COUNTER__), expression, co_return)
/// For Result<void>, where there is nothing to unwrap.
#define TRY_VOID(expression) SIGNPOST_CHECK(SIGNPOST_JOIN(signpost_try_, __COUNTER__), expression, return)
#define CO_TRY_VOID(expression) SIGNPOST_CHECK(SIGNPOST_JOIN(signpost_try_, __COUNTER__), expression, co_return)
