// SPDX-License-Identifier: Apache-2.0
#include "cloud/aws_error.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace signpost::cloud {
namespace {

constexpr std::size_t kSaidBytesMax = 400;

struct Code {
  std::string_view code;  // without "Exception" at its end
  AwsTrouble trouble;
};

// "Common errors" of every service, then those of ACM's and CloudFront's models (reference 8.1, 8.3).
constexpr std::array kCodes{
    Code{"ExpiredToken", AwsTrouble::kCredentialsExpired},
    Code{"TokenRefreshRequired", AwsTrouble::kCredentialsExpired},
    Code{"UnrecognizedClient", AwsTrouble::kCredentialsRefused},
    Code{"InvalidClientTokenId", AwsTrouble::kCredentialsRefused},
    Code{"InvalidAccessKeyId", AwsTrouble::kCredentialsRefused},
    Code{"SignatureDoesNotMatch", AwsTrouble::kCredentialsRefused},
    Code{"InvalidSignature", AwsTrouble::kCredentialsRefused},
    Code{"IncompleteSignature", AwsTrouble::kCredentialsRefused},
    Code{"MissingAuthenticationToken", AwsTrouble::kCredentialsRefused},
    Code{"RequestExpired", AwsTrouble::kClockWrong},
    Code{"RequestTimeTooSkewed", AwsTrouble::kClockWrong},
    Code{"AccessDenied", AwsTrouble::kAccessDenied},
    Code{"OptInRequired", AwsTrouble::kAccessDenied},
    Code{"NotAuthorized", AwsTrouble::kAccessDenied},
    Code{"Throttling", AwsTrouble::kThrottled},
    Code{"Throttled", AwsTrouble::kThrottled},
    Code{"TooManyRequests", AwsTrouble::kThrottled},
    Code{"RequestLimitExceeded", AwsTrouble::kThrottled},
    Code{"RequestThrottled", AwsTrouble::kThrottled},
    Code{"SlowDown", AwsTrouble::kThrottled},
    Code{"PriorRequestNotComplete", AwsTrouble::kThrottled},
    Code{"InternalFailure", AwsTrouble::kUnavailable},
    Code{"InternalError", AwsTrouble::kUnavailable},
    Code{"ServiceUnavailable", AwsTrouble::kUnavailable},
    Code{"RequestTimeout", AwsTrouble::kUnavailable},
    Code{"ResourceNotFound", AwsTrouble::kNotFound},
    Code{"NoSuchDistribution", AwsTrouble::kNotFound},
    Code{"NoSuchResource", AwsTrouble::kNotFound},
    Code{"ResourceInUse", AwsTrouble::kInUse},
    Code{"Conflict", AwsTrouble::kConflict},
    Code{"RequestInProgress", AwsTrouble::kConflict},
    Code{"InvalidState", AwsTrouble::kConflict},
    Code{"PreconditionFailed", AwsTrouble::kChanged},
    Code{"InvalidIfMatchVersion", AwsTrouble::kChanged},
    Code{"InvalidViewerCertificate", AwsTrouble::kCertificateRefused},
    Code{"CNAMEAlreadyExists", AwsTrouble::kAliasTaken},
    Code{"DistributionAlreadyExists", AwsTrouble::kAlreadyExists},
    Code{"LimitExceeded", AwsTrouble::kLimitReached},
};

AwsTrouble trouble_of(int status, std::string_view code, std::string_view message) {
  if (code.ends_with("Exception")) code.remove_suffix(std::string_view("Exception").size());
  // The same codes say that a signature is wrong and that it is of another time.
  if (message.starts_with("Signature expired") || message.starts_with("Signature not yet current"))
    return AwsTrouble::kClockWrong;
  for (const auto& row : kCodes) {
    if (row.code == code) return row.trouble;
  }
  if (code.starts_with("TooMany")) return AwsTrouble::kLimitReached;
  if (status == 429) return AwsTrouble::kThrottled;
  if (status >= 500) return AwsTrouble::kUnavailable;
  if (code.empty() || status < 400) return AwsTrouble::kGarbled;
  return AwsTrouble::kInvalid;
}

Kind kind_of(AwsTrouble trouble) {
  switch (trouble) {
    case AwsTrouble::kNoCredentials:
    case AwsTrouble::kCredentialsExpired:
    case AwsTrouble::kCredentialsRefused:
    case AwsTrouble::kClockWrong:
      return Kind::kUnavailable;  // ours to mend: no caller of our API is unauthenticated by it
    case AwsTrouble::kAccessDenied:
      return Kind::kForbidden;
    case AwsTrouble::kThrottled:
      return Kind::kRateLimited;
    case AwsTrouble::kUnavailable:
    case AwsTrouble::kNotYet:
      return Kind::kUnavailable;
    case AwsTrouble::kUnreachable:
      return Kind::kNetwork;
    case AwsTrouble::kGarbled:
      return Kind::kProtocol;
    case AwsTrouble::kNotFound:
      return Kind::kNotFound;
    case AwsTrouble::kInUse:
    case AwsTrouble::kConflict:
    case AwsTrouble::kChanged:
    case AwsTrouble::kAliasTaken:
    case AwsTrouble::kAlreadyExists:
    case AwsTrouble::kLimitReached:
      return Kind::kConflict;
    case AwsTrouble::kCertificateRefused:
    case AwsTrouble::kCertificateMismatch:
    case AwsTrouble::kInvalid:
      return Kind::kUnprocessable;
  }
  return Kind::kInternal;
}

std::string_view way_out_of(AwsTrouble trouble) {
  switch (trouble) {
    case AwsTrouble::kNoCredentials:
      return "give AWS credentials in the settings or the environment, or give the machine a role";
    case AwsTrouble::kCredentialsExpired:
      return "the session of these credentials has ended: give a new one, or give the machine a role, whose "
             "credentials renew themselves";
    case AwsTrouble::kCredentialsRefused:
      return "AWS does not know the access key, or the secret is not its own: check both in the settings";
    case AwsTrouble::kClockWrong:
      return "this machine's clock is wrong: set it (NTP), AWS takes signatures of the last minutes only";
    case AwsTrouble::kAccessDenied:
      return "the credentials lack the permission, or it belongs to another account: allow the action in IAM, or use "
             "the account that owns it";
    case AwsTrouble::kThrottled:
      return "AWS asks for fewer calls; it is tried again later";
    case AwsTrouble::kUnavailable:
      return "AWS has a fault of its own; it is tried again later";
    case AwsTrouble::kUnreachable:
      return "check this machine's way to AWS; it is tried again later";
    case AwsTrouble::kGarbled:
      return "the answer is not AWS's: check the endpoint in the settings";
    case AwsTrouble::kNotFound:
      return "it does not exist in this account and region: check its id, or let it be made anew";
    case AwsTrouble::kNotYet:
      return "it was just made and is not known everywhere yet; it is asked again in some seconds";
    case AwsTrouble::kInUse:
      return "something still uses it, or did up to 20 minutes ago; it is tried again later";
    case AwsTrouble::kConflict:
      return "another change of it is under way; it is tried again later";
    case AwsTrouble::kChanged:
      return "somebody changed it again and again meanwhile; it is tried again later";
    case AwsTrouble::kCertificateRefused:
      return "CloudFront does not take the certificate: it must be in us-east-1, valid, with its chain, and cover "
             "every "
             "alias; one just issued is taken after about a minute";
    case AwsTrouble::kCertificateMismatch:
      return "certificate, chain and private key do not fit together, or the certificate is not valid now";
    case AwsTrouble::kAliasTaken:
      return "another distribution has this host name, perhaps in another account: take it off there first";
    case AwsTrouble::kAlreadyExists:
      return "an earlier call has made it";
    case AwsTrouble::kLimitReached:
      return "a quota of the AWS account is reached: delete what is not used, or have it raised (Service Quotas)";
    case AwsTrouble::kInvalid:
      return "AWS does not accept the request";
  }
  return "";
}

AwsTrouble trouble_of(Kind kind) {
  switch (kind) {
    case Kind::kTimeout:
    case Kind::kNetwork:
    case Kind::kRefused:
      return AwsTrouble::kUnreachable;
    case Kind::kProtocol:
    case Kind::kTooLarge:
      return AwsTrouble::kGarbled;
    case Kind::kUnavailable:
    case Kind::kRateLimited:
      return AwsTrouble::kUnavailable;
    case Kind::kNotFound:
      return AwsTrouble::kNotFound;
    case Kind::kConflict:
      return AwsTrouble::kConflict;
    case Kind::kInvalid:
    case Kind::kUnprocessable:
    case Kind::kUnauthenticated:
    case Kind::kForbidden:
    case Kind::kUnsupportedMedia:
    case Kind::kMethodNotAllowed:
    case Kind::kInternal:
      return AwsTrouble::kInvalid;
  }
  return AwsTrouble::kInvalid;
}

/// AWS's text of these can repeat the canonical request, and with it the session token.
bool may_quote(AwsTrouble trouble) {
  return trouble != AwsTrouble::kCredentialsRefused && trouble != AwsTrouble::kCredentialsExpired;
}

}  // namespace

