// SPDX-License-Identifier: Apache-2.0
#include "cloud/acm.h"

#include <gtest/gtest.h>

#include "cloud/testing/aws_world.h"

namespace signpost::cloud {
namespace {

using namespace std::chrono_literals;

class AcmTest : public testing::AwsWorld {
 protected:
  AcmTest() : acm_(http_, credentials_, random_, clock_, server_.pointed_here(Acm::settings_of())) {}

  AcmRequest asking(std::string token = "token1") {
    return {.host = host("www.shop.example"),
            .other_names = {},
            .idempotency_token = std::move(token),
            .tags = {{"signpost", "con_1"}}};
  }
  AwsResult<AcmCertificate> described(const Arn& arn) { return run(acm_.describe(arn, std::nullopt, soon())); }
  /// A request whose record is known.
  Arn requested() {
    const auto arn = run(acm_.request(asking(), soon())).value();
    pass(20s);
    return arn;
  }
  void set_dns(const AcmValidationRecord& record, std::string_view caas = "{}") {
    server_.control("dns", format(R"({{"cnames": {{"{}": "{}"}}, "caas": {}}})", record.name, record.value, caas));
  }
  Arn unknown() { return Arn::parse_certificate("arn:aws:acm:us-east-1:111122223333:certificate/none").value(); }

