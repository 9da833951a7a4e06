// SPDX-License-Identifier: Apache-2.0
//
// From the settings to the mail server that serve and `signpost mail test` use.
// A function; any thread.
#pragma once

#include <optional>

#include "app/settings.h"
#include "net/mail.h"

namespace signpost::app {

/// Reads the password's file, if there is one. Nothing if no mail is to be sent; kNotFound, kForbidden (others may read
/// the file) or kUnprocessable (empty) for the file.
Result<std::optional<net::SmtpMailer::Settings>> mailer_settings(const Settings& settings);

}  // namespace signpost::app
