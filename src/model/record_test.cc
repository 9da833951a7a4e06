// SPDX-License-Identifier: Apache-2.0
#include "model/record.h"

#include <gmock/gmock.h>

namespace signpost::model {
namespace {

using ::testing::HasSubstr;

RecordContext context(const char* host = "blog.shop.example") {
  return {
      .host = *HostName::parse(host), .cname_target = *DnsName::parse("edge.saas.example"), .claim_token = "c0ffee"};
}

Result<Record> expand_one(RecordType type, std::string host, std::string value, const char* of = "blog.shop.example") {
  return expand(
      RecordRequest{
          .type = type, .host = std::move(host), .value = std::move(value), .ttl = 300, .priority = std::nullopt},
      context(of));
}

TEST(Record, ReplacesEveryVariableInHostAndValue) {
  const auto record = expand_one(RecordType::kTxt, "{SUBDOMAIN}.xyz", "{SLD}-{TLD} {DOMAIN} {CNAME_TARGET}");
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->host, "blog.xyz");
  EXPECT_EQ(record->name.text(), "blog.xyz.shop.example");
  EXPECT_EQ(record->value, "shop-example shop.example edge.saas.example");
}

TEST(Record, HostIsApexRelativeOrFull) {
  EXPECT_EQ(expand_one(RecordType::kA, "@", "203.0.113.7")->name.text(), "shop.example");
  EXPECT_EQ(expand_one(RecordType::kA, "www", "203.0.113.7")->name.text(), "www.shop.example");
  EXPECT_EQ(expand_one(RecordType::kA, "Shop.Example", "203.0.113.7")->name.text(), "shop.example");
  EXPECT_EQ(expand_one(RecordType::kA, "www.shop.example.", "203.0.113.7")->name.text(), "www.shop.example");
  EXPECT_EQ(expand_one(RecordType::kA, "www.other.example", "203.0.113.7")->name.text(),
            "www.other.example.shop.example");
}

TEST(Record, HostIsShownAsItWasRequested) {
  EXPECT_EQ(expand_one(RecordType::kA, "shop.example", "203.0.113.7")->host, "shop.example");
}

TEST(Record, AtTheApexTheSubdomainIsTheDomainItself) {
  const auto record = expand_one(RecordType::kA, "{SUBDOMAIN}", "203.0.113.7", "shop.example");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->host, "@");
  const auto value = expand_one(RecordType::kTxt, "@", "{SUBDOMAIN}", "shop.example");
  ASSERT_FALSE(value);
  EXPECT_THAT(value.error().message, HasSubstr("apex"));
  EXPECT_EQ(value.error().member, "value");
}

TEST(Record, NameOutsideTheDomainIsRefused) {
  const auto record = expand_one(RecordType::kA, "www.other.example.", "203.0.113.7");
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().member, "host");
  EXPECT_THAT(record.error().message, HasSubstr("not within shop.example"));
}

TEST(Record, ValueIsCheckedAgainstItsType) {
  EXPECT_EQ(expand_one(RecordType::kAaaa, "@", "2001:DB8:0:0::7")->value, "2001:db8::7");
  EXPECT_EQ(expand_one(RecordType::kCname, "www", "App.SaaS.example.")->value, "app.saas.example");
  for (const auto& [type, value, says] : {std::tuple{RecordType::kA, "2001:db8::7", "IPv4"},
                                          {RecordType::kA, "1.2.3", "IPv4"},
                                          {RecordType::kAaaa, "203.0.113.7", "IPv6"},
                                          {RecordType::kCname, "https://app.saas.example/", "URL"},
                                          {RecordType::kCname, "203.0.113.7", "address"},
                                          {RecordType::kNs, "203.0.113.7.", "address"},
                                          {RecordType::kCaa, "0 isue ca.example", "not a tag"},
                                          {RecordType::kTxt, "\"hello\"", "quotation marks"},
                                          {RecordType::kTxt, "a\nb", "control"},
                                          {RecordType::kTxt, "", "empty"},
                                          {RecordType::kTxt, "{subdomain}", "not a variable"}}) {
    const auto record = expand_one(type, "www", value);
    ASSERT_FALSE(record) << value;
    EXPECT_EQ(record.error().kind, Kind::kUnprocessable);
    EXPECT_EQ(record.error().member, "value");
    EXPECT_THAT(record.error().message, HasSubstr(says));
  }
}

TEST(Record, ValueOverTheLimitIsRefused) {
  EXPECT_TRUE(expand_one(RecordType::kTxt, "@", std::string(kRecordValueBytesMax, 'x')));
  EXPECT_FALSE(expand_one(RecordType::kTxt, "@", std::string(kRecordValueBytesMax + 1, 'x')));
}

