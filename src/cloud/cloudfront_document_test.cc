// SPDX-License-Identifier: Apache-2.0
#include "cloud/cloudfront_document.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace signpost::cloud {
namespace {

constexpr std::string_view kConfig =
    R"(<?xml version="1.0" encoding="UTF-8"?><DistributionConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">
  <CallerReference>one</CallerReference>
  <Aliases><Quantity>1</Quantity><Items><CNAME>www.shop.example</CNAME></Items></Aliases>
  <Future kind="a &amp; b"> text  &lt;kept&gt; <![CDATA[<raw> & more]]><!-- a remark --><Inner/></Future>
  <Comment>his &amp; hers</Comment>
  <Enabled>true</Enabled>
  <ViewerCertificate><CloudFrontDefaultCertificate>false</CloudFrontDefaultCertificate><ACMCertificateArn>arn:aws:acm:us-east-1:111122223333:certificate/old</ACMCertificateArn><SSLSupportMethod>vip</SSLSupportMethod><MinimumProtocolVersion>TLSv1.2_2019</MinimumProtocolVersion><Certificate>arn:aws:acm:us-east-1:111122223333:certificate/old</Certificate><CertificateSource>acm</CertificateSource></ViewerCertificate>
  <Last/>
</DistributionConfig>
)";

HostName host(std::string_view text) { return HostName::parse(text).value(); }
Arn certificate(std::string_view id, std::string_view region = "us-east-1") {
  return Arn::parse_certificate(format("arn:aws:acm:{}:111122223333:certificate/{}", region, id)).value();
}

TEST(DistributionDocument, ComesBackAsItWasWhenNothingIsEdited) {
  EXPECT_EQ(DistributionDocument::parse(kConfig).value().xml(), std::string(kConfig).substr(0, kConfig.size() - 1));
}

TEST(DistributionDocument, ShowsWhatIsInIt) {
  const auto document = DistributionDocument::parse(kConfig).value();
  EXPECT_EQ(document.caller_reference(), "one");
  EXPECT_EQ(document.comment(), "his & hers");
  EXPECT_TRUE(document.is_enabled());
  EXPECT_EQ(document.aliases(), std::vector<std::string>{"www.shop.example"});
  EXPECT_EQ(document.viewer_certificate().acm_arn, certificate("old").text());
}

TEST(DistributionDocument, ReplacesTheCertificateWholeAndLeavesTheRest) {
  auto document = DistributionDocument::parse(kConfig).value();
  ASSERT_TRUE(document.set_certificate(certificate("new")));
  std::string expected(kConfig.substr(0, kConfig.size() - 1));
  const auto from = expected.find("<ViewerCertificate>");
  const auto to = expected.find("\n  <Last/>");
  expected.replace(from, to - from,
                   "<ViewerCertificate><CloudFrontDefaultCertificate>false</"
                   "CloudFrontDefaultCertificate><ACMCertificateArn>arn:aws:acm:us-east-1:"
                   "111122223333:certificate/new</ACMCertificateArn><SSLSupportMethod>vip</"
                   "SSLSupportMethod><MinimumProtocolVersion>TLSv1.2_2019"
                   "</MinimumProtocolVersion></ViewerCertificate>");
  EXPECT_EQ(document.xml(), expected);
}

TEST(DistributionDocument, ServesByServerNameWhereThereWasNoCertificate) {
  auto document = DistributionDocument::parse(
                      "<DistributionConfig><CallerReference>a</"
                      "CallerReference><ViewerCertificate><CloudFrontDefaultCertificate>true"
                      "</CloudFrontDefaultCertificate><MinimumProtocolVersion>TLSv1</MinimumProtocolVersion></"
                      "ViewerCertificate></DistributionConfig>")
                      .value();
  ASSERT_TRUE(document.set_certificate(certificate("new")));
  const auto now = document.viewer_certificate();
  EXPECT_EQ(now.ssl_support, "sni-only");
  EXPECT_EQ(now.minimum_protocol, "TLSv1.2_2021");
  EXPECT_FALSE(now.is_default);
}

