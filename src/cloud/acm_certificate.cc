// SPDX-License-Identifier: Apache-2.0
#include "cloud/acm_certificate.h"

#include <array>

#include "base/text.h"

namespace signpost::cloud {
namespace {

struct Reason {
  std::string_view word;
  std::string_view way_out;
};
// FailureReason of ACM's model; the explanations follow its user guide ("Troubleshoot certificate requests").
constexpr std::array kReasons{
    Reason{"CAA_ERROR",
           "a CAA record forbids Amazon to issue: add one that allows amazon.com, or take the forbidding one away"},
    Reason{"ADDITIONAL_VERIFICATION_REQUIRED", "AWS wants to verify the account first: contact AWS Support"},
    Reason{"DOMAIN_NOT_ALLOWED", "the domain stands on a list of unsafe domains (VirusTotal): have it taken off there"},
    Reason{"DOMAIN_VALIDATION_DENIED", "Amazon could not validate the name: look at its validation CNAME"},
    Reason{"INVALID_PUBLIC_DOMAIN", "the name is not one of a public domain"},
};

}  // namespace

std::string_view name_of(AcmStatus status) {
  switch (status) {
    case AcmStatus::kPendingValidation:
      return "PENDING_VALIDATION";
    case AcmStatus::kIssued:
      return "ISSUED";
    case AcmStatus::kInactive:
      return "INACTIVE";
    case AcmStatus::kExpired:
      return "EXPIRED";
    case AcmStatus::kValidationTimedOut:
      return "VALIDATION_TIMED_OUT";
    case AcmStatus::kRevoked:
      return "REVOKED";
    case AcmStatus::kFailed:
      return "FAILED";
  }
  return "";
}

std::optional<AcmStatus> parse_acm_status(std::string_view text) {
  for (const auto status :
       {AcmStatus::kPendingValidation, AcmStatus::kIssued, AcmStatus::kInactive, AcmStatus::kExpired,
        AcmStatus::kValidationTimedOut, AcmStatus::kRevoked, AcmStatus::kFailed}) {
    if (name_of(status) == text) return status;
  }
  return std::nullopt;
}

std::string_view name_of(AcmType type) {
  switch (type) {
    case AcmType::kImported:
      return "IMPORTED";
    case AcmType::kAmazonIssued:
      return "AMAZON_ISSUED";
    case AcmType::kPrivate:
      return "PRIVATE";
  }
  return "";
}

std::optional<AcmType> parse_acm_type(std::string_view text) {
  for (const auto type : {AcmType::kImported, AcmType::kAmazonIssued, AcmType::kPrivate}) {
    if (name_of(type) == text) return type;
  }
  return std::nullopt;
}

std::string explain_failure(const AcmCertificate& certificate) {
  if (certificate.status == AcmStatus::kValidationTimedOut)
    return format(
        "Amazon did not see the validation CNAME of {} within 72 hours: add it; a new certificate is requested then",
        certificate.domain);
  if (certificate.status != AcmStatus::kFailed) return "";
  for (const auto& reason : kReasons) {
    if (reason.word == certificate.failure_reason)
      return format("Amazon does not issue for {}: {}", certificate.domain, reason.way_out);
  }
  return format("Amazon does not issue for {} ({}): see the certificate in ACM's console", certificate.domain,
                certificate.failure_reason.empty() ? "no reason given" : printable(certificate.failure_reason, 60));
}

}  // namespace signpost::cloud
