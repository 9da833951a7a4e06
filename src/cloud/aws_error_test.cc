// SPDX-License-Identifier: Apache-2.0
#include "cloud/aws_error.h"

#include <gtest/gtest.h>

#include <set>

namespace signpost::cloud {
namespace {

AwsTrouble trouble(int status, std::string_view code, std::string_view message = "") {
  return aws_error_of(status, code, message, "trying").trouble;
}

TEST(AwsError, HasAKindForWhatServicesAnswer) {
  EXPECT_EQ(trouble(400, "ThrottlingException"), AwsTrouble::kThrottled);
  EXPECT_EQ(trouble(400, "Throttling"), AwsTrouble::kThrottled);
  EXPECT_EQ(trouble(429, ""), AwsTrouble::kThrottled);
  EXPECT_EQ(trouble(400, "ExpiredTokenException"), AwsTrouble::kCredentialsExpired);
  EXPECT_EQ(trouble(403, "ExpiredToken"), AwsTrouble::kCredentialsExpired);
  EXPECT_EQ(trouble(400, "UnrecognizedClientException"), AwsTrouble::kCredentialsRefused);
  EXPECT_EQ(trouble(403, "AccessDenied"), AwsTrouble::kAccessDenied);
  EXPECT_EQ(trouble(400, "AccessDeniedException"), AwsTrouble::kAccessDenied);
  EXPECT_EQ(trouble(400, "ResourceNotFoundException"), AwsTrouble::kNotFound);
  EXPECT_EQ(trouble(404, "NoSuchDistribution"), AwsTrouble::kNotFound);
  EXPECT_EQ(trouble(400, "ResourceInUseException"), AwsTrouble::kInUse);
  EXPECT_EQ(trouble(412, "PreconditionFailed"), AwsTrouble::kChanged);
  EXPECT_EQ(trouble(400, "InvalidIfMatchVersion"), AwsTrouble::kChanged);
  EXPECT_EQ(trouble(400, "InvalidViewerCertificate"), AwsTrouble::kCertificateRefused);
  EXPECT_EQ(trouble(409, "CNAMEAlreadyExists"), AwsTrouble::kAliasTaken);
  EXPECT_EQ(trouble(409, "DistributionAlreadyExists"), AwsTrouble::kAlreadyExists);
  EXPECT_EQ(trouble(400, "LimitExceededException"), AwsTrouble::kLimitReached);
  EXPECT_EQ(trouble(400, "TooManyDistributionCNAMEs"), AwsTrouble::kLimitReached);
  EXPECT_EQ(trouble(400, "TooManyDistributions"), AwsTrouble::kLimitReached);
  EXPECT_EQ(trouble(400, "TooManyRequestsException"), AwsTrouble::kThrottled) << "not a quota";
  EXPECT_EQ(trouble(400, "InconsistentQuantities"), AwsTrouble::kInvalid);
  EXPECT_EQ(trouble(503, "ServiceUnavailable"), AwsTrouble::kUnavailable);
  EXPECT_EQ(trouble(500, ""), AwsTrouble::kUnavailable);
  EXPECT_EQ(trouble(404, ""), AwsTrouble::kGarbled) << "AWS always gives a code";
  EXPECT_EQ(trouble(301, "PermanentRedirect"), AwsTrouble::kGarbled);
}

TEST(AwsError, TellsAWrongClockFromAWrongSecret) {
  EXPECT_EQ(trouble(403, "SignatureDoesNotMatch", "Signature expired: 20261130T000000Z is now earlier than …"),
            AwsTrouble::kClockWrong);
  EXPECT_EQ(trouble(400, "InvalidSignatureException", "Signature not yet current: …"), AwsTrouble::kClockWrong);
  EXPECT_EQ(trouble(403, "SignatureDoesNotMatch", "The request signature we calculated does not match …"),
            AwsTrouble::kCredentialsRefused);
}

TEST(AwsError, SaysWhatWasWantedWhatAwsSaysAndTheWayOut) {
  const auto error = aws_error_of(409, "CNAMEAlreadyExists", "already associated with a different resource.",
                                  "changing the distribution E1");
  EXPECT_EQ(error.error.message,
            "changing the distribution E1 failed: another distribution has this host name, perhaps in another account: "
            "take it off there first (AWS: "
            "CNAMEAlreadyExists: already associated with a different resource.)");
  EXPECT_EQ(error.error.kind, Kind::kConflict);
}

TEST(AwsError, NeverQuotesTheCanonicalRequest) {
  const auto error = aws_error_of(403, "SignatureDoesNotMatch",
                                  "The Canonical String should have been … x-amz-security-token:abc", "listing");
  EXPECT_EQ(error.error.message.find("abc"), std::string::npos) << error.error.message;
  EXPECT_EQ(error.said, "");
}

TEST(AwsError, GoesThroughBothSortsOfResults) {
  const auto inner = []() -> AwsResult<int> { return aws_fail(AwsTrouble::kThrottled, "Throttling", "slowly"); };
  const auto outer = [&]() -> Result<int> { return TRY(inner()) + 1; };
  EXPECT_EQ(outer().error().kind, Kind::kRateLimited);
  const auto network = []() -> Result<int> { return fail(Kind::kNetwork, "nobody listens"); };
  const auto calling = [&]() -> AwsResult<int> { return TRY(network()); };
  EXPECT_EQ(calling().error().trouble, AwsTrouble::kUnreachable);
  EXPECT_EQ(calling().error().error.message, "nobody listens");
}

TEST(AwsError, EveryKindHasANameAWayOutAndAnAnswerToWhetherItHeals) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(AwsTrouble::kInvalid); ++i) {
    const auto one = static_cast<AwsTrouble>(i);
    EXPECT_TRUE(names.insert(name_of(one)).second) << name_of(one);
    EXPECT_FALSE(name_of(one).empty());
    EXPECT_GT(aws_error(one, "", "", "trying").error.message.size(), std::string_view("trying failed: ").size() + 10);
  }
  EXPECT_TRUE(heals_by_waiting(AwsTrouble::kInUse));
  EXPECT_FALSE(heals_by_waiting(AwsTrouble::kCredentialsExpired));
}

}  // namespace
}  // namespace signpost::cloud
