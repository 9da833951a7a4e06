// SPDX-License-Identifier: Apache-2.0
#include "app/mail_command.h"

#include <ostream>

#include "app/mail_settings.h"
#include "base/text.h"

namespace signpost::app {

namespace {

constexpr Milliseconds kAnswerTimeout{60'000};  // somebody sits and waits

}  // namespace

Result<Exit> mail_test(Console& console, const std::filesystem::path& config, const std::string& address) {
  const auto to = TRY(MailAddress::parse(address));
  const auto loaded = TRY(load_settings(config, console.environment));
  auto settings = TRY(mailer_settings(loaded.settings));
  if (!settings) {
    return fail(Kind::kConflict,
                "no mail server is set: write smtp.url and smtp.from into the settings and name them "
                "with --config");
  }
  const auto server = settings->server.url;
  const auto now = console.clock.now();
  settings->answer_timeout = kAnswerTimeout;
  net::SmtpMailer mailer(*std::move(settings));
  const auto handover = TRY(mailer.send_blocking(
      {.to = {to},
       .subject = "Signpost can send mail",
       .body = "This is the mail that \"signpost mail test\" sends. Warnings about webhooks that could "
               "not be delivered will look for the members of an application in the same way.\n",
       .message_id = format("test_{}", to_ms(now)),
       .date = now}));
  if (!handover.is_certain()) return fail(Kind::kTimeout, handover.doubt);
  console.out << format("{} took a mail for {}\n", server, to.text());
  return Exit::kOk;
}

}  // namespace signpost::app
