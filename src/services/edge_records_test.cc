// SPDX-License-Identifier: Apache-2.0
#include "services/edge_records.h"

#include <gmock/gmock.h>

#include "base/testing/fake_clock.h"

namespace signpost::services {
namespace {

using ::testing::HasSubstr;

HostName host(std::string_view text) { return HostName::parse(text).value(); }

model::Distribution distribution() { return {.id = model::DistributionRowId(1), .host = host("www.shop.example")}; }

TEST(PagesHost, IsTheSettingWithTheOrganizationInLowerCase) {
  EXPECT_EQ(pages_host_of({.pages_host = "{ORGANIZATION}.pages.saas.example"}, "My-Company-1")->text(),
            "my-company-1.pages.saas.example");
  EXPECT_EQ(pages_host_of({.pages_host = "pages.saas.example"}, "acme")->text(), "pages.saas.example");
}

TEST(PagesHost, IsRefusedWhereTheSlugIsNoLabelOrNothingIsSet) {
  EXPECT_EQ(pages_host_of({.pages_host = "{ORGANIZATION}.pages.saas.example"}, "my_company").error().member,
            "organization");
  EXPECT_EQ(pages_host_of({}, "acme").error().member, "distribution_id");
}

TEST(Origin, IsAsItWasSaidElseWhereTheHostLed) {
  auto row = distribution();
  EXPECT_EQ(origin_of(row, model::OriginalDns{.cname = "shops.hosting.example", .a = {}, .aaaa = {}}),
            "shops.hosting.example");
  row.origin = "origin.shop.example";
  EXPECT_EQ(origin_of(row, std::nullopt), "origin.shop.example");
}

TEST(Origin, IsNotKnownYetOrNeverAnAddress) {
  EXPECT_EQ(origin_of(distribution(), std::nullopt).error().kind, Kind::kUnavailable);
  const auto addresses = origin_of(distribution(), model::OriginalDns{.cname = {}, .a = {"192.0.2.7"}, .aaaa = {}});
  EXPECT_EQ(addresses.error().kind, Kind::kConflict);
  EXPECT_THAT(addresses.error().message, HasSubstr("led to addresses"));
  EXPECT_THAT(origin_of(distribution(), model::OriginalDns{}).error().message, HasSubstr("had no record"));
}

TEST(Origin, IsNeverAnotherDistributionOfCloudfront) {
  // CloudFront finds a distribution by the host that is asked for, so the new one would fetch from itself.
  const auto origin = origin_of(distribution(), model::OriginalDns{.cname = "d1.cloudfront.net", .a = {}, .aaaa = {}});
  EXPECT_EQ(origin.error().kind, Kind::kConflict);
  EXPECT_THAT(origin.error().message, HasSubstr("\"origin\""));
}

TEST(Origin, IsNeverTheDistributionThatAnEarlierConnectionLeft) {
  const auto refused = origin_of(distribution(), model::OriginalDns{.cname = "d1.cloudfront.net"});
  EXPECT_EQ(refused.error().kind, Kind::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("distribution_id"));
}

TEST(EdgeRecords, LeadASubdomainByANameAndAnApexByAddresses) {
  signpost::testing::FakeClock clock;
  IdMaker ids(clock, 1);
  const EdgePlan plan{.pages_host = {}, .pages_paths = {}, .apex_gateway_ips = {"203.0.113.7", "203.0.113.8"}};
  const auto traffic = traffic_records(host("www.shop.example"), "d1.cloudfront.net", ids);
  ASSERT_EQ(traffic.size(), 1U);
  EXPECT_EQ(traffic[0].host, "www");
  EXPECT_EQ(traffic[0].value, "d1.cloudfront.net");
  EXPECT_TRUE(leads_host(host("www.shop.example"), traffic[0]));
  EXPECT_FALSE(leads_host(host("shop.example"), traffic[0]));
  EXPECT_TRUE(gateway_records(host("www.shop.example"), plan, ids).empty());

  EXPECT_TRUE(traffic_records(host("shop.example"), "d1.cloudfront.net", ids).empty());
  const auto gateways = gateway_records(host("shop.example"), plan, ids);
  ASSERT_EQ(gateways.size(), 2U);
  EXPECT_EQ(gateways[1].host, "@");
  EXPECT_EQ(gateways[1].value, "203.0.113.8");
}

TEST(EdgeRecords, OfferAmazonsRecordAsItIsEntered) {
  signpost::testing::FakeClock clock;
  IdMaker ids(clock, 1);
  const auto record =
      validation_record(host("www.shop.example"), {"_ab.www.shop.example.", "_cd.xyz.acm-validations.aws."}, ids);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->host, "_ab.www");
  EXPECT_EQ(record->value, "_cd.xyz.acm-validations.aws");
  EXPECT_EQ(record->purpose, model::RecordPurpose::kCertificateValidation);
  EXPECT_FALSE(validation_record(host("www.shop.example"), {"_ab.other.example", "_cd.acm-validations.aws"}, ids))
      << "nobody adds a record to another domain for it";
}

}  // namespace
}  // namespace signpost::services
