// SPDX-License-Identifier: Apache-2.0
#include "app/webhook_sample.h"

#include <boost/json.hpp>
#include <ostream>

#include "base/text.h"

namespace signpost::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kLineBytesMax = 4'000;

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

/// Line by line, each indented and cleaned.
std::string block(std::string_view text) {
  std::string lines;
  for (const auto line : split(text, '\n')) {
    if (!trim(line).empty()) lines += format("  {}\n", printable(trim(line), kLineBytesMax));
  }
  return lines;
}

std::string request_text(const json::object& request) {
  auto text = format("POST {}\n", printable(text_of(request, "url"), kLineBytesMax));
  for (const auto& header : request.at("headers").as_array()) {
    text += block(format("{}: {}", text_of(header.as_object(), "name"), text_of(header.as_object(), "value")));
  }
  return text + "\n" + block(text_of(request, "body"));
}

std::string timing_text(const json::object& timing) {
  std::string parts;
  for (const auto* name : {"dns", "connect", "tls", "first_byte", "total"})
    parts += format("{}{} {} ms", parts.empty() ? "" : ", ", name, timing.at(name).as_int64());
  return parts;
}

std::string answer_text(const json::object& test) {
  auto text = printable(text_of(test, "detail"), kLineBytesMax) + "\n";
  if (const auto* response = test.at("response").if_object())
    text += block(text_of(*response, "head")) + "\n" + block(text_of(*response, "body"));
  if (const auto address = text_of(test, "remote_address"); !address.empty())
    text += format("\nfrom {}: ", printable(address));
  return text + timing_text(test.at("timing_ms").as_object()) + "\n";
}

Result<json::object> parse_test(std::string_view body) {
  json::error_code error;
  auto value = json::parse({body.data(), body.size()}, error);
  if (error || !value.is_object()) return fail(Kind::kProtocol, "the server's answer is no JSON object");
  return std::move(value.as_object());
}

}  // namespace

Result<Exit> webhook_test(Console& console, const WebhookTestOptions& options) {
  auto client = TRY(ApiClient::open(console, options.api));
  const auto query = options.application.empty() ? std::string() : "?application=" + options.application;
  const auto body = TRY(client.post(format("/v1/endpoints/{}/test{}", options.endpoint, query),
                                    json::serialize(json::object{{"type", options.type}})));
  try {
    const auto test = TRY(parse_test(body));
    const bool is_success = test.at("success").as_bool();
    if (options.form == OutputForm::kJson) {
      console.out << body << "\n";
    } else {
      console.out << request_text(test.at("request").as_object()) << "\n" << answer_text(test);
    }
    return is_success ? Exit::kOk : Exit::kFailed;
  } catch (const std::exception&) {
    return fail(Kind::kProtocol, "the server's answer is none that this command knows: are both of one version?");
  }
}

}  // namespace signpost::app
