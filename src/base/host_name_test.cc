// SPDX-License-Identifier: Apache-2.0
#include "base/host_name.h"

#include <gtest/gtest.h>

#include <random>

#include "base/text.h"

namespace signpost {
namespace {

using namespace std::literals;

std::string canonical(std::string_view text) {
  const auto host = HostName::parse(text);
  return host ? host->text() : "refused: " + host.error().message;
}
std::string refusal(std::string_view text) {
  const auto host = HostName::parse(text);
  if (host) return "accepted as " + host->text();
  EXPECT_EQ(host.error().kind, Kind::kUnprocessable);
  return host.error().message;
}
std::string dns(std::string_view text) {
  const auto name = DnsName::parse(text);
  return name ? name->text() : "refused: " + name.error().message;
}
#define EXPECT_REFUSED(text, reason) EXPECT_NE(refusal(text).find(reason), std::string::npos) << refusal(text)

TEST(HostName, IsLowerCaseWithoutTrailingDot) {
  EXPECT_EQ(canonical("WWW.Shop.Example."), "www.shop.example");
  EXPECT_EQ(canonical("a-b.1.shop.example"), "a-b.1.shop.example");
  EXPECT_EQ(canonical("r3---sn-x.shop.example"), "r3---sn-x.shop.example");
}

TEST(HostName, IsSplitByThePublicSuffixList) {
  const auto www = HostName::parse("www.shop.example");
  ASSERT_TRUE(www);
  EXPECT_EQ(www->domain(), "shop.example");
  EXPECT_EQ(www->subdomain(), "www");
  EXPECT_EQ(www->second_level(), "shop");
  EXPECT_EQ(www->suffix(), "example");
  EXPECT_FALSE(www->is_apex());

  const auto uk = HostName::parse("a.b.shop.co.uk");
  ASSERT_TRUE(uk);
  EXPECT_EQ(uk->domain(), "shop.co.uk");
  EXPECT_EQ(uk->subdomain(), "a.b");
  EXPECT_EQ(uk->second_level(), "shop");
  EXPECT_EQ(uk->suffix(), "co.uk");

  const auto apex = HostName::parse("shop.co.uk");
  ASSERT_TRUE(apex);
  EXPECT_TRUE(apex->is_apex());
  EXPECT_EQ(apex->subdomain(), "");

  const auto exception = HostName::parse("a.www.ck");  // the list has "*.ck" and "!www.ck"
  ASSERT_TRUE(exception);
  EXPECT_EQ(exception->domain(), "www.ck");

  const auto hosted = HostName::parse("a.b.github.io");  // the list's private part
  ASSERT_TRUE(hosted);
  EXPECT_EQ(hosted->domain(), "b.github.io");
}

TEST(HostName, TakesInternationalNamesInEverySpelling) {
  for (const auto* text :
       {"www.münchen.example", "WWW.MÜNCHEN.EXAMPLE", "www.mu\xCC\x88nchen.example", "www.xn--mnchen-3ya.example",
        "WWW.XN--MNCHEN-3YA.example.", "www。münchen．example｡", "ｗｗｗ.münchen.example"}) {
    EXPECT_EQ(canonical(text), "www.xn--mnchen-3ya.example") << text;
  }
  EXPECT_EQ(HostName::parse("www.münchen.example")->unicode(), "www.münchen.example");
  EXPECT_EQ(HostName::parse("www.shop.example")->unicode(), "www.shop.example");
  EXPECT_EQ(HostName::parse("a.食狮.公司.cn")->domain(), "xn--85x722f.xn--55qx5d.cn");
}

TEST(HostName, IsNonTransitional) {
  EXPECT_EQ(canonical("straße.example"), "xn--strae-oqa.example");  // transitional rules made "strasse" of it
}

TEST(HostName, RefusesInvalidInternationalNames) {
  for (const auto* text :
       {"xn--.example", "xn--a.example", "xn--zzzzzzzz9999999.example", "xn--abc-.example", "xn--strasse-.example",
        "a\u200Db.example", "\u0301a.example", "☃☃\u2028.example", "xn--mnchen-3YA\u00fc.example"}) {
    EXPECT_FALSE(HostName::parse(text)) << text << " → " << canonical(text);
  }
}

TEST(HostName, RefusesAnEmptyText) { EXPECT_REFUSED("", "missing"); }

TEST(HostName, RefusesUnicodeNullAndBrokenUtf8) {
  EXPECT_REFUSED("a\0.shop.example"sv, "U+0000");
  EXPECT_REFUSED("shop.example\0"sv, "U+0000");
  EXPECT_REFUSED("\xFF.shop.example", "UTF-8");
}

TEST(HostName, RefusesIpAddresses) {
  for (const auto* text :
       {"1.2.3.4", "1.2.3.4.", "::1", "[::1]", "2001:db8::1", "[2001:db8::1]:443", "fe80::1%eth0", "[fe80::1%25eth0]",
        "１.２.３.４", "1.2.3", "127.1", "a.b.1", "0x7f.1", "shop.0x7f", "shop.0x", "4294967295", "１２３"}) {
    EXPECT_REFUSED(text, "IP address");
  }
}

TEST(HostName, RefusesWhatIsNotAHostNameAlone) {
  EXPECT_REFUSED("https://shop.example/", "URL");
  EXPECT_REFUSED("shop.example:443", "colon");
  EXPECT_REFUSED("*.shop.example", "wildcard");
  EXPECT_REFUSED("shop.*.example", "\"*\"");
  EXPECT_REFUSED("_dmarc.shop.example", "underscore");
  EXPECT_REFUSED("shop.example/path", "\"/\"");
  EXPECT_REFUSED("me@shop.example", "\"@\"");
  EXPECT_REFUSED(" shop.example", "\" \"");
  EXPECT_REFUSED("shop.example\n", "\"?\"");
  EXPECT_REFUSED("sh\\111p.example", "backslash");
  EXPECT_REFUSED("-a.shop.example", "hyphen");
  EXPECT_REFUSED("a-.shop.example", "hyphen");
}

TEST(HostName, RefusesEmptyLabels) {
  for (const auto* text : {".", "..", ".shop.example", "www..shop.example", "shop.example..", "ü..shop.example",
                           "ü.shop.example..", "ü.shop.example.。", "。ü.example"}) {
    EXPECT_FALSE(HostName::parse(text)) << text << " → " << canonical(text);
  }
  EXPECT_REFUSED("www..shop.example", "empty");
}

TEST(HostName, RefusesThisMachine) {
  EXPECT_REFUSED("localhost", "this machine");
  EXPECT_REFUSED("LocalHost.", "this machine");
  EXPECT_REFUSED("a.localhost", "this machine");
  EXPECT_EQ(canonical("localhost.shop.example"), "localhost.shop.example");
}

TEST(HostName, RefusesPublicSuffixes) {
  for (const auto* text : {"example", "com", "co.uk", "github.io", "公司.cn", "shop"})
    EXPECT_REFUSED(text, "public suffix");
}

TEST(HostName, TakesLabelsOfUpTo63Octets) {
  const std::string label(63, 'a');
  EXPECT_EQ(canonical(label + ".example"), label + ".example");
  EXPECT_REFUSED("a" + label + ".example", "63 octets");
  EXPECT_REFUSED("ü" + label + ".example", "63 octets");
}

TEST(HostName, TakesNamesOfUpTo253Octets) {
  const std::string label = std::string(61, 'a') + '.';
  const auto name = label + label + label + label;  // 248
  EXPECT_EQ(canonical(name + "abcde").size(), 253U);
  EXPECT_EQ(canonical(name + "abcde.").size(), 253U);
  EXPECT_REFUSED(name + "abcdef", "253 octets");
  EXPECT_REFUSED(name + "a.ü", "253 octets");
  EXPECT_REFUSED(std::string(100'000, 'a'), "253 octets");
}

TEST(HostName, ReadsItsOwnTextAsItself) {
  const std::string_view pieces[] = {"a", "B",  "ü",       "ß",     "xn--", "mnchen-3ya", ".",      ".",
                                     ".", "。", "-",       "1",     "0x",   "食",         "\u200D", "ς",
                                     "İ", "ﬀ",  "example", "co.uk", "_",    "*",          "\u0308", "א",
                                     "ا", "😀", "K",       "Å",     "①",    "\u00AD",     "℡"};
  std::mt19937 random(2026);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto count = 1 + random() % 6; count > 0; --count) text += pieces[random() % std::size(pieces)];
    const auto host = HostName::parse(text);
    if (host) {
      ++accepted;
      const auto again = HostName::parse(host->text());
      ASSERT_TRUE(again) << text << " → " << host->text() << ": " << again.error().message;
      EXPECT_EQ(*again, *host) << text;
      EXPECT_LE(host->text().size(), 253U);
      EXPECT_TRUE(host->domain().find('.') != std::string_view::npos) << host->text();
    }
    if (const auto name = DnsName::parse(text)) EXPECT_EQ(dns(name->text()), name->text()) << text;
  }
  EXPECT_GT(accepted, 500);
}

TEST(DnsName, AllowsWhatRecordsHave) {
  EXPECT_EQ(dns("_ACME-challenge.Shop.Example."), "_acme-challenge.shop.example");
  EXPECT_EQ(dns("*.shop.example"), "*.shop.example");
  EXPECT_EQ(dns("_dmarc.münchen.example"), "_dmarc.xn--mnchen-3ya.example");
  EXPECT_EQ(dns("*.münchen.example"), "*.xn--mnchen-3ya.example");
  EXPECT_EQ(dns("example"), "example");
  EXPECT_EQ(dns("4.3.2.1.in-addr.arpa"), "4.3.2.1.in-addr.arpa");
  EXPECT_EQ(dns("."), ".");
}

TEST(DnsName, RefusesWhatNoRecordHas) {
  for (const auto text : {""sv, ".."sv, "a..b"sv, ".a"sv, "a.*.b"sv, "a*.b"sv, "a\\.b"sv, "a\\046b"sv, "a b"sv,
                          "a\0b"sv, "\xFF"sv, "a@b"sv}) {
    EXPECT_TRUE(dns(text).starts_with("refused")) << text << " → " << dns(text);
  }
  EXPECT_TRUE(dns(std::string(64, 'a')).starts_with("refused"));
}

TEST(DnsName, KnowsWhatIsWithinAZone) {
  const auto zone = *DnsName::parse("shop.example");
  const auto root = *DnsName::parse(".");
  EXPECT_TRUE(zone.is_within(zone));
  EXPECT_TRUE(DnsName::parse("a.b.shop.example")->is_within(zone));
  EXPECT_FALSE(DnsName::parse("workshop.example")->is_within(zone));
  EXPECT_FALSE(DnsName::parse("example")->is_within(zone));
  EXPECT_TRUE(zone.is_within(root));
  EXPECT_TRUE(root.is_within(root));
  EXPECT_FALSE(root.is_within(zone));
}

TEST(DnsName, HasParentsUpToTheRoot) {
  auto name = DnsName(*HostName::parse("www.shop.example"));
  EXPECT_EQ((name = name.parent()).text(), "shop.example");
  EXPECT_EQ((name = name.parent()).text(), "example");
  EXPECT_TRUE((name = name.parent()).is_root());
  EXPECT_TRUE(name.parent().is_root());
}

}  // namespace
}  // namespace signpost
