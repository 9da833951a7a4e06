// SPDX-License-Identifier: Apache-2.0
#include "cloud/cloudfront.h"

#include <gtest/gtest.h>

#include "cloud/testing/aws_world.h"

namespace signpost::cloud {
namespace {

using namespace std::chrono_literals;

class CloudFrontTest : public testing::AwsWorld {
 protected:
  CloudFrontTest()
      : acm_(http_, credentials_, random_, clock_, server_.pointed_here(Acm::settings_of())),
        cloudfront_(http_, credentials_, random_, server_.pointed_here(CloudFront::default_settings())) {
    server_.control("settings", R"({"unknown_elements": true})");
  }

  NewDistribution new_distribution(std::string reference = "con_1") {
    return {.caller_reference = std::move(reference),
            .comment = "signpost: his & hers",
            .customer = {"origin.shop.example", DistributionOrigin::AsksFor::kViewerHost},
            .pages = {"my-company.pages.example"},
            .pages_paths = {"/ai/*", "/llms.txt", "/robots.txt", "/sitemap.xml", "/search-company.txt"},
            .tags = {{"signpost:organization", "my-company"}}};
  }
  Distribution created(std::string reference = "con_1") {
    auto made = run(cloudfront_.create(new_distribution(std::move(reference)), soon()));
    if (!made) throw std::runtime_error(made.error().error.message);
    return *made;
  }
  /// A certificate of the host, imported and old enough for CloudFront.
  Arn imported(std::string_view name = "www.shop.example", std::string_view key = "EC_prime256v1") {
    const auto arn = run(acm_.import(certificate_for(name, 90, key), soon())).value();
    pass(61s);
    return arn;
  }
  static CloudFront::Edit attach(const Arn& arn, const HostName& alias) {
    return [=](DistributionDocument& document) -> AwsResult<CloudFront::Edited> {
      if (document.has_alias(alias.text()) && document.viewer_certificate().acm_arn == arn.text())
        return CloudFront::Edited::kNothingToDo;
      TRY_VOID(document.add_alias(alias));
      TRY_VOID(document.set_certificate(arn));
      return CloudFront::Edited::kYes;
    };
  }
  AwsResult<Distribution> attached(const DistributionId& id, const Arn& arn,
                                   std::string_view alias = "www.shop.example") {
    return run(cloudfront_.update(id, attach(arn, host(alias)), soon()));
  }

