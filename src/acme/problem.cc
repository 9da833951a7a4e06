// SPDX-License-Identifier: Apache-2.0
#include "acme/problem.h"

#include <array>

#include "base/text.h"

namespace signpost::acme {
namespace {

struct Named {
  Trouble trouble;
  std::string_view name;
};
constexpr std::array kTroubles{
    Named{Trouble::kCaa, "caa"},
    Named{Trouble::kDns, "dns"},
    Named{Trouble::kConnection, "connection"},
    Named{Trouble::kUnauthorized, "unauthorized"},
    Named{Trouble::kIncorrectResponse, "incorrect_response"},
    Named{Trouble::kTls, "tls"},
    Named{Trouble::kIdentifierRefused, "identifier_refused"},
    Named{Trouble::kBadRequest, "bad_request"},
    Named{Trouble::kBadProfile, "bad_profile"},
    Named{Trouble::kOrderNotReady, "order_not_ready"},
    Named{Trouble::kAlreadyReplaced, "already_replaced"},
    Named{Trouble::kAlreadyRevoked, "already_revoked"},
    Named{Trouble::kNotFound, "not_found"},
    Named{Trouble::kRateLimited, "rate_limited"},
    Named{Trouble::kAccountGone, "account_gone"},
    Named{Trouble::kTermsChanged, "terms_changed"},
    Named{Trouble::kExternalAccountNeeded, "external_account_needed"},
    Named{Trouble::kBadContact, "bad_contact"},
    Named{Trouble::kBadKey, "bad_key"},
    Named{Trouble::kTryLater, "try_later"},
    Named{Trouble::kUnreachable, "unreachable"},
    Named{Trouble::kNonsense, "nonsense"},
    Named{Trouble::kRefused, "refused"},
};

/// RFC 8555 6.7, RFC 9773 7.4 and draft-ietf-acme-profiles; `malformed`, `badRevocationReason` and what is not here are
/// kRefused.
struct Typed {
  std::string_view type;
  Trouble trouble;
};
constexpr std::array kTypes{
    Typed{"accountDoesNotExist", Trouble::kAccountGone},
    Typed{"alreadyReplaced", Trouble::kAlreadyReplaced},
    Typed{"alreadyRevoked", Trouble::kAlreadyRevoked},
    Typed{"badCSR", Trouble::kBadRequest},
    Typed{"badNonce", Trouble::kTryLater},  // after all attempts: something between us and the authority loses them
    Typed{"badPublicKey", Trouble::kBadKey},
    Typed{"badSignatureAlgorithm", Trouble::kBadKey},
    Typed{"caa", Trouble::kCaa},
    Typed{"connection", Trouble::kConnection},
    Typed{"dns", Trouble::kDns},
    Typed{"externalAccountRequired", Trouble::kExternalAccountNeeded},
    Typed{"incorrectResponse", Trouble::kIncorrectResponse},
    Typed{"invalidContact", Trouble::kBadContact},
    Typed{"invalidProfile", Trouble::kBadProfile},
    Typed{"orderNotReady", Trouble::kOrderNotReady},
    Typed{"rateLimited", Trouble::kRateLimited},
    Typed{"rejectedIdentifier", Trouble::kIdentifierRefused},
    Typed{"serverInternal", Trouble::kTryLater},
    Typed{"tls", Trouble::kTls},
    Typed{"unauthorized", Trouble::kUnauthorized},
    Typed{"unsupportedContact", Trouble::kBadContact},
    Typed{"unsupportedIdentifier", Trouble::kIdentifierRefused},
    Typed{"userActionRequired", Trouble::kTermsChanged},
};

std::optional<Trouble> trouble_of(std::string_view type) {
  for (const auto& [known, trouble] : kTypes) {
    if (known == type) return trouble;
  }
  return std::nullopt;
}

Trouble trouble_below(Kind kind) {
  switch (kind) {
    case Kind::kNetwork:
    case Kind::kTimeout:
      return Trouble::kUnreachable;
    case Kind::kUnavailable:
      return Trouble::kTryLater;
    case Kind::kProtocol:
    case Kind::kTooLarge:
      return Trouble::kNonsense;
    case Kind::kInvalid:
    case Kind::kUnprocessable:
    case Kind::kUnauthenticated:
    case Kind::kForbidden:
    case Kind::kNotFound:
    case Kind::kConflict:
    case Kind::kUnsupportedMedia:
    case Kind::kMethodNotAllowed:
    case Kind::kRateLimited:
    case Kind::kRefused:
    case Kind::kInternal:
      return Trouble::kRefused;
  }
  return Trouble::kRefused;
}

}  // namespace

std::string_view name_of(Trouble trouble) {
  for (const auto& [one, name] : kTroubles) {
    if (one == trouble) return name;
  }
  return "";
}

std::optional<Trouble> parse_trouble(std::string_view name) {
  for (const auto& [trouble, known] : kTroubles) {
    if (known == name) return trouble;
  }
  return std::nullopt;
}

std::string Problem::in_words() const {
  std::string words = type.empty() || type == "about:blank" ? detail : detail.empty() ? type : type + ": " + detail;
  if (words.empty()) words = "no reason given";
  std::string separator = " (";
  for (const auto& [sub_type, sub_detail, identifier] : subproblems) {
    words += separator + (identifier.empty() ? sub_type : identifier + ": " + sub_type);
    if (!sub_detail.empty()) words += ": " + sub_detail;
    separator = "; ";
  }
  if (!subproblems.empty()) words += ")";
  return words.size() <= text_bytes_max ? words : printable(words, text_bytes_max);
}

Trouble Problem::trouble() const {
  if (const auto known = trouble_of(type)) return *known;
  for (const auto& sub : subproblems) {
    if (const auto known = trouble_of(sub.type)) return *known;
  }
  return Trouble::kRefused;
}

Failure::Failure(Error below) : trouble(trouble_below(below.kind)), error(std::move(below)) {}

}  // namespace signpost::acme
