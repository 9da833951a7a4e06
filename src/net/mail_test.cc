// SPDX-License-Identifier: Apache-2.0
//
// What a mail looks like. That a server takes it is tests/end_to_end/mail_test.py.
#include "net/mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "net/testing/scripted_server.h"

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

/// A server that says no word more after the text of the mail than the test lets it.
Result<Handover> sent_to(std::string_view last_answer, Milliseconds timeout = Milliseconds(30'000)) {
  const testing::ScriptedServer server([&](testing::RawPeer& peer, int) {
    peer.send("220 mail\r\n");
    for (const auto* answer : {"250 mail\r\n", "250 OK\r\n", "250 OK\r\n", "250 OK\r\n", "354 go on\r\n"}) {
      if (peer.read_until("\r\n").empty()) return;
      peer.send(answer);
    }
    peer.read_until("\r\n.\r\n");
    if (last_answer == "silence") peer.read_until("never");
    if (!last_answer.empty()) peer.send(std::string(last_answer));
  });
  SmtpMailer mailer({.server = *MailServer::parse(format("smtp://127.0.0.1:{}", server.port())),
                     .from = address("signpost@saas.example"),
                     .username = {},
                     .password = {},
                     .tls = MailTls::kNone,
                     .ca_file = {},
                     .own_name = {},
                     .timeout = timeout,
                     .answer_timeout = timeout});
  return mailer.send_blocking(sample());
}

TEST(SmtpMailer, KnowsThatTheServerHasTakenTheMail) { EXPECT_TRUE(sent_to("250 taken\r\n")->is_certain()); }

TEST(SmtpMailer, SaysThatAMailMayHaveBeenTakenIfNoAnswerToAllOfItCame) {
  const auto hung_up = sent_to("");
  ASSERT_TRUE(hung_up) << hung_up.error().message;
  EXPECT_FALSE(hung_up->is_certain());
  const auto silent = sent_to("silence", Milliseconds(1'000));
  ASSERT_TRUE(silent) << silent.error().message;
  EXPECT_FALSE(silent->is_certain());
}

TEST(SmtpMailer, KnowsThatARefusedTextWasNotTaken) {
  const auto refused = sent_to("554 5.7.1 no spam\r\n");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("no spam"));
}

TEST(MailServer, KnowsWhatStaysOnThisMachine) {
  for (const auto* here : {"smtp://127.0.0.1:25", "smtp://127.8.8.8", "smtp://[::1]:25", "smtp://localhost:2525"})
    EXPECT_TRUE(MailServer::parse(here)->is_loopback) << here;
  for (const auto* elsewhere : {"smtp://192.0.2.1", "smtp://[2001:db8::1]:25", "smtp://localhost.saas.example",
                                "smtp://127.0.0.1.saas.example"})
    EXPECT_FALSE(MailServer::parse(elsewhere)->is_loopback) << elsewhere;
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
