// SPDX-License-Identifier: Apache-2.0
#include "acme/order.h"

#include <algorithm>

namespace signpost::acme {

std::string_view name_of(OrderStatus status) {
  switch (status) {
    case OrderStatus::kPending:
      return "pending";
    case OrderStatus::kReady:
      return "ready";
    case OrderStatus::kProcessing:
      return "processing";
    case OrderStatus::kValid:
      return "valid";
    case OrderStatus::kInvalid:
      return "invalid";
  }
  return "";
}

std::string_view name_of(ChallengeType type) {
  switch (type) {
    case ChallengeType::kDns01:
      return "dns-01";
    case ChallengeType::kHttp01:
      return "http-01";
    case ChallengeType::kTlsAlpn01:
      return "tls-alpn-01";
    case ChallengeType::kOther:
      return "other";
  }
  return "";
}

std::string_view name_of(ChallengeStatus status) {
  switch (status) {
    case ChallengeStatus::kPending:
      return "pending";
    case ChallengeStatus::kProcessing:
      return "processing";
    case ChallengeStatus::kValid:
      return "valid";
    case ChallengeStatus::kInvalid:
      return "invalid";
  }
  return "";
}

std::string_view name_of(AuthorizationStatus status) {
  switch (status) {
    case AuthorizationStatus::kPending:
      return "pending";
    case AuthorizationStatus::kValid:
      return "valid";
    case AuthorizationStatus::kInvalid:
      return "invalid";
    case AuthorizationStatus::kDeactivated:
      return "deactivated";
    case AuthorizationStatus::kExpired:
      return "expired";
    case AuthorizationStatus::kRevoked:
      return "revoked";
  }
  return "";
}

const Challenge* Authorization::find(ChallengeType type) const {
  const auto found = std::ranges::find(challenges, type, &Challenge::type);
  return found == challenges.end() ? nullptr : &*found;
}

const Problem* Authorization::problem() const {
  for (const auto& challenge : challenges) {
    if (challenge.status == ChallengeStatus::kInvalid && challenge.problem) return &*challenge.problem;
  }
  for (const auto& challenge : challenges) {
    if (challenge.problem) return &*challenge.problem;
  }
  return nullptr;
}

}  // namespace signpost::acme
