// SPDX-License-Identifier: Apache-2.0
//
// `signpost webhook verify`: is this webhook genuine, and if not, which part is wrong?
// Functions of the main thread; nothing is sent or stored. No secret is ever printed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/console.h"
#include "net/http_message.h"
#include "services/webhook_signature.h"

namespace signpost::app {

constexpr std::size_t kWebhookBytesMax = 1024 * 1024;

struct WebhookVerifyOptions {
  std::vector<std::string> secrets;  // empty: SIGNPOST_SECRET
  std::string headers_file;
  std::string body_file = "-";
  services::AcceptedForms accepted;
  services::Tolerance tolerance;
  OutputForm form = OutputForm::kText;
};

/// kOk only if it is genuine and fresh.
Result<Exit> webhook_verify(Console& console, const WebhookVerifyOptions& options);

/// "Name: value" lines, as curl -i, a proxy's log or a browser gives them; a request or status line in front is
/// skipped, an empty line ends them. kUnprocessable with the line's number for anything else.
Result<std::vector<net::Header>> parse_header_lines(std::string_view text);

/// "v2", "standard", "v2-hmac", "v1", "v1-body". kUnprocessable names them.
Result<services::AcceptedForms> parse_accepted_forms(const std::vector<std::string>& names);

/// The given ones or the environment's. kUnauthenticated with the way out if there is none.
Result<std::vector<std::string>> secrets_or_environment(const std::vector<std::string>& given, const Console& console);

/// One line per finding, a mark in front.
std::string findings_text(const services::Verification& verification);

}  // namespace signpost::app
