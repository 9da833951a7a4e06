// SPDX-License-Identifier: Apache-2.0
#include "app/webhook_history.h"

#include <boost/json.hpp>
#include <ostream>
#include <utility>
#include <vector>

#include "base/text.h"

namespace signpost::app {
namespace {

namespace json = boost::json;

Result<json::object> object_of(std::string_view text) {
  json::error_code error;
  const auto value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) {
    return fail(Kind::kProtocol, "the server's answer is not what a signpost answers: is another program there?");
  }
  return value.as_object();
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(json::string_view(name.data(), name.size()));
  if (member == nullptr || member->is_null()) return "";
  return printable(member->is_string() ? std::string(member->as_string()) : json::serialize(*member), 500);
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    encoded += is_plain ? std::string(1, c) : format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

using Parameters = std::vector<std::pair<std::string_view, std::string>>;

std::string target_of(std::string path, const Parameters& parameters) {
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    path += format("{}{}={}", std::exchange(separator, '&'), name, percent_encoded(value));
  }
  return path;
}

std::string line_of(const json::object& delivery) {
  return format(
      "{}  {}  {}  {}  {} attempt{}{}\n", text_of(delivery, "created_at"), text_of(delivery, "id"),
      pad(text_of(delivery, "state"), 9), pad(text_of(delivery, "type"), 26), text_of(delivery, "attempts_made"),
      text_of(delivery, "attempts_made") == "1" ? "" : "s",
      text_of(delivery, "next_attempt_at").empty() ? "" : ", next at " + text_of(delivery, "next_attempt_at"));
}

std::string attempt_line(const json::object& attempt) {
  const auto status = text_of(attempt, "status");
  const auto* timing = attempt.if_contains("timing_ms");
  const auto took = timing != nullptr && timing->is_object() ? text_of(timing->as_object(), "total") : std::string();
  auto line = format("  {}. {}  {}{}", text_of(attempt, "number"), text_of(attempt, "started_at"),
                     text_of(attempt, "result"), status.empty() ? "" : " " + status);
  if (const auto address = text_of(attempt, "remote_address"); !address.empty()) line += "  " + address;
  if (!took.empty() && took != "-1") line += "  " + took + " ms";
  line += "\n";
  if (const auto detail = text_of(attempt, "detail"); !detail.empty()) line += "       " + detail + "\n";
  if (const auto answer = text_of(attempt, "response_body"); !answer.empty())
    line += "       answered: " + answer + "\n";
  return line;
}

const json::array& items_of(const json::object& object, std::string_view name) {
  static const json::array kNone;
  const auto* member = object.if_contains(json::string_view(name.data(), name.size()));
  return member != nullptr && member->is_array() ? member->as_array() : kNone;
}

}  // namespace

Result<std::string> delivery_line(std::string_view text) { return line_of(TRY(object_of(text))); }

Result<std::string> delivery_page(std::string_view text) {
  const auto page = TRY(object_of(text));
  std::string lines;
  for (const auto& item : items_of(page, "data")) {
    if (item.is_object()) lines += line_of(item.as_object());
  }
  if (lines.empty()) lines = "no delivery is like that\n";
  if (const auto next = text_of(page, "next_cursor"); !next.empty())
    lines += "there are older ones: the same with --cursor " + next + "\n";
  return lines;
}

Result<Exit> webhook_list(Console& console, const WebhookListOptions& options) {
  auto api = TRY(ApiClient::open(console, options.api));
  const auto body = TRY(api.get(target_of("/v1/deliveries", {{"application", options.application},
                                                             {"job", options.job},
                                                             {"host", options.host},
                                                             {"type", options.type},
                                                             {"state", options.state},
                                                             {"endpoint", options.endpoint},
                                                             {"after", options.after},
                                                             {"before", options.before},
                                                             {"cursor", options.cursor},
                                                             {"limit", std::to_string(options.limit)}})));
  if (options.form == OutputForm::kJson) {
    console.out << body << "\n";
    return Exit::kOk;
  }
  console.out << TRY(delivery_page(body));
  return Exit::kOk;
}

Result<Exit> webhook_show(Console& console, const WebhookShowOptions& options) {
  auto api = TRY(ApiClient::open(console, options.api));
  const Parameters application{{"application", options.application}};
  const auto body = TRY(api.get(target_of("/v1/deliveries/" + percent_encoded(options.delivery), application)));
  if (options.form == OutputForm::kJson) {
    console.out << body << "\n";
    return Exit::kOk;
  }
  const auto delivery = TRY(object_of(body));
  console.out << line_of(delivery)
              << format("  event {} of job {}, connection {}, to endpoint {}\n", text_of(delivery, "event"),
                        text_of(delivery, "job_id"), text_of(delivery, "connection"), text_of(delivery, "endpoint"));
  for (const auto& attempt : items_of(delivery, "attempts")) {
    if (attempt.is_object()) console.out << attempt_line(attempt.as_object());
  }
  const auto event = api.get(target_of("/v1/events/" + percent_encoded(text_of(delivery, "event")), application));
  if (event) {
    const auto object = TRY(object_of(*event));
    if (const auto* sent = object.if_contains("body"))
      console.out << "  " << printable(json::serialize(*sent), 20'000) << "\n";
  }
  return Exit::kOk;
}

namespace {

Result<Exit> replay_one(Console& console, ApiClient& api, const WebhookReplayOptions& options) {
  const auto path = "/v1/deliveries/" + percent_encoded(options.delivery) + "/replay";
  const auto body = TRY(api.post(target_of(path, {{"application", options.application}}), "{}"));
  if (options.form == OutputForm::kJson) {
    console.out << body << "\n";
  } else {
    console.out << format("{} is sent again\n", printable(options.delivery));
  }
  return Exit::kOk;
}

Result<Exit> replay_all(Console& console, ApiClient& api, const WebhookReplayOptions& options) {
  const bool is_dry = options.run == WebhookReplayOptions::Run::kDry;
  json::object wish{{"since", options.since},
                    {"rate_per_second", options.rate_per_second},
                    {"state", options.state},
                    {"dry_run", is_dry}};
  if (!options.until.empty()) wish["until"] = options.until;
  const auto path = "/v1/endpoints/" + percent_encoded(options.endpoint) + "/replay";
  const auto body = TRY(api.post(target_of(path, {{"application", options.application}}), json::serialize(wish)));
  if (options.form == OutputForm::kJson) {
    console.out << body << "\n";
    return Exit::kOk;
  }
  const auto count = TRY(object_of(body));
  console.out << format("{} {} sent again: {} failed, {} missed, {} delivered", text_of(count, "count"),
                        is_dry ? "would be" : "are", text_of(count, "failed"), text_of(count, "missed"),
                        text_of(count, "delivered"));
  if (!text_of(count, "last_at").empty()) console.out << "; the last is due at " << text_of(count, "last_at");
  console.out << "\n";
  if (text_of(count, "has_more") == "true") console.out << "there are more: run it again\n";
  return Exit::kOk;
}

}  // namespace

Result<Exit> webhook_replay(Console& console, const WebhookReplayOptions& options) {
  const bool is_one = !options.delivery.empty();
  if (is_one != options.endpoint.empty() || (!is_one && options.since.empty())) {
    return wrong_usage(console, {Kind::kInvalid, "name a delivery, or --endpoint and --since", "", {}});
  }
  auto api = TRY(ApiClient::open(console, options.api));
  return is_one ? replay_one(console, api, options) : replay_all(console, api, options);
}

}  // namespace signpost::app
