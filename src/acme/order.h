// SPDX-License-Identifier: Apache-2.0
//
// Orders, authorizations and challenges, as the authority describes them (RFC 8555 7.1.3 to 7.1.6). Values; any thread.
// They are the authority's word at one moment: nothing here decides.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acme/problem.h"
#include "base/host_name.h"
#include "base/time.h"

namespace signpost::acme {

enum class OrderStatus {
  kPending,     // authorizations are missing
  kReady,       // finalize it
  kProcessing,  // being issued
  kValid,       // the certificate is there
  kInvalid,     // expired or refused: see problem
};
std::string_view name_of(OrderStatus status);  // "pending"

struct Order {
  static constexpr std::size_t names_max = 200;

  std::string url;
  OrderStatus status = OrderStatus::kPending;
  std::optional<Time> expires_at;
  std::vector<DnsName> names;               // with "*." where a wildcard is asked for
  std::vector<std::string> authorizations;  // URLs; at most names_max
  std::string finalize_url;
  std::string certificate_url;  // empty until it is valid
  std::string profile;          // what the authority chose; empty if it says nothing
  std::string replaces;         // RFC 9773 5
  std::optional<Problem> problem;
  std::optional<std::chrono::seconds> retry_after;  // of this answer: not to be asked before
};

/// What a new order asks for.
struct NewOrder {
  std::vector<DnsName> names;
  std::string profile = {};  // empty: the authority's own choice
  /// The renewal id of the certificate it follows (CertificateChain::renewal_id); empty: none. Only for the account and
  /// authority that issued that one, and only if the directory has renewal_info.
  std::string replaces = {};
};

enum class ChallengeType {
  kDns01,
  kHttp01,
  kTlsAlpn01,  // RFC 8737
  kOther,
};
std::string_view name_of(ChallengeType type);  // "dns-01"; "other"

enum class ChallengeStatus { kPending, kProcessing, kValid, kInvalid };
std::string_view name_of(ChallengeStatus status);

struct Challenge {
  std::string url;
  ChallengeType type = ChallengeType::kOther;
  ChallengeStatus status = ChallengeStatus::kPending;
  std::string token;  // base64url; empty for types that have none
  std::optional<Time> validated_at;
  std::optional<Problem> problem;                   // why it is invalid, or what the last try met
  std::optional<std::chrono::seconds> retry_after;  // of this answer
};

enum class AuthorizationStatus { kPending, kValid, kInvalid, kDeactivated, kExpired, kRevoked };
std::string_view name_of(AuthorizationStatus status);

struct Authorization {
  static constexpr std::size_t challenges_max = 32;

  std::string url;
  AuthorizationStatus status = AuthorizationStatus::kPending;
  std::optional<Time> expires_at;
  DnsName name;  // without "*."
  bool is_wildcard = false;
  std::vector<Challenge> challenges;
  std::optional<std::chrono::seconds> retry_after;  // of this answer

  /// Null if it is not offered.
  const Challenge* find(ChallengeType type) const;
  /// The problem of the challenge that failed; null if none has one.
  const Problem* problem() const;
};

}  // namespace signpost::acme
