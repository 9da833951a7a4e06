// SPDX-License-Identifier: Apache-2.0
#include "app/certificate_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/console.h"
#include "base/text.h"

namespace signpost::app {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const Time kNow = *parse_rfc3339("2026-11-30T06:00:00.000Z");

constexpr std::string_view kIssued =
    R"({"authority":"letsencrypt","serial":"0a1b","not_before":"2026-11-20T06:00:00.000Z",)"
    R"("not_after":"2027-02-18T06:00:00.000Z","issued_at":"2026-11-20T07:00:00.000Z","revoked_at":null,)"
    R"("renew_at":"2027-01-19T06:00:00.000Z","chain":"-----BEGIN CERTIFICATE-----\n"})";

std::string certificate(std::string_view by, std::string_view state, std::string_view issued, std::string_view order,
                        std::string_view more) {
  return format(R"({{"id":"crt_0000000000001","connection":"con_0000000000001","by":"{}",)"
                R"("names":["www.shop.example","*.www.shop.example"],"state":"{}","issued":{},"order":{},{}}})",
                by, state, issued, order, more);
}
constexpr std::string_view kHealthy = R"("missing":null,"trouble":null,"failures":0,"next_attempt_at":null)";
constexpr std::string_view kTroubled =
    R"("missing":null,"failures":2,"next_attempt_at":"2026-11-30T06:10:00.000Z","trouble":{)"
    R"("cause":"certificate_caa_forbids","explanation":"CAA keeps letsencrypt from issuing: add a record",)"
    R"("since":"2026-11-30T05:00:00.000Z"})";

std::string order(std::string_view step) {
  return format(
      R"({{"authority":"letsencrypt","url":"https://ca.example/1","step":"{}","placed_at":"2026-11-30T05:59:00.000Z",)"
      R"("expires_at":"2026-12-07T05:59:00.000Z","challenges":[{{"identifier":"www.shop.example","txt_value":"gfj9"}},)"
      R"({{"identifier":"www.shop.example","txt_value":"Xq2s"}}]}})",
      step);
}

TEST(CertificatePage, IsALineForEachAndOneForItsTrouble) {
  const auto page = certificate_page(
      format(R"({{"data":[{},{}],"next_cursor":null}})", certificate("cname", "issued", kIssued, "null", kHealthy),
             certificate("cname", "waiting", "null", "null", kTroubled)),
      kNow, 100);
  ASSERT_TRUE(page);
  EXPECT_EQ(*page,
            "crt_0000000000001  issued      www.shop.example, *.www.shop.example  ends 2027-02-18T06:00:00Z (in 80 "
            "days)\n"
            "crt_0000000000001  waiting     www.shop.example, *.www.shop.example  nothing issued yet\n"
            "    ! certificate_caa_forbids: CAA keeps letsencrypt from issuing: add a record\n");
}

TEST(CertificatePage, SaysHowToGoOnAndWhenThereIsNone) {
  EXPECT_EQ(*certificate_page(R"({"data":[],"next_cursor":null})", kNow, 80), "no certificate is like that\n");
  EXPECT_EQ(*certificate_page(R"({"data":[],"next_cursor":null})", kNow, 80, "there is none"), "there is none\n");
  EXPECT_THAT(*certificate_page(R"({"data":[],"next_cursor":"crt_0000000000001"})", kNow, 80),
              HasSubstr("--cursor crt_0000000000001\n"));
  EXPECT_EQ(certificate_page("[]", kNow, 80).error().kind, Kind::kProtocol);
}

TEST(CertificateText, OfOneThatIsHeldSaysIssuerNamesEndAndRenewal) {
  EXPECT_EQ(*certificate_text(certificate("cname", "issued", kIssued, "null", kHealthy), kNow, 80),
            "crt_0000000000001  www.shop.example, *.www.shop.example  issued\n"
            "  connection   con_0000000000001\n"
            "  step 1       a CNAME into the ACME zone: renewed without a hand\n"
            "  issued by    letsencrypt, on 2026-11-20T07:00:00Z\n"
            "  serial       0a1b\n"
            "  ends         2027-02-18T06:00:00Z (in 80 days)\n"
            "  renewal      2027-01-19T06:00:00Z (in 50 days)\n");
}

TEST(CertificateText, MarksHowFarTheOrderIs) {
  const auto text = *certificate_text(certificate("cname", "validating", "null", order("posted"), kHealthy), kNow, 80);
  EXPECT_THAT(text, AllOf(HasSubstr("✓ DNS must show the challenge"), HasSubstr("→ the authority looks for itself"),
                          HasSubstr("· the authority makes the certificate"), Not(HasSubstr("gfj9"))));
}

TEST(CertificateText, NamesEveryTxtThatTheCustomerAddsUntilItIsPosted) {
  const auto text = [](std::string_view step) {
    return *certificate_text(certificate("txt", "ordered", "null", order(step), kHealthy), kNow, 80);
  };
  EXPECT_THAT(text("placed"), AllOf(HasSubstr("TXT  _acme-challenge.www.shop.example  gfj9\n"),
                                    HasSubstr("TXT  _acme-challenge.www.shop.example  Xq2s\n")));
  EXPECT_THAT(text("posted"), Not(HasSubstr("gfj9")));
}

TEST(CertificateText, SaysWhatIsMissingItsTroubleAndWhenItGoesOn) {
  const auto troubled = *certificate_text(certificate("cname", "waiting", "null", "null", kTroubled), kNow, 80);
  EXPECT_THAT(troubled, HasSubstr("Trouble since 2026-11-30T05:00:00Z (60 minutes ago), certificate_caa_forbids:\n"
                                  "  CAA keeps letsencrypt from issuing: add a record\n"));
  EXPECT_THAT(troubled, AllOf(HasSubstr("2 attempts failed since the last certificate"),
                              HasSubstr("It goes on by itself at 2026-11-30T06:10:00Z (in 10 minutes).")));
  const auto missing = *certificate_text(
      certificate("cname", "waiting", "null", "null",
                  R"("missing":"ns2 does not have it","trouble":null,"failures":0,"next_attempt_at":null)"),
      kNow, 80);
  EXPECT_THAT(missing, AllOf(HasSubstr("Missing:\n  ns2 does not have it\n"), Not(HasSubstr("attempts"))));
}

TEST(CertificateText, LetsNoControlCharacterThrough) {
  const auto text = *certificate_text(
      certificate("cname", "waiting", "null", "null",
                  R"("missing":"\u001b[2J","failures":0,"trouble":{"cause":"\u001b[2J","explanation":"\u001b[2J"})"),
      kNow, 80);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(CertificateText, IsNotWiderThanTheTerminalForWantOfBreaks) {
  auto long_trouble = std::string(kTroubled);
  long_trouble.replace(long_trouble.find("add a record"), 12, std::string(60, 'x') + " word word word word word word");
  for (const auto line :
       split(*certificate_text(certificate("cname", "waiting", "null", "null", long_trouble), kNow, 90), '\n'))
    EXPECT_EQ(fit(line, 90), line);
}

TEST(RevocationText, SaysWhatItDoesAndThatItIsForEver) {
  const auto text =
      revocation_text(certificate("cname", "issued", kIssued, "null", kHealthy), "key_compromise", kNow, 200);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, AllOf(HasSubstr("www.shop.example"), HasSubstr("serial 0a1b"), HasSubstr("key_compromise"),
                           HasSubstr("cannot be undone"), HasSubstr("obtains another")));
}

TEST(RevocationText, OfWhatIsNotIssuedOrRevokedAlreadyIsRefused) {
  EXPECT_EQ(
      revocation_text(certificate("cname", "waiting", "null", "null", kHealthy), "superseded", kNow, 80).error().kind,
      Kind::kConflict);
  auto revoked = std::string(kIssued);
  revoked.replace(revoked.find("\"revoked_at\":null"), 17, R"("revoked_at":"2026-11-29T06:00:00.000Z")");
  EXPECT_THAT(revocation_text(certificate("cname", "revoked", revoked, "null", kHealthy), "superseded", kNow, 80)
                  .error()
                  .message,
              HasSubstr("is revoked since 2026-11-29T06:00:00Z"));
}

TEST(Distance, IsToldInTheGreatestUnitThatIsThereTwice) {
  EXPECT_EQ(distance_text(kNow + days(30), kNow), "in 30 days");
  EXPECT_EQ(distance_text(kNow + hours(36), kNow), "in 36 hours");
  EXPECT_EQ(distance_text(kNow - minutes(5), kNow), "5 minutes ago");
  EXPECT_EQ(distance_text(kNow + seconds(1), kNow), "in 1 second");
  EXPECT_EQ(distance_text(kNow, kNow), "now");
}

}  // namespace
}  // namespace signpost::app
