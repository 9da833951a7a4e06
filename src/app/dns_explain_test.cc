// SPDX-License-Identifier: Apache-2.0
#include "app/dns_explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RecordView record(bool propagated) {
  RecordView record{
      .name = "www.shop.example", .type = "CNAME", .expected = "app.saas.example", .zone = "shop.example"};
  record.propagated = propagated;
  record.authorities = {{"ns1.dns.example", "192.0.2.1:53", propagated ? "agrees" : "nxdomain", {}, ""}};
  record.explanation = "www.shop.example CNAME is app.saas.example at all name servers.";
  return record;
}

constexpr Time kSeen{std::chrono::seconds(1'800'000'000)};

TEST(ExplanationPage, SaysWhatIsWrongWhatToTypeAndWhoSaysSo) {
  auto wrong = record(false);
  wrong.causes = {{"name_missing",
                   "blocks",
                   "There is no name www.shop.example in the zone shop.example.",
                   "Add the record: type CNAME, host www, value app.saas.example.",
                   {"ns1.dns.example 192.0.2.1:53 at 12:00:00: NXDOMAIN for www.shop.example CNAME"}}};
  const auto page = explanation_page("www.shop.example", {wrong}, kSeen);
  EXPECT_THAT(page, HasSubstr("# www.shop.example\n"));
  EXPECT_THAT(page, HasSubstr("The record is not as it should be yet"));
  EXPECT_THAT(page, HasSubstr("Seen on 2027-01-15 08:00 UTC"));
  EXPECT_THAT(page, HasSubstr("The domain's DNS is kept by ns1.dns.example"));
  EXPECT_THAT(page, HasSubstr("**What to do:** Add the record: type CNAME, host www, value app.saas.example."));
  EXPECT_THAT(page, HasSubstr("- ns1.dns.example 192.0.2.1:53 at 12:00:00: NXDOMAIN"));
}

TEST(ExplanationPage, PutsWhatIsWrongFirstAndKeepsRisksOfWhatIsRight) {
  auto right = record(true);
  right.causes = {{"stale_aaaa", "risks", "An AAAA record stands beside it.", "Remove it.", {}}};
  auto wrong = record(false);
  wrong.name = "shop.example";
  wrong.causes = {{"type_missing", "blocks", "No TXT.", "Add it.", {}}};
  const auto page = explanation_page("shop.example", {right, wrong}, kSeen);
  EXPECT_LT(page.find("✗"), page.find("✓"));
  EXPECT_THAT(page, HasSubstr("It works, but take note:\n\nAn AAAA record stands beside it."));
}

TEST(ExplanationPage, LetsNoControlCharacterThrough) {
  auto wrong = record(false);
  wrong.expected = "a\x1b[2Jb";
  wrong.causes = {{"other_value", "blocks", "It is \x1b[2J.", "Change \x07 it.", {"ns1 \x1b: said"}}};
  EXPECT_THAT(explanation_page("shop.example", {wrong}, kSeen), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace signpost::app