std::string_view name_of(AwsTrouble trouble) {
  switch (trouble) {
    case AwsTrouble::kNoCredentials:
      return "no_credentials";
    case AwsTrouble::kCredentialsExpired:
      return "credentials_expired";
    case AwsTrouble::kCredentialsRefused:
      return "credentials_refused";
    case AwsTrouble::kClockWrong:
      return "clock_wrong";
    case AwsTrouble::kAccessDenied:
      return "access_denied";
    case AwsTrouble::kThrottled:
      return "throttled";
    case AwsTrouble::kUnavailable:
      return "unavailable";
    case AwsTrouble::kUnreachable:
      return "unreachable";
    case AwsTrouble::kGarbled:
      return "garbled";
    case AwsTrouble::kNotFound:
      return "not_found";
    case AwsTrouble::kNotYet:
      return "not_yet";
    case AwsTrouble::kInUse:
      return "in_use";
    case AwsTrouble::kConflict:
      return "conflict";
    case AwsTrouble::kChanged:
      return "changed";
    case AwsTrouble::kCertificateRefused:
      return "certificate_refused";
    case AwsTrouble::kCertificateMismatch:
      return "certificate_mismatch";
    case AwsTrouble::kAliasTaken:
      return "alias_taken";
    case AwsTrouble::kAlreadyExists:
      return "already_exists";
    case AwsTrouble::kLimitReached:
      return "limit_reached";
    case AwsTrouble::kInvalid:
      return "invalid";
  }
  return "";
}