TEST(Record, OfEachNewTypeHasItsCanonicalValue) {
  EXPECT_EQ(expand_one(RecordType::kNs, "app", "NS1.{CNAME_TARGET}.")->value, "ns1.edge.saas.example");
  EXPECT_EQ(expand_one(RecordType::kCaa, "@", "0 ISSUE letsencrypt.org")->value, "0 issue \"letsencrypt.org\"");
  EXPECT_EQ(expand_one(RecordType::kSrv, "_sip._tcp", "10 5 5061 {CNAME_TARGET}")->value,
            "10 5 5061 edge.saas.example");
}

TEST(Record, HostOfASrvNamesServiceAndProtocol) {
  for (const auto* host : {"@", "sip", "_sip", "sip._tcp"}) {
    const auto record = expand_one(RecordType::kSrv, host, "10 5 443 app.saas.example");
    ASSERT_FALSE(record) << host;
    EXPECT_EQ(record.error().member, "host");
    EXPECT_THAT(record.error().message, HasSubstr("_sip._tcp.blog.shop.example"));
  }
}

TEST(Record, HostTypedAsAUrlIsRefused) {
  const auto record = expand_one(RecordType::kA, "https://www.shop.example/", "203.0.113.7");
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().member, "host");
  EXPECT_THAT(record.error().message, HasSubstr("is a URL"));
}

TEST(Record, CnameToItselfIsRefused) {
  EXPECT_THAT(expand_one(RecordType::kCname, "www", "www.shop.example").error().message, HasSubstr("itself"));
}

TEST(Record, PriorityBelongsToMailAlone) {
  RecordRequest request{
      .type = RecordType::kMx, .host = "@", .value = "mail.shop.example", .ttl = 300, .priority = std::nullopt};
  EXPECT_EQ(expand(request, context()).error().member, "priority");
  request.priority = 10;
  EXPECT_TRUE(expand(request, context()));
  request.type = RecordType::kCname;
  EXPECT_EQ(expand(request, context()).error().member, "priority");
  request.type = RecordType::kSrv;
  EXPECT_THAT(expand(request, context()).error().message, HasSubstr("first number of its value"));
}

TEST(Record, WithTheClaimTokenProvesOwnership) {
  EXPECT_TRUE(expand_one(RecordType::kCname, "blog", "{CLAIM_TOKEN}.customers.saas.example")->proves_ownership);
  EXPECT_FALSE(expand_one(RecordType::kCname, "blog", "app.saas.example")->proves_ownership);
}

TEST(Record, WithTheClaimTokenAtAnotherNameProvesNothing) {
  const auto proves = [](const char* host) {
    const auto record = expand_one(RecordType::kTxt, host, "x={CLAIM_TOKEN}");
    return record && record->proves_ownership;
  };
  EXPECT_TRUE(proves("blog"));
  EXPECT_TRUE(proves("_signpost.blog"));
  EXPECT_FALSE(proves("evil")) << "the hosts of a domain may be of different people";
  EXPECT_FALSE(proves("@"));
  EXPECT_FALSE(proves("x.blog"));
  EXPECT_FALSE(proves("_signpost"));
}

/// A host name of so many octets in shop.example.
HostName long_host(std::size_t octets) {
  std::string text = "shop.example";
  while (text.size() < octets) {
    const auto label = std::min<std::size_t>(50, octets - text.size() - 1);
    text = std::string(label, 'a') + "." + text;
  }
  return HostName::parse(text).value();
}

TEST(ClaimName, StandsBelowTheHostOrAtTheDomainOfAHostThatLeavesNoRoom) {
  EXPECT_EQ(claim_name(*HostName::parse("www.shop.example")).text(), "_signpost.www.shop.example");
  EXPECT_EQ(claim_name(long_host(243)).text(), "_signpost." + long_host(243).text());
  EXPECT_EQ(claim_name(long_host(244)).text(), "_signpost.shop.example");
  EXPECT_EQ(claim_name(long_host(253)).text(), "_signpost.shop.example");
}

TEST(Record, WithoutACnameTargetSaysHowToSetIt) {
  auto without = context();
  without.cname_target.reset();
  const auto record = expand(
      RecordRequest{
          .type = RecordType::kCname, .host = "www", .value = "{CNAME_TARGET}", .ttl = 300, .priority = std::nullopt},
      without);
  ASSERT_FALSE(record);
  EXPECT_THAT(record.error().message, HasSubstr("cname_target"));
}

}  // namespace
}  // namespace signpost::model
