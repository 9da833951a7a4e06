// SPDX-License-Identifier: Apache-2.0
//
// A certificate as ACM describes it. Plain values; any thread.
// Words of AWS's that decide something are enums; those that are only shown are text.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cloud/arn.h"

namespace signpost::cloud {

enum class AcmStatus { kPendingValidation, kIssued, kInactive, kExpired, kValidationTimedOut, kRevoked, kFailed };
std::string_view name_of(AcmStatus status);  // "PENDING_VALIDATION"
std::optional<AcmStatus> parse_acm_status(std::string_view text);

enum class AcmType { kImported, kAmazonIssued, kPrivate };
std::string_view name_of(AcmType type);  // "IMPORTED"
std::optional<AcmType> parse_acm_type(std::string_view text);

/// The CNAME by which ACM proves a name, now and at every renewal.
struct AcmValidationRecord {
  std::string name;   // "_0123….www.shop.example", lower case, no trailing dot
  std::string value;  // "_4567….acm-validations.aws"
  auto operator<=>(const AcmValidationRecord&) const = default;
};

struct AcmValidation {
  enum class State { kPending, kSuccess, kFailed };
  std::string domain;
  State state = State::kPending;
  std::optional<AcmValidationRecord> record;  // empty for the first seconds after the request
};

struct AcmCertificate {
  Arn arn;
  std::string domain;
  std::vector<std::string> names;
  AcmStatus status = AcmStatus::kPendingValidation;
  AcmType type = AcmType::kImported;
  std::vector<std::string> in_use_by;  // ARNs; ACM may list a use for 20 minutes after its end
  std::string failure_reason;          // AWS's word: "CAA_ERROR"; empty if it did not fail
  std::string key_algorithm;           // "EC_prime256v1"
  std::optional<Time> not_before, not_after, created_at, issued_at, imported_at;
  std::vector<AcmValidation> validations;
  std::string renewal_status;  // AWS's word: "PENDING_VALIDATION"; empty if no renewal is under way
};
/// Why Amazon does not issue, and what helps: for a person. Empty unless the certificate failed or timed out.
std::string explain_failure(const AcmCertificate& certificate);

struct AcmSummary {
  Arn arn;
  std::string domain;
  std::optional<AcmStatus> status;  // empty: a word that we do not know
  std::optional<AcmType> type;
  bool is_in_use = false;
};

}  // namespace signpost::cloud