AwsError::AwsError(AwsTrouble t, std::string c, std::string message, std::optional<std::chrono::seconds> retry_after)
    : trouble(t), code(std::move(c)), error{kind_of(t), std::move(message), {}, retry_after} {}

AwsError::AwsError(Error e) : trouble(trouble_of(e.kind)), error(std::move(e)) {}

bool heals_by_waiting(AwsTrouble trouble) {
  switch (trouble) {
    case AwsTrouble::kThrottled:
    case AwsTrouble::kUnavailable:
    case AwsTrouble::kUnreachable:
    case AwsTrouble::kNotYet:
    case AwsTrouble::kInUse:
    case AwsTrouble::kConflict:
    case AwsTrouble::kChanged:
      return true;
    case AwsTrouble::kNoCredentials:
    case AwsTrouble::kCredentialsExpired:
    case AwsTrouble::kCredentialsRefused:
    case AwsTrouble::kClockWrong:
    case AwsTrouble::kAccessDenied:
    case AwsTrouble::kGarbled:
    case AwsTrouble::kNotFound:
    case AwsTrouble::kCertificateRefused:
    case AwsTrouble::kCertificateMismatch:
    case AwsTrouble::kAliasTaken:
    case AwsTrouble::kAlreadyExists:
    case AwsTrouble::kLimitReached:
    case AwsTrouble::kInvalid:
      return false;
  }
  return false;
}

AwsError aws_error(AwsTrouble trouble, std::string_view code, std::string_view said, std::string_view action) {
  AwsError error(trouble, printable(code, 80), "");
  if (may_quote(trouble)) error.said = printable(said, kSaidBytesMax);
  const auto source =
      error.code.empty() ? error.said : format("{}{}{}", error.code, error.said.empty() ? "" : ": ", error.said);
  error.error.message =
      format("{} failed: {}{}", action, way_out_of(trouble), source.empty() ? "" : format(" (AWS: {})", source));
  return error;
}

AwsError aws_error_of(int status, std::string_view code, std::string_view message, std::string_view action) {
  const auto trouble = trouble_of(status, code, message);
  return aws_error(trouble, code.empty() ? format("HTTP {}", status) : code, message, action);
}

}  // namespace signpost::cloud
