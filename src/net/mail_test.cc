// SPDX-License-Identifier: Apache-2.0
//
// What a mail looks like. That a server takes it is tests/end_to_end/mail_test.py.
#include "net/mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace signpost::net {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

MailAddress address(std::string_view text) { return MailAddress::parse(text).value(); }

Mail sample() {
  return {.to = {address("ops@saas.example"), address("dev@saas.example")},
          .subject = "3 webhooks could not be delivered",
          .body = "first line\nzweite Zeile: größer\n",
          .message_id = "ntc_1",
          .date = from_ms(1'795'600'359'123)};
}

std::string composed(const Mail& mail) { return compose_mail(mail, address("signpost@saas.example")); }
std::string header_of(const std::string& text) { return text.substr(0, text.find("\r\n\r\n") + 2); }

TEST(Mail, HasTheHeadersThatServersWant) {
  const auto header = header_of(composed(sample()));
  EXPECT_THAT(header, HasSubstr("From: Signpost <signpost@saas.example>\r\n"));
  EXPECT_THAT(header, HasSubstr("To: ops@saas.example,\r\n dev@saas.example\r\n"));
  EXPECT_THAT(header, HasSubstr("Subject: 3 webhooks could not be delivered\r\n"));
  EXPECT_THAT(header, HasSubstr("Date: Wed, 25 Nov 2026 09:52:39 +0000\r\n"));
  EXPECT_THAT(header, HasSubstr("Message-ID: <ntc_1@saas.example>\r\n"));
  EXPECT_THAT(header, HasSubstr("Auto-Submitted: auto-generated\r\n"));
}

TEST(Mail, KeepsItsBodyByteForByte) {
  const auto text = composed(sample());
  std::string joined;
  for (const auto line : split(text.substr(text.find("\r\n\r\n") + 4), '\n')) joined += trim(line);
  EXPECT_EQ(from_base64(joined).value(), "first line\r\nzweite Zeile: größer\r\n\r\n");
}

TEST(Mail, LetsNoTextAddAHeader) {
  auto mail = sample();
  mail.subject = "hello\r\nBcc: everybody@elsewhere.example\r\n\r\nbody";
  mail.body = "x\r\n.\r\nMAIL FROM:<me@elsewhere.example>\r\n";
  const auto text = composed(mail);
  EXPECT_THAT(text, Not(HasSubstr("Bcc")));
  EXPECT_THAT(text, Not(HasSubstr("MAIL FROM")));
  EXPECT_THAT(text, Not(HasSubstr("\r\n.\r\n")));
}

TEST(Mail, EncodesWhatIsNotAsciiInWordsOfAtMost75Characters) {
  auto mail = sample();
  mail.subject = "Größe und größere Größen, und noch mehr Größen: 3 Webhooks von Müller & Söhne";
  const auto header = header_of(composed(mail));
  std::string decoded;
  for (const auto line : split(header, '\n')) {
    EXPECT_LE(line.size(), 90u);
    const auto begin = line.find("=?utf-8?B?");
    if (begin == std::string_view::npos) continue;
    const auto word = trim(line.substr(begin));
    EXPECT_LE(word.size(), 75u);
    const auto part = from_base64(word.substr(10, word.size() - 12)).value();
    EXPECT_TRUE(is_valid_utf8(part)) << "no word cuts a character";
    decoded += part;
  }
  EXPECT_EQ(decoded, mail.subject);
}

TEST(Mail, EncodesASubjectThatOnlyLooksEncoded) {
  auto mail = sample();
  mail.subject = "=?utf-8?B?QmNj?=";
  EXPECT_THAT(composed(mail), Not(HasSubstr("Subject: =?utf-8?B?QmNj?=\r\n")));
}

TEST(MailServer, IsSmtpOrSmtps) {
  EXPECT_EQ(MailServer::parse("smtp://mail.saas.example:587")->url, "smtp://mail.saas.example:587");
  EXPECT_TRUE(MailServer::parse("smtps://mail.saas.example")->is_smtps);
  EXPECT_EQ(MailServer::parse("smtp://127.0.0.1:25/")->url, "smtp://127.0.0.1:25");
  EXPECT_EQ(MailServer::parse("smtp://[::1]:25")->url, "smtp://[::1]:25");
  for (const auto* wrong :
       {"", "mail.saas.example", "http://mail.saas.example", "smtp://", "smtp://user:word@mail.saas.example",
        "smtp://mail.saas.example:0", "smtp://mail.saas.example:65536",
        "smtp://mail.saas.example:", "smtp://mail.saas.example/path", "smtp://mail saas", "smtp://[::1",
        "smtp://[::1]x", "smtp://[saas]:25", "smtp://mail.saas.example\r\n"}) {
    EXPECT_FALSE(MailServer::parse(wrong)) << wrong;
  }
  EXPECT_FALSE(MailServer::parse(std::string_view("smtp://[::\0001]:587", 17))) << "U+0000 ends no address";
}

}  // namespace
}  // namespace signpost::net