  Acm acm_;
};

TEST_F(AcmTest, RequestsOnceForOneToken) {
  const auto first = run(acm_.request(asking(), soon()));
  ASSERT_TRUE(first.has_value()) << first.error().error.message;
  EXPECT_EQ(run(acm_.request(asking(), soon())), *first);
  EXPECT_NE(run(acm_.request(asking("token2"), soon())), *first);
  EXPECT_EQ(run(acm_.tags_of(*first, soon())).value(), (std::vector<AwsTag>{{"signpost", "con_1"}}));
}

TEST_F(AcmTest, RequestsForSeveralNames) {
  auto request = asking();
  request.other_names = {host("shop.example"), host("m.shop.example")};
  const auto arn = run(acm_.request(request, soon())).value();
  pass(20s);
  EXPECT_EQ(described(arn).value().names,
            (std::vector<std::string>{"www.shop.example", "shop.example", "m.shop.example"}));
}

TEST_F(AcmTest, RefusesTooManyNamesAndTagsAndABadToken) {
  auto request = asking("with blank");
  EXPECT_EQ(run(acm_.request(request, soon())).error().trouble, AwsTrouble::kInvalid);
  request = asking(std::string(33, 'a'));
  EXPECT_EQ(run(acm_.request(request, soon())).error().trouble, AwsTrouble::kInvalid);
  request = asking();
  request.other_names.assign(Acm::kOtherNamesMax, host("shop.example"));
  EXPECT_TRUE(run(acm_.request(request, soon())).has_value());
  request.other_names.push_back(host("shop.example"));
  EXPECT_FALSE(run(acm_.request(request, soon())).has_value());
  request = asking();
  request.tags.assign(Acm::kTagsMax + 1, {"a", "b"});
  EXPECT_FALSE(run(acm_.request(request, soon())).has_value());
  EXPECT_EQ(calls("RequestCertificate"), 1);
}

TEST_F(AcmTest, NotFoundJustAfterTheRequestIsNotYet) {
  const auto arn = run(acm_.request(asking(), soon())).value();
  const auto requested_at = clock_.now();
  EXPECT_EQ(run(acm_.describe(arn, requested_at, soon())).error().trouble, AwsTrouble::kNotYet);
  EXPECT_EQ(run(acm_.describe(arn, std::nullopt, soon())).error().trouble, AwsTrouble::kNotFound)
      << "nobody has just asked for it";
  pass(6s);
  const auto seen = run(acm_.describe(arn, requested_at, soon()));
  ASSERT_TRUE(seen.has_value()) << seen.error().error.message;
  EXPECT_FALSE(seen->validations.at(0).record) << "not known for some seconds";
  pass(6s);
  EXPECT_TRUE(run(acm_.describe(arn, requested_at, soon())).value().validations.at(0).record);
}

TEST_F(AcmTest, NotFoundLongAfterTheRequestIsNotFound) {
  const auto requested_at = clock_.now();
  pass(3min);
  EXPECT_EQ(run(acm_.describe(unknown(), requested_at, soon())).error().trouble, AwsTrouble::kNotFound);
}

TEST_F(AcmTest, GivesTheRecordWithoutItsDots) {
  const auto record = described(requested()).value().validations.at(0).record.value();
  EXPECT_TRUE(record.name.starts_with("_") && record.name.ends_with(".www.shop.example")) << record.name;
  EXPECT_TRUE(record.value.starts_with("_") && record.value.ends_with(".acm-validations.aws")) << record.value;
}

TEST_F(AcmTest, SeesACertificateIssuedOnceItsRecordIsThere) {
  const auto arn = requested();
  set_dns(*described(arn)->validations.at(0).record);
  EXPECT_EQ(described(arn).value().status, AcmStatus::kPendingValidation);
  pass(31s);
  const auto issued = described(arn).value();
  EXPECT_EQ(issued.status, AcmStatus::kIssued);
  EXPECT_EQ(issued.type, AcmType::kAmazonIssued);
  EXPECT_EQ(issued.validations.at(0).state, AcmValidation::State::kSuccess);
  EXPECT_GT(*issued.not_after, clock_.now() + 300 * 24h);
}

TEST_F(AcmTest, ExplainsThatCaaForbids) {
  const auto arn = requested();
  set_dns(*described(arn)->validations.at(0).record, R"({"shop.example": ["letsencrypt.org"]})");
  (void)described(arn);
  pass(31s);
  const auto failed = described(arn).value();
  EXPECT_EQ(failed.status, AcmStatus::kFailed);
  EXPECT_EQ(failed.failure_reason, "CAA_ERROR");
  EXPECT_NE(explain_failure(failed).find("allows amazon.com"), std::string::npos) << explain_failure(failed);
}

TEST_F(AcmTest, ExplainsThatNobodyAddedTheRecord) {
  const auto arn = requested();
  pass(72h);
  const auto late = described(arn).value();
  EXPECT_EQ(late.status, AcmStatus::kValidationTimedOut);
  EXPECT_NE(explain_failure(late).find("within 72 hours"), std::string::npos);
}

TEST_F(AcmTest, ImportsAndImportsAgainUnderTheSameArn) {
  auto first = certificate_for("www.shop.example");
  first.tags = {{"signpost", "con_1"}};
  const auto arn = run(acm_.import(first, soon())).value();
  const auto before = described(arn).value();
  EXPECT_EQ(before.type, AcmType::kImported);
  EXPECT_EQ(before.key_algorithm, "EC_prime256v1");
  pass(24h);
  auto second = certificate_for("www.shop.example", 60);
  second.arn = arn;
  second.tags = {{"not", "sent"}};
  EXPECT_EQ(run(acm_.import(second, soon())), arn);
  EXPECT_NE(described(arn).value().not_after, before.not_after);
  EXPECT_EQ(run(acm_.tags_of(arn, soon())).value().size(), 1U);
}

TEST_F(AcmTest, SaysThatKeyOrChainDoNotFit) {
  auto import = certificate_for("www.shop.example");
  import.private_key = certificate_for("www.shop.example").private_key;
  EXPECT_EQ(run(acm_.import(import, soon())).error().trouble, AwsTrouble::kCertificateMismatch);
  import = certificate_for("www.shop.example");
  import.chain = certificate_for("www.shop.example").chain;
  EXPECT_EQ(run(acm_.import(import, soon())).error().trouble, AwsTrouble::kCertificateMismatch);
  import = certificate_for("www.shop.example");
  import.chain.clear();
  const auto incomplete = run(acm_.import(import, soon()));
  EXPECT_EQ(incomplete.error().trouble, AwsTrouble::kCertificateMismatch);
  EXPECT_NE(incomplete.error().error.message.find("chain"), std::string::npos);
}

TEST_F(AcmTest, SaysThatAnExpiredCertificateCannotBeImported) {
  const auto import = certificate_for("www.shop.example", 1);
  pass(25h);
  EXPECT_EQ(run(acm_.import(import, soon())).error().trouble, AwsTrouble::kCertificateMismatch);
}

TEST_F(AcmTest, ImportsOverAnImportOnly) {
  auto import = certificate_for("www.shop.example");
  import.arn = run(acm_.request(asking(), soon())).value();
  EXPECT_EQ(run(acm_.import(import, soon())).error().trouble, AwsTrouble::kInvalid);
  import.arn = unknown();
  EXPECT_EQ(run(acm_.import(import, soon())).error().trouble, AwsTrouble::kNotFound);
}

TEST_F(AcmTest, RefusesAKeyOverItsLimit) {
  auto import = certificate_for("www.shop.example");
  import.private_key = crypto::Secret(std::string(Acm::kPrivateKeyBytesMax + 1, 'k'));
  EXPECT_FALSE(run(acm_.import(import, soon())).has_value());
  EXPECT_EQ(calls("ImportCertificate"), 0);
}

TEST_F(AcmTest, NeverImportsTwiceAfterAConnectionThatBroke) {
  server_.control("faults", R"({"faults": [{"operation": "ImportCertificate", "when": "after", "drop": true}]})");
  EXPECT_EQ(run(acm_.import(certificate_for("www.shop.example"), soon())).error().trouble, AwsTrouble::kUnreachable);
  EXPECT_EQ(calls("ImportCertificate"), 1);
}

TEST_F(AcmTest, ImportsAgainUnderAnArnHoweverOftenTheConnectionBreaks) {
  auto import = certificate_for("www.shop.example");
  import.arn = run(acm_.import(import, soon())).value();
  server_.control("faults",
                  R"({"faults": [{"operation": "ImportCertificate", "when": "after", "drop": true, "times": 3}]})");
  EXPECT_EQ(run(acm_.import(import, soon())), *import.arn);
  EXPECT_EQ(state().at("certificates").as_array().size(), 1U);
}

TEST_F(AcmTest, WaitsOutThrottling) {
  fail_next("ImportCertificate", "ThrottlingException", 3);
  EXPECT_TRUE(run(acm_.import(certificate_for("www.shop.example"), soon())).has_value())
      << "also what may not be done twice: AWS has not begun it";
  EXPECT_EQ(calls("ImportCertificate"), 4);
}

TEST_F(AcmTest, GivesUpOnThrottlingAtTheEndOfItsBudget) {
  fail_next("ListCertificates", "ThrottlingException", 100'000);
  const auto listed = run(acm_.list(std::chrono::steady_clock::now() + 200ms));
  ASSERT_FALSE(listed.has_value());
  EXPECT_EQ(listed.error().trouble, AwsTrouble::kThrottled);
  EXPECT_GT(calls("ListCertificates"), 3);
}

TEST_F(AcmTest, NeverAsksBeforeRetryAfter) {
  server_.control(
      "faults",
      R"({"faults": [{"operation": "ListCertificates", "code": "ThrottlingException", "times": 9, "headers": {"Retry-After": "30"}}]})");
  const auto listed = run(acm_.list(std::chrono::steady_clock::now() + 5s));
  EXPECT_EQ(listed.error().trouble, AwsTrouble::kThrottled);
  EXPECT_EQ(calls("ListCertificates"), 1) << "30 s are more than the budget";
}

TEST_F(AcmTest, TriesFaultsOfAwsAgain) {
  fail_next("DescribeCertificate", "InternalFailure", 2, 500);
  EXPECT_EQ(described(unknown()).error().trouble, AwsTrouble::kNotFound);
  EXPECT_EQ(calls("DescribeCertificate"), 3);
}

TEST_F(AcmTest, DeletesOnlyWhatNothingUses) {
  const auto arn = run(acm_.import(certificate_for("www.shop.example"), soon())).value();
  fail_next("DeleteCertificate", "ResourceInUseException");
  EXPECT_EQ(run(acm_.remove(arn, soon())).error().trouble, AwsTrouble::kInUse);
  EXPECT_TRUE(run(acm_.remove(arn, soon())).has_value());
  EXPECT_EQ(run(acm_.remove(arn, soon())).error().trouble, AwsTrouble::kNotFound);
}

TEST_F(AcmTest, ListsAllPagesWithKeysOfEveryKind) {
  server_.control("settings", R"({"page_max": 2})");
  for (const auto* key : {"EC_prime256v1", "EC_secp384r1", "RSA_2048", "EC_prime256v1", "EC_prime256v1"})
    ASSERT_TRUE(run(acm_.import(certificate_for("www.shop.example", 90, key), soon())).has_value());
  const auto listed = run(acm_.list(soon()));
  ASSERT_TRUE(listed.has_value()) << listed.error().error.message;
  EXPECT_EQ(listed->size(), 5U);
  EXPECT_EQ(listed->at(0).domain, "www.shop.example");
  EXPECT_EQ(listed->at(0).type, AcmType::kImported);
  EXPECT_FALSE(listed->at(0).is_in_use);
}

TEST_F(AcmTest, ListsUpToItsLimit) {
  server_.control("settings", R"({"page_max": 1000})");
  server_.control("many_certificates", format(R"({{"count": {}}})", Acm::kListedMax));
  EXPECT_EQ(run(acm_.list(soon())).value().size(), Acm::kListedMax);
  server_.control("many_certificates", R"({"count": 1})");
  EXPECT_EQ(run(acm_.list(soon())).error().trouble, AwsTrouble::kLimitReached);
}

TEST_F(AcmTest, AddsTags) {
  const auto arn = run(acm_.import(certificate_for("www.shop.example"), soon())).value();
  ASSERT_TRUE(run(acm_.add_tags(arn, {{"org", "my-company"}}, soon())).has_value());
  EXPECT_EQ(run(acm_.tags_of(arn, soon())).value(), (std::vector<AwsTag>{{"org", "my-company"}}));
}

TEST_F(AcmTest, SaysThatAQuotaIsReached) {
  server_.control("settings", R"({"certificates_max": 1})");
  ASSERT_TRUE(run(acm_.import(certificate_for("www.shop.example"), soon())).has_value());
  EXPECT_EQ(run(acm_.import(certificate_for("www.shop.example"), soon())).error().trouble, AwsTrouble::kLimitReached);
  EXPECT_EQ(run(acm_.request(asking(), soon())).error().trouble, AwsTrouble::kLimitReached);
}

TEST_F(AcmTest, SaysThatThePermissionIsMissing) {
  fail_next("RequestCertificate", "AccessDeniedException", 1, 400,
            "User … is not authorized to perform: acm:RequestCertificate");
  const auto denied = run(acm_.request(asking(), soon()));
  EXPECT_EQ(denied.error().trouble, AwsTrouble::kAccessDenied);
  EXPECT_NE(denied.error().error.message.find("acm:RequestCertificate"), std::string::npos);
}

TEST_F(AcmTest, SaysThatTheClockIsWrongByADay) {
  server_.control("skew", R"({"seconds": 86400})");
  EXPECT_EQ(run(acm_.list(soon())).error().trouble, AwsTrouble::kClockWrong);
  server_.control("skew", R"({"seconds": -86400})");
  EXPECT_EQ(run(acm_.list(soon())).error().trouble, AwsTrouble::kClockWrong);
}

TEST_F(AcmTest, SaysThatTheSecretIsNotTheKeysWithoutShowingAnything) {
  testing::FixedCredentials wrong("AKIAOURS", "another");
  Acm acm(http_, wrong, random_, clock_, server_.pointed_here(Acm::settings_of()));
  const auto listed = run(acm.list(soon()));
  EXPECT_EQ(listed.error().trouble, AwsTrouble::kCredentialsRefused);
  EXPECT_EQ(listed.error().error.message.find("x-amz-date"), std::string::npos) << listed.error().error.message;
  EXPECT_EQ(wrong.refused_key, "AKIAOURS");
}

TEST_F(AcmTest, DoesNotFindACertificateOfAnotherRegion) {
  auto settings = server_.pointed_here(Acm::settings_of("eu-west-1"));
  Acm european(http_, credentials_, random_, clock_, settings);
  const auto arn = run(european.request(asking(), soon())).value();
  EXPECT_EQ(arn.region(), "eu-west-1");
  pass(20s);
  EXPECT_TRUE(run(european.describe(arn, std::nullopt, soon())).has_value());
  EXPECT_EQ(described(arn).error().trouble, AwsTrouble::kNotFound);
}

TEST_F(AcmTest, SaysThatTheEndpointIsNotAws) {
  server_.control("faults",
                  R"({"faults": [{"operation": "ListCertificates", "code": "", "status": 404, "strange": true}]})");
  auto settings = server_.pointed_here(Acm::settings_of());
  settings.endpoint += "/elsewhere";
  Acm elsewhere(http_, credentials_, random_, clock_, settings);
  EXPECT_FALSE(run(elsewhere.list(soon())).has_value());
}

TEST_F(AcmTest, SaysThatNobodyListens) {
  auto settings = server_.pointed_here(Acm::settings_of());
  settings.endpoint = "http://127.0.0.1:1";
  Acm nowhere(http_, credentials_, random_, clock_, settings);
  const auto listed = run(nowhere.list(std::chrono::steady_clock::now() + 100ms));
  EXPECT_EQ(listed.error().trouble, AwsTrouble::kUnreachable);
}

TEST(AcmWords, CanBeReadBack) {
  for (int i = 0; i <= static_cast<int>(AcmStatus::kFailed); ++i)
    EXPECT_EQ(parse_acm_status(name_of(static_cast<AcmStatus>(i))), static_cast<AcmStatus>(i));
  for (const auto type : {AcmType::kImported, AcmType::kAmazonIssued, AcmType::kPrivate})
    EXPECT_EQ(parse_acm_type(name_of(type)), type);
  EXPECT_FALSE(parse_acm_status("issued"));
}

}  // namespace
}  // namespace signpost::cloud
