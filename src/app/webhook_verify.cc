// SPDX-License-Identifier: Apache-2.0
#include "app/webhook_verify.h"

#include <boost/json.hpp>
#include <ostream>

#include "base/text.h"

namespace signpost::app {
namespace {

constexpr std::size_t kHeadersMax = 200;

bool is_start_line(std::string_view line) {
  return line.starts_with("HTTP/") || line.find(" HTTP/") != std::string_view::npos;
}

std::string to_json(const services::Verification& verification) {
  boost::json::array findings;
  for (const auto& finding : verification.findings) {
    findings.push_back(boost::json::object{{"part", finding.part}, {"ok", finding.ok}, {"sentence", finding.sentence}});
  }
  return boost::json::serialize(boost::json::object{{"ok", verification.ok},
                                                    {"accepted_form", verification.accepted_form},
                                                    {"id", verification.id},
                                                    {"timestamp", verification.timestamp},
                                                    {"findings", std::move(findings)}});
}

}  // namespace

Result<std::vector<net::Header>> parse_header_lines(std::string_view text) {
  std::vector<net::Header> headers;
  std::size_t number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    const auto line = trim(raw);
    if (line.empty() && headers.empty()) continue;
    if (line.empty()) break;
    if (headers.empty() && is_start_line(line)) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || headers.size() == kHeadersMax) {
      return fail(Kind::kUnprocessable,
                  format("line {} of the headers is no \"Name: value\": {}", number, printable(line, 60)));
    }
    headers.push_back({std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))});
  }
  return headers;
}

Result<services::AcceptedForms> parse_accepted_forms(const std::vector<std::string>& names) {
  services::AcceptedForms forms{.v2 = false, .v2_hmac = false, .standard = false, .v1 = false, .v1_of_body = false};
  for (const auto& name : names) {
    if (name == "v2") {
      forms.v2 = true;
    } else if (name == "standard") {
      forms.standard = true;
    } else if (name == "v2-hmac") {
      forms.v2_hmac = true;
    } else if (name == "v1") {
      forms.v1 = true;
    } else if (name == "v1-body") {
      forms.v1_of_body = true;
    } else {
      return fail(
          Kind::kUnprocessable,
          format("\"{}\" is no form of signature: write v2, standard, v2-hmac, v1 or v1-body", printable(name, 40)));
    }
  }
  return forms;
}

Result<std::vector<std::string>> secrets_or_environment(const std::vector<std::string>& given, const Console& console) {
  if (!given.empty()) return given;
  auto secret = console.environment("SIGNPOST_SECRET");
  if (secret.empty()) {
    return fail(Kind::kUnauthenticated,
                "the application's secret is needed: give --secret, or set SIGNPOST_SECRET so that it does not show in "
                "the process list");
  }
  return std::vector{std::move(secret)};
}

std::string findings_text(const services::Verification& verification) {
  std::string text;
  for (const auto& finding : verification.findings) {
    text += format("  {} {}  {}\n", finding.ok ? "✓" : "✗", pad(finding.part, 9), printable(finding.sentence, 500));
  }
  return text;
}

Result<Exit> webhook_verify(Console& console, const WebhookVerifyOptions& options) {
  const auto secrets = secrets_or_environment(options.secrets, console);
  if (!secrets) return wrong_usage(console, secrets.error());
  const auto headers = TRY(parse_header_lines(TRY(read_text(console, options.headers_file, kWebhookBytesMax))));
  const auto body = TRY(read_text(console, options.body_file, kWebhookBytesMax));
  const auto verification =
      services::verify(headers, body, *secrets, console.clock.now(), options.accepted, options.tolerance);
  if (options.form == OutputForm::kJson) {
    console.out << to_json(verification) << "\n";
  } else {
    console.out << findings_text(verification)
                << (verification.ok ? format("genuine: the {} signature is right\n", verification.accepted_form)
                                    : "not genuine: do not trust this webhook\n");
  }
  return verification.ok ? Exit::kOk : Exit::kFailed;
}

}  // namespace signpost::app