TEST(DistributionDocument, RefusesACertificateOfAnotherRegion) {
  auto document = DistributionDocument::parse(kConfig).value();
  const auto refused = document.set_certificate(certificate("new", "eu-west-1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kUnprocessable);
  EXPECT_NE(refused.error().message.find("us-east-1"), std::string::npos);
  EXPECT_EQ(document.viewer_certificate().acm_arn, certificate("old").text());
}

TEST(DistributionDocument, CountsItsAliases) {
  auto document = DistributionDocument::parse(kConfig).value();
  ASSERT_TRUE(document.add_alias(host("Shop.Example")));
  ASSERT_TRUE(document.add_alias(host("shop.example")));
  EXPECT_NE(document.xml().find("<Aliases><Quantity>2</Quantity><Items><CNAME>www.shop.example</"
                                "CNAME><CNAME>shop.example</CNAME></Items></Aliases>"),
            std::string::npos)
      << document.xml();
  document.remove_alias(host("www.shop.example"));
  document.remove_alias(host("nobody.example"));
  EXPECT_NE(document.xml().find("<Aliases><Quantity>1</Quantity><Items><CNAME>shop.example</CNAME></Items></Aliases>"),
            std::string::npos);
  document.remove_alias(host("shop.example"));
  EXPECT_NE(document.xml().find("<Aliases><Quantity>0</Quantity></Aliases>"), std::string::npos);
}

TEST(DistributionDocument, HasAHundredAliasesAtMost) {
  auto document = DistributionDocument::parse(kConfig).value();
  for (int i = 1; i < static_cast<int>(kAliasesMax); ++i)
    ASSERT_TRUE(document.add_alias(host(format("n{}.shop.example", i))));
  EXPECT_FALSE(document.add_alias(host("one-more.shop.example")));
  EXPECT_TRUE(document.add_alias(host("www.shop.example"))) << "it is there";
}

TEST(DistributionDocument, GoesBackToTheDefaultCertificateOnlyWithoutAliases) {
  auto document = DistributionDocument::parse(kConfig).value();
  EXPECT_EQ(document.set_default_certificate().error().kind, Kind::kConflict);
  document.remove_alias(host("www.shop.example"));
  ASSERT_TRUE(document.set_default_certificate());
  EXPECT_TRUE(document.viewer_certificate().is_default);
  EXPECT_EQ(document.viewer_certificate().acm_arn, "");
}

TEST(DistributionDocument, IsSwitchedOff) {
  auto document = DistributionDocument::parse(kConfig).value();
  document.set_enabled(false);
  EXPECT_FALSE(document.is_enabled());
}

TEST(DistributionDocument, RefusesWhatIsNotAConfiguration) {
  for (const auto* text : {"", "{}", "<html/>", "<DistributionConfig>", "<DistributionConfig/>",
                           "<DistributionConfig><CallerReference/></DistributionConfig>"})
    EXPECT_EQ(DistributionDocument::parse(text).error().kind, Kind::kProtocol) << text;
}

TEST(CloudFrontXml, RefusesADistributionWithoutAStatus) {
  EXPECT_FALSE(parse_distribution("<Distribution><Id>E1</Id></Distribution>"));
  EXPECT_FALSE(
      parse_distribution("<Distribution><Id>E1/x</Id><ARN>arn:aws:cloudfront::1:distribution/E1</ARN><Status>Deployed</"
                         "Status><DomainName>d.cloudfront.net"
                         "</DomainName><DistributionConfig/></Distribution>"));
}

TEST(CloudFrontXml, ReadsAFault) {
  const auto fault = parse_cloudfront_fault(
      {.status = 412,
       .headers = {},
       .body = "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>PreconditionFailed</Code><Message>a &amp; "
               "b</Message></Error></ErrorResponse>"});
  EXPECT_EQ(fault.code, "PreconditionFailed");
  EXPECT_EQ(fault.message, "a & b");
  EXPECT_EQ(parse_cloudfront_fault({.status = 502, .headers = {}, .body = "<html>Bad Gateway"}).code, "");
}

}  // namespace
}  // namespace signpost::cloud