  Acm acm_;
  CloudFront cloudfront_;
};

TEST_F(CloudFrontTest, CreatesADistributionWithTwoOriginsAndTags) {
  const auto made = run(cloudfront_.create(new_distribution(), soon()));
  ASSERT_TRUE(made.has_value()) << made.error().error.message;
  EXPECT_FALSE(made->is_deployed);
  EXPECT_TRUE(made->domain_name.ends_with(".cloudfront.net"));
  EXPECT_TRUE(made->certificate.is_default);
  EXPECT_EQ(run(cloudfront_.tags_of(made->arn, soon())).value(),
            (std::vector<AwsTag>{{"signpost:organization", "my-company"}}));
  const std::string xml(state().at("distributions").at(0).at("config").as_string());
  EXPECT_NE(xml.find("<PathPattern>/search-company.txt</PathPattern><TargetOriginId>pages</TargetOriginId>"),
            std::string::npos)
      << xml;
  EXPECT_NE(xml.find("<DefaultCacheBehavior><TargetOriginId>customer</TargetOriginId>"), std::string::npos) << xml;
}

TEST_F(CloudFrontTest, IsDeployedAfterAWhile) {
  const auto made = created();
  pass(5min);
  EXPECT_TRUE(run(cloudfront_.get(made.id, soon())).value().is_deployed);
}

TEST_F(CloudFrontTest, NeverMakesTwoForOneCallerReference) {
  const auto made = created();
  server_.control("faults",
                  R"({"faults": [{"operation": "CreateDistributionWithTags", "when": "after", "drop": true}]})");
  const auto again = run(cloudfront_.create(new_distribution("con_2"), soon()));
  ASSERT_TRUE(again.has_value()) << again.error().error.message;
  EXPECT_NE(again->id, made.id);
  EXPECT_EQ(run(cloudfront_.create(new_distribution(), soon())).value().id, made.id);
  EXPECT_EQ(state().at("distributions").as_array().size(), 2U);
}

TEST_F(CloudFrontTest, AttachesACertificateAndWhatItDoesNotKnowSurvives) {
  const auto made = created();
  const auto arn = imported();
  const auto changed = attached(made.id, arn);
  ASSERT_TRUE(changed.has_value()) << changed.error().error.message;
  EXPECT_EQ(changed->certificate.acm_arn, arn.text());
  EXPECT_EQ(changed->aliases, std::vector<std::string>{"www.shop.example"});
  EXPECT_FALSE(changed->is_deployed);
  const std::string xml(state().at("distributions").at(0).at("config").as_string());
  EXPECT_NE(xml.find("<GrpcConfig>"), std::string::npos) << "the server would have refused the update without it";
}

TEST_F(CloudFrontTest, DoesNothingWhereNothingIsToDo) {
  const auto made = created();
  const auto arn = imported();
  ASSERT_TRUE(attached(made.id, arn).has_value());
  const auto again = attached(made.id, arn);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->certificate.acm_arn, arn.text());
  EXPECT_EQ(calls("UpdateDistribution"), 1);
}

TEST_F(CloudFrontTest, StartsAgainWhenSomebodyChangedItMeanwhile) {
  const auto made = created();
  const auto arn = imported();
  server_.control("settings", R"({"interferences": 3})");
  const auto changed = attached(made.id, arn);
  ASSERT_TRUE(changed.has_value()) << changed.error().error.message;
  EXPECT_EQ(calls("UpdateDistribution"), 4);
  const std::string xml(state().at("distributions").at(0).at("config").as_string());
  EXPECT_NE(xml.find("his &amp; hers...</Comment>"), std::string::npos)
      << "what the other one changed is there: " << xml;
}

TEST_F(CloudFrontTest, GivesUpWhenItIsAlwaysChangedMeanwhile) {
  const auto made = created();
  const auto arn = imported();
  server_.control("settings", R"({"interferences": 1000})");
  EXPECT_EQ(attached(made.id, arn).error().trouble, AwsTrouble::kChanged);
  EXPECT_EQ(calls("UpdateDistribution"), CloudFront::kEditsMax);
}

TEST_F(CloudFrontTest, FindsItsChangeMadeWhenTheAnswerWasLost) {
  const auto made = created();
  const auto arn = imported();
  server_.control("faults", R"({"faults": [{"operation": "UpdateDistribution", "when": "after", "drop": true}]})");
  const auto changed = attached(made.id, arn);
  ASSERT_TRUE(changed.has_value()) << changed.error().error.message;
  EXPECT_EQ(changed->certificate.acm_arn, arn.text());
  EXPECT_EQ(state().at("distributions").at(0).at("version").as_int64(), 2);
}

TEST_F(CloudFrontTest, DoesNotTakeACertificateJustImported) {
  const auto made = created();
  const auto arn = run(acm_.import(certificate_for("www.shop.example"), soon())).value();
  EXPECT_EQ(attached(made.id, arn).error().trouble, AwsTrouble::kCertificateRefused);
  pass(61s);
  EXPECT_TRUE(attached(made.id, arn).has_value());
}

TEST_F(CloudFrontTest, DoesNotTakeACertificateThatDoesNotCoverTheAliasOrHasTheWrongKey) {
  const auto made = created();
  EXPECT_EQ(attached(made.id, imported("other.example")).error().trouble, AwsTrouble::kCertificateRefused);
  EXPECT_EQ(attached(made.id, imported("www.shop.example", "EC_secp384r1")).error().trouble,
            AwsTrouble::kCertificateRefused);
}

TEST_F(CloudFrontTest, SaysWhoHasTheAlias) {
  testing::FixedCredentials theirs("AKIAOTHERS", "their+secret/key");
  Acm their_acm(http_, theirs, random_, clock_, server_.pointed_here(Acm::settings_of()));
  CloudFront their_cloudfront(http_, theirs, random_, server_.pointed_here(CloudFront::default_settings()));
  const auto their_arn = run(their_acm.import(certificate_for("www.shop.example"), soon())).value();
  pass(61s);
  const auto their_distribution = run(their_cloudfront.create(new_distribution(), soon())).value();
  ASSERT_TRUE(run(their_cloudfront.update(their_distribution.id, attach(their_arn, host("www.shop.example")), soon()))
                  .has_value());

  const auto made = created();
  const auto arn = imported();
  EXPECT_EQ(attached(made.id, arn).error().trouble, AwsTrouble::kAliasTaken);
  ASSERT_TRUE(run(cloudfront_.update(
                      made.id,
                      [&](DistributionDocument& document) -> AwsResult<CloudFront::Edited> {
                        TRY_VOID(document.set_certificate(arn));
                        return CloudFront::Edited::kYes;
                      },
                      soon()))
                  .has_value());
  const auto conflicts = run(cloudfront_.conflicting_aliases(made.id, host("www.shop.example"), soon()));
  ASSERT_TRUE(conflicts.has_value()) << conflicts.error().error.message;
  ASSERT_EQ(conflicts->size(), 1U);
  EXPECT_EQ(conflicts->at(0).alias, "www.shop.example");
  EXPECT_TRUE(conflicts->at(0).account.ends_with("556666")) << conflicts->at(0).account;
}

TEST_F(CloudFrontTest, MayNotTouchADistributionOfAnotherAccount) {
  testing::FixedCredentials theirs("AKIAOTHERS", "their+secret/key");
  CloudFront their_cloudfront(http_, theirs, random_, server_.pointed_here(CloudFront::default_settings()));
  const auto theirs_made = run(their_cloudfront.create(new_distribution(), soon())).value();
  EXPECT_EQ(attached(theirs_made.id, imported()).error().trouble, AwsTrouble::kAccessDenied);
}

TEST_F(CloudFrontTest, DoesNotFindADistributionThatIsNotThere) {
  const auto missing = run(cloudfront_.get(DistributionId::parse("ENOTHERE").value(), soon()));
  EXPECT_EQ(missing.error().trouble, AwsTrouble::kNotFound);
}

TEST_F(CloudFrontTest, SaysThatAQuotaIsReached) {
  server_.control("settings", R"({"distributions_max": 0})");
  EXPECT_EQ(run(cloudfront_.create(new_distribution(), soon())).error().trouble, AwsTrouble::kLimitReached);
}

TEST_F(CloudFrontTest, WaitsOutThrottlingAndFaultsOfAws) {
  const auto made = created();
  fail_next("GetDistribution", "Throttling", 2);
  fail_next("GetDistribution", "ServiceUnavailable", 2, 503);
  EXPECT_TRUE(run(cloudfront_.get(made.id, soon())).has_value());
  EXPECT_EQ(calls("GetDistribution"), 5);
}

TEST_F(CloudFrontTest, TakesNoAnswerOverItsLimit) {
  const auto made = created();
  auto settings = server_.pointed_here(CloudFront::default_settings());
  settings.answer_bytes_max = 100;
  CloudFront narrow(http_, credentials_, random_, settings);
  EXPECT_EQ(run(narrow.get(made.id, soon())).error().trouble, AwsTrouble::kGarbled);
}

TEST_F(CloudFrontTest, TakesAHostOffAndGoesBackToItsOwnCertificate) {
  const auto made = created();
  ASSERT_TRUE(attached(made.id, imported()).has_value());
  const auto changed = run(cloudfront_.update(
      made.id,
      [](DistributionDocument& document) -> AwsResult<CloudFront::Edited> {
        document.remove_alias(host("www.shop.example"));
        TRY_VOID(document.set_default_certificate());
        return CloudFront::Edited::kYes;
      },
      soon()));
  ASSERT_TRUE(changed.has_value()) << changed.error().error.message;
  EXPECT_TRUE(changed->aliases.empty());
  EXPECT_TRUE(changed->certificate.is_default);
}

TEST_F(CloudFrontTest, AnEditThatRefusesChangesNothing) {
  const auto made = created();
  const auto refused = run(cloudfront_.update(
      made.id,
      [](DistributionDocument&) -> AwsResult<CloudFront::Edited> {
        return aws_fail(AwsTrouble::kConflict, "", "not ours any more");
      },
      soon()));
  EXPECT_EQ(refused.error().error.message, "not ours any more");
  EXPECT_EQ(calls("UpdateDistribution"), 0);
}

TEST_F(CloudFrontTest, ReadsTheConfiguration) {
  const auto document = run(cloudfront_.configuration(created().id, soon()));
  ASSERT_TRUE(document.has_value()) << document.error().error.message;
  EXPECT_EQ(document->caller_reference(), "con_1");
}

TEST_F(CloudFrontTest, KeepsACertificateInUseForAWhileAfterItWasReplaced) {
  const auto made = created();
  const auto old = imported();
  ASSERT_TRUE(attached(made.id, old).has_value());
  const auto fresh = imported();
  ASSERT_TRUE(attached(made.id, fresh).has_value());
  EXPECT_EQ(run(acm_.describe(old, std::nullopt, soon())).value().in_use_by.size(), 1U);
  EXPECT_EQ(run(acm_.remove(old, soon())).error().trouble, AwsTrouble::kInUse);
  pass(21min);
  EXPECT_TRUE(run(acm_.describe(old, std::nullopt, soon())).value().in_use_by.empty());
  EXPECT_TRUE(run(acm_.remove(old, soon())).has_value());
}

}  // namespace
}  // namespace signpost::cloud
