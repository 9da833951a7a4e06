// SPDX-License-Identifier: Apache-2.0
#include "app/mail_settings.h"

#include "app/secret_file.h"

namespace signpost::app {
Result<std::optional<net::SmtpMailer::Settings>> mailer_settings(const Settings& settings) {
  const auto& smtp = settings.smtp;
  if (!smtp.url || !smtp.from) return std::nullopt;
  net::SmtpMailer::Settings mailer{.server = *smtp.url, .from = *smtp.from};
  mailer.username = smtp.username;
  if (!smtp.password.empty()) {
    mailer.password = crypto::Secret(smtp.password);
  } else if (!smtp.password_file.empty()) {
    mailer.password = TRY(read_secret_file(smtp.password_file, "smtp.password_file", "the password"));
  }
  mailer.tls = smtp.tls;
  mailer.ca_file = smtp.ca_file.string();
  return mailer;
}

}  // namespace signpost::app
