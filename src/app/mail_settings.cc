// SPDX-License-Identifier: Apache-2.0
#include "app/mail_settings.h"

#include <fstream>

#include "base/text.h"

namespace signpost::app {
namespace {

constexpr std::size_t kPasswordBytesMax = 1024;

Result<crypto::Secret> read_password(const std::filesystem::path& file) {
  using std::filesystem::perms;
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (error || !std::filesystem::is_regular_file(status)) {
    return fail(Kind::kNotFound, format("\"smtp.password_file\" {} is not there, or no file", file.string()));
  }
  if ((status.permissions() & (perms::group_all | perms::others_all)) != perms::none) {
    return fail(Kind::kForbidden,
                format("\"smtp.password_file\" {} may be read by others: chmod 600 it", file.string()));
  }
  std::string text(kPasswordBytesMax + 1, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const auto password = std::string(trim(text));
  if (stream.bad() || password.empty() || text.size() > kPasswordBytesMax || password.contains('\n')) {
    return fail(Kind::kUnprocessable,
                format("\"smtp.password_file\" {} must hold one line, the password, of at most {} "
                       "bytes",
                       file.string(), kPasswordBytesMax));
  }
  return crypto::Secret(password);
}

}  // namespace

Result<std::optional<net::SmtpMailer::Settings>> mailer_settings(const Settings& settings) {
  const auto& smtp = settings.smtp;
  if (!smtp.url || !smtp.from) return std::nullopt;
  net::SmtpMailer::Settings mailer{.server = *smtp.url, .from = *smtp.from};
  mailer.username = smtp.username;
  if (!smtp.password.empty()) {
    mailer.password = crypto::Secret(smtp.password);
  } else if (!smtp.password_file.empty()) {
    mailer.password = TRY(read_password(smtp.password_file));
  }
  mailer.tls = smtp.tls;
  mailer.ca_file = smtp.ca_file.string();
  return mailer;
}

}  // namespace signpost::app
